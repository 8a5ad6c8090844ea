//! Random gateways from fixed seeds. Routes that collide are dropped until the compiler accepts the rest; whatever it
//! accepts becomes a module, with its text beside it.
#![allow(clippy::indexing_slicing, reason = "every index is taken below the length")]

use std::fmt::Write as _;
use std::path::Path;

use gatewright_compiler::compile;
use gatewright_dsl::problem::render::{Colour, text};
use gatewright_dsl::{Catalogue, Problem, Source};

use super::programs::chance::Random;

const PROGRAMS: u64 = 40;
/// Before collisions are dropped.
const ROUTES: usize = 20;
/// A refusal for another reason is a mistake of this file.
const COLLISIONS: [&str; 4] = ["ambiguous_route", "duplicate_route", "router_too_wide", "unreachable_route"];

const METHODS: [&str; 10] =
    ["GET", "GET", "GET", "HEAD", "POST", "PUT, DELETE", "GET, POST", "PATCH", "OPTIONS", "*"];
/// Few, so that many routes share a request: short and long ones, some within a parameter's type, some with escapes.
const LITERALS: [&str; 12] = [
    "a",
    "items",
    "exactly8",
    "longer-than-eight",
    "7",
    "42",
    "2024-02-29",
    "6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10",
    "a:b",
    "%C3%A4",
    "a%20b",
    "%7Bx%7D",
];
const TYPES: [&str; 13] = [
    "",
    "",
    ": string",
    ": int",
    ": int(0..9)",
    ": int(5..20)",
    ": int(1..100)",
    ": int(-5..5)",
    ": int(7..7)",
    ": int(-9223372036854775808..0)",
    ": uuid",
    ": date",
    ":date",
];
const SETTINGS: [&str; 4] = ["", "", "timeout 2s connect 500ms", "body any max 1MiB; timeout 300ms idle 5s"];

/// Writes `random.rs`: each program as a module, and `ALL` of them with their text.
pub fn write(out: &Path) {
    write_all(&out.join("random.rs"), (0..PROGRAMS).map(accepted));
}

/// Writes programs and what became of them.
pub fn write_all(to: &Path, programs: impl Iterator<Item = (String, String)>) {
    let (mut code, mut list) = (String::new(), String::new());
    for (number, (source, rust)) in programs.enumerate() {
        writeln!(code, "mod program_{number} {{\n{rust}}}").expect("memory");
        writeln!(list, "({source:?}, &program_{number}::PROGRAM),").expect("memory");
    }
    writeln!(code, "pub static ALL: &[(&str, &Program)] = &[\n{list}];").expect("memory");
    std::fs::write(to, code).expect("OUT_DIR can be written");
}

/// The text of a program that the compiler accepts, and what becomes of it.
fn accepted(seed: u64) -> (String, String) {
    let mut random = Random(seed);
    let mut shapes = Vec::new();
    let mut routes: Vec<String> = (0..ROUTES).map(|_| random.route(&mut shapes)).collect();
    // The same line twice could not be told apart.
    routes.sort();
    routes.dedup();
    without_collisions(&mut routes, |routes| program(seed, routes))
}

/// Drops routes that collide until the compiler accepts the rest; gives the text, and what becomes of it.
pub fn without_collisions(
    routes: &mut Vec<String>,
    program: impl Fn(&[String]) -> String,
) -> (String, String) {
    loop {
        let program = program(routes);
        let sources = [Source::new("random.gw", program.as_str())];
        match compile(&sources, &Catalogue::standard()) {
            Ok(output) => return (program, output.rust),
            Err(problems) => {
                let shown = text(&problems, &sources, Colour::Off);
                assert!(problems.iter().all(|problem| COLLISIONS.contains(&problem.name)), "{shown}");
                let is_blamed = |route: &String| {
                    let start = program.find(route.as_str()).expect("it was put there");
                    let place = start..start + route.len();
                    problems.iter().filter_map(Problem::span).any(|span| place.contains(&span.start))
                };
                let count = routes.len();
                routes.retain(|route| !is_blamed(route));
                assert!(routes.len() < count, "a collision without a place:\n{shown}");
            }
        }
    }
}

fn program(seed: u64, routes: &[String]) -> String {
    let log = if seed.is_multiple_of(2) { "; log none" } else { "" };
    let mut program = format!("gateway random {{ listen http 127.0.0.1:1{log} }}\n");
    for (name, settings) in [("first", ""), ("second", "; timeout 3s")] {
        if routes.iter().any(|route| route.contains(&format!("-> {name}"))) {
            writeln!(program, "upstream {name} {{ server \"http://127.0.0.1:9000\"{settings} }}")
                .expect("memory");
        }
    }
    routes.iter().fold(program, |program, route| program + route + "\n")
}

impl Random {
    /// A route. Its beginning is often that of one of `shapes`, to which its own is added.
    fn route(&mut self, shapes: &mut Vec<Vec<String>>) -> String {
        let mut segments = match self.below(shapes.len() + 2) {
            known if known < shapes.len() => {
                let known = &shapes[known];
                known[..self.below(known.len() + 1)].to_vec()
            }
            _ => Vec::new(),
        };
        for _ in 0..self.below(4).min(5 - segments.len()) {
            let segment = match self.below(2) {
                0 => self.of(&LITERALS).to_owned(),
                _ => format!("{{p{}{}}}", segments.len(), self.of(&TYPES)),
            };
            segments.push(segment);
        }
        let mut path: Vec<String> = segments.clone();
        shapes.push(segments);
        match self.below(6) {
            0 => path.push("{rest: path}".to_owned()),
            1 => path.push(String::new()),
            _ if path.is_empty() => path.push(String::new()),
            _ => {}
        }
        let (end, settings) = self.terminal(&path);
        let mut settings: Vec<&str> = Some(settings).filter(|it| !it.is_empty()).into_iter().collect();
        let has_other = path.last().is_some_and(|last| last != "{rest: path}") && path != [""];
        if has_other && self.below(4) == 0 {
            settings.push("slash either");
        }
        let block =
            if settings.is_empty() { String::new() } else { format!(" {{ {} }}", settings.join("; ")) };
        format!("route {} /{} {end}{block}", self.of(&METHODS), path.join("/"))
    }

    /// How it ends, and what else is said of it.
    fn terminal(&mut self, path: &[String]) -> (String, &'static str) {
        let captured = path.iter().filter_map(|segment| segment.strip_prefix('{')?.split([':', '}']).next());
        let target = captured.fold("/to".to_owned(), |target, name| format!("{target}/{{{name}}}"));
        let upstream = self.of(&["first", "second"]);
        let kind = self.below(6);
        let settings = if kind > 3 { self.of(&SETTINGS) } else { "" };
        let end = match kind {
            0 => "respond 200 text \"hello \\\"you\\\"\\n\"".to_owned(),
            1 => format!("respond {}", self.of(&[204, 404, 200])),
            2 => "respond 200 json { ok: true, n: -7, of: [false, \"x\"] }".to_owned(),
            3 => format!("redirect {} {target}", self.of(&[302, 307, 308])),
            4 => format!("-> {upstream}"),
            _ => format!("-> {upstream} {target}"),
        };
        (end, settings)
    }
}
