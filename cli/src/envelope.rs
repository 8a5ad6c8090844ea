//! The one shape in which every command prints its result for another program: a line of JSON with `schema`, `ok`,
//! `problems` and `result`. Which members a result has, its schema in `docs/schema` says.

use std::process::ExitCode;

use gatewright_dsl::problem::render;
use gatewright_dsl::{Problem, Source};
use serde_json::{Value, json};

use crate::command::{FAILED, REFUSED};

/// Counts up when a member changes its meaning or goes.
const SCHEMA: u32 = 1;

/// Why a command came to nothing.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The program has problems.
    Problems(Vec<Problem>, Vec<Source>),
    /// It could not be carried out: why, and what to do.
    Failed { why: String, help: String },
    /// The code that was emitted does not compile; what to show.
    Broken(String),
}

impl Refusal {
    pub(crate) fn failed(why: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Failed { why: why.into(), help: help.into() }
    }

    /// Shows it to a person.
    pub(crate) fn show(&self) {
        match self {
            Self::Problems(problems, sources) => {
                anstream::eprint!("{}", render::text(problems, sources, render::Colour::On));
            }
            Self::Failed { why, help } if help.is_empty() => eprintln!("error: {why}"),
            Self::Failed { why, help } => eprintln!("error: {why}\n  = help: {help}"),
            Self::Broken(report) => eprint!("{report}"),
        }
    }

    /// Prints it for a program.
    pub(crate) fn print(&self) {
        match self {
            Self::Problems(problems, sources) => print(false, &listed(problems, sources), &Value::Null),
            Self::Failed { why: said, .. } | Self::Broken(said) => {
                print(false, &[], &json!({ "failure": said }));
            }
        }
    }

    /// Says it in the wanted way, and with which status the command ends.
    pub(crate) fn end(&self, as_json: bool) -> ExitCode {
        if as_json {
            self.print();
        } else {
            self.show();
        }
        ExitCode::from(if matches!(self, Self::Problems(..)) { REFUSED } else { FAILED })
    }
}

/// Prints a document.
pub(crate) fn print(ok: bool, problems: &[Value], result: &Value) {
    println!("{}", json!({ "schema": SCHEMA, "ok": ok, "problems": problems, "result": result }));
}

/// Problems as members of a document.
pub(crate) fn listed(problems: &[Problem], sources: &[Source]) -> Vec<Value> {
    problems.iter().map(|problem| render::json(problem, sources)).collect()
}
