//! What is told of live values: how changes have ended, the present generation, and since when each value holds.

use super::text::Text;
use crate::live::{By, Live, REASONS};

impl Text<'_> {
    /// All families of live values.
    pub(super) fn live(&mut self, live: &Live) {
        let (by_admin, by_file, refused) = live.counts();
        let (generation, all, _) = live.all();
        let family = "gatewright_live_changes_total";
        self.family(family, "counter", "Changes of live values that were published, by who has said them.");
        self.sample(family, &[("by", "admin")], by_admin);
        self.sample(family, &[("by", "file")], by_file);
        let family = "gatewright_live_refused_total";
        self.family(family, "counter", "Changes of live values that were refused, by reason.");
        for (reason, count) in REASONS.into_iter().zip(refused) {
            self.sample(family, &[("reason", reason)], count);
        }
        let help = "How often live values have changed since the start.";
        self.one("gatewright_live_generation", "gauge", help, generation);
        let names = || all.iter().filter_map(|own| Some((own, live.param(own.number)?.name)));
        let family = "gatewright_live_since_seconds";
        self.family(family, "gauge", "Since when a live value holds, in seconds of Unix time.");
        for (own, name) in names() {
            self.sample(family, &[("name", name)], own.since);
        }
        let family = "gatewright_live_file_refused";
        self.family(
            family,
            "gauge",
            "1 while what the file of a live value says does not hold, and the last good value does.",
        );
        for (own, name) in names().filter(|(own, _)| matches!(own.by, By::File(_))) {
            self.sample(family, &[("name", name)], own.refused.is_some().into());
        }
    }
}
