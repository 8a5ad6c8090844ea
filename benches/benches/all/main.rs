//! All benches in one binary; `cargo bench -p gatewright-benches -- router` runs some of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "benches"
)]

mod codec;
mod json;
mod language;
mod path;
mod router;

criterion::criterion_group!(benches, codec::bench, json::bench, path::bench, router::bench, language::bench);
criterion::criterion_main!(benches);
