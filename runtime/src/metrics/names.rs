//! What is told of names of servers: how looks have ended, how many addresses they have, and how old these are.

use super::text::Text;
use crate::clock::Micros;
use crate::dns::{Names, Outcome, Status};
use crate::program::Program;

impl Text<'_> {
    /// All families of names; there are none where there are no names.
    pub(super) fn names(&mut self, program: &Program, names: Option<&Names>, now: Micros) {
        let Some(names) = names else { return };
        let labels = |name: &Status| {
            let upstream = program.upstreams.get(name.upstream).map_or("", |upstream| upstream.name);
            [("upstream", upstream), ("server", name.authority)]
        };
        let family = "gatewright_dns_lookups_total";
        self.family(family, "counter", "Times that the name of a server was looked up, by result.");
        for name in &*names.all {
            let [upstream, server] = labels(name);
            for (result, outcome) in
                [("found", Outcome::Found), ("denied", Outcome::Denied), ("failed", Outcome::Failed)]
            {
                self.sample(family, &[upstream, server, ("result", result)], name.count(outcome));
            }
        }
        let family = "gatewright_dns_addresses";
        self.family(family, "gauge", "Addresses that the name of a server has.");
        for name in &*names.all {
            self.sample(family, &labels(name), name.addresses());
        }
        let family = "gatewright_dns_age_seconds";
        self.family(family, "gauge", "Time since the name of a server was last found.");
        for name in &*names.all {
            if let Some(found) = name.found() {
                self.seconds(family, &labels(name), now.saturating_sub(found));
            }
        }
    }
}
