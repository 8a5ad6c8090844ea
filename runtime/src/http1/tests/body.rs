//! A body that is framed anew, piece by piece as it arrives, is the same body to a reader that sees all of it.

use proptest::prelude::*;

use super::chunk::{Body, reference};
use crate::buffer::{BACK, Buffers, SIZE};
use crate::http1::body::{Reader, Writer};
use crate::http1::framing::Length;

/// What is written of a body that arrives in pieces of these sizes, in turn.
fn reframed(wire: &[u8], length: Length, writer: Writer, pieces: &[usize]) -> Option<Vec<u8>> {
    let mut reader = Reader::new(length);
    let (mut out, mut left) = (Vec::new(), wire);
    let mut pieces = pieces.iter().cycle();
    while !reader.done() {
        let mut buffer = Buffers::default().take();
        let count = left.len().min(*pieces.next()?);
        let (now, later) = left.split_at(count);
        left = later;
        buffer.room()[..count].copy_from_slice(now);
        buffer.end += count;
        if count == 0 && !reader.close() {
            return None;
        }
        reader.read(&mut buffer, |_| {}).ok()?;
        assert!(buffer.end <= SIZE - BACK);
        let mut tail = Vec::new();
        reader.frame(writer, &mut buffer, &mut tail);
        out.extend_from_slice(buffer.held());
        out.extend_from_slice(&tail);
    }
    Some(out)
}

fn chunked(data: &[u8], size: usize, trailers: &str) -> Vec<u8> {
    let chunk = |chunk: &[u8]| [format!("{:x};x\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
    let mut wire: Vec<u8> = data.chunks(size).flat_map(chunk).collect();
    wire.extend_from_slice(format!("0\r\n{trailers}\r\n").as_bytes());
    wire
}

fn pieces() -> impl Strategy<Value = Vec<usize>> {
    let piece = prop_oneof![3 => 1..40_usize, 1 => 1_000..60_000_usize, 1 => Just(SIZE - BACK - crate::buffer::FRONT)];
    prop::collection::vec(piece, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chunks_stay_the_same_body(data in prop::collection::vec(any::<u8>(), 0..3_000), size in 1..4_000_usize, pieces in pieces()) {
        let wire = chunked(&data, size, "X-Sum: 1\r\nHost: evil\r\n");
        for (writer, sums) in [(Writer::Chunked, 0), (Writer::ChunkedWithTrailers, 1)] {
            let out = reframed(&wire, Length::Chunked, writer, &pieces).unwrap();
            let Body::Whole { data: again, size, trailers } = reference(&out) else { panic!("{}", out.escape_ascii()) };
            prop_assert_eq!((&again, size, trailers.len()), (&data, out.len(), sums));
        }
        prop_assert_eq!(reframed(&wire, Length::Chunked, Writer::Plain, &pieces), Some(data));
    }

    #[test]
    fn a_body_without_an_end_gets_one(data in prop::collection::vec(any::<u8>(), 0..3_000), pieces in pieces()) {
        let out = reframed(&data, Length::UntilClose, Writer::Chunked, &pieces).unwrap();
        prop_assert_eq!(reference(&out), Body::Whole { data, size: out.len(), trailers: Vec::new() });
    }

    #[test]
    fn a_body_of_known_length_is_passed_as_it_is(data in prop::collection::vec(any::<u8>(), 1..3_000), pieces in pieces()) {
        let wire = [data.as_slice(), b"GET /next"].concat();
        prop_assert_eq!(reframed(&wire, Length::Fixed(data.len() as u64), Writer::Plain, &pieces), Some(data));
    }
}

#[test]
fn a_full_buffer_has_room_for_its_frame() {
    let data = vec![b'x'; 300_000];
    let most = SIZE - BACK - crate::buffer::FRONT;
    let wire = chunked(&data, 200_000, "");
    let out = reframed(&wire, Length::Chunked, Writer::Chunked, &[most]).unwrap();
    assert!(matches!(reference(&out), Body::Whole { data: again, .. } if again == data));
}
