//! From a text to a value, by the words of the language: one spelling for each type. What a request sends and what start-up
//! is given are read alike.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use gatewright_dsl::schema::url;

use super::value::Value;
use crate::algebra::Automaton;
use crate::check::expr::literal;
use crate::ir::expr::Constant;
use crate::ty::{Decimal, Text, Ty};

/// The value of a text that is one of the type, bounds included.
pub(super) fn read(ty: &Ty, text: &[u8]) -> Option<Value> {
    let constant = match ty {
        Ty::Optional(inner) => return read(inner, text),
        Ty::String(Text::Matches(regex)) => {
            let is_member = Automaton::regex(regex).is_ok_and(|automaton| automaton.contains(text));
            return is_member.then(|| Value::Text(text.to_vec()));
        }
        Ty::String(_) | Ty::Enum(_) | Ty::Path => {
            let constant = Constant::Text(std::str::from_utf8(text).ok()?.to_owned());
            return literal::within(&constant, ty).then(|| Value::Text(text.to_vec()));
        }
        Ty::Url => {
            url::parse(std::str::from_utf8(text).ok()?, &["http", "https"]).ok()?;
            return Some(Value::Text(text.to_vec()));
        }
        _ => plain(ty, std::str::from_utf8(text).ok()?)?,
    };
    literal::within(&constant, ty).then_some(Value::Of(constant))
}

/// The value of what start-up is given for a parameter: of a list, its items between commas.
pub(super) fn given(ty: &Ty, text: &str) -> Option<Value> {
    let Ty::List(item, range) = ty else { return read(ty, text.as_bytes()) };
    let items: Vec<&str> =
        if text.trim().is_empty() { Vec::new() } else { text.split(',').map(str::trim).collect() };
    let is_count = i64::try_from(items.len()).is_ok_and(|count| range.holds(&count));
    let items = items.into_iter().map(|text| read(item, text.as_bytes())).collect::<Option<Vec<_>>>();
    items.filter(|_| is_count).map(Value::List)
}

fn plain(ty: &Ty, text: &str) -> Option<Constant> {
    Some(match ty {
        Ty::Bool => Constant::Bool(text.parse().ok()?),
        Ty::Int(_) => Constant::Int(text.parse().ok().filter(|number: &i64| number.to_string() == text)?),
        Ty::Decimal(_) => Constant::Decimal(decimal(text)?),
        Ty::Duration(_) => Constant::Duration(duration(text)?),
        Ty::Size(_) => Constant::Size(size(text)?),
        Ty::Rate(_) => {
            let (count, per) = text.split_once('/')?;
            let per = match per {
                "day" => Duration::from_hours(24),
                unit if unit.starts_with(|c: char| c.is_ascii_alphabetic()) => duration(&format!("1{unit}"))?,
                per => duration(per)?,
            };
            Constant::Rate(whole(count)?, Some(per).filter(|per| !per.is_zero())?)
        }
        Ty::Percent(_) => {
            let units = decimal(text.strip_suffix('%')?)?.0;
            let millionths = u32::try_from(units / 100_000).ok()?;
            Constant::Percent(Some(millionths).filter(|_| units % 100_000 == 0)?)
        }
        Ty::Ip => Constant::Ip(text.parse::<IpAddr>().ok()?.to_canonical()),
        Ty::Cidr => {
            whole(text.split_once('/')?.1)?;
            literal::cidr(text)?
        }
        Ty::Addr => Constant::Addr(text.parse::<SocketAddr>().ok().filter(|address| address.port() != 0)?),
        Ty::Uuid => Constant::Uuid(literal::uuid(text)?),
        Ty::Date => literal::date(text)?,
        Ty::Time => literal::time(text)?,
        _ => return None,
    })
}

/// A number of at most nine decimals, without needless zeros in front.
fn decimal(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (front, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_plain = (front == "0" || !front.starts_with('0')) && fraction.len() <= 9;
    Decimal::read(text).filter(|_| is_plain)
}

fn duration(text: &str) -> Option<Duration> {
    let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
    counted(text, &units).map(Duration::from_millis)
}

fn size(text: &str) -> Option<u64> {
    let thousands = [("B", 1), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000)];
    let powers = [("TB", 1_000_000_000_000), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
    counted(text, &[&thousands[..], &powers, &[("TiB", 1 << 40)]].concat())
}

/// A number in front of one of these units.
fn counted(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (number, unit) = text.split_at_checked(text.find(|c: char| !c.is_ascii_digit())?)?;
    let (_, size) = units.iter().find(|(own, _)| *own == unit)?;
    whole(number)?.checked_mul(*size)
}

/// A number without a sign and needless zeros.
fn whole(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_spelling() {
        for (ty, good, bad) in [
            (Ty::INT, &["0", "-7"][..], &["", "-0", "07", "+1", "1.0", "9223372036854775808"][..]),
            (Ty::DECIMAL, &["9.95", "-0.5", "1.10"], &["01", ".5", "1.", "1.0000000001", "1e3"]),
            (Ty::Bool, &["true", "false"], &["True", "1", ""]),
            (Ty::DURATION, &["250ms", "90m"], &["5", "05s", "1d", "s", "-1s"]),
            (Ty::SIZE, &["64KiB", "10MB", "1TiB"], &["64", "64kib", "99999999999TiB"]),
            (Ty::RATE, &["100/s", "20/10s", "1/day"], &["100", "1/0s", "/s", "1/", "1/week"]),
            (Ty::PERCENT, &["5%", "0.25%"], &["5", "-1%", "0.00001%", "%"]),
            (Ty::Ip, &["10.0.0.1", "::1"], &["10.0.0", "010.0.0.1", "a"]),
            (Ty::Cidr, &["10.0.0.0/8"], &["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0", "10.0.0.0/08"]),
            (Ty::Addr, &["10.0.0.1:80"], &["10.0.0.1", "10.0.0.1:0", ":80"]),
            (Ty::Uuid, &["6F1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10"], &["6f1c0d6e2f634c119c540c8a3f1f7a10"]),
            (Ty::Date, &["2024-02-29"], &["2023-02-29", "2024-1-1"]),
            (Ty::Time, &["23:59:59"], &["24:00:00", "12:00"]),
            (Ty::Url, &["https://a.example/x"], &["a.example", "ftp://a.example"]),
        ] {
            for text in good {
                assert!(read(&ty, text.as_bytes()).is_some(), "{ty}: {text}");
            }
            for text in bad {
                assert_eq!(read(&ty, text.as_bytes()), None, "{ty}: {text}");
            }
        }
        assert_eq!(read(&Ty::STRING, b"\xff"), None);
    }

    #[test]
    fn a_list_is_given_between_commas() {
        let list = Ty::List(Ty::INT.into(), crate::ty::Range { min: Some(1), max: Some(2) });
        let of = |numbers: &[i64]| {
            Some(Value::List(numbers.iter().map(|it| Value::Of(Constant::Int(*it))).collect()))
        };
        assert_eq!(given(&list, "1, 2"), of(&[1, 2]));
        for text in ["", "1,2,3", "1,,2", "a"] {
            assert_eq!(given(&list, text), None, "{text}");
        }
    }
}
