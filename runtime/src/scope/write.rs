//! Values as text, as JSON and as a key.
//!
//! A key is unambiguous: keys of one type are equal only for equal values, and one after the other they can be told apart,
//! since a text begins with its length and all else has a fixed one.

use std::borrow::Cow;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::Text;
use super::decimal::Decimal;
use super::read::{Cidr, Date, Rate, Time};
use crate::head::write_number;

/// A value that can be written.
pub trait Value {
    /// Appends it as a program would write it, without quotes.
    fn text(&self, out: &mut Vec<u8>);

    /// Appends it as JSON: numbers and truth values as such, all else as a string.
    fn json(&self, out: &mut Vec<u8>) {
        let mut text = Vec::new();
        self.text(&mut text);
        json_string(&text, out);
    }

    /// Appends bytes that are equal only for equal values.
    fn key(&self, out: &mut Vec<u8>) {
        let mut text = Vec::new();
        self.text(&mut text);
        key_text(&text, out);
    }
}

/// A text with values in it, which `write` writes.
pub fn interpolated(write: impl FnOnce(&mut Vec<u8>)) -> Text<'static> {
    let mut out = Vec::new();
    write(&mut out);
    Cow::Owned(out)
}

impl Value for Text<'_> {
    fn text(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn json(&self, out: &mut Vec<u8>) {
        json_string(self, out);
    }

    fn key(&self, out: &mut Vec<u8>) {
        key_text(self, out);
    }
}

impl Value for Box<str> {
    fn text(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }
}

impl Value for bool {
    fn text(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }

    fn json(&self, out: &mut Vec<u8>) {
        self.text(out);
    }

    fn key(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl Value for i64 {
    fn text(&self, out: &mut Vec<u8>) {
        if *self < 0 {
            out.push(b'-');
        }
        write_number(self.unsigned_abs(), out);
    }

    fn json(&self, out: &mut Vec<u8>) {
        self.text(out);
    }

    fn key(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes());
    }
}

impl Value for Decimal {
    fn text(&self, out: &mut Vec<u8>) {
        shown(format_args!("{self}"), out);
    }

    fn json(&self, out: &mut Vec<u8>) {
        self.text(out);
    }

    fn key(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_be_bytes());
    }
}

impl Value for Duration {
    fn text(&self, out: &mut Vec<u8>) {
        let millis = self.as_millis();
        let units = [(3_600_000, "h"), (60_000, "m"), (1_000, "s")];
        let whole = units.into_iter().find(|(unit, _)| millis > 0 && millis.is_multiple_of(*unit));
        let (unit, word) = whole.unwrap_or(if millis == 0 { (1, "s") } else { (1, "ms") });
        shown(format_args!("{}{word}", millis / unit), out);
    }
}

/// A size.
impl Value for u64 {
    fn text(&self, out: &mut Vec<u8>) {
        let units = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
        let whole = units.into_iter().find(|(unit, _)| *self > 0 && self.is_multiple_of(*unit));
        let (unit, word) = whole.unwrap_or((1, "B"));
        shown(format_args!("{}{word}", self / unit), out);
    }
}

impl Value for Rate {
    fn text(&self, out: &mut Vec<u8>) {
        let (count, per) = *self;
        write_number(count, out);
        out.push(b'/');
        if per == Duration::from_secs(1) {
            out.push(b's');
        } else if per == Duration::from_hours(24) {
            out.extend_from_slice(b"day");
        } else {
            per.text(out);
        }
    }
}

/// A share, in millionths.
impl Value for u32 {
    fn text(&self, out: &mut Vec<u8>) {
        // A millionth is a ten thousandth of a hundredth.
        Decimal(i128::from(*self) * 100_000).text(out);
        out.push(b'%');
    }
}

impl Value for IpAddr {
    fn text(&self, out: &mut Vec<u8>) {
        shown(format_args!("{self}"), out);
    }

    fn key(&self, out: &mut Vec<u8>) {
        match self {
            Self::V4(ip) => {
                out.push(4);
                out.extend_from_slice(&ip.octets());
            }
            Self::V6(ip) => {
                // The network of 64 bits: one client has all addresses in it, and could have a budget for each.
                let [network @ .., _, _, _, _, _, _, _, _] = ip.octets();
                out.push(8);
                out.extend_from_slice(&network);
            }
        }
    }
}

impl Value for Cidr {
    fn text(&self, out: &mut Vec<u8>) {
        shown(format_args!("{}/{}", self.0, self.1), out);
    }
}

impl Value for SocketAddr {
    fn text(&self, out: &mut Vec<u8>) {
        shown(format_args!("{self}"), out);
    }
}

/// A uuid.
impl Value for [u8; 16] {
    fn text(&self, out: &mut Vec<u8>) {
        for (at, byte) in self.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                out.push(b'-');
            }
            shown(format_args!("{byte:02x}"), out);
        }
    }

    fn key(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

impl Value for Date {
    fn text(&self, out: &mut Vec<u8>) {
        let (year, month, day) = *self;
        shown(format_args!("{year:04}-{month:02}-{day:02}"), out);
    }
}

impl Value for Time {
    fn text(&self, out: &mut Vec<u8>) {
        let (hours, minutes, seconds) = (self.0 / 3_600, self.0 / 60 % 60, self.0 % 60);
        shown(format_args!("{hours:02}:{minutes:02}:{seconds:02}"), out);
    }
}

/// The list of a field: as that of a parameter.
impl<T: Value> Value for Vec<T> {
    fn text(&self, out: &mut Vec<u8>) {
        list_text(self, out);
    }

    fn json(&self, out: &mut Vec<u8>) {
        list_json(self, out);
    }
}

/// The list of a parameter: as text, with commas between.
impl<T: Value> Value for &[T] {
    fn text(&self, out: &mut Vec<u8>) {
        list_text(self, out);
    }

    fn json(&self, out: &mut Vec<u8>) {
        list_json(self, out);
    }
}

fn list_text(items: &[impl Value], out: &mut Vec<u8>) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        item.text(out);
    }
}

fn list_json(items: &[impl Value], out: &mut Vec<u8>) {
    out.push(b'[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        item.json(out);
    }
    out.push(b']');
}

fn shown(text: std::fmt::Arguments<'_>, out: &mut Vec<u8>) {
    // Writing into memory cannot fail.
    let _ = out.write_fmt(text);
}

fn key_text(text: &[u8], out: &mut Vec<u8>) {
    // A head is at most some kilobytes, and so is what is made of it; saturation only keeps the conversion total.
    out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(text);
}

/// A string of JSON (RFC 8259 section 7). What is no UTF-8 becomes U+FFFD.
fn json_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for part in text.utf8_chunks() {
        for byte in part.valid().bytes() {
            match byte {
                b'"' => out.extend_from_slice(b"\\\""),
                b'\\' => out.extend_from_slice(b"\\\\"),
                b'\n' => out.extend_from_slice(b"\\n"),
                b'\r' => out.extend_from_slice(b"\\r"),
                b'\t' => out.extend_from_slice(b"\\t"),
                0..=0x1f => shown(format_args!("\\u{byte:04x}"), out),
                _ => out.push(byte),
            }
        }
        if !part.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
    out.push(b'"');
}

/// Appends a value to a line of a log, so that no byte of it ends the line, or what stands between quotes: whatever is not
/// printable ASCII, quotes, backslashes and the bytes of `stops` are written as `\\x` and two digits. Where there are stops,
/// nothing is written as `-`.
pub fn logged(out: &mut Vec<u8>, stops: &[u8], write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    write(out);
    if out.len() == start && !stops.is_empty() {
        out.push(b'-');
        return;
    }
    let harms =
        |byte: &u8| !matches!(byte, b' '..=b'~') || matches!(byte, b'"' | b'\\') || stops.contains(byte);
    let written = out.get(start..).unwrap_or_default();
    let Some(first) = written.iter().position(harms) else { return };
    let rest = out.split_off(start + first);
    for byte in &rest {
        if harms(byte) {
            shown(format_args!("\\x{byte:02X}"), out);
        } else {
            out.push(*byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a value is as text and as JSON.
    fn check(value: &impl Value, text: &str, json: &str) {
        for (write, expected) in [(Value::text as fn(&_, &mut _), text), (Value::json, json)] {
            let mut out = Vec::new();
            write(value, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn values_are_written_as_they_are_read() {
        check(&true, "true", "true");
        check(&-42_i64, "-42", "-42");
        check(&i64::MIN, "-9223372036854775808", "-9223372036854775808");
        check(&Decimal(9_950_000_000), "9.95", "9.95");
        check(&Text::from(&b"a \"\\\n\x01/\xc3\xa9"[..]), "a \"\\\n\u{1}/é", "\"a \\\"\\\\\\n\\u0001/é\"");
        check(&Duration::from_millis(1_500), "1500ms", "\"1500ms\"");
        check(&Duration::ZERO, "0s", "\"0s\"");
        check(&65_536_u64, "64KiB", "\"64KiB\"");
        check(&(20_u64, Duration::from_secs(10)), "20/10s", "\"20/10s\"");
        check(&2_500_u32, "0.25%", "\"0.25%\"");
        check(&IpAddr::from([10, 0, 0, 1]), "10.0.0.1", "\"10.0.0.1\"");
        check(&(IpAddr::from([10, 0, 0, 0]), 8_u8), "10.0.0.0/8", "\"10.0.0.0/8\"");
        let uuid = crate::scope::read::uuid(b"6F1C0d6e-2f63-4c11-9c54-0c8a3f1f7a10").unwrap();
        let shown = "6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10";
        check(&uuid, shown, &format!("\"{shown}\""));
        check(&(2026_u16, 11_u8, 3_u8), "2026-11-03", "\"2026-11-03\"");
        check(&Time(86_399), "23:59:59", "\"23:59:59\"");
        check(&(&[1_i64, 2][..]), "1,2", "[1,2]");
    }

    #[test]
    fn what_is_no_text_is_marked_in_json() {
        let mut out = Vec::new();
        Text::from(&b"a\xffb\xe2\x82"[..]).json(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "\"a\u{fffd}b\u{fffd}\"");
    }

    #[test]
    fn keys_side_by_side_are_told_apart() {
        let key = |parts: &[&str]| {
            let mut out = Vec::new();
            for part in parts {
                Text::from(part.as_bytes()).key(&mut out);
            }
            out
        };
        assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
        assert_ne!(key(&["", "a"]), key(&["a", ""]));
        let mut v4 = Vec::new();
        IpAddr::from([10, 0, 0, 1]).key(&mut v4);
        assert_eq!(v4, [4, 10, 0, 0, 1]);
    }

    #[test]
    fn all_addresses_of_an_ipv6_client_are_one_key() {
        let key = |address: &str| {
            let mut out = Vec::new();
            address.parse::<IpAddr>().unwrap().key(&mut out);
            out
        };
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
    }

    #[test]
    fn no_byte_of_a_value_ends_a_line_or_what_is_quoted() {
        let check = |value: &[u8], stops: &[u8], expected: &str| {
            let mut out = b"> ".to_vec();
            logged(&mut out, stops, |out| out.extend_from_slice(value));
            assert_eq!(String::from_utf8(out).unwrap(), format!("> {expected}"));
        };
        check(b"a b", b"", "a b");
        check(b"a b|c", b" |", "a\\x20b\\x7Cc");
        check(
            b"a\" 200 \"\n\r\\\x1b[0m\x7f\xc3\xa9",
            b"",
            "a\\x22 200 \\x22\\x0A\\x0D\\x5C\\x1B[0m\\x7F\\xC3\\xA9",
        );
        check(b"", b" ", "-");
        check(b"", b"", "");
    }
}
