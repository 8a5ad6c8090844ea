//! From a text to a value: one spelling for each type, wherever a text comes from. A path, a query, a field, a cookie and an
//! environment variable are read alike, and a value has no second spelling that another check would not see.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

pub use super::decimal::Decimal;

/// An IP network: its first address and the length of its prefix in bits.
pub type Cidr = (IpAddr, u8);

/// So many in so long.
pub type Rate = (u64, Duration);

/// Year, month and day.
pub type Date = (u16, u8, u8);

/// The seconds of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u32);

/// `true` or `false`.
#[must_use]
pub fn bool(text: &[u8]) -> Option<bool> {
    match text {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

/// `0|-?[1-9][0-9]*`
#[must_use]
pub fn int(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let is_canonical = text == b"0" || digits.first().is_some_and(|digit| matches!(digit, b'1'..=b'9'));
    if !is_canonical || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A number, of at most nine decimals.
#[must_use]
pub fn decimal(text: &[u8]) -> Option<Decimal> {
    Decimal::read(text)
}

/// Text: any valid UTF-8.
#[must_use]
pub fn text(text: &[u8]) -> Option<&str> {
    std::str::from_utf8(text).ok()
}

/// `250ms`, `2s`, `5m`, `1h`
#[must_use]
pub fn duration(text: &[u8]) -> Option<Duration> {
    let (number, unit) = unit(text)?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}

/// `64KiB`, `10MB`, in bytes.
#[must_use]
pub fn size(text: &[u8]) -> Option<u64> {
    let (number, unit) = unit(text)?;
    let bytes: u64 = match unit {
        "B" => 1,
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(bytes)
}

/// `100/s`, `20/10s`, `10000/day`
#[must_use]
pub fn rate(text: &[u8]) -> Option<Rate> {
    let (count, per) = std::str::from_utf8(text).ok()?.split_once('/')?;
    let per = match per {
        "day" => Duration::from_hours(24),
        "ms" | "s" | "m" | "h" => duration(format!("1{per}").as_bytes())?,
        longer => duration(longer.as_bytes())?,
    };
    Some((whole(count)?, per)).filter(|_| !per.is_zero())
}

/// Whether one rate lets no more through than another in the long run.
#[must_use]
pub fn is_at_most(one: Rate, other: Rate) -> bool {
    let scaled = |count: u64, per: Duration| u128::from(count).saturating_mul(per.as_nanos());
    scaled(one.0, other.1) <= scaled(other.0, one.1)
}

/// `5%`, `0.25%`, in millionths.
#[must_use]
pub fn percent(text: &[u8]) -> Option<u32> {
    let units = Decimal::read(text.strip_suffix(b"%")?)?.0;
    // A hundredth in units of 10⁻⁹ is ten thousand millionths.
    let is_exact = units % 100_000 == 0;
    u32::try_from(units / 100_000).ok().filter(|_| is_exact)
}

/// `10.1.2.3`, `2001:db8::1`
#[must_use]
pub fn ip(text: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(text).ok()?.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

/// `10.0.0.0/8`, whose other bits are zero.
#[must_use]
pub fn cidr(text: &[u8]) -> Option<Cidr> {
    let (ip, bits) = std::str::from_utf8(text).ok()?.split_once('/')?;
    let ip: IpAddr = ip.parse().ok()?;
    let bits = u8::try_from(whole(bits)?).ok()?;
    let is_first = match ip {
        IpAddr::V4(ip) => bits <= 32 && u32::from(ip).checked_shl(u32::from(bits)).unwrap_or(0) == 0,
        IpAddr::V6(ip) => bits <= 128 && u128::from(ip).checked_shl(u32::from(bits)).unwrap_or(0) == 0,
    };
    // An IPv4 network in the form of an IPv6 one is IPv4, as its clients are.
    is_first.then(|| match (ip.to_canonical(), ip, bits.checked_sub(96)) {
        (four @ IpAddr::V4(_), IpAddr::V6(_), Some(bits)) => (four, bits),
        _ => (ip, bits),
    })
}

/// `10.1.2.3:80`, `[::1]:80`
#[must_use]
pub fn addr(text: &[u8]) -> Option<SocketAddr> {
    std::str::from_utf8(text).ok()?.parse::<SocketAddr>().ok().filter(|addr| addr.port() != 0)
}

/// 8-4-4-4-12 hexadecimal digits, either case.
#[must_use]
pub fn uuid(text: &[u8]) -> Option<[u8; 16]> {
    if text.len() != 36 {
        return None;
    }
    let mut bytes = [0; 16];
    let mut digits = 0_usize;
    for (at, byte) in text.iter().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            if *byte != b'-' {
                return None;
            }
            continue;
        }
        // A hexadecimal digit is below sixteen.
        let digit = u8::try_from(char::from(*byte).to_digit(16)?).ok()?;
        let own = bytes.get_mut(digits / 2)?;
        *own = *own << 4 | digit;
        digits += 1;
    }
    Some(bytes)
}

/// `YYYY-MM-DD`, a valid day of the proleptic Gregorian calendar.
#[must_use]
pub fn date(text: &[u8]) -> Option<Date> {
    let [y, yy, yyy, yyyy, b'-', m, mm, b'-', d, dd] = text else { return None };
    let year = u16::from(pair(*y, *yy)?) * 100 + u16::from(pair(*yyy, *yyyy)?);
    let (month, day) = (pair(*m, *mm)?, pair(*d, *dd)?);
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day).then_some((year, month, day))
}

/// `HH:MM:SS`
#[must_use]
pub fn time(text: &[u8]) -> Option<Time> {
    let [h, hh, b':', m, mm, b':', s, ss] = text else { return None };
    let (hour, minute, second) = (pair(*h, *hh)?, pair(*m, *mm)?, pair(*s, *ss)?);
    let is_time = hour < 24 && minute < 60 && second < 60;
    is_time.then(|| Time(u32::from(hour) * 3_600 + u32::from(minute) * 60 + u32::from(second)))
}

/// The number of Unicode scalars in what should be UTF-8.
#[must_use]
pub fn length(text: &[u8]) -> i64 {
    let begins = |byte: &&u8| **byte & 0xc0 != 0x80;
    i64::try_from(text.iter().filter(begins).count()).unwrap_or(i64::MAX)
}

/// Two digits.
fn pair(tens: u8, ones: u8) -> Option<u8> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + (ones - b'0'))
}

/// A number without a sign and needless zeros.
fn whole(text: &str) -> Option<u64> {
    let is_canonical = text == "0" || !text.starts_with('0');
    let is_number = is_canonical && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// A number and the unit behind it.
fn unit(text: &[u8]) -> Option<(u64, &str)> {
    let text = std::str::from_utf8(text).ok()?;
    let (digits, unit) = text.split_at_checked(text.find(|c: char| !c.is_ascii_digit())?)?;
    Some((whole(digits)?, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a text is read, by the reader of its type.
    fn check<T: PartialEq + std::fmt::Debug>(read: fn(&[u8]) -> Option<T>, good: &[(&str, T)], bad: &[&str]) {
        for (text, value) in good {
            assert_eq!(read(text.as_bytes()).as_ref(), Some(value), "{text}");
        }
        for text in bad {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_value_has_one_spelling() {
        check(bool, &[("true", true), ("false", false)], &["True", "1", "", "yes"]);
        check(
            int,
            &[("0", 0), ("-7", -7), ("9223372036854775807", i64::MAX)],
            &["", "-", "-0", "00", "+1", "1 ", "1.0", "9223372036854775808", "0x1", "١"],
        );
        check(
            duration,
            &[("250ms", Duration::from_millis(250)), ("90m", Duration::from_mins(90))],
            &["", "5", "5 s", "1h30m", "05s", "-1s", "1d", "99999999999999999999s", "s"],
        );
        check(size, &[("64KiB", 65_536), ("10MB", 10_000_000)], &["64", "64kib", "99999999999TiB"]);
        check(percent, &[("5%", 50_000), ("0.25%", 2_500)], &["5", "-1%", "0.00001%", "%", "9999999999%"]);
        check(
            rate,
            &[("100/s", (100, Duration::from_secs(1))), ("20/10s", (20, Duration::from_secs(10)))],
            &["100", "1/0s", "/s", "1/", "1/week"],
        );
    }

    #[test]
    fn addresses_are_what_they_say() {
        let ip4: IpAddr = [10, 0, 0, 1].into();
        check(ip, &[("10.0.0.1", ip4), ("::ffff:10.0.0.1", ip4)], &["10.0.0", "010.0.0.1", "10.0.0.1 ", "a"]);
        check(
            cidr,
            &[("10.0.0.0/8", ([10, 0, 0, 0].into(), 8)), ("0.0.0.0/0", ([0, 0, 0, 0].into(), 0))],
            &["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0", "10.0.0.0/08", "10.0.0.0/-1"],
        );
        check(addr, &[("10.0.0.1:80", (ip4, 80).into())], &[":80", "10.0.0.1", "10.0.0.1:0", "a:80"]);
    }

    #[test]
    fn days_and_times_exist() {
        check(
            date,
            &[("2024-02-29", (2024, 2, 29)), ("0000-01-01", (0, 1, 1))],
            &["2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-1-1", "2024-04-31", "2024-02-00"],
        );
        check(
            time,
            &[("23:59:59", Time(86_399))],
            &["24:00:00", "12:60:00", "12:00:60", "12:00", "12:00:00Z"],
        );
        check(
            uuid,
            &[(
                "6F1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10",
                [111, 28, 13, 110, 47, 99, 76, 17, 156, 84, 12, 138, 63, 31, 122, 16],
            )],
            &["6f1c0d6e2f634c119c540c8a3f1f7a10", "6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a1g", ""],
        );
        assert_eq!(length("aé€💩".as_bytes()), 4);
    }
}
