//! The chunked coding (RFC 9112 section 7.1), decoded in place.
//!
//! Extensions are bounded and dropped; trailers are bounded, read strictly and kept for whoever passes them on.

use httparse::{EMPTY_HEADER, Status};

use crate::head::{Known, list};
use crate::limits::{CHUNK_EXTENSION_BYTES, EXTENSION_BYTES, TRAILER_BYTES};

/// A decoder, between two reads.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    state: State,
    /// Bytes left in the chunk, or its size so far.
    size: u64,
    /// Digits of the size, or bytes of the extension, so far.
    count: usize,
    /// Bytes of all extensions so far.
    extensions: usize,
    /// Trailer lines as received, with the blank line that ends them.
    trailers: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Size,
    Extension,
    SizeEnd,
    Data,
    DataCr,
    DataLf,
    Trailers,
    Done,
}

/// The coding is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    Chunk,
    Trailer,
}

/// What a call has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decoded {
    /// Bytes of the input that belong to the body.
    pub(crate) read: usize,
    /// Bytes of data, now at the front of the input.
    pub(crate) data: usize,
}

impl Decoder {
    /// Whether the whole body has been read.
    pub(crate) fn done(&self) -> bool {
        self.state == State::Done
    }

    /// Bytes left in the chunk that has begun.
    pub(crate) fn certain(&self) -> u64 {
        if self.state == State::Data { self.size } else { 0 }
    }

    /// Decodes as much of `input` as belongs to the body and gathers the data at its front.
    pub(crate) fn decode(&mut self, input: &mut [u8]) -> Result<Decoded, Broken> {
        let (mut read, mut data) = (0, 0);
        while self.state != State::Done {
            if self.state == State::Data {
                let here = input.len() - read;
                let take = usize::try_from(self.size).unwrap_or(usize::MAX).min(here);
                if read != data {
                    input.copy_within(read..read + take, data);
                }
                read += take;
                data += take;
                self.size -= take as u64;
                if self.size > 0 {
                    break;
                }
                self.state = State::DataCr;
            }
            let Some(byte) = input.get(read).copied() else { break };
            read += 1;
            self.step(byte)?;
        }
        Ok(Decoded { read, data })
    }

    fn step(&mut self, byte: u8) -> Result<(), Broken> {
        self.state = match (self.state, byte) {
            (State::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                // Sixteen digits would fit, but nobody sends an exabyte; the margin keeps all sums in range.
                if self.count == 15 {
                    return Err(Broken::Chunk);
                }
                let digit = char::from(byte).to_digit(16).ok_or(Broken::Chunk)?;
                self.size = self.size << 4 | u64::from(digit);
                self.count += 1;
                State::Size
            }
            (State::Size, b'\r') if self.count > 0 => State::SizeEnd,
            (State::Size, b';') if self.count > 0 => {
                self.count = 0;
                State::Extension
            }
            (State::Extension, b'\r') => State::SizeEnd,
            (State::Extension, b'\t' | b' '..=b'~' | 0x80..)
                if self.count < CHUNK_EXTENSION_BYTES && self.extensions < EXTENSION_BYTES =>
            {
                self.count += 1;
                self.extensions += 1;
                State::Extension
            }
            (State::SizeEnd, b'\n') => {
                self.count = 0;
                if self.size == 0 { State::Trailers } else { State::Data }
            }
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::Size,
            (State::Trailers, _) => return self.trailer(byte),
            _ => return Err(Broken::Chunk),
        };
        Ok(())
    }

    fn trailer(&mut self, byte: u8) -> Result<(), Broken> {
        if self.trailers.len() == TRAILER_BYTES {
            return Err(Broken::Trailer);
        }
        self.trailers.push(byte);
        // Each line ends with CR LF and nothing else.
        let cr = self.trailers.len().checked_sub(2).and_then(|at| self.trailers.get(at)) == Some(&b'\r');
        if (byte == b'\n') != cr {
            return Err(Broken::Trailer);
        }
        if self.trailers == b"\r\n" || self.trailers.ends_with(b"\r\n\r\n") {
            self.check_trailers()?;
            self.state = State::Done;
        }
        Ok(())
    }

    fn check_trailers(&self) -> Result<(), Broken> {
        let mut headers = [EMPTY_HEADER; 32];
        match httparse::parse_headers(&self.trailers, &mut headers) {
            Ok(Status::Complete((len, _))) if len == self.trailers.len() => Ok(()),
            _ => Err(Broken::Trailer),
        }
    }

    /// Appends the trailers that may be passed on, without the blank line. Fields that frame, route or belong to the
    /// connection are left out (RFC 9110 section 6.5.1).
    pub(crate) fn write_trailers(&self, out: &mut Vec<u8>) {
        let mut headers = [EMPTY_HEADER; 32];
        let Ok(Status::Complete((_, headers))) = httparse::parse_headers(&self.trailers, &mut headers) else {
            return;
        };
        for header in headers {
            if trailing(header.name) {
                out.extend_from_slice(header.name.as_bytes());
                out.extend_from_slice(b": ");
                out.extend_from_slice(header.value);
                out.extend_from_slice(b"\r\n");
            }
        }
    }
}

/// Whether a field means anything behind a body.
fn trailing(name: &str) -> bool {
    const NEVER: &[u8] =
        b"authorization,proxy-authorization,cookie,set-cookie,content-encoding,content-type,\
        content-range,range,cache-control,expires,age,vary,location,www-authenticate,proxy-authenticate,via";
    Known::read(name.as_bytes()) == Known::No
        && !list(NEVER).any(|never| name.as_bytes().eq_ignore_ascii_case(never))
}

/// The line before a chunk of `size` bytes; `buffer` has room for 18 bytes.
pub(crate) fn size_line(size: usize, buffer: &mut [u8; 18]) -> &[u8] {
    let mut at = 16;
    let mut left = size;
    let digits = b"0123456789abcdef";
    buffer[16] = b'\r';
    buffer[17] = b'\n';
    loop {
        at -= 1;
        if let (Some(place), Some(digit)) = (buffer.get_mut(at), digits.get(left & 15)) {
            *place = *digit;
        }
        left >>= 4;
        if left == 0 || at == 0 {
            break;
        }
    }
    buffer.get(at..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds `input` in pieces of `piece` bytes: data, bytes left over, trailers.
    fn decode(input: &[u8], piece: usize) -> Result<(Vec<u8>, usize, String), Broken> {
        let mut decoder = Decoder::default();
        let (mut data, mut left) = (Vec::new(), input.len());
        for part in input.chunks(piece) {
            let mut part = part.to_vec();
            let step = decoder.decode(&mut part)?;
            data.extend_from_slice(&part[..step.data]);
            left -= step.read;
            if decoder.done() {
                break;
            }
        }
        let mut trailers = Vec::new();
        decoder.write_trailers(&mut trailers);
        if decoder.done() {
            Ok((data, left, String::from_utf8(trailers).unwrap()))
        } else {
            Err(Broken::Chunk)
        }
    }

    #[test]
    fn reads_chunks_however_they_are_cut() {
        let input = b"5;x=\"y\"\r\nhello\r\nA\r\n, world!!!\r\n000\r\nX-Sum: 1\r\nHost: evil\r\n\r\nGET /";
        for piece in 1..input.len() {
            let (data, left, trailers) = decode(input, piece).unwrap();
            assert_eq!(data, b"hello, world!!!", "in pieces of {piece}");
            assert_eq!(left, 5);
            assert_eq!(trailers, "X-Sum: 1\r\n");
        }
    }

    #[test]
    fn refuses_what_two_readers_could_read_differently() {
        let long_extension = format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(257));
        let many_extensions = format!("{}0\r\n\r\n", format!("1;{}\r\nx\r\n", "y".repeat(250)).repeat(70));
        let long_trailer = format!("0\r\nx: {}\r\n\r\n", "x".repeat(9000));
        for input in [
            "5\nhello\r\n0\r\n\r\n",
            "5\r\nhello\n0\r\n\r\n",
            " 5\r\nhello\r\n0\r\n\r\n",
            "5 \r\nhello\r\n0\r\n\r\n",
            "0x5\r\nhello\r\n0\r\n\r\n",
            "+5\r\nhello\r\n0\r\n\r\n",
            "-5\r\nhello\r\n0\r\n\r\n",
            "\r\nhello\r\n0\r\n\r\n",
            ";x\r\nhello\r\n0\r\n\r\n",
            "5\r\nhello!\r\n0\r\n\r\n",
            "10000000000000000\r\nhello",
            "5;a\nb\r\nhello\r\n0\r\n\r\n",
            "5;a\0\r\nhello\r\n0\r\n\r\n",
            "0\r\nx: y\n\r\n",
            "0\r\nx : y\r\n\r\n",
            "0\r\nx: y\r\n folded\r\n\r\n",
            "0\r\nno colon\r\n\r\n",
            "0\r\n\rx\r\n\r\n",
            long_extension.as_str(),
            many_extensions.as_str(),
            long_trailer.as_str(),
        ] {
            assert!(decode(input.as_bytes(), input.len()).is_err(), "{input:?}");
            assert!(decode(input.as_bytes(), 1).is_err(), "{input:?} byte by byte");
        }
    }

    #[test]
    fn size_lines_are_lower_case_hexadecimal() {
        let mut buffer = [0; 18];
        assert_eq!(size_line(1, &mut buffer), b"1\r\n");
        assert_eq!(size_line(81_920, &mut buffer), b"14000\r\n");
        assert_eq!(size_line(usize::MAX, &mut buffer), b"ffffffffffffffff\r\n");
    }

    proptest! {
        #[test]
        fn never_panics_and_never_reads_past_the_input(input: Vec<u8>, piece in 1_usize..40) {
            let _ = decode(&input, piece);
        }

        #[test]
        fn data_survives_any_cut(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..50), 0..8), piece in 1_usize..60) {
            let mut wire = Vec::new();
            for part in &parts {
                wire.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
                wire.extend_from_slice(part);
                wire.extend_from_slice(b"\r\n");
            }
            wire.extend_from_slice(b"0\r\n\r\n");
            let (data, left, _) = decode(&wire, piece).unwrap();
            prop_assert_eq!(data, parts.concat());
            prop_assert_eq!(left, 0);
        }
    }
}
