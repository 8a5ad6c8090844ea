//! Reads the lines of a head (RFC 9112 sections 2 to 5): method, target, version, status and fields, in one pass that
//! takes exactly what the grammar says. It decides nothing about what the lines mean.
//!
//! Lines end with CR LF and nothing else, no line is folded, no blank stands before a colon. What the test oracle, a
//! parser of wide use, would forgive is refused here.

use crate::head::{Field, Known, Span};
use crate::limits::FIELDS;

/// Why lines cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not what the grammar says.
    Malformed,
    /// A line ends with LF alone.
    BareLineFeed,
    TooManyFields,
    /// The version is none that is spoken here.
    Version,
}

/// `Ok(None)`: what there is may be the beginning of something good.
pub(crate) type Read<T> = Result<Option<T>, Fault>;

/// Continues with what was read, or ends with "not complete".
macro_rules! whole {
    ($read:expr) => {
        match $read {
            Some(whole) => whole,
            None => return Ok(None),
        }
    };
}
pub(crate) use whole;

/// Where in a head reading has come to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lines<'a> {
    bytes: &'a [u8],
    /// Bytes read.
    pub(crate) at: usize,
}

/// Which fields that the gateway knows occur in a head, so that looking for one that does not costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen(u16);

impl Seen {
    fn add(&mut self, known: Known) {
        self.0 |= 1 << known as u16;
    }

    /// Whether the field occurs.
    pub(crate) fn has(self, known: Known) -> bool {
        self.0 & 1 << known as u16 != 0
    }
}

impl<'a> Lines<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// What has been passed over since `start`, which must be one byte at least, and the blank that must stand behind it.
    #[inline]
    fn word(&mut self, start: usize) -> Read<&'a [u8]> {
        if self.at == start || self.peek() != Some(b' ') {
            return Err(self.strange());
        }
        self.at += 1;
        Ok(self.bytes.get(start..self.at - 1))
    }

    /// Passes over all bytes that `table` holds, which are the ordinary ones at least. `None`: there is no other behind
    /// them yet.
    #[inline]
    fn pass(&mut self, table: &[bool; 256]) -> Option<()> {
        let mut at = self.at;
        loop {
            let rest = self.bytes.get(at..)?;
            if let Some(eight) = rest.first_chunk() {
                let ordinary = ordinary(u64::from_le_bytes(*eight));
                at += ordinary;
                if ordinary == 8 {
                    continue;
                }
            }
            if !table.get(usize::from(*self.bytes.get(at)?)).is_some_and(|holds| *holds) {
                self.at = at;
                return Some(());
            }
            at += 1;
        }
    }

    /// What a byte that must not stand here is.
    fn strange(&self) -> Fault {
        if self.peek() == Some(b'\n') { Fault::BareLineFeed } else { Fault::Malformed }
    }

    /// Passes over blank lines.
    pub(crate) fn blank(&mut self) -> Read<()> {
        while matches!(self.peek(), Some(b'\r' | b'\n')) {
            whole!(self.end()?);
        }
        Ok(Some(()))
    }

    /// The method, and the blank behind it.
    pub(crate) fn method(&mut self) -> Read<&'a [u8]> {
        let start = self.at;
        whole!(self.pass(&TOKEN));
        self.word(start)
    }

    /// The target, and the blank behind it: every byte that is neither a blank nor a control. Which of them a target may
    /// hold is found out when it is read.
    pub(crate) fn target(&mut self) -> Read<&'a [u8]> {
        let start = self.at;
        whole!(self.pass_from::<b'!'>());
        self.word(start)
    }

    /// The version: whether it is 1.1, not 1.0.
    pub(crate) fn version(&mut self) -> Read<bool> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let latest = if rest.starts_with(b"HTTP/1.1") {
            true
        } else if rest.starts_with(b"HTTP/1.0") {
            false
        } else if rest.len() < b"HTTP/1.1".len()
            && rest.iter().zip(b"HTTP/").all(|(byte, other)| byte == other)
        {
            return Ok(None);
        } else {
            return Err(Fault::Version);
        };
        self.at += b"HTTP/1.1".len();
        Ok(Some(latest))
    }

    /// The end of a line.
    #[inline]
    pub(crate) fn end(&mut self) -> Read<()> {
        if self.bytes.get(self.at..).and_then(<[u8]>::first_chunk) == Some(b"\r\n") {
            self.at += 2;
            return Ok(Some(()));
        }
        self.no_end()
    }

    #[cold]
    fn no_end(&self) -> Read<()> {
        match self.bytes.get(self.at..) {
            Some([] | [b'\r']) => Ok(None),
            _ => Err(self.strange()),
        }
    }

    /// One blank.
    pub(crate) fn space(&mut self) -> Read<()> {
        if whole!(self.peek()) != b' ' {
            return Err(Fault::Malformed);
        }
        self.at += 1;
        Ok(Some(()))
    }

    /// Three digits, of which the first is 1 to 5.
    pub(crate) fn status(&mut self) -> Read<u16> {
        let mut status = 0;
        for _ in 0..3 {
            let digit = whole!(self.peek()).wrapping_sub(b'0');
            if digit > 9 {
                return Err(Fault::Malformed);
            }
            status = status * 10 + u16::from(digit);
            self.at += 1;
        }
        if matches!(status, 100..=599) { Ok(Some(status)) } else { Err(Fault::Malformed) }
    }

    /// The phrase behind a status, which may be left out with its blank, and the end of the line.
    pub(crate) fn phrase(&mut self) -> Read<Span> {
        if whole!(self.peek()) == b' ' {
            self.at += 1;
        } else if self.peek() != Some(b'\r') {
            return Err(self.strange());
        }
        let start = self.at;
        whole!(self.text());
        let end = self.at;
        whole!(self.end()?);
        Ok(Some(Span::new(start..end)))
    }

    /// Passes over what a value may hold: all but controls. `None`: nothing else stands behind it yet.
    #[inline]
    fn text(&mut self) -> Option<()> {
        loop {
            self.pass_from::<b' '>()?;
            if self.peek()? != b'\t' {
                return Some(());
            }
            self.at += 1;
        }
    }

    /// Passes over all bytes that are `FIRST` or above, but not over DEL. `None`: there is no other behind them yet.
    #[inline]
    fn pass_from<const FIRST: u8>(&mut self) -> Option<()> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            let Some(eight) = rest.first_chunk() else {
                self.at += rest.iter().position(|byte| *byte < FIRST || *byte == 0x7f)?;
                return Some(());
            };
            let eight = u64::from_le_bytes(*eight);
            let delete = eight ^ (ONES * 0x7f);
            // The lowest high bit set stands at the first other byte; those above it may be mistaken.
            let below = eight.wrapping_sub(ONES * u64::from(FIRST)) & !eight;
            let others = (below | (delete.wrapping_sub(ONES) & !delete)) & (ONES * 0x80);
            self.at += others.trailing_zeros() as usize / 8;
            if others != 0 {
                return Some(());
            }
        }
    }

    /// All fields, and the blank line behind them.
    pub(crate) fn fields(&mut self, fields: &mut Vec<Field>) -> Read<Seen> {
        fields.clear();
        let mut seen = Seen::default();
        loop {
            if matches!(whole!(self.peek()), b'\r' | b'\n') {
                whole!(self.end()?);
                return Ok(Some(seen));
            }
            if fields.len() == FIELDS {
                return Err(Fault::TooManyFields);
            }
            let field = whole!(self.field()?);
            seen.add(field.known);
            fields.push(field);
        }
    }

    #[inline]
    fn field(&mut self) -> Read<Field> {
        let start = self.at;
        whole!(self.pass(&TOKEN));
        let colon = self.at;
        if colon == start || self.peek() != Some(b':') {
            return Err(self.strange());
        }
        self.at += 1;
        while matches!(whole!(self.peek()), b' ' | b'\t') {
            self.at += 1;
        }
        let value = self.at;
        whole!(self.text());
        let end = self.at;
        whole!(self.end()?);
        let text = self.bytes.get(value..end).unwrap_or_default();
        let blanks = match text {
            [.., b' ' | b'\t'] => text.len() - text.trim_ascii_end().len(),
            _ => 0,
        };
        let plain =
            value == colon + 2 && value < end && blanks == 0 && self.bytes.get(colon + 1) == Some(&b' ');
        Ok(Some(Field {
            known: Known::read(self.bytes.get(start..colon).unwrap_or_default()),
            plain,
            name: Span::new(start..colon),
            value: Span::new(value..end - blanks),
            end: Span::new(self.at..self.at).end,
            dropped: false,
        }))
    }
}

/// The same byte eight times, by multiplication.
const ONES: u64 = u64::MAX / 255;

/// How many of eight bytes, from the first, are letters, digits, `-` or `.`.
fn ordinary(eight: u64) -> usize {
    let low = eight & (ONES * 0x7f);
    // The high bit of each byte says whether it is one of those from `first` to `last`; no sum carries over.
    let among = |bytes: u64, first: u8, last: u8| {
        (bytes + ONES * u64::from(0x80 - first)) & !(bytes + ONES * u64::from(0x7f - last))
    };
    let letters = among(low | (ONES * 0x20), b'a', b'z');
    let ordinary = (letters | among(low, b'0', b'9') | among(low, b'-', b'.')) & !eight;
    (!ordinary & (ONES * 0x80)).trailing_zeros() as usize / 8
}

/// Splits a text in front of the first byte that `table` does not hold.
pub(crate) fn split<'a>(text: &'a [u8], table: &[bool; 256]) -> (&'a [u8], &'a [u8]) {
    let mut lines = Lines::new(text);
    let end = lines.pass(table).map_or(text.len(), |()| lines.at);
    text.split_at_checked(end).unwrap_or((text, b""))
}

/// `tchar` of RFC 9110 section 5.6.2.
const TOKEN: [bool; 256] = table(b"!#$%&'*+-.^_`|~");

/// What a host may hold that is no address in brackets.
pub(crate) const HOST: [bool; 256] = table(b"-._");

/// Letters, digits and `more`.
const fn table(more: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    loop {
        let mut holds = byte.is_ascii_alphanumeric();
        let mut rest = more;
        while let [first, others @ ..] = rest {
            holds |= *first == byte;
            rest = others;
        }
        // The index is a byte, the table has 256 entries.
        #[allow(clippy::indexing_slicing, reason = "evaluated at compile time")]
        {
            table[byte as usize] = holds;
        }
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}
