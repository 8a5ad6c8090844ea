//! What the gateway asks and tells others by itself: who may come, and spans. Made ready before any socket is opened, and so that a start
//! that cannot be is known without one.

use std::sync::Arc;

use tokio::sync::watch;

use super::Options;
#[cfg(feature = "dns")]
use super::listener;
use crate::auth;
use crate::clock::Clock;
#[cfg(feature = "dns")]
use crate::dns::Lookup;
#[cfg(feature = "way")]
use crate::errand::Ways;
use crate::memory::Memory;
use crate::params::Params;
use crate::place::Places;
use crate::program::Program;
#[cfg(feature = "way")]
use crate::tls::Trust;
use crate::trace::{Exporter, Tracing};

/// What the gateway asks others for by itself, before it is asked for anything.
pub(super) struct Errands {
    pub(super) tracing: Tracing,
    pub(super) exporter: Option<Exporter>,
    pub(super) auths: Vec<Box<dyn auth::Verifier>>,
    /// How names are looked up, where there are any.
    #[cfg(feature = "dns")]
    pub(super) lookup: Option<Lookup>,
}

/// Makes that ready, and asks nobody yet. `reread` is told when files are to be read at once.
pub(super) fn ready(
    (program, params, clock, memory): (&'static Program, &Arc<Params>, &Clock, Option<&Arc<Memory>>),
    (options, places): (&Options, &Places),
    reread: &watch::Receiver<u64>,
) -> Result<Errands, String> {
    #[cfg(feature = "dns")]
    let lookup = {
        let wanted = super::listened(&places.listeners, &options.listen);
        let own = listener::own(program, params, &places.listeners, &wanted);
        Lookup::new(program, clock, options.name_server, &options.servers, own)
    };
    #[cfg(feature = "way")]
    let ways = Ways {
        trust: Trust::new(params).into(),
        servers: &options.servers,
        files: &options.files,
        #[cfg(feature = "dns")]
        lookup: lookup.clone(),
    };
    #[cfg(feature = "trace")]
    let (tracing, exporter) = Tracing::of((program, params, &options.given), places, &ways)?;
    #[cfg(not(feature = "trace"))]
    let (tracing, exporter) = (Tracing, None);
    #[cfg(not(any(feature = "dns", feature = "trace")))]
    let _ = places;
    let auths = auth::start(
        program,
        (params, clock, memory),
        (&options.files, reread),
        #[cfg(feature = "jwt")]
        &ways,
    )?;
    Ok(Errands {
        tracing,
        exporter,
        auths,
        #[cfg(feature = "dns")]
        lookup,
    })
}
