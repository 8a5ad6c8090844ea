//! A line of the log as JSON, written member by member.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};

use super::Member;
use crate::head::write_number;

/// A line of JSON that is being written.
pub(super) struct Json<'a> {
    out: &'a mut Vec<u8>,
    members: u32,
    is_first: bool,
}

impl<'a> Json<'a> {
    /// Begins a line, which is appended to `out`, of these members.
    pub(super) fn begin(out: &'a mut Vec<u8>, members: u32) -> Self {
        out.push(b'{');
        Self { out, members, is_first: true }
    }

    pub(super) fn string(&mut self, member: Member, key: &str, value: &[u8]) {
        if self.begins(member, key) {
            string(self.out, value);
        }
    }

    /// A value that is known to need no escapes: it was made here, or holds nothing but a token's characters.
    pub(super) fn plain(&mut self, member: Member, key: &str, value: &[u8]) {
        if self.begins(member, key) {
            self.out.reserve(value.len() + 2);
            self.out.push(b'"');
            self.out.extend_from_slice(value);
            self.out.push(b'"');
        }
    }

    pub(super) fn number(&mut self, member: Member, key: &str, value: u64) {
        if self.begins(member, key) {
            write_number(value, self.out);
        }
    }

    /// An address without a port.
    pub(super) fn ip(&mut self, member: Member, key: &str, value: IpAddr) {
        if self.begins(member, key) {
            self.out.push(b'"');
            ip(self.out, value);
            self.out.push(b'"');
        }
    }

    /// An address and a port.
    pub(super) fn address(&mut self, member: Member, key: &str, value: SocketAddr) {
        if self.begins(member, key) {
            self.out.push(b'"');
            match value {
                SocketAddr::V4(four) => {
                    ip(self.out, IpAddr::V4(*four.ip()));
                    self.out.push(b':');
                    write_number(u64::from(four.port()), self.out);
                }
                // Brackets and a zone stand in it.
                SocketAddr::V6(_) => display(self.out, value),
            }
            self.out.push(b'"');
        }
    }

    /// Ends it with what steps add, which begins with a comma.
    pub(super) fn end(self, more: &[u8]) {
        // Before the first member stands none.
        let more = if self.is_first { more.get(1..).unwrap_or_default() } else { more };
        self.out.extend_from_slice(more);
        self.out.push(b'}');
    }

    /// Begins a member, if the line has it. Before the first stands no comma.
    fn begins(&mut self, member: Member, key: &str) -> bool {
        let is_wanted = self.members & member.bit() != 0;
        if is_wanted {
            let key = if self.is_first { key.get(1..).unwrap_or_default() } else { key };
            self.out.extend_from_slice(key.as_bytes());
            self.is_first = false;
        }
        is_wanted
    }
}

/// The formatter of the standard library takes ten times as long for these.
fn ip(out: &mut Vec<u8>, value: IpAddr) {
    match value {
        IpAddr::V4(four) => {
            let [first, rest @ ..] = four.octets();
            write_number(u64::from(first), out);
            for octet in rest {
                out.push(b'.');
                write_number(u64::from(octet), out);
            }
        }
        IpAddr::V6(_) => display(out, value),
    }
}

fn display(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "{value}");
}

/// A byte that stands for itself in a JSON string: printable ASCII, and neither quote nor backslash.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "many bytes are looked at in one step, which branches prevent"
)]
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') & (byte != b'"') & (byte != b'\\')
}

/// A JSON string; bytes that are not printable ASCII are escaped one by one, so that a line is always valid JSON.
fn string(out: &mut Vec<u8>, value: &[u8]) {
    out.reserve(value.len() + 2);
    out.push(b'"');
    // Nearly all are plain from end to end, which is found out without a branch for each byte.
    if value.iter().fold(true, |all, byte| all & is_plain(*byte)) {
        out.extend_from_slice(value);
    } else {
        for byte in value {
            match byte {
                b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
                byte if is_plain(*byte) => out.push(*byte),
                byte => display(out, format_args!("\\u{byte:04x}")),
            }
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_json_whatever_bytes_it_holds() {
        let mut out = Vec::new();
        string(&mut out, b"a\"\\\n\xff");
        assert_eq!(String::from_utf8(out).unwrap(), "\"a\\\"\\\\\\u000a\\u00ff\"");
        for byte in 0..=u8::MAX {
            // Alone, and far into what is looked at many bytes at a time.
            for before in [0, 40] {
                let value = [vec![b'x'; before], vec![byte]].concat();
                let mut out = Vec::new();
                string(&mut out, &value);
                let read: String = serde_json::from_slice(&out).unwrap();
                assert_eq!(read, value.iter().map(|byte| char::from(*byte)).collect::<String>());
            }
        }
    }

    #[test]
    fn addresses_are_written_as_everywhere_else() {
        for text in ["0.0.0.0:0", "127.0.0.1:80", "10.20.30.255:65535", "[::1]:8080", "[2001:db8::7]:1"] {
            let value: SocketAddr = text.parse().unwrap();
            let mut out = Vec::new();
            let mut line = Json::begin(&mut out, u32::MAX);
            line.address(Member::Server, ",\"a\":", value);
            line.ip(Member::Client, ",\"b\":", value.ip());
            line.end(b"");
            assert_eq!(
                String::from_utf8(out).unwrap(),
                format!("{{\"a\":\"{value}\",\"b\":\"{}\"}}", value.ip())
            );
        }
    }
}
