//! Decimal numbers, exactly: in units of 10⁻⁹, as the language defines them.

use std::fmt;

/// The number of decimals that a number may have.
const DECIMALS: usize = 9;
const UNIT: i128 = 1_000_000_000;

/// A number in units of 10⁻⁹.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(pub i128);

impl Decimal {
    /// Reads `-?digits[.digits]`, without needless zeros in front. `None` where it is finer than nine decimals, or
    /// beyond what a number can be.
    #[must_use]
    pub fn read(text: &[u8]) -> Option<Self> {
        let (digits, sign) = text.strip_prefix(b"-").map_or((text, 1), |digits| (digits, -1));
        let point = digits.iter().position(|byte| *byte == b'.');
        let (whole, fraction) = match point {
            Some(at) => (digits.get(..at)?, digits.get(at + 1..)?),
            None => (digits, &b"0"[..]),
        };
        let is_long = |digits: &[u8]| digits.len() > 1 && digits.first() == Some(&b'0');
        if whole.is_empty() || is_long(whole) || fraction.is_empty() || fraction.len() > DECIMALS {
            return None;
        }
        let padding = std::iter::repeat_n(&b'0', DECIMALS - fraction.len());
        let units = whole.iter().chain(fraction).chain(padding).try_fold(0_i128, |units, digit| {
            let digit = digit.is_ascii_digit().then(|| i128::from(digit - b'0'))?;
            units.checked_mul(10)?.checked_add(digit)
        })?;
        Some(Self(sign * units))
    }

    /// The sum; at the ends of what a number can be, the nearest end.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference; at the ends of what a number can be, the nearest end.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// A whole number.
    #[must_use]
    pub fn whole(number: i64) -> Self {
        Self(i128::from(number) * UNIT)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.0.unsigned_abs();
        let unit = UNIT.unsigned_abs();
        let (whole, mut fraction) = (units / unit, units % unit);
        f.write_str(if self.0 < 0 { "-" } else { "" })?;
        write!(f, "{whole}")?;
        if fraction == 0 {
            return Ok(());
        }
        let mut width = DECIMALS;
        while fraction.is_multiple_of(10) {
            fraction /= 10;
            width -= 1;
        }
        write!(f, ".{fraction:0width$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_shown() {
        for (text, shown) in [("9.95", "9.95"), ("-0.5", "-0.5"), ("70", "70"), ("1.10", "1.1"), ("-0", "0")]
        {
            assert_eq!(Decimal::read(text.as_bytes()).unwrap().to_string(), shown);
        }
        assert_eq!(Decimal::read(b"0.000000001"), Some(Decimal(1)));
        for text in [
            "",
            "-",
            ".5",
            "1.",
            "01",
            "00",
            "1.0000000001",
            "1e3",
            "+1",
            "1,5",
            "--1",
            "1.-5",
            &"9".repeat(40),
        ] {
            assert_eq!(Decimal::read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn sums_stop_at_the_ends() {
        let greatest = Decimal(i128::MAX);
        assert_eq!(greatest.plus(Decimal::whole(1)), greatest);
        assert_eq!(Decimal(i128::MIN).minus(Decimal::whole(1)), Decimal(i128::MIN));
        assert_eq!(Decimal::whole(2).minus(Decimal(500_000_000)).to_string(), "1.5");
    }
}
