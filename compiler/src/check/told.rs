//! Who is told who asks, and in which fields: what a client says there by itself goes no further.

use std::collections::{BTreeMap, BTreeSet};

use super::auth;
use super::upstream::Upstream;
use crate::checked;

/// The fields in which routes tell an upstream who asks, for each that is told: a request of a client's that says one of them there
/// says it for itself. Where requests are shared out, what one is told is known to all who may get them.
pub(super) fn told(
    upstreams: &[Upstream<'_>],
    routes: &[checked::Route],
) -> BTreeMap<usize, BTreeSet<String>> {
    let mut identity: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for route in routes {
        let arms = route.arms.iter().flat_map(|it| &it.arms).map(|arm| &arm.end);
        for end in arms.chain([&route.end]) {
            let checked::End::Forward { upstream, .. } = *end else { continue };
            identity.entry(upstream).or_default().extend(auth::identity(&route.steps));
        }
        for branch in route.aggregate.iter().flat_map(|it| &it.branches) {
            let headers = branch.sent.headers.iter().filter(|(_, function)| branch.tells_who(&function.expr));
            identity.entry(branch.upstream).or_default().extend(headers.map(|(name, _)| name.clone()));
        }
    }
    let direct = identity.clone();
    for (number, split) in
        upstreams.iter().enumerate().filter_map(|(at, upstream)| Some((at, upstream.split.as_ref()?)))
    {
        for share in &split.shares {
            for (to, from) in [(share.upstream, number), (number, share.upstream)] {
                let known = direct.get(&from).into_iter().flatten().cloned();
                identity.entry(to).or_default().extend(known);
            }
        }
    }
    identity
}
