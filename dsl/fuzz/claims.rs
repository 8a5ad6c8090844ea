//! The claims of the parser's and formatter's own tests, for the fuzz target. They stand in `tests/common/claim.rs`, and the
//! tests hold them against the seeds of this folder and all fixtures; the target holds them against what the fuzzer finds.
//!
//! From `dsl`, with cargo-fuzz, on stable Rust; what is found joins `corpus`, which is not kept:
//!
//! ```sh
//! cargo fuzz run --sanitizer none text fuzz/corpus/text fuzz/seeds/text tests/accept tests/refuse tests/format -- \
//!     -max_total_time=600 -max_len=2000 -dict=fuzz/gw.dict
//! ```
//!
//! Runs of ten minutes, each on one busy core, of texts of at most 2,000 bytes; none took a second. The first found what is
//! `seeds/text/strays-in-strays` now; `found-…` are some of those that the second kept.
//!
//! | day | seed | texts | kept | found |
//! |---|---|---|---|---|
//! | November 2026 | | | | a claim that did not hold: `strays-in-strays` |
//! | November 2026 | | 41,368 | 2,791 | nothing |
//! | 28 November 2026, values in paths | 97848902 | 36,084 | 2,531 | nothing |

#[path = "../tests/common/claim.rs"]
pub mod claim;
