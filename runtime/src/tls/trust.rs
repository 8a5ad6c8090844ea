//! Whom to believe and who the gateway is: read from files, the machine's store and secrets when the gateway starts, before any
//! socket is opened. What cannot be used is said in one line, and the gateway does not start.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{WantsClientCert, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ConfigBuilder, Error, InconsistentKeys, RootCertStore};

use super::Dial;
use crate::clock::unix_seconds;
use crate::exchange::Exchange;
use crate::params::Params;
use crate::policy;
use crate::watched::{self, Moved, moved};

/// Bytes of a file of certificates or of a key.
const LARGEST: u64 = 4 << 20;

/// What start-up has read of the machine's store, for all who believe it.
pub(crate) struct Trust {
    params: Arc<Params>,
    provider: Arc<CryptoProvider>,
    system: Option<Result<Arc<RootCertStore>, String>>,
}

/// How the servers are spoken to of which one setting says so.
pub(crate) struct Dialler {
    config: Arc<ClientConfig>,
    name: Option<&'static str>,
}

/// The clock that certificates are held against.
#[derive(Debug)]
struct Now;

impl TimeProvider for Now {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(unix_seconds())))
    }
}

impl Trust {
    pub(crate) fn new(params: &Arc<Params>) -> Self {
        Self { params: Arc::clone(params), provider: Arc::new(aws_lc_rs::default_provider()), system: None }
    }

    /// What is read for one setting; nothing written is the machine's store, and no certificate of the gateway's own. `files` says where declared
    /// files really are.
    ///
    /// # Errors
    ///
    /// A sentence for the operator.
    pub(crate) fn dialler(
        &mut self,
        written: Option<&policy::tls::Config>,
        files: &Moved,
    ) -> Result<Dialler, String> {
        let believed =
            self.believed(written.and_then(|written| written.roots).map(|path| moved(path, files)))?;
        let builder = self.verifying(believed)?;
        let config = match written.and_then(|written| written.certificate.zip(Some(written))) {
            None => builder.with_no_client_auth(),
            Some((path, written)) => {
                let chain = certificates(&moved(path, files))?;
                let (key, named) = self.key(written, files)?;
                builder.with_client_auth_cert(chain, key).map_err(|error| match error {
                    Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                        format!("{named} is not the key of the certificate in `{path}`")
                    }
                    error => format!("{named} cannot be used: {error}"),
                })?
            }
        };
        Ok(Dialler::new(config, written.and_then(|written| written.server_name)))
    }

    fn believed(&mut self, roots: Option<PathBuf>) -> Result<Arc<RootCertStore>, String> {
        match roots {
            Some(path) => Ok(Arc::new(self::roots(&path)?)),
            None => self.system.get_or_insert_with(system).clone(),
        }
    }

    /// How whoever is believed is held against what a server shows.
    fn verifying(
        &self,
        believed: Arc<RootCertStore>,
    ) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, String> {
        let verifier = WebPkiServerVerifier::builder_with_provider(believed, Arc::clone(&self.provider))
            .build()
            .map_err(|error| error.to_string())?;
        let verifier: Arc<dyn ServerCertVerifier> = verifier;
        let builder = ClientConfig::builder_with_details(Arc::clone(&self.provider), Arc::new(Now))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        Ok(builder.dangerous().with_custom_certificate_verifier(verifier))
    }

    /// The key of the gateway's own certificate, and what to call it.
    fn key(
        &self,
        written: &policy::tls::Config,
        files: &Moved,
    ) -> Result<(PrivateKeyDer<'static>, String), String> {
        let (bytes, named) = match (written.key, written.secret) {
            (Some(path), _) => (read(&moved(path, files))?, format!("`{path}`")),
            (None, Some(write)) => {
                // What start-up was given is all that such an expression reads.
                let x = Exchange { params: Arc::clone(&self.params), ..Exchange::default() };
                let mut bytes = Vec::new();
                write(&x, &mut bytes);
                (bytes, "the secret".to_owned())
            }
            // INVARIANT: the compiler asks for one of them.
            (None, None) => (Vec::new(), "the key".to_owned()),
        };
        let key =
            PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| format!("{named} holds no key in PEM"))?;
        Ok((key, named))
    }
}

impl Dialler {
    fn new(mut config: ClientConfig, name: Option<&'static str>) -> Self {
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { config: Arc::new(config), name }
    }

    /// How a server is spoken to that is written so. Of a name with SRV records, the labels in front that begin with `_` say which
    /// service, and are no part of the name that a certificate is for (RFC 9525 section 6.1).
    ///
    /// # Errors
    ///
    /// A sentence for the operator.
    pub(crate) fn dial(&self, host: &str) -> Result<&'static Dial, String> {
        let mut name = self.name.unwrap_or(host);
        while let (None, Some((_, rest))) =
            (self.name, name.strip_prefix('_').and_then(|it| it.split_once('.')))
        {
            name = rest;
        }
        let name = ServerName::try_from(name.to_owned())
            .map_err(|_| format!("no certificate can be for the name `{name}`"))?;
        Ok(Box::leak(Box::new(Dial { config: Arc::clone(&self.config), name })))
    }
}

/// What the machine believes.
fn system() -> Result<Arc<RootCertStore>, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // What is of no use to rustls is passed over: stores are old and long.
    roots.add_parsable_certificates(found.certs);
    if !roots.is_empty() {
        return Ok(Arc::new(roots));
    }
    let why = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
    Err(format!(
        "this machine has no certificates that it believes{why}\n  = help: install its package of them, often called `ca-certificates`, or write `roots \"FILE\"`"
    ))
}

/// What a file says is believed.
fn roots(path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        let said = |error| format!("`{}` has a certificate that cannot be read: {error}", path.display());
        roots.add(certificate).map_err(said)?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = read(path)?;
    let all: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&bytes).collect();
    match all {
        Ok(all) if all.is_empty() => Err(format!("`{}` holds no certificate in PEM", path.display())),
        Ok(all) => Ok(all),
        Err(error) => Err(format!("`{}` is no PEM: {error}", path.display())),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    match watched::bytes(path, LARGEST) {
        Ok((_, bytes)) if bytes.len() as u64 > LARGEST => {
            Err(format!("`{}` has more than {LARGEST} bytes", path.display()))
        }
        Ok((_, bytes)) => Ok(bytes),
        Err(error) => Err(format!("`{}` cannot be read: {error}", path.display())),
    }
}
