//! `--params`: what may be set, as a table for people.

use std::fmt::Write;

use super::given::{flag, variable};
use crate::program::Program;

/// Name, type, default and comment of each parameter; of a secret, never its value.
pub(crate) fn table(program: &Program) -> String {
    let mut rows: Vec<[String; 3]> = Vec::new();
    for param in program.params.iter().filter(|param| param.live.is_none()) {
        let default = param.default.map_or("required".into(), |texts| format!("= {}", texts.join(", ")));
        let names = format!("{} {}", flag(param.name), variable(param.name));
        rows.push([names, format!("{} {default}", param.expected()), param.doc.to_owned()]);
    }
    for secret in program.secrets {
        let name = variable(secret.name);
        rows.push([format!("{name} {name}_FILE"), "secret required".into(), secret.doc.to_owned()]);
    }
    let mut out = String::new();
    for [names, ty, doc] in &rows {
        // Writing into a string cannot fail.
        let _ = writeln!(out, "{names}\n    {ty}");
        for line in doc.lines() {
            let _ = writeln!(out, "    {line}");
        }
    }
    out
}
