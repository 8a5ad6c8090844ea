//! Ends of routes that are more than one: a way for each value of something, and calls that become one answer.

use super::expression::Scope;
use super::kind::Kind;
use super::{Writer, block};

/// A record that branches are read as.
const FIELDS: &str = "{ a: string, b: int?, c: list<string>(..9), d: decimal from \"wire d\" = 1.5 }";

impl Writer {
    /// `match … { … }`, over a capture or a text of the request. `None`: nothing that is captured has values to be told apart.
    pub fn ways(&mut self, scope: &Scope, captured: &[String]) -> Option<String> {
        let counted = scope.names.iter().rev().find(|(name, kind)| {
            captured.contains(name) && matches!(kind, Kind::Words(_) | Kind::Bool | Kind::Int(..))
        });
        let (on, values, is_whole) = match counted {
            Some((name, Kind::Words(words))) => {
                let mut values: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                let is_whole = values.len() == 1 || self.random.one_in(2);
                values.truncate(if is_whole { values.len() } else { values.len() - 1 });
                (name.clone(), values, is_whole)
            }
            Some((name, Kind::Bool)) => (name.clone(), vec!["true".to_owned(), "false".to_owned()], true),
            Some((name, Kind::Int(min, max))) => {
                (name.clone(), vec![0_i64.clamp(*min, *max).to_string()], min == max)
            }
            _ if self.random.one_in(2) => {
                let values = ["\"a\"", "\"b c\"", "\"\""].map(str::to_owned).to_vec();
                ("request.query(\"way\") ?? \"none\"".to_owned(), values, false)
            }
            _ => return None,
        };
        let mut arms: Vec<String> = Vec::new();
        let mut left = values.as_slice();
        while !left.is_empty() {
            let (own, others) = left.split_at((1 + self.random.below(2)).min(left.len()));
            arms.push(format!("{} {}", own.join(", "), self.way(scope, captured)));
            left = others;
        }
        if !is_whole {
            arms.push(format!("else {}", self.way(scope, captured)));
        }
        Some(format!("match {on} {}", block(&arms)))
    }

    fn way(&mut self, scope: &Scope, captured: &[String]) -> String {
        // What is captured goes into each target, a rest last.
        let all = captured.iter().fold(String::new(), |path, name| path + "/{" + name + "}");
        match self.random.below(4) {
            0 => format!("respond {}", self.answer(scope)),
            1 => format!("redirect {} /other{all}", self.random.of(&[301, 303, 308])),
            2 => format!("-> {}", self.an_upstream()),
            _ => format!("-> {} /v2{}{all}", self.an_upstream(), self.values_in_path(scope)),
        }
    }

    /// `aggregate within … { … }`
    pub fn calls(&mut self, scope: &Scope, captured: &[String]) -> String {
        let record = self.numbered("rec");
        self.records.push(format!("type {record} {FIELDS}"));
        let (mut branches, mut fields): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        // The last one, and whether there may be nothing.
        let mut before: Option<(String, &str)> = None;
        for _ in 0..=self.random.below(3) {
            let (name, upstream) = (self.numbered("b"), self.an_upstream());
            let mut path = format!("/{name}{}", self.values_in_path(scope));
            if before.is_none() {
                // What is captured goes into one of the paths at least, a rest last.
                path.extend(captured.iter().map(|name| format!("/{{{name}}}")));
            }
            if let Some((before, maybe)) = before.as_ref().filter(|_| self.random.one_in(2)) {
                let or = if maybe.is_empty() { "" } else { " ?? \"none\"" };
                path += &format!("?of={{{before}.a{or}}}");
            }
            let limits = self.random.of(&["", " within 500ms", " max 64KiB", " within 300ms max 1KiB"]);
            let failure = match self.random.below(3) {
                0 => "required".to_owned(),
                1 => "required pass 404, 410".to_owned(),
                _ => "else { a: \"\", c: [] }".to_owned(),
            };
            let (method, sent) = match self.random.below(5) {
                0 => ("GET", " { header \"x-a\" = request.method }"),
                1 if scope.has_body => ("POST", " { body { all: body, of: body.lines[*].sku } }"),
                1 => ("DELETE", ""),
                _ => ("GET", ""),
            };
            let maybe = self.random.of(&["", "", "?"]);
            branches.push(format!(
                "{name}: {record}{maybe} = {upstream} {method} {path}{limits} {failure}{sent}"
            ));
            fields.push(format!("{name}: {name}.{}", self.random.of(&["a", "b", "c", "d"])));
            before = Some((name, maybe));
        }
        match before {
            Some((before, maybe)) if self.random.one_in(2) => {
                let or = if maybe.is_empty() { "" } else { " ?? []" };
                let (name, upstream) = (self.numbered("b"), self.an_upstream());
                let failure = self.random.of(&["required", "else skip", "else { a: \"\", c: [] }"]);
                branches.push(format!(
                    "{name}: map<{record}{maybe}> = for one in {before}.c{or} max 9 {upstream} GET /each/{{one}} {failure}"
                ));
                fields.push(format!("{name}: {name}[\"x\"].a ?? \"none\""));
            }
            _ => {
                let (name, upstream) = (self.numbered("b"), self.an_upstream());
                branches.push(format!("{name}: list<int>(..20) = {upstream} GET /list else skip"));
                fields.push(name);
            }
        }
        branches.push(format!("respond {{ {} }}", fields.join(", ")));
        format!("aggregate within {} {}", self.random.of(&["1s", "2s"]), block(&branches))
    }
}
