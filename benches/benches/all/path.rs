//! The canonical spelling of a path: of one that has it, and of others.

use std::hint::black_box;

use criterion::Criterion;
use gatewright_runtime::bench::canonical;

const PATHS: [(&str, &str); 5] = [
    ("short", "/orders/7"),
    ("typical", "/api/svc512/items/3584/detail?page=2"),
    ("with a plus", "/search/red+shoes/size:42/page"),
    ("escaped", "/files/annual%20report%202026.pdf"),
    ("with dots", "/assets/img/../css/./site.css"),
];

pub fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("path");
    let mut out = Vec::new();
    for (name, path) in PATHS {
        group.bench_function(name, |b| {
            b.iter(|| {
                out.clear();
                canonical(black_box(path.as_bytes()), &mut out).unwrap()
            });
        });
    }
    group.finish();
}
