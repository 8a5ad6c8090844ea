//! An upstream's JSON read into what a type asks for, and written again.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput};
use gatewright_runtime::json::{Document, Form, Member, Need, Shape, write};
use gatewright_runtime::scope::Decimal;

static TEXT: Shape = Shape { expected: "string", form: Form::Text(|_| true) };
static INT: Shape = Shape { expected: "int", form: Form::Int { min: i64::MIN, max: i64::MAX } };
static DECIMAL: Shape =
    Shape { expected: "decimal", form: Form::Decimal { min: Decimal(i128::MIN), max: Decimal(i128::MAX) } };
static TEXTS: Shape =
    Shape { expected: "list<string>", form: Form::List { item: &TEXT, min: 0, max: u32::MAX } };
static LINE: Shape = Shape {
    expected: "Line",
    form: Form::Record {
        members: &[
            member("id", "\"id\":", &INT),
            member("name", "\"name\":", &TEXT),
            member("price", "\"price\":", &DECIMAL),
            member("tags", "\"tags\":", &TEXTS),
        ],
        open: true,
    },
};
static LINES: Shape =
    Shape { expected: "list<Line>", form: Form::List { item: &LINE, min: 0, max: u32::MAX } };
static WHOLE: Shape = Shape {
    expected: "Whole",
    form: Form::Record {
        members: &[member("part", "\"part\":", &TEXT), member("lines", "\"lines\":", &LINES)],
        open: true,
    },
};
/// The same answer of which nobody wants the lines.
static PART: Shape = Shape {
    expected: "Part",
    form: Form::Record {
        members: &[
            member("part", "\"part\":", &TEXT),
            Member { is_read: false, ..member("lines", "\"lines\":", &LINES) },
        ],
        open: true,
    },
};

const fn member(name: &'static str, key: &'static str, shape: &'static Shape) -> Member {
    Member { name, key, is_renamed: false, need: Need::Required, is_read: true, shape }
}

/// 4.7 KB, as `benches/aggregate/run` has it.
fn answer() -> String {
    let mut text = "{\"part\": \"a\", \"lines\": [".to_owned();
    for n in 0..48 {
        let comma = if n > 0 { ", " } else { "" };
        let price = f64::from(n) + 0.25;
        write!(
            text,
            "{comma}{{\"id\": {n}, \"name\": \"a thing of the number {n}\", \"price\": {price}, \"tags\": [\"new\", \"sold in pieces\"]}}"
        )
        .unwrap();
    }
    text + "]}"
}

pub fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("json");
    let text = answer();
    group.throughput(Throughput::Bytes(text.len() as u64));
    for (name, shape) in [("read all", &WHOLE), ("read one member", &PART)] {
        group.bench_function(name, |b| {
            b.iter_batched(
                || text.clone().into_bytes(),
                |bytes| Document::read(black_box(bytes), shape).unwrap(),
                BatchSize::SmallInput,
            );
        });
    }
    let document = Document::read(text.into_bytes(), &WHOLE).unwrap();
    let mut out = Vec::new();
    group.bench_function("write all", |b| {
        b.iter(|| {
            out.clear();
            write(black_box(document.root()), &WHOLE, &mut out);
            out.len()
        });
    });
    group.finish();
}
