//! The claims of the runtime's own tests, for the fuzz targets. They stand in `src/http1/tests` and `src/json/claim.rs`, and the tests hold them
//! against the seeds of this folder; a target holds them against what the fuzzer finds.
//!
//! From `runtime`, with cargo-fuzz, on stable Rust; what is found joins `corpus`, which is not kept:
//!
//! ```sh
//! cargo fuzz run --sanitizer none request fuzz/corpus/request fuzz/seeds/request -- -max_total_time=300
//! ```
//!
//! `json` holds the reader against serde_json, by an oracle beside the claim (`src/json/oracle.rs`): which texts are JSON, which of them are of
//! the shape, which members are taken, and that numbers and texts are written as they came. Runs of ten minutes, of texts of at most
//! 2,000 bytes (`-max_len=2000`); `seeds/json/found-…` are some of those that were kept.
//!
//! | day | seed | texts | kept | found |
//! |---|---|---|---|---|
//! | 29 November 2026, with the oracle | 2457647352 | 1,612,883 | 1,607 | nothing |
//! | 30 November 2026, numbers read while they are passed over | 1271824761 | 6,999,764 | 1,916 | nothing |

// Under the names that the claims know from the runtime.
use gatewright_runtime::{bench, head, json, limits, scope};

#[path = "../src/http1/tests/chunk.rs"]
pub mod chunk;
#[path = "../src/json/claim.rs"]
pub mod document;
#[path = "../src/http1/tests/path.rs"]
pub mod path;
#[path = "../src/http1/tests/request.rs"]
pub mod request;
#[path = "../src/http1/tests/response.rs"]
pub mod response;
#[path = "../src/http1/tests/strict.rs"]
mod strict;
