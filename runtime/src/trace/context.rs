//! The context of a trace as it stands in a head: W3C Trace Context, level 1.
//!
//! What is not exactly as the recommendation says is no context; a new trace begins then.

/// What `traceparent` says (section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) trace_id: [u8; 16],
    pub(super) span_id: [u8; 8],
    pub(super) sampled: bool,
}

/// Bytes of a value of version 00.
pub(super) const LENGTH: usize = 55;
/// Members that `tracestate` may have (section 3.3.1.1).
const MEMBERS: usize = 32;

/// Reads the lines of `traceparent`, of which there is one.
pub(super) fn parent<'a>(mut lines: impl Iterator<Item = &'a [u8]>) -> Option<Parent> {
    let value = lines.next()?;
    if lines.next().is_some() {
        return None;
    }
    let (fixed, rest) = value.split_at_checked(LENGTH)?;
    let version = fixed.get(..2)?;
    // A later version may have more behind a dash, and nothing else (section 3.2.3).
    let is_whole = match version {
        b"ff" => false,
        b"00" => rest.is_empty(),
        _ => rest.is_empty() || rest.starts_with(b"-"),
    };
    let mut read = [0_u8; 1];
    hex(version, &mut read)?;
    let dashed = [2, 35, 52].into_iter().all(|at| fixed.get(at) == Some(&b'-'));
    let (mut trace_id, mut span_id, mut flags) = ([0; 16], [0; 8], [0; 1]);
    hex(fixed.get(3..35)?, &mut trace_id)?;
    hex(fixed.get(36..52)?, &mut span_id)?;
    hex(fixed.get(53..)?, &mut flags)?;
    let is_valid = is_whole && dashed && trace_id != [0; 16] && span_id != [0; 8];
    is_valid.then_some(Parent { trace_id, span_id, sampled: flags[0] & 1 == 1 })
}

/// The bytes that lower-case hexadecimal digits say.
fn hex(digits: &[u8], into: &mut [u8]) -> Option<()> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    for (pair, byte) in digits.chunks(2).zip(into) {
        let [high, low] = pair else { return None };
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(())
}

/// Writes bytes as lower-case hexadecimal digits, two for each.
pub(super) fn put_hex(bytes: &[u8], digits: &mut [u8]) {
    // Without a branch: what is drawn has no pattern to foretell.
    let digit = |value: u8| b'0' + value + (b'a' - b'0' - 10) * u8::from(value > 9);
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]);
    }
}

/// Whether the lines of `tracestate` are a list as section 3.3 has it: of 1 to 32 members, none of them twice.
pub(super) fn is_state<'a>(lines: impl Iterator<Item = &'a [u8]>) -> bool {
    let mut keys = [&b""[..]; MEMBERS];
    let mut count = 0;
    let is_list = members(lines).all(|member| {
        let (Some(key), Some(place)) = (key(member), keys.get_mut(count)) else { return false };
        *place = key;
        count += 1;
        !keys.iter().take(count - 1).any(|other| *other == key)
    });
    is_list && count > 0
}

/// Appends the members as one list.
pub(super) fn write_state<'a>(lines: impl Iterator<Item = &'a [u8]>, out: &mut Vec<u8>) {
    for (at, member) in members(lines).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(member);
    }
}

/// The members of all lines; empty ones are none.
fn members<'a>(lines: impl Iterator<Item = &'a [u8]>) -> impl Iterator<Item = &'a [u8]> {
    let all = lines.flat_map(|line| line.split(|byte| *byte == b','));
    all.map(trimmed).filter(|member| !member.is_empty())
}

fn trimmed(text: &[u8]) -> &[u8] {
    let is_mark = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let Some(start) = text.iter().position(is_mark) else { return b"" };
    let end = text.iter().rposition(is_mark).map_or(0, |end| end + 1);
    text.get(start..end).unwrap_or_default()
}

/// The key of a member that is one.
fn key(member: &[u8]) -> Option<&[u8]> {
    let (key, value) = member.split_at_checked(member.iter().position(|byte| *byte == b'=')?)?;
    let value = value.get(1..)?;
    let may_stand = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'=');
    let is_value = (1..=256).contains(&value.len()) && value.iter().all(may_stand);
    let is_key = match key.iter().position(|byte| *byte == b'@') {
        None => is_name(key, 256, false),
        Some(at) => {
            let (tenant, system) = key.split_at_checked(at)?;
            is_name(tenant, 241, true) && is_name(system.get(1..)?, 14, false)
        }
    };
    (is_value && is_key).then_some(key)
}

/// A letter, or perhaps a digit, and what may follow it.
fn is_name(name: &[u8], most: usize, digit: bool) -> bool {
    let begins = name.first().is_some_and(|byte| byte.is_ascii_lowercase() || digit && byte.is_ascii_digit());
    let follows = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/".contains(byte);
    begins && name.len() <= most && name.iter().all(follows)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    fn read(value: &str) -> Option<bool> {
        parent(std::iter::once(value.as_bytes())).map(|parent| parent.sampled)
    }

    #[test]
    fn a_parent_is_what_the_recommendation_says_and_nothing_else() {
        for (flags, sampled) in
            [("00", false), ("01", true), ("02", false), ("03", true), ("ff", true), ("fe", false)]
        {
            assert_eq!(read(&format!("00-{TRACE}-{SPAN}-{flags}")), Some(sampled), "{flags}");
        }
        for later in ["01", "cc", "fe"] {
            assert_eq!(read(&format!("{later}-{TRACE}-{SPAN}-01")), Some(true));
            assert_eq!(read(&format!("{later}-{TRACE}-{SPAN}-01-what-the-future-brings")), Some(true));
            assert_eq!(read(&format!("{later}-{TRACE}-{SPAN}-01.what")), None);
        }
        let zero = "0".repeat(32);
        for wrong in [
            String::new(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-"),
            format!("00-{TRACE}-{SPAN}-0"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("00-{TRACE}-{SPAN}-01-x"),
            format!("00-{TRACE}-{SPAN}-011"),
            format!("00-{TRACE}-{SPAN}-0g"),
            format!("00-{TRACE}-{SPAN}-0A"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("FF-{TRACE}-{SPAN}-01"),
            format!("0-{TRACE}-{SPAN}-01"),
            format!("000-{TRACE}-{SPAN}-01"),
            format!(".0-{TRACE}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{}-01", SPAN.to_uppercase()),
            format!("00-{zero}-{SPAN}-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{}-{SPAN}-01", &TRACE[1..]),
            format!("00-{TRACE}0-{SPAN}-01"),
            format!("00-{TRACE}-{}-01", &SPAN[1..]),
            format!("00_{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}_{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}_01"),
            format!("00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01"),
        ] {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
        let twice = format!("00-{TRACE}-{SPAN}-01");
        assert_eq!(parent([twice.as_bytes(); 2].into_iter()), None, "two are none");
        let mut ids = vec![0; 48];
        let read = parent(std::iter::once(twice.as_bytes())).unwrap();
        put_hex(&read.trace_id, &mut ids[..32]);
        put_hex(&read.span_id, &mut ids[32..]);
        assert_eq!(String::from_utf8(ids).unwrap(), format!("{TRACE}{SPAN}"));
    }

    #[test]
    fn a_state_is_a_list_of_members_that_differ() {
        let written = |lines: &[&str]| {
            let lines = lines.iter().map(|line| line.as_bytes());
            is_state(lines.clone()).then(|| {
                let mut out = Vec::new();
                write_state(lines, &mut out);
                String::from_utf8(out).unwrap()
            })
        };
        let ok = |lines: &[&str], one: &str| assert_eq!(written(lines).as_deref(), Some(one), "{lines:?}");
        ok(&["foo=1"], "foo=1");
        ok(&["foo=1 \t,\t bar=2", "baz=3"], "foo=1,bar=2,baz=3");
        ok(&["foo=1,,bar=2,"], "foo=1,bar=2");
        assert_eq!(written(&["", ","]), None, "nothing is no list");
        ok(&["0tenant/_-*@sys=a b!~"], "0tenant/_-*@sys=a b!~");
        let (key, value) = ("k".repeat(256), "v".repeat(256));
        ok(&[&format!("{key}={value}")], &format!("{key}={value}"));
        let tenant = format!("{}@{}=1", "t".repeat(241), "s".repeat(14));
        ok(&[&tenant], &tenant);
        let many: Vec<String> = (0..32).map(|at| format!("k{at}=v")).collect();
        ok(&[&many.join(",")], &many.join(","));
        for wrong in [
            "foo".to_owned(),
            "foo=".to_owned(),
            "=1".to_owned(),
            "foo =1".to_owned(),
            "FOO=1".to_owned(),
            "foo=1=2".to_owned(),
            "1foo=1".to_owned(),
            "foo@=1".to_owned(),
            "@foo=1".to_owned(),
            "a@b@c=1".to_owned(),
            "a@1b=1".to_owned(),
            "foo.bar=1".to_owned(),
            "foo=\u{e9}".to_owned(),
            "foo=1,foo=1".to_owned(),
            "foo=1,bar=1,foo=2".to_owned(),
            format!("{key}k=1"),
            format!("a={value}v"),
            format!("{}@s=1", "t".repeat(242)),
            format!("t@{}=1", "s".repeat(15)),
            format!("{},k32=v", many.join(",")),
        ] {
            assert_eq!(written(&[&wrong]), None, "{wrong}");
        }
        assert_eq!(written(&["foo=1", "foo=2"]), None, "of several lines too");
    }
}
