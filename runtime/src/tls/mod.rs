//! TLS towards servers: whom to believe, who the gateway is, and the words for what can go wrong.
//!
//! A server is always verified: there is no setting that takes that away. All crypto is aws-lc-rs, passed by value.

mod session;
mod trust;

use std::future::poll_fn;
use std::io;
use std::sync::Arc;

use rustls::client::ClientConnection;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, ClientConfig, Error};
use tokio::net::TcpStream;

pub(crate) use self::session::Session;
pub(crate) use self::trust::{Dialler, Trust};
use crate::link::{Link, Refused};
use crate::reason::Reason;

/// How one server is spoken to over TLS: by which name it is verified, and with whose certificates. It lives as long as the process.
#[derive(Debug)]
pub(crate) struct Dial {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl PartialEq for Dial {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.config, &other.config) && self.name == other.name
    }
}

impl Eq for Dial {}

impl Dial {
    /// Shakes hands over a fresh connection.
    pub(crate) async fn shake(&'static self, stream: TcpStream) -> Result<Link, Refused> {
        let refused = |reason, cause, why| Refused { reason, cause, why };
        let tls = ClientConnection::new(Arc::clone(&self.config), self.name.clone())
            .map_err(|error| refused(Reason::UPSTREAM_TLS_FAILED, None, Some(said(&error))))?;
        let mut session = Box::new(Session::new(stream, tls));
        match poll_fn(|cx| session.poll_shake(cx)).await {
            Ok(()) => Ok(Link::Secure(session)),
            Err(error) => {
                let about = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
                Err(match about {
                    Some(Error::InvalidCertificate(_) | Error::NoCertificatesPresented) => {
                        refused(Reason::UPSTREAM_CERTIFICATE_INVALID, None, session.why())
                    }
                    Some(_) => refused(Reason::UPSTREAM_TLS_FAILED, None, session.why()),
                    None if error.kind() == io::ErrorKind::UnexpectedEof => refused(
                        Reason::UPSTREAM_TLS_FAILED,
                        None,
                        Some("the server closed the connection in the handshake"),
                    ),
                    None => refused(Reason::UPSTREAM_TLS_FAILED, Some(error.kind()), None),
                })
            }
        }
    }
}

/// What is wrong, in words for the operator.
fn said(error: &Error) -> &'static str {
    match error {
        Error::InvalidCertificate(error) => match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "its certificate has expired"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "its certificate is not valid yet"
            }
            CertificateError::UnknownIssuer => "its certificate is from nobody who is believed",
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "its certificate is for another name"
            }
            CertificateError::BadSignature => "its certificate is signed wrongly",
            CertificateError::BadEncoding => "its certificate cannot be read",
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                "its certificate is none for a server"
            }
            _ => "its certificate is not accepted",
        },
        Error::NoCertificatesPresented => "it has no certificate",
        Error::AlertReceived(alert) => alerted(*alert),
        Error::PeerIncompatible(_) => "it speaks no version or algorithm that is spoken here",
        Error::InvalidMessage(_) | Error::InappropriateMessage { .. } => "it does not speak TLS as it should",
        Error::NoApplicationProtocol => "it does not speak HTTP/1.1",
        Error::DecryptError => "a record cannot be decrypted",
        _ => "TLS has failed",
    }
}

/// What the server says is wrong (RFC 8446 section 6.2).
fn alerted(alert: AlertDescription) -> &'static str {
    match alert {
        // With TLS 1.2 both (RFC 5246 sections 7.2.2 and 7.4.6).
        AlertDescription::HandshakeFailure => {
            "it refuses: no algorithm in common, or it wants a certificate of the gateway"
        }
        AlertDescription::ProtocolVersion => "it refuses: no version in common",
        AlertDescription::CertificateRequired => "it refuses: it wants a certificate of the gateway",
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown => "it refuses the certificate of the gateway",
        AlertDescription::CertificateExpired => "it refuses: the certificate of the gateway has expired",
        AlertDescription::CertificateRevoked => "it refuses: the certificate of the gateway is revoked",
        AlertDescription::UnknownCA => "it refuses: the gateway's certificate is from nobody it believes",
        AlertDescription::AccessDenied => "it refuses: the gateway is not allowed",
        AlertDescription::UnrecognisedName => "it refuses: it does not have the name",
        AlertDescription::NoApplicationProtocol => "it refuses: it does not speak HTTP/1.1",
        _ => "it refuses",
    }
}
