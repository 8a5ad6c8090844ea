//! Certificates for tests: an authority of their own, and servers that it, or nobody, vouches for.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tempfile::TempDir;

/// An authority, with the files that a gateway reads. They go with it.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
    /// Where the files are.
    pub files: Files,
    /// The key of the gateway's own certificate as PEM.
    pub key: String,
    folder: TempDir,
}

/// Files of certificates.
#[derive(Clone, Copy, Debug)]
pub struct Files {
    /// The authority's.
    pub roots: &'static str,
    /// The gateway's own.
    pub certificate: &'static str,
    /// Its key.
    pub key: &'static str,
}

/// How a server's certificate differs from a good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// In nothing.
    Good,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    Early,
    /// It vouches for itself.
    SelfSigned,
    /// It is one for clients.
    Client,
    /// It is one for clients, and its time is over.
    LateClient,
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// A new one.
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        // Each has a name of its own, by which the others do not know it.
        let key = KeyPair::generate().unwrap();
        let name = u64::from_be_bytes(*key.public_key_raw().last_chunk().unwrap()).to_string();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let root = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        let folder = tempfile::tempdir().unwrap();
        let roots = write(&folder, "roots.pem", root.pem());
        let root = root.der().clone();
        let (own, own_key) = leaf(&issuer, &["gateway.internal"], Kind::Client);
        let files = Files {
            roots,
            certificate: write(&folder, "gateway.pem", own.pem()),
            key: write(&folder, "gateway.key", own_key.serialize_pem()),
        };
        Self { issuer, root, files, key: own_key.serialize_pem(), folder }
    }

    /// The files of a gateway whose certificate was good once.
    pub fn late(&self) -> Files {
        let (own, own_key) = leaf(&self.issuer, &["gateway.internal"], Kind::LateClient);
        let certificate = write(&self.folder, "late.pem", own.pem());
        Files { certificate, key: write(&self.folder, "late.key", own_key.serialize_pem()), ..self.files }
    }

    /// A server for these names.
    pub fn server(&self, names: &[&str]) -> Arc<ServerConfig> {
        self.server_of(names, Kind::Good)
    }

    /// One whose certificate is of a kind.
    pub fn server_of(&self, names: &[&str], kind: Kind) -> Arc<ServerConfig> {
        Arc::new(self.config(names, kind, rustls::ALL_VERSIONS, false))
    }

    /// One that wants a certificate of this authority.
    pub fn wary(&self, names: &[&str], versions: &[&'static SupportedProtocolVersion]) -> Arc<ServerConfig> {
        Arc::new(self.config(names, Kind::Good, versions, true))
    }

    /// One that knows nobody again, and sends no tickets.
    pub fn forgetful(&self, names: &[&str]) -> Arc<ServerConfig> {
        let mut config = self.config(names, Kind::Good, rustls::ALL_VERSIONS, false);
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Arc::new(config)
    }

    /// One that speaks these versions and another protocol than HTTP/1.1, where that is said.
    pub fn speaking(
        &self,
        names: &[&str],
        versions: &[&'static SupportedProtocolVersion],
        protocol: &str,
    ) -> Arc<ServerConfig> {
        let mut config = self.config(names, Kind::Good, versions, false);
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        Arc::new(config)
    }

    fn config(
        &self,
        names: &[&str],
        kind: Kind,
        versions: &[&'static SupportedProtocolVersion],
        is_wary: bool,
    ) -> ServerConfig {
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_protocol_versions(versions).unwrap();
        let builder = if is_wary {
            let mut roots = RootCertStore::empty();
            roots.add(self.root.clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let (certificate, key) = leaf(&self.issuer, names, kind);
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        builder.with_single_cert(vec![certificate.der().clone()], key).unwrap()
    }
}

fn leaf(issuer: &Issuer<'static, KeyPair>, names: &[&str], kind: Kind) -> (rcgen::Certificate, KeyPair) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    match kind {
        Kind::Expired | Kind::LateClient => {
            (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
        }
        Kind::Early => params.not_before = date_time_ymd(2090, 1, 1),
        _ => {}
    }
    let usage = if matches!(kind, Kind::Client | Kind::LateClient) {
        ExtendedKeyUsagePurpose::ClientAuth
    } else {
        ExtendedKeyUsagePurpose::ServerAuth
    };
    params.extended_key_usages = vec![usage];
    let key = KeyPair::generate().unwrap();
    let certificate = if kind == Kind::SelfSigned {
        params.self_signed(&key).unwrap()
    } else {
        params.signed_by(&key, issuer).unwrap()
    };
    (certificate, key)
}

/// Writes a file. Its path is there as long as the process lives, as the paths of a program are.
fn write(folder: &TempDir, name: &str, text: String) -> &'static str {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned().leak()
}
