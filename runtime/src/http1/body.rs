//! The body of a message on its way: what is left of it, and how it is framed anew.

use super::chunk::{self, Broken, Decoder};
use super::framing::Length;
use crate::buffer::Buffer;

/// A body that is being read.
#[derive(Debug)]
pub(crate) struct Reader {
    form: Form,
    /// Bytes of data so far.
    pub(crate) total: u64,
}

#[derive(Debug)]
enum Form {
    Fixed(u64),
    Chunked(Box<Decoder>),
    UntilClose,
    Ended,
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writer {
    /// As it is: the length is stated, or the end of the connection ends it.
    Plain,
    /// In chunks.
    Chunked,
    /// In chunks, and whoever reads it takes trailers.
    ChunkedWithTrailers,
}

impl Reader {
    pub(crate) fn new(length: Length) -> Self {
        let form = match length {
            Length::None | Length::Fixed(0) => Form::Ended,
            Length::Fixed(length) => Form::Fixed(length),
            Length::Chunked => Form::Chunked(Box::default()),
            Length::UntilClose => Form::UntilClose,
        };
        Self { form, total: 0 }
    }

    /// Whether all of the body has been read.
    pub(crate) fn done(&self) -> bool {
        match &self.form {
            Form::Fixed(left) => *left == 0,
            Form::Chunked(decoder) => decoder.done(),
            Form::UntilClose => false,
            Form::Ended => true,
        }
    }

    /// Bytes still to come that are known to belong to this body.
    pub(crate) fn certain(&self) -> u64 {
        match &self.form {
            Form::Fixed(left) => *left,
            Form::Chunked(decoder) => decoder.certain(),
            Form::UntilClose => u64::MAX,
            Form::Ended => 0,
        }
    }

    /// The connection has ended. Whether that may end this body.
    pub(crate) fn close(&mut self) -> bool {
        let may = matches!(self.form, Form::UntilClose);
        if may {
            self.form = Form::Ended;
        }
        may || self.done()
    }

    /// Keeps in `buffer` only the data of this body that it holds; gives what follows the body to `beyond`.
    pub(crate) fn read(&mut self, buffer: &mut Buffer, beyond: impl FnOnce(&[u8])) -> Result<(), Broken> {
        let (read, data) = match &mut self.form {
            Form::Ended => (0, 0),
            Form::UntilClose => (buffer.len(), buffer.len()),
            Form::Fixed(left) => {
                let take = usize::try_from(*left).unwrap_or(usize::MAX).min(buffer.len());
                *left -= take as u64;
                (take, take)
            }
            Form::Chunked(decoder) => {
                let step = decoder.decode(buffer.held_mut())?;
                (step.read, step.data)
            }
        };
        self.total += data as u64;
        if let Some(rest) = buffer.held().get(read..).filter(|rest| !rest.is_empty()) {
            beyond(rest);
        }
        buffer.end = buffer.start + data;
        Ok(())
    }

    /// Frames the data that `buffer` holds, with the end of the body if it has been read. What does not fit goes into
    /// `tail`.
    pub(crate) fn frame(&self, writer: Writer, buffer: &mut Buffer, tail: &mut Vec<u8>) {
        if writer == Writer::Plain {
            return;
        }
        let size = buffer.len();
        if size > 0 {
            let mut line = [0; 18];
            // There is always room: buffers begin behind `FRONT` and end before `BACK`.
            buffer.prepend(chunk::size_line(size, &mut line));
            buffer.append(b"\r\n");
        }
        if self.done() {
            match &self.form {
                Form::Chunked(decoder) if writer == Writer::ChunkedWithTrailers => {
                    tail.extend_from_slice(b"0\r\n");
                    decoder.write_trailers(tail);
                    tail.extend_from_slice(b"\r\n");
                }
                _ => {
                    buffer.append(b"0\r\n\r\n");
                }
            }
        }
    }
}
