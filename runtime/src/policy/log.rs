//! `log`: whether an exchange has a line in the access log, and what else stands in it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::access_log::LogLine;
pub use crate::access_log::Member as Only;
use crate::exchange::Exchange;
use crate::params::Setting;
use crate::shared::Slot;
use crate::terminal::Write;

/// A million of a million are all.
const ALL: u128 = 1_000_000;

/// What one route logs.
#[derive(Debug)]
pub struct Config {
    /// Nothing.
    pub none: bool,
    /// So many of a million exchanges.
    pub sample: Option<Setting<u32>>,
    /// Which of its members a line has.
    pub only: Option<&'static [Only]>,
    /// Names, and what writes their values as JSON.
    pub fields: Option<&'static [(&'static str, Write)]>,
    /// What writes the line, where it is no JSON.
    pub format: Option<Write>,
    /// Where exchanges are counted for the sample.
    pub state: Slot,
}

/// The exchanges that a sample is taken of.
#[derive(Debug, Default)]
pub struct State {
    seen: AtomicU64,
}

impl Config {
    /// Adds the fields; `false`: the exchange has no line.
    pub fn log(&'static self, x: &Exchange, line: &mut LogLine) -> bool {
        if self.none || self.sample.is_some_and(|sample| !self.is_in_sample(x, sample.of(x))) {
            return false;
        }
        if let Some(only) = self.only {
            line.only(only);
        }
        if let Some(format) = self.format {
            line.write_as(format);
        }
        for (name, write) in self.fields.unwrap_or_default() {
            line.add(name, |out| write(x, out));
        }
        true
    }

    /// Spread evenly, beginning with the first: of 10 % it is each tenth.
    fn is_in_sample(&self, x: &Exchange, sample: u32) -> bool {
        let Some(state) = x.state::<State>(self.state) else { return true };
        let before = u128::from(state.seen.fetch_add(1, Ordering::Relaxed));
        let lines = |seen: u128| (seen * u128::from(sample)).div_ceil(ALL);
        lines(before + 1) > lines(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::new_state;

    #[test]
    fn a_sample_is_spread_evenly() {
        for (sample, lines, spread) in
            [(100_000, 10, 10), (1_000_000, 100, 1), (333_333, 34, 3), (0, 0, 0), (1, 1, 100)]
        {
            let config: &'static Config = Box::leak(Box::new(Config {
                none: false,
                sample: Some(Setting::Is(sample)),
                only: None,
                fields: None,
                format: None,
                state: Slot(0),
            }));
            let x = Exchange::default().with_states(&[new_state::<State>]);
            let mut room = Vec::new();
            let logged: Vec<usize> =
                (0..100).filter(|_| config.log(&x, &mut LogLine::of(&mut room))).collect();
            assert_eq!(logged.len(), lines, "{sample}");
            assert!(logged.windows(2).all(|two| two[1] - two[0] >= spread), "{sample}: {logged:?}");
            assert_eq!(logged.first(), (lines > 0).then_some(&0), "the first is in it");
        }
    }

    #[test]
    fn fields_are_added_and_none_is_none() {
        const fn config(none: bool) -> Config {
            let fields: Option<&[(&str, Write)]> =
                Some(&[("tenant", |_, out| out.extend_from_slice(b"\"a\""))]);
            Config { none, sample: None, only: None, fields, format: None, state: Slot(0) }
        }
        static SOME: Config = config(false);
        static NONE: Config = config(true);
        let mut room = Vec::new();
        assert!(SOME.log(&Exchange::default(), &mut LogLine::of(&mut room)));
        assert_eq!(room, b",\"tenant\":\"a\"");
        assert!(!NONE.log(&Exchange::default(), &mut LogLine::of(&mut room)));
    }
}
