//! Random gateways with hosts, groups, conditions and patterns, in which many routes and blocks share requests. What the
//! compiler refuses as a tie is left out; what is left becomes a module, with its text beside it.
//!
//! Each route answers with its number and what its captures took; each has a line of its own, and so has the head of each block.

use std::fmt::Write as _;
use std::path::Path;

use gatewright_compiler::compile;
use gatewright_dsl::problem::render::{Colour, text};
use gatewright_dsl::{Catalogue, Problem, Source};

use super::programs::chance::Random;

const PROGRAMS: u64 = 24;
/// Blocks and routes at the top of each.
const ITEMS: usize = 14;
/// A refusal for another reason is a mistake of this file.
const COLLISIONS: [&str; 6] = [
    "ambiguous_floor",
    "ambiguous_route",
    "duplicate_route",
    "router_too_wide",
    "unreachable_route",
    "wrong_condition",
];

const METHODS: [&str; 8] = ["GET", "GET", "GET", "POST", "GET, POST", "HEAD", "PUT", "*"];
const LITERALS: [&str; 6] = ["a", "items", "7", "ab-7", "longer-than-eight", "%C3%A4"];
const TYPES: [&str; 16] = [
    "",
    "",
    ": int",
    ": int(0..9)",
    ": int(5..20)",
    ": uuid",
    ": date",
    ": bool",
    ": string(re\"[a-z]+\")",
    ": string(re\"[a-z]{2}-[0-9]+\")",
    ": string(re\"a|ab|items\")",
    ": string(re\"[0-9]{1,2}\")",
    ": string(1..3)",
    ": string(2..8)",
    ": \"a\" | \"items\"",
    ": \"7\" | \"42\" | \"a\"",
];
const HOSTS: [&str; 9] = [
    "shop.example.com",
    "api.example.com, api.example.org",
    "localhost",
    "{h0}.example.com",
    "{h0: string(re\"[a-z]+\")}.example.com",
    "{h0: \"eu\" | \"us\"}.example.com",
    "shop.{h0}.com",
    "{h0: string(2..8)}.example.org",
    "{h1}.{h0: string(re\"[a-z]+\")}.com",
];
const CONDITIONS: [&str; 14] = [
    "request.header(\"x-a\") is set",
    "request.header(\"x-a\") is not set",
    "request.header(\"x-a\") == \"1\"",
    "request.header(\"x-a\") in [\"1\", \"2\"]",
    "not (request.header(\"x-a\") == \"1\")",
    "request.query(\"q\") is set",
    "request.query(\"q\") == \"1\" and request.header(\"x-a\") is set",
    "request.query(\"q\") is set or request.header(\"x-a\") == \"2\"",
    "request.cookie(\"c\") == \"yes\"",
    "(request.cookie(\"c\") ?? \"yes\") == \"yes\"",
    "client.ip in 127.0.0.0/8",
    "client.ip in [10.0.0.0/8, 127.0.0.1]",
    "client.ip in 10.0.0.0/8 or request.query(\"q\") == \"1\"",
    "(request.query(\"q\") ?? \"\").length > 1",
];

/// A route, or a block with what is in it.
enum Item {
    Route(String),
    Block(String, Vec<Item>),
}

/// Writes `contested.rs`: each program as a module, and `ALL` of them with their text.
pub fn write(out: &Path) {
    super::random::write_all(&out.join("contested.rs"), (0..PROGRAMS).map(accepted));
}

/// The text of a program that the compiler accepts, and what becomes of it.
fn accepted(seed: u64) -> (String, String) {
    let mut maker = Maker { random: Random(seed + 1_000), count: 0 };
    let mut items: Vec<Item> = (0..ITEMS).map(|_| maker.item(2, false, 0)).collect();
    loop {
        let mut program = "gateway contested { listen http 127.0.0.1:1; log none }\n".to_owned();
        for item in &items {
            item.write(0, &mut program);
        }
        let sources = [Source::new("contested.gw", program.as_str())];
        match compile(&sources, &Catalogue::standard()) {
            Ok(output) => return (program, output.rust),
            Err(problems) => {
                let shown = || format!("{program}\n{}", text(&problems, &sources, Colour::Off));
                assert!(problems.iter().all(|problem| COLLISIONS.contains(&problem.name)), "{}", shown());
                let line = |span: gatewright_dsl::Span| program[..span.start].matches('\n').count();
                let blamed: Vec<usize> = problems.iter().filter_map(Problem::span).map(line).collect();
                let (before, mut at) = (maker.count, 1);
                let mut left = 0;
                items =
                    items.into_iter().filter_map(|item| item.without(&blamed, &mut at, &mut left)).collect();
                assert!(
                    left < program.lines().count() - 1 && left <= before * 3,
                    "no line to leave out:\n{}",
                    shown()
                );
            }
        }
    }
}

impl Item {
    fn write(&self, depth: usize, out: &mut String) {
        let indent = "  ".repeat(depth);
        match self {
            Self::Route(line) => writeln!(out, "{indent}{line}").expect("memory"),
            Self::Block(head, items) => {
                writeln!(out, "{indent}{head} {{").expect("memory");
                for item in items {
                    item.write(depth + 1, out);
                }
                writeln!(out, "{indent}}}").expect("memory");
            }
        }
    }

    /// The item without what stands on these lines; a block that is left empty goes as well. `left` counts the lines.
    fn without(self, lines: &[usize], at: &mut usize, left: &mut usize) -> Option<Self> {
        let is_blamed = lines.contains(at);
        *at += 1;
        match self {
            Self::Route(line) => (!is_blamed).then(|| {
                *left += 1;
                Self::Route(line)
            }),
            Self::Block(head, items) => {
                let mut inside = 0;
                let items: Vec<Self> =
                    items.into_iter().filter_map(|item| item.without(lines, at, &mut inside)).collect();
                *at += 1;
                if is_blamed || items.is_empty() {
                    return None;
                }
                *left += inside + 2;
                Some(Self::Block(head, items))
            }
        }
    }
}

struct Maker {
    random: Random,
    /// Routes and captures so far.
    count: usize,
}

impl Maker {
    fn item(&mut self, depth: usize, has_host: bool, captured: usize) -> Item {
        match self.random.below(if depth == 0 { 3 } else { 6 }) {
            0..=2 => self.route(captured),
            3 | 4 if !has_host => {
                let host = self.random.of(&HOSTS);
                let head = format!("host {host}{}", self.when(5));
                self.block(head, depth, true, captured)
            }
            _ => {
                let (segments, own) = self.segments(1, captured);
                let prefix =
                    if self.random.one_in(4) { String::new() } else { format!(" /{}", segments.join("/")) };
                let captured = if prefix.is_empty() { captured } else { captured + own };
                let head = format!("group{prefix}{}", self.when(3));
                self.block(head, depth, has_host, captured)
            }
        }
    }

    fn block(&mut self, head: String, depth: usize, has_host: bool, captured: usize) -> Item {
        let count = 2 + self.random.below(4);
        Item::Block(head, (0..count).map(|_| self.item(depth - 1, has_host, captured)).collect())
    }

    /// At least so many segments of a path; `captured` names are taken.
    fn segments(&mut self, least: usize, captured: usize) -> (Vec<String>, usize) {
        let (mut segments, mut own) = (Vec::new(), 0);
        for _ in 0..least + self.random.below(2) {
            if self.random.one_in(2) {
                segments.push(self.random.of(&LITERALS).to_owned());
            } else {
                segments.push(format!("{{p{}{}}}", captured + own, self.random.of(&TYPES)));
                own += 1;
            }
        }
        (segments, own)
    }

    fn route(&mut self, captured: usize) -> Item {
        let (mut segments, own) = self.segments(0, captured);
        match self.random.below(5) {
            0 => segments.push("{rest: path}".to_owned()),
            1 => segments.push(String::new()),
            _ if segments.is_empty() => segments.push(String::new()),
            _ => {}
        }
        self.count += 1;
        let number = self.count;
        let mut shown = String::new();
        for at in 0..captured + own {
            write!(shown, " {{p{at}}}").expect("memory");
        }
        if segments.last().is_some_and(|last| last == "{rest: path}") {
            shown += " {rest}";
        }
        let (methods, when) = (self.random.of(&METHODS), self.when(3));
        Item::Route(format!(
            "route {methods} /{}{when} respond 200 text \"{number}{shown}\" {{ response {{ set header \"x-route\" = \"{number}\" }} }}",
            segments.join("/")
        ))
    }

    fn when(&mut self, seldom: usize) -> String {
        if self.random.one_in(seldom) {
            format!(" when {}", self.random.of(&CONDITIONS))
        } else {
            String::new()
        }
    }
}
