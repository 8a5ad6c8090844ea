//! One lookup in the tables of a compiled gateway, beside `matchit` with the same routes. Each request goes to another
//! route than the one before, in an order that no cache foresees.

use std::hint::black_box;

use criterion::Criterion;
use gatewright_benches::Shape;
use gatewright_runtime::generated::{Program, method};
use gatewright_runtime::route::{Captures, Found};

mod gateways {
    use super::{Program, Shape};

    include!(concat!(env!("OUT_DIR"), "/gateways.rs"));
}

pub fn bench(c: &mut Criterion) {
    for (shape, size, program) in gateways::ALL {
        let (shape, size) = (*shape, *size);
        let mut group = c.benchmark_group(format!("router {} {size}", shape.name()));
        let paths = paths(shape, size);
        let mut captures = Captures::default();
        let mut next = paths.iter().cycle();
        group.bench_function("gatewright", |b| {
            b.iter(|| {
                let path = black_box(next.next().unwrap()).as_bytes();
                let found = program.router.find(program.text, path, method::GET, &mut captures);
                assert!(matches!(found, Found::Route(_)));
                found
            });
        });
        let mut baseline = matchit::Router::new();
        for (k, route) in shape.routes(size).enumerate() {
            baseline.insert(route.baseline, k).unwrap();
        }
        let mut next = paths.iter().cycle();
        group.bench_function("matchit", |b| {
            b.iter(|| *baseline.at(black_box(next.next().unwrap())).unwrap().value);
        });
        group.finish();
    }
}

/// A path for each route, in an order without a pattern.
fn paths(shape: Shape, size: usize) -> Vec<String> {
    // A prime beyond every size, so that each number comes once.
    (0..size).map(|k| shape.route(k * 7_919_317 % size).path).collect()
}
