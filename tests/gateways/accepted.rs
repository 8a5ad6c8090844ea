//! Random programs of all kinds, each as a module: what the checks accept must compile, and without a warning.

use std::fmt::Write as _;
use std::path::Path;

use gatewright_compiler::compile;
use gatewright_dsl::problem::render::{Colour, text};
use gatewright_dsl::{Catalogue, page};

use super::programs;

const PROGRAMS: u64 = 200;

/// Writes `programs.rs`. Nothing of it is ever run, so that rustc checks it and makes no code of it.
pub fn write(out: &Path) {
    let (mut code, mut list) = (String::new(), String::new());
    let catalogue = Catalogue::standard();
    for seed in 0..PROGRAMS {
        let program = programs::program(seed, &catalogue);
        let sources = page::sources("gateway.gw", &program);
        let output = compile(&sources, &catalogue)
            .unwrap_or_else(|problems| panic!("{program}\n{}", text(&problems, &sources, Colour::Off)));
        writeln!(code, "mod program_{seed} {{\n{}}}", output.rust).expect("memory");
        writeln!(list, "&program_{seed}::PROGRAM,").expect("memory");
    }
    writeln!(code, "const _: [&Program; {PROGRAMS}] = [\n{list}];").expect("memory");
    std::fs::write(out.join("programs.rs"), code).expect("OUT_DIR can be written");
}
