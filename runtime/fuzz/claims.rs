//! The claims of the runtime's own tests, for the fuzz targets. They stand in `src/http1/tests` and `src/json/claim.rs`, and the tests hold them
//! against the seeds of this folder; a target holds them against what the fuzzer finds.
//!
//! From `runtime`, with cargo-fuzz, on stable Rust; what is found joins `corpus`, which is not kept:
//!
//! ```sh
//! cargo fuzz run --sanitizer none request fuzz/corpus/request fuzz/seeds/request -- -max_total_time=300
//! ```

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
