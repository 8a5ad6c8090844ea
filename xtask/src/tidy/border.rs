//! What may be named where: the lines between language, compiler, emitted code and runtime.

use super::Finding;
use super::exception::{CLOCK, Exception, IO, PLAIN_WORDS, POLICY_WORDS, covers};
use super::house::{File, House};
use super::scan::{Part, has_word, numbered};

/// What must work for any catalogue, and so may not know one policy from another.
const POLICY_FREE: &[&str] = &[
    "compiler/src",
    "dsl/src/gateway.pest",
    "dsl/src/parse",
    "dsl/src/ast.rs",
    "dsl/src/split.rs",
    "dsl/src/format.rs",
    "cli/src/lsp",
];

pub(crate) fn policy_names(house: &House) -> Vec<Finding> {
    let names = house.policies();
    let mut found = Vec::new();
    for file in house.under(POLICY_FREE) {
        let all = file.shipped(&[Part::Code, Part::Literal]);
        for name in &names {
            let excepted = POLICY_WORDS.iter().any(|(path, word, _)| *path == file.path && word == name);
            let quoted = format!("\"{name}\"");
            let names_it = |line: &str| {
                if PLAIN_WORDS.contains(name) { line.contains(&quoted) } else { has_word(line, name) }
            };
            let lines = numbered(&all).filter(|(_, line)| !excepted && names_it(line));
            found.extend(lines.map(|(number, _)| {
                let what = format!("names the policy `{name}`");
                Finding::new(
                    &file.path,
                    number,
                    what,
                    "let the row say it: what works for one must work for all",
                )
            }));
        }
    }
    found
}

pub(crate) fn io(house: &House) -> Vec<Finding> {
    let words = ["fs", "tokio", "TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs"];
    let broken = |_: &File, line: &str| {
        let word = words.iter().find(|word| has_word(line, word))?;
        Some((format!("uses `{word}`"), "take what it needs as a value, and return what it makes"))
    };
    search(house, &["dsl/src", "compiler/src"], IO, broken)
}

pub(crate) fn door(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in house.under(&["compiler/src/emit", "compiler/src/emit.rs"]) {
        for (number, line) in numbered(&file.shipped(&[Part::Code, Part::Literal])) {
            let mut paths = line.match_indices("gatewright_runtime::");
            if paths.any(|(at, path)| {
                !line.get(at + path.len()..).is_some_and(|rest| rest.starts_with("generated"))
            }) {
                let what = "emitted code names a path that is not behind `generated`";
                found.push(Finding::new(&file.path, number, what, "export it from runtime/src/generated.rs"));
            }
        }
    }
    found
}

pub(crate) fn policy_imports(house: &House) -> Vec<Finding> {
    let folder = "runtime/src/policy";
    let own_name = |file: &File| {
        let rest = file.path.strip_prefix(folder).unwrap_or_default().trim_start_matches('/').to_owned();
        rest.split(['/', '.']).next().unwrap_or_default().to_owned()
    };
    let names: Vec<String> = house.under(&[folder]).map(own_name).filter(|name| name != "mod").collect();
    let broken = |file: &File, line: &str| {
        let own = own_name(file);
        if own == "mod" || !(line.contains("super::") || line.contains("policy::")) {
            return None;
        }
        let other = names.iter().find(|name| **name != own && has_word(line, name))?;
        Some((format!("reaches into the policy `{other}`"), "move what both need out of the policies"))
    };
    search(house, &[folder], &[], broken)
}

pub(crate) fn clock(house: &House) -> Vec<Finding> {
    let sources = ["Instant::now", "SystemTime::now", "tokio::time"];
    let broken = |_: &File, line: &str| {
        let source = sources.iter().find(|source| line.contains(*source))?;
        Some((format!("reads time by `{source}`"), "ask the clock, so that tests can set it"))
    };
    search(house, &["runtime/src"], CLOCK, broken)
}

/// What is broken in the shipped code below these places, except in some files.
fn search(
    house: &House,
    places: &[&str],
    except: &[Exception],
    broken: impl Fn(&File, &str) -> Option<(String, &'static str)>,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in house.under(places).filter(|file| file.is_rust() && !covers(except, &file.path)) {
        for (number, line) in numbered(&file.shipped(&[Part::Code])) {
            if let Some((what, remedy)) = broken(file, line) {
                found.push(Finding::new(&file.path, number, what, remedy));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a check finds something.
    fn places(check: fn(&House) -> Vec<Finding>, files: &[(&str, &str)]) -> Vec<(String, usize)> {
        check(&House::of(files)).into_iter().map(|finding| (finding.file, finding.line)).collect()
    }

    fn at(file: &str, line: usize) -> (String, usize) {
        (file.to_owned(), line)
    }

    #[test]
    fn finds_a_policy_named_by_the_compiler_or_the_grammar() {
        let rows = ("dsl/src/policy/limit.rs", "");
        let plain = ("dsl/src/policy/body.rs", "");
        let compiler = "// limit\nlet limits = body;\nif word == \"limit\" {}\n\"body\"\n#[cfg(test)]\nlimit";
        let files =
            [rows, plain, ("compiler/src/check.rs", compiler), ("dsl/src/gateway.pest", "a = { \"limit\" }")];
        let expected =
            [at("compiler/src/check.rs", 3), at("compiler/src/check.rs", 4), at("dsl/src/gateway.pest", 1)];
        assert_eq!(places(policy_names, &files), expected);
    }

    #[test]
    fn finds_io_in_the_language() {
        let files = [
            ("dsl/src/source.rs", "use std::net::Ipv4Addr;\nuse std::{fmt, fs};\n"),
            ("compiler/src/build_script.rs", "use std::fs;\n"),
            ("compiler/src/emit/tests.rs", "use std::fs;\n"),
            ("compiler/src/check.rs", "let s = std::net::TcpStream::connect(a);\n"),
        ];
        assert_eq!(places(io, &files), [at("dsl/src/source.rs", 2), at("compiler/src/check.rs", 1)]);
    }

    #[test]
    fn finds_emitted_code_that_goes_past_the_door() {
        let text =
            "quote!(gatewright_runtime::generated::main())\nquote!(::gatewright_runtime::serve::main())\n";
        assert_eq!(places(door, &[("compiler/src/emit/mod.rs", text)]), [at("compiler/src/emit/mod.rs", 2)]);
    }

    #[test]
    fn finds_a_policy_that_imports_another() {
        let files = [
            ("runtime/src/policy/mod.rs", "pub mod limit;\npub use crate::policy::limit::Config;\n"),
            ("runtime/src/policy/limit.rs", "use super::timeout::Config;\nuse crate::policy::limit::Own;\n"),
            ("runtime/src/policy/timeout.rs", "use crate::head::Head;\n"),
        ];
        assert_eq!(places(policy_imports, &files), [at("runtime/src/policy/limit.rs", 1)]);
    }

    #[test]
    fn finds_time_that_does_not_come_from_the_clock() {
        let files = [
            ("runtime/src/clock.rs", "Instant::now()"),
            (
                "runtime/src/serve.rs",
                "// Instant::now\nInstant::now()\nuse tokio::time;\n#[cfg(test)]\nInstant::now()",
            ),
        ];
        assert_eq!(places(clock, &files), [at("runtime/src/serve.rs", 2), at("runtime/src/serve.rs", 3)]);
    }
}
