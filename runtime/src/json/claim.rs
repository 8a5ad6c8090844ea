//! What is read is written, and what is written is read to the same; a text that is refused says why; and all of it is what an oracle
//! says. The tests hold this against the seeds of `fuzz/seeds/json`, and the fuzz target against what it finds.

#[path = "oracle.rs"]
mod oracle;

use self::oracle::Known;
use crate::json::{Document, Form, Found, Member, Need, Shape, Violation, write};
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

/// As a server answers: members under other names, members that nobody wants, and one record in another.
static ANSWER: Shape = Shape {
    expected: "Answer",
    form: Form::Record {
        members: &[
            Member { is_renamed: true, ..member("order:total", "\"total\":", Need::Optional, &NUMBER) },
            Member { is_read: false, ..member("note", "\"note\":", Need::Required, &TEXT) },
            Member { is_renamed: true, ..member("line", "\"first\":", Need::Optional, &LINE) },
            Member { is_renamed: true, ..member("a\"b", "\"any\":", Need::Default("\"\\u0061\""), &TEXT) },
            Member { is_renamed: true, ..member("tags", "\"flags\":", Need::Required, &FLAGS) },
        ],
        open: true,
    },
};
static FLAGS: Shape = Shape {
    expected: "map<list<bool>>",
    form: Form::Map(&Shape { expected: "list<bool>", form: ANY_FLAGS }),
};
const ANY_FLAGS: Form = Form::List { item: &BOOL, min: 1, max: 3 };

/// Holds the claim against any bytes.
pub fn check(input: &[u8]) {
    for shape in [&ORDER, &LINES, &PRICES, &ANSWER, &TEXT, &INT] {
        let read = Document::read(input.to_vec(), shape);
        holds(input, shape, &read);
        match read {
            Err(violations) => assert!(!violations.is_empty() && violations.len() <= 20),
            // Its members are written under other names than they are read.
            Ok(_) if shape.expected == ANSWER.expected => {}
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

/// Whether the same has come of it as an oracle says.
fn holds(input: &[u8], shape: &'static Shape, read: &Result<Document, Vec<Violation>>) {
    let known = oracle::of(input, shape);
    let is_so = match (&known, read) {
        (Known::Unsure, _) => true,
        (Known::Written(text), Ok(document)) => text.as_bytes() == written(document, shape),
        (Known::Malformed, Err(all)) => match all.as_slice() {
            [Violation { found: Found::Malformed(at), .. }] => *at <= input.len(),
            [only] => only.found == Found::TooComplex,
            _ => false,
        },
        (Known::TooDeep, Err(all)) => matches!(all.as_slice(), [only] if only.found == Found::TooComplex),
        (Known::Wrong, Err(all)) => {
            all.iter().all(|it| !matches!(it.found, Found::Malformed(_) | Found::TooComplex))
        }
        _ => false,
    };
    assert!(is_so, "{}: {known:?}, and {read:?}", input.escape_ascii());
}

fn written(document: &Document, shape: &'static Shape) -> Vec<u8> {
    let mut out = Vec::new();
    write(document.root(), shape, &mut out);
    out
}
