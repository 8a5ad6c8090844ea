//! Claims about everything that reads bytes, held against the seeds, against mutated seeds and against noise. The fuzz
//! targets in `runtime/fuzz` hold the same claims against what a fuzzer finds.

mod body;
mod chunk;
mod line;
mod path;
mod request;
mod response;
mod strict;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;

type Check = fn(&[u8]);

/// Each claim, and the folder of its seeds.
const CLAIMS: [(&str, Check); 4] = [
    ("request", request::check),
    ("response", response::check),
    ("chunk", chunk::check),
    ("path", path::check),
];

/// What is put in the place of a few bytes.
const PIECES: [&[u8]; 40] = [
    b"",
    b" ",
    b"\t",
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n\r\n",
    b"\n\n",
    b"\0",
    b":",
    b",",
    b";",
    b"/",
    b"//",
    b"/../",
    b"/.",
    b"%2e%2E",
    b"%2f",
    b"%c3%a4",
    b"%",
    b"?",
    b"#",
    b"*",
    b"0",
    b"0\r\n",
    b"ffffffffffffffff",
    b"5;x=y\r\n",
    b"HTTP/1.0",
    b"HTTP/1.1",
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: close, x-a, te\r\n",
    b"X-A: b\r\n",
    b"X-A:b \t\r\n",
    b"X-A:\r\n",
    b"Host: a\r\n",
    b"Expect: 100-continue\r\n",
    b"http://a/",
    b"\x80",
    b"\xff\xfe",
];

fn seeds(claim: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(claim);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// A seed, of which some places are changed, doubled or cut.
fn mutated(claim: &str) -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<Index>(), 0..9_usize, prop::sample::select(PIECES.to_vec()), 0..20_u8);
    (prop::sample::select(seeds(claim)), prop::collection::vec(edit, 1..6)).prop_map(|(mut bytes, edits)| {
        for (at, len, piece, kind) in edits {
            let at = at.index(bytes.len() + 1);
            let end = (at + len).min(bytes.len());
            match kind {
                0 => bytes.truncate(at),
                1 => bytes.extend_from_within(at..),
                2 => bytes.extend_from_within(at..end),
                _ => drop(bytes.splice(at..end, piece.iter().copied())),
            }
        }
        bytes
    })
}

#[test]
fn the_seeds_hold() {
    for (claim, check) in CLAIMS {
        assert!(!seeds(claim).is_empty(), "{claim}");
        for seed in seeds(claim) {
            check(&seed);
            line::check(&seed);
        }
    }
}

#[test]
fn some_seeds_are_accepted() {
    let accepted = |claim, accepts: fn(&[u8]) -> bool| seeds(claim).iter().any(|seed| accepts(seed));
    assert!(accepted("request", |seed| request::sent(seed).is_some()));
    assert!(accepted("response", |seed| response::answered(seed).is_some()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_requests_hold(bytes in mutated("request")) {
        request::check(&bytes);
        line::check(&bytes);
    }

    #[test]
    fn mutated_answers_hold(bytes in mutated("response")) {
        response::check(&bytes);
        line::check(&bytes);
    }

    #[test]
    fn mutated_chunks_hold(bytes in mutated("chunk")) {
        chunk::check(&bytes);
    }

    #[test]
    fn mutated_paths_hold(bytes in mutated("path")) {
        path::check(&bytes);
    }

    #[test]
    fn noise_holds(bytes: Vec<u8>) {
        for (_, check) in CLAIMS {
            check(&bytes);
        }
        line::check(&bytes);
    }
}
