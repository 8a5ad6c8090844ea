//! From text to Rust: reading alone, reading and checking, and all of it up to the emitted text.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use gatewright_benches::{SIZES, Shape};
use gatewright_compiler as compiler;
use gatewright_dsl::{Catalogue, Source, parse};

pub fn bench(c: &mut Criterion) {
    let catalogue = Catalogue::standard();
    measure(c, "parse", |[source]| parse(source));
    measure(c, "check", |sources| compiler::check(sources, &catalogue).unwrap());
    measure(c, "compile", |sources| compiler::compile(sources, &catalogue).unwrap());
}

fn measure<T>(c: &mut Criterion, name: &str, work: impl Fn(&[Source; 1]) -> T) {
    let mut group = c.benchmark_group(name);
    group.sample_size(10).measurement_time(Duration::from_secs(4));
    for size in SIZES {
        let sources = [Source::new("bench.gw", Shape::Mixed.text(size))];
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(format!("{size} routes"), |b| b.iter(|| work(black_box(&sources))));
    }
    group.finish();
}
