//! What is read is written, and what is written is read to the same; a text that is refused says why. The tests hold this against
//! the seeds of `fuzz/seeds/json`, and the fuzz target against what it finds.

use crate::json::{Document, Form, Member, Need, Shape, write};
use crate::scope::Decimal;

const fn member(name: &'static str, key: &'static str, need: Need, shape: &'static Shape) -> Member {
    Member { name, key, is_renamed: false, need, is_read: true, shape }
}

static TEXT: Shape = Shape { expected: "string(1..)", form: Form::Text(|text| !text.is_empty()) };
static INT: Shape = Shape { expected: "int(0..99)", form: Form::Int { min: 0, max: 99 } };
static NUMBER: Shape =
    Shape { expected: "decimal", form: Form::Decimal { min: Decimal(i128::MIN), max: Decimal(i128::MAX) } };
static BOOL: Shape = Shape { expected: "bool", form: Form::Bool };
static TAGS: Shape = Shape { expected: "list<string>", form: Form::List { item: &TEXT, min: 0, max: 9 } };
static PRICES: Shape = Shape { expected: "map<decimal>", form: Form::Map(&NUMBER) };
static LINES: Shape = Shape { expected: "list<Line>", form: Form::List { item: &LINE, min: 0, max: 9 } };
static LINE: Shape = Shape {
    expected: "Line",
    form: Form::Record {
        members: &[
            member("sku", "\"sku\":", Need::Required, &TEXT),
            member("n", "\"n\":", Need::Default("1"), &INT),
        ],
        open: false,
    },
};
static ORDER: Shape = Shape {
    expected: "Order",
    form: Form::Record {
        members: &[
            member("id", "\"id\":", Need::Required, &TEXT),
            member("total", "\"total\":", Need::Optional, &NUMBER),
            member("paid", "\"paid\":", Need::Default("false"), &BOOL),
            member("tags", "\"tags\":", Need::Default("[]"), &TAGS),
            member("lines", "\"lines\":", Need::Default("[]"), &LINES),
            member("prices", "\"prices\":", Need::Optional, &PRICES),
        ],
        open: true,
    },
};

/// Holds the claim against any bytes.
pub fn check(input: &[u8]) {
    for shape in [&ORDER, &LINES, &PRICES] {
        match Document::read(input.to_vec(), shape) {
            Err(violations) => assert!(!violations.is_empty() && violations.len() <= 20),
            Ok(document) => {
                let first = written(&document, shape);
                let again = Document::read(first.clone(), shape);
                let again = again.unwrap_or_else(|why| panic!("{}: {why:?}", first.escape_ascii()));
                assert_eq!(
                    written(&again, shape).escape_ascii().to_string(),
                    first.escape_ascii().to_string()
                );
                assert!(document.size() <= 32 * input.len() + 64 * 1024, "{}", document.size());
            }
        }
    }
}

fn written(document: &Document, shape: &'static Shape) -> Vec<u8> {
    let mut out = Vec::new();
    write(document.root(), shape, &mut out);
    out
}
