//! Host patterns: their labels from the right, as the sets of hosts that they match.

use gatewright_dsl::ast::{Capture, Host, HostLabel};

/// The captures of the first of a host's patterns; the others have the same.
pub(super) fn captures(host: &Host) -> impl Iterator<Item = &Capture> {
    let labels = host.patterns.first().into_iter().flat_map(|pattern| pattern.labels.iter().rev());
    labels.filter_map(|label| match label {
        HostLabel::Capture(capture) => Some(capture),
        HostLabel::Literal { .. } => None,
    })
}
