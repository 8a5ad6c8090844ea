//! Decimal numbers, exactly: no binary fraction stands for what an operator wrote.

use std::fmt;

/// The number of decimals that a number may have.
const DECIMALS: usize = 9;

/// A number in units of 10⁻⁹.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Decimal(pub(crate) i128);

impl Decimal {
    /// A whole number.
    pub(crate) fn whole(number: i64) -> Self {
        Self(i128::from(number) * 1_000_000_000)
    }

    /// Reads `-?digits[.digits]`. `None` where it is no number, too large, or finer than nine decimals.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (is_negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > DECIMALS {
            return None;
        }
        let units: i128 = format!("{whole}{fraction:0<DECIMALS$}").parse().ok()?;
        Some(Self(if is_negative { -units } else { units }))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let units = self.0.unsigned_abs();
        let fraction = format!("{:0DECIMALS$}", units % 1_000_000_000);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{}{point}{fraction}", units / 1_000_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_shows_what_is_written() {
        for (text, shown) in [("9.95", "9.95"), ("-0.5", "-0.5"), ("7", "7"), ("1.10", "1.1"), ("-0", "0")] {
            assert_eq!(Decimal::read(text).map(|it| it.to_string()).as_deref(), Some(shown), "{text}");
        }
        for text in ["", "-", ".5", "1.", "1.0000000001", "1e3", "0x1", "99999999999999999999999999999999"] {
            assert_eq!(Decimal::read(text), None, "{text}");
        }
        assert_eq!(Decimal::read("0.000000001"), Some(Decimal(1)));
        assert_eq!(Decimal::read("1.00000000000"), Some(Decimal::whole(1)));
    }
}
