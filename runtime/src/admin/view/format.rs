//! Numbers as an operator reads them at a glance.

use crate::clock::{Micros, timestamp};
use crate::metrics::Quantile;

const SECOND: Micros = 1_000_000;

/// `12,345`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A rate in thousandths a second: `0`, `<0.1`, `2.5`, `1,250`.
pub(super) fn rate(thousandths: u64) -> String {
    match thousandths {
        0 => "0".to_owned(),
        1..50 => "<0.1".to_owned(),
        50..99_950 => tenths((thousandths + 50) / 100),
        _ => count((thousandths + 500) / 1_000),
    }
}

fn tenths(number: u64) -> String {
    format!("{}.{}", number / 10, number % 10)
}

/// A part of a whole, and what it is sorted by; nothing where there is no whole.
pub(super) fn share(part: u32, whole: u32) -> Option<(String, u64)> {
    let millionths = (u64::from(part.min(whole)) * 1_000_000).checked_div(u64::from(whole))?;
    let text = match millionths {
        0 if part == 0 => "0%".to_owned(),
        0..1_000 => "<0.1%".to_owned(),
        1_000_000 => "100%".to_owned(),
        // What is less than all does not look like all.
        _ => format!("{}%", tenths((millionths + 500).min(999_499) / 1_000)),
    };
    Some((text, millionths))
}

/// How a share of failures looks: what is under one in a hundred happens everywhere.
pub(super) fn weight_of(millionths: u64) -> &'static str {
    match millionths {
        0 => "nil",
        1..10_000 => "",
        10_000..50_000 => "warn",
        _ => "bad",
    }
}

/// How long something takes: `0.4 ms`, `12 ms`, `1.25 s`.
pub(super) fn time(micros: Micros) -> String {
    match micros {
        0..9_950 => format!("{} ms", tenths((micros + 50) / 100)),
        9_950..999_500 => format!("{} ms", (micros + 500) / 1_000),
        _ => {
            let hundredths = (micros + 5_000) / 10_000;
            format!("{}.{:02} s", hundredths / 100, hundredths % 100)
        }
    }
}

/// A quantile, and what it is sorted by.
pub(super) fn quantile(quantile: Quantile) -> (String, u64) {
    match quantile {
        Quantile::Is(micros) => (time(micros), micros),
        Quantile::Over(micros) => (format!("> {} s", micros / SECOND), micros + 1),
    }
}

/// How long something has lasted: `45 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`.
pub(super) fn duration(micros: Micros) -> String {
    let seconds = micros / SECOND;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// How long something will last: a part of a second is one.
pub(super) fn left(micros: Micros) -> String {
    duration(micros.saturating_add(SECOND - 1))
}

/// `12.3 MiB`.
pub(super) fn bytes(bytes: u64) -> String {
    format!("{} MiB", tenths(bytes.saturating_mul(10) >> 20))
}

/// `19:04:05 UTC`.
pub(super) fn time_of_day(unix: u64) -> String {
    format!("{} UTC", timestamp(unix).get(11..19).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_at_a_glance() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [0, 1, 49, 50, 2_000, 99_949, 99_950, 12_345_678].map(rate),
            ["0", "<0.1", "<0.1", "0.1", "2.0", "99.9", "100", "12,346"]
        );
        let of = |part, whole| share(part, whole).map(|it| it.0);
        assert_eq!(of(0, 0), None);
        assert_eq!(
            [(0, 7), (1, 10_000_000), (1, 2_000), (1, 8), (1_999_999, 2_000_000), (3, 3), (4, 3)]
                .map(|(part, whole)| of(part, whole).unwrap()),
            ["0%", "<0.1%", "<0.1%", "12.5%", "99.9%", "100%", "100%"]
        );
        assert_eq!(
            [0, 49, 3_750, 9_949, 9_950, 70_400, 999_499, 999_500, 12_345_678].map(time),
            ["0.0 ms", "0.0 ms", "3.8 ms", "9.9 ms", "10 ms", "70 ms", "999 ms", "1.00 s", "12.35 s"]
        );
        assert_eq!(quantile(Quantile::Over(30_000_000)).0, "> 30 s");
        assert_eq!(
            [0, 59, 60, 3_599, 3_600, 86_399, 90_000].map(|seconds| duration(seconds * SECOND)),
            ["0 s", "59 s", "1 min 0 s", "59 min 59 s", "1 h 0 min", "23 h 59 min", "1 d 1 h"]
        );
        assert_eq!((left(1), left(SECOND), left(0)), ("1 s".into(), "1 s".into(), "0 s".into()));
        assert_eq!((bytes(12_900_000), time_of_day(86_399)), ("12.3 MiB".into(), "23:59:59 UTC".into()));
    }
}
