//! What stands in the place of TLS in a gateway that speaks it to nobody: nothing can be dialled with it.

use std::convert::Infallible;
use std::sync::Arc;

use tokio::net::TcpStream;

use crate::link::{Link, Refused};
use crate::params::Params;
use crate::policy;
use crate::watched::Moved;

/// Whom to believe: nobody is asked.
pub(crate) struct Trust;

/// How servers of one upstream are spoken to: there is no such upstream.
pub(crate) struct Dialler(Infallible);

impl Trust {
    pub(crate) fn new(_: &Arc<Params>) -> Self {
        Self
    }

    #[allow(clippy::unused_self, reason = "the shape of the real one")]
    pub(crate) fn dialler(&mut self, _: Option<&policy::tls::Config>, _: &Moved) -> Result<Dialler, String> {
        Err("TLS is not compiled in".to_owned())
    }
}

impl Dialler {
    pub(crate) fn dial(&self, _: &str) -> Result<&'static Dial, String> {
        match self.0 {}
    }
}

/// How a server is spoken to over TLS: there is no such server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dial(Infallible);

impl Dial {
    /// There is none to be asked.
    #[allow(clippy::unused_async, reason = "the shape of the real one")]
    pub(crate) async fn shake(&'static self, _: TcpStream) -> Result<Link, Refused> {
        match self.0 {}
    }
}
