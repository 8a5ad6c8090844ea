//! Programs whose answers are random expressions. What the compiler refuses for good reason is left out; the numbers of those
//! that are left stand beside each program.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use gatewright_compiler::compile;
use gatewright_dsl::problem::render::{Colour, text};
use gatewright_dsl::{Catalogue, Problem, Source};

use super::values::{GROUP, HEAD, expression, lets, names, written::written};

const PROGRAMS: u64 = 6;
/// Of each program.
const EXPRESSIONS: u64 = 120;
/// Of each route.
const TOGETHER: usize = 6;
/// What the types alone decide is refused; all else would be a mistake of these files.
const REFUSED: [&str; 2] = ["settled_comparison", "expression_too_complex"];

/// Writes `values.rs`: each program as a module, and `ALL` of them with the numbers of the expressions of each route.
pub fn write(out: &Path) {
    let (mut code, mut list) = (String::new(), String::new());
    for program in 0..PROGRAMS {
        let (routes, rust) = accepted(program);
        writeln!(code, "mod program_{program} {{\n{rust}}}").expect("memory");
        let slices: Vec<Slice> = routes.into_iter().map(Slice).collect();
        writeln!(list, "(&program_{program}::PROGRAM, &{slices:?}),").expect("memory");
    }
    writeln!(code, "pub static ALL: &[(&Program, &[&[u64]])] = &[\n{list}];").expect("memory");
    std::fs::write(out.join("values.rs"), code).expect("OUT_DIR can be written");
}

/// Numbers as a slice of them is written.
struct Slice(Vec<u64>);

impl std::fmt::Debug for Slice {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "&{:?}", self.0)
    }
}

/// A program, the numbers of the expressions of each of its routes, and where each expression stands.
struct Written {
    text: String,
    routes: Vec<Vec<u64>>,
    places: Vec<(u64, Range<usize>)>,
}

/// The numbers of the expressions of each route of a program that the compiler accepts, and what becomes of it.
fn accepted(program: u64) -> (Vec<Vec<u64>>, String) {
    let mut numbers: Vec<u64> = (0..EXPRESSIONS).collect();
    loop {
        let Written { text: source, routes, places } = source(program, &numbers);
        let sources = [Source::new("values.gw", source.as_str())];
        match compile(&sources, &Catalogue::standard()) {
            Ok(output) => return (routes, output.rust),
            Err(problems) => {
                let shown = || format!("{source}\n{}", text(&problems, &sources, Colour::Off));
                assert!(problems.iter().all(|problem| REFUSED.contains(&problem.name)), "{}", shown());
                let spans: Vec<usize> =
                    problems.iter().filter_map(Problem::span).map(|span| span.start).collect();
                let count = numbers.len();
                for (number, place) in places {
                    if spans.iter().any(|start| place.contains(start)) {
                        numbers.retain(|own| *own != number);
                    }
                }
                assert!(numbers.len() < count, "a problem elsewhere:\n{}", shown());
                assert!(numbers.len() as u64 > EXPRESSIONS / 2, "too little is left");
            }
        }
    }
}

/// A program of these expressions.
fn source(program: u64, numbers: &[u64]) -> Written {
    let params: Vec<&str> =
        names().iter().map(|(name, _)| *name).filter(|name| name.starts_with("p-")).collect();
    let mut text = format!("{HEAD}route GET /params respond 200 json {{ {} }}\n\n{GROUP}", params.join(", "));
    for (at, (name, _, expr)) in lets().iter().enumerate() {
        writeln!(text, "  let {name} = {}", written(expr, at as u64)).expect("memory");
    }
    let (json, texts): (Vec<u64>, Vec<u64>) = numbers.iter().partition(|number| number.is_multiple_of(2));
    let (mut routes, mut places) = (Vec::new(), Vec::new());
    for (numbers, is_json) in [(json, true), (texts, false)] {
        for numbers in numbers.chunks(TOGETHER) {
            let kind = if is_json { "json {" } else { "text \"" };
            write!(text, "  route GET /r{} respond 200 {kind}", routes.len()).expect("memory");
            for number in numbers {
                let open = if is_json { format!("\n    v{number}: ") } else { "<{".to_owned() };
                text.push_str(&open);
                let start = text.len();
                text.push_str(&written(&expression(program, *number), *number));
                places.push((*number, start..text.len()));
                text.push_str(if is_json { "," } else { "}>\\n" });
            }
            text.push_str(if is_json { "\n  }\n" } else { "\"\n" });
            routes.push(numbers.to_vec());
        }
    }
    Written { text: text + "}\n", routes, places }
}
