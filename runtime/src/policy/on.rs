//! `on`: another answer than the gateway's own refusal. An upstream's answer is never replaced.

use crate::cause::Cause;
use crate::exchange::{Exchange, Own};
use crate::terminal::Respond;

/// All replacements of one route.
#[derive(Debug)]
pub struct Config {
    /// Each of them.
    pub items: &'static [Item],
}

/// One replacement.
#[derive(Debug)]
pub enum Item {
    /// `on CAUSES respond …`
    On {
        /// For which refusals.
        causes: &'static [Cause],
        /// What is answered.
        respond: Respond,
    },
}

impl Config {
    /// What is answered in the refusal's place: the reason's own answer before that of its status, and that before its
    /// class's.
    #[must_use]
    pub fn own(&'static self, _: &mut Exchange, own: Own) -> Option<&'static Respond> {
        let matching = self.items.iter().filter_map(|Item::On { causes, respond }| {
            let closest = causes.iter().filter_map(|cause| cause.closeness(own.reason)).max()?;
            Some((closest, respond))
        });
        matching.max_by_key(|(closeness, _)| *closeness).map(|(_, respond)| respond)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Reason;
    use crate::terminal::Content;

    const fn with(status: u16) -> Respond {
        Respond { status, content_type: "", body: Content::Nothing }
    }

    #[test]
    fn the_closest_cause_answers() {
        static ON: Config = Config {
            items: &[
                Item::On { causes: &[Cause::Class(500), Cause::Class(400)], respond: with(600) },
                Item::On { causes: &[Cause::Reason("limited"), Cause::Reason("banned")], respond: with(601) },
                Item::On { causes: &[Cause::Status(502), Cause::Status(429)], respond: with(602) },
            ],
        };
        static OTHER: Config =
            Config { items: &[Item::On { causes: &[Cause::Status(503)], respond: with(600) }] };
        let answer = |reason| ON.own(&mut Exchange::default(), Own { reason }).map(|respond| respond.status);
        assert_eq!(answer(Reason::LIMITED), Some(601));
        assert_eq!(answer(Reason::UPSTREAM_REFUSED), Some(602));
        assert_eq!(answer(Reason::UPSTREAM_TIMEOUT), Some(600));
        assert_eq!(answer(Reason::NOT_FOUND), Some(600));
        assert!(OTHER.own(&mut Exchange::default(), Own { reason: Reason::UPSTREAM_REFUSED }).is_none());
    }
}
