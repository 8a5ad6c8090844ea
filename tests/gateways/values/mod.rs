//! Random typed expressions: as a program writes them, and as what they mean. They are made twice, when the tests are built and
//! when they run, the same ones from the same seed.
#![allow(dead_code, reason = "the build writes them, the tests evaluate them")]
#![allow(clippy::indexing_slicing, reason = "every index is taken below the length")]

pub mod expr;
pub mod make;
pub mod written;

use super::chance;
use expr::{Expr, One, Part, Two, Type, Value};

/// A program's text but for its routes: what every expression may name stands in it.
pub const HEAD: &str = r#"gateway values { listen http 127.0.0.1:1; log none }

param p-int:   int = 7
param p-low:   int(-5..5) = -5
param p-dec:   decimal = 9.95
param p-text:  string = "the shop"
param p-word:  "free" | "pro" | "" = "free"
param p-dur:   duration = 1500ms
param p-size:  size = 64KiB
param p-pct:   percent = 0.25%
param p-bool:  bool = true
param p-date:  date = "2024-02-29"
param p-time:  time = "21:55:00"
param p-ip:    ip = 10.1.2.3
param p-uuid:  uuid = "6F1C0D6E-2f63-4c11-9c54-0c8a3f1f7a10"
param p-ints:  list<int> = [1, -7, 42]
param p-texts: list<string> = ["a", "Hello", ""]

"#;

/// The fields and names of every route, and the pattern of the group around them.
pub const GROUP: &str = r#"group /{n: int}/{s}/{day: date}/{id: uuid}/{b: bool} {
  query q-int: int = 3
  query q-may: int?
  query q-text: string?
  query q-dec: decimal?
  query q-dur: duration = 1s
  query q-size: size?
  query q-pct: percent?
  query q-ip: ip?
  query q-uuid: uuid?
  query q-date: date?
  query q-time: time = "00:00:00"
  query q-bool: bool?
  query q-word: "free" | "pro" | "two words" = "pro"
  query q-ints: list<int> = [7]
  query q-texts: list<string>
  header x-low: int(0..9) = 3 as h-low
  header x-text: string? as h-text
  header x-list: list<"a" | "b" | "c"> = [] as h-list
  cookie c-text: string(1..20) = "none"
  cookie c-int: int?
"#;

/// The names that the two declare.
pub fn names() -> Vec<(&'static str, Type)> {
    use Type::{Bool, Date, Decimal, Duration, Int, Ip, Percent, Size, Text, Time, Uuid};
    let list = |of: Type| Type::List(Box::new(of));
    vec![
        ("p-int", Int),
        ("p-low", Int),
        ("p-dec", Decimal),
        ("p-text", Text),
        ("p-word", Text),
        ("p-dur", Duration),
        ("p-size", Size),
        ("p-pct", Percent),
        ("p-bool", Bool),
        ("p-date", Date),
        ("p-time", Time),
        ("p-ip", Ip),
        ("p-uuid", Uuid),
        ("p-ints", list(Int)),
        ("p-texts", list(Text)),
        ("n", Int),
        ("s", Text),
        ("day", Date),
        ("id", Uuid),
        ("b", Bool),
        ("q-int", Int),
        ("q-may", Int.maybe()),
        ("q-text", Text.maybe()),
        ("q-dec", Decimal.maybe()),
        ("q-dur", Duration),
        ("q-size", Size.maybe()),
        ("q-pct", Percent.maybe()),
        ("q-ip", Ip.maybe()),
        ("q-uuid", Uuid.maybe()),
        ("q-date", Date.maybe()),
        ("q-time", Time),
        ("q-bool", Bool.maybe()),
        ("q-word", Text),
        ("q-ints", list(Int)),
        ("q-texts", list(Text)),
        ("h-low", Int),
        ("h-text", Text.maybe()),
        ("h-list", list(Text)),
        ("c-text", Text),
        ("c-int", Int.maybe()),
    ]
}

/// What `let`s stand for, each over the names before it.
pub fn lets() -> Vec<(&'static str, Type, Expr)> {
    let name = |name| Box::new(Expr::Name(name));
    let literal = |text: &str, value| Box::new(Expr::Literal(text.to_owned(), value));
    let half = literal("0.5", Value::Decimal(500_000_000));
    let greater = Expr::Two(Two::Greater, name("l-a"), literal("3", Value::Int(3)));
    vec![
        ("l-a", Type::Int, Expr::Two(Two::Add, name("n"), name("q-int"))),
        (
            "l-b",
            Type::Text,
            Expr::Text(vec![
                Part::Literal("<", "<"),
                Part::Value(Expr::Name("s")),
                Part::Literal("> ", "> "),
                Part::Value(Expr::Name("q-dur")),
            ]),
        ),
        (
            "l-c",
            Type::Text.maybe(),
            Expr::Two(Two::Coalesce, Box::new(Expr::LookedUp("header", "x-a")), name("q-text")),
        ),
        (
            "l-d",
            Type::Decimal,
            Expr::Two(Two::Subtract, Box::new(Expr::If(name("b"), name("p-dec"), half)), name("n")),
        ),
        (
            "l-e",
            Type::Bool,
            Expr::Two(Two::And, Box::new(Expr::One(One::IsSet, name("q-may"))), Box::new(greater)),
        ),
    ]
}

/// All names.
pub fn all_names() -> Vec<(&'static str, Type)> {
    names().into_iter().chain(lets().into_iter().map(|(name, ty, _)| (name, ty))).collect()
}

/// The expression of a number in a program: as text, or as JSON.
pub fn expression(program: u64, number: u64) -> Expr {
    let mut maker = make::Maker::new(program * 1_000_000 + number, all_names());
    if number.is_multiple_of(2) { maker.json() } else { maker.printed() }
}
