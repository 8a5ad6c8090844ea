//! Settings of a block: each may give names, and reads those that are known where it stands.

use super::Writer;
use super::expression::{Expressions, Scope};
use super::kind::Kind;

/// What a block is.
#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    Group,
    Policy,
    Forwarding,
    Answering,
}

impl Writer {
    /// Settings for a block. What they declare is added to the scope.
    pub fn settings(&mut self, place: Place, scope: &mut Scope) -> Vec<String> {
        let mut settings = Vec::new();
        for word in ["query", "header", "cookie", "let"] {
            if self.has(word) && self.random.one_in(3) {
                for _ in 0..=self.random.below(2) {
                    settings.push(self.giving(word, scope));
                }
            }
        }
        let words: &[&str] = match place {
            // What prepares or makes a call has no effect where none is made.
            Place::Answering => &["only", "deny", "limit", "on", "response", "log"],
            // A route says it where its path has another form.
            Place::Group | Place::Policy => &[
                "only", "deny", "limit", "on", "response", "log", "timeout", "body", "request", "forward",
                "retry", "slash",
            ],
            Place::Forwarding => &[
                "only", "deny", "limit", "on", "response", "log", "timeout", "body", "request", "forward",
                "retry",
            ],
        };
        for word in words {
            let many = if ["only", "deny", "limit"].contains(word) { 2 } else { 1 };
            for _ in 0..many {
                if self.has(word) && self.random.one_in(4) && (*word != "on" || may_answer(place, &settings))
                {
                    settings.push(self.setting(word, place, scope));
                }
            }
        }
        // Their order means nothing.
        for at in (1..settings.len()).rev() {
            let other = self.random.below(at + 1);
            settings.swap(at, other);
        }
        settings
    }

    /// A setting that gives a name to a value.
    fn giving(&mut self, word: &str, scope: &mut Scope) -> String {
        let name = self.name();
        if word == "let" {
            let kind = Kind::scalar(&mut self.random);
            if self.random.one_in(3) {
                scope.names.push((name.clone(), Kind::Text));
                return format!("let {name} = request.header(\"x-{}\") else 404", self.random.below(3));
            }
            let value = self.expression(&scope.late(), |it| it.of(&kind, 3));
            // What an expression comes to has bounds or not: a sum has none, and neither has a text that is put together.
            let (kind, value) = match kind {
                Kind::Int(..) => (Kind::Int(i64::MIN, i64::MAX), format!("({value} + 0)")),
                Kind::Text
                | Kind::Bounded(..)
                | Kind::Words(_)
                | Kind::Url
                | Kind::Date
                | Kind::Time
                | Kind::Uuid => (Kind::Text, format!("\"{{{value}}}\"")),
                other => (other, value),
            };
            scope.names.push((name.clone(), kind));
            return format!("let {name} = {value}");
        }
        let kind = Kind::scalar(&mut self.random).or_list(&mut self.random);
        let written = self.typed(&kind);
        let wire = if word == "header" { name.to_lowercase() } else { name.clone() };
        let (field, own) = if self.random.one_in(3) {
            (wire, Some(format!("{name}-{word}")))
        } else {
            (wire.clone(), (wire != name).then_some(name))
        };
        let seen = own.clone().unwrap_or_else(|| field.clone());
        let alias = own.map(|own| format!(" as {own}")).unwrap_or_default();
        match self.random.below(3) {
            0 => {
                scope.names.push((seen, kind.clone()));
                format!("{word} {field}: {written} = {}{alias}", kind.literal(&mut self.random))
            }
            1 if !matches!(kind, Kind::List(_)) => {
                let maybe = Kind::Maybe(kind.into());
                let written = match &maybe {
                    Kind::Maybe(inner) if written == inner.written() => maybe.written(),
                    _ => format!("{written}?"),
                };
                scope.names.push((seen, maybe));
                format!("{word} {field}: {written}{alias}")
            }
            _ => {
                scope.names.push((seen, kind));
                format!("{word} {field}: {written}{alias}")
            }
        }
    }

    fn setting(&mut self, word: &str, place: Place, scope: &Scope) -> String {
        match word {
            "only" | "deny" => {
                let status = self.random.of(&["", "", " status 404", " status 451"]);
                if self.random.one_in(3) {
                    let ips = ["10.0.0.0/8", "10.0.0.0/8, 192.168.1.7", "2001:db8::/32, ::1"];
                    let fits = |kind: &Kind| *kind == Kind::List(Kind::Cidr.into());
                    let param = self.param_where(fits).filter(|_| self.random.one_in(2));
                    let ip = param.unwrap_or_else(|| self.random.of(&ips).to_owned());
                    return format!("{word} ip {ip}{status}");
                }
                format!("{word} if {}{status}", self.expression(scope, |it| it.truth()))
            }
            "limit" => self.limit(scope),
            "slash" => self.random.of(&["slash either", "slash strict"]).into(),
            "on" => {
                // What every route gives that forwards, and what a guard gives.
                let causes = match place {
                    Place::Forwarding => {
                        self.random.of(&["502", "5xx", "400, 503", "4xx, 504", "408", "drained"])
                    }
                    _ => "4xx",
                };
                let answer = self.answer(&scope.late());
                format!("on {causes} respond {answer}")
            }
            "log" => match self.random.below(5) {
                0 => "log none".into(),
                1 => "log sample 5%".into(),
                2 => "log only time, route, first_byte_microseconds, trace_id".into(),
                3 => {
                    let plain = |(_, kind): &&(String, Kind)| !matches!(kind, Kind::Maybe(_) | Kind::List(_));
                    let name = scope.names.iter().find(plain).map(|(name, _)| format!("{{{name}}}"));
                    let name = name.unwrap_or_default();
                    format!(
                        r#"log format "{{client.ip}}|{name}\t\"{{request.host}}\" {{exchange.reason ?? ""}}{{exchange.sent}}""#
                    )
                }
                _ => {
                    let plain = |(_, kind): &&(String, Kind)| !matches!(kind, Kind::Maybe(_));
                    let names: Vec<&str> =
                        scope.names.iter().filter(plain).map(|(name, _)| name.as_str()).collect();
                    if names.is_empty() {
                        return "log sample 0.5%".into();
                    }
                    let names = &names[self.random.below(names.len())..];
                    format!("log fields {}", names[..names.len().min(3)].join(", "))
                }
            },
            "timeout" => {
                let param =
                    self.param_where(|kind| *kind == Kind::Duration).filter(|_| self.random.one_in(2));
                let total = param.unwrap_or_else(|| self.random.of(&["1s", "2500ms", "10s"]).into());
                format!(
                    "timeout {total}{}",
                    self.random.of(&[
                        "",
                        " connect 250ms",
                        " idle 1s",
                        " each 100ms",
                        " forward \"x-left-ms\""
                    ])
                )
            }
            "retry" => {
                let causes = self.random.of(&["connect_failure", "connect_failure, upstream_refused"]);
                format!("retry 1 on {causes}{}", self.random.of(&["", " budget 5%", " backoff 1ms up_to 1s"]))
            }
            "body" => format!("body any max {}", self.random.of(&["0B", "1KiB", "5GiB"])),
            "forward" => self
                .random
                .of(&["forward header accept, accept-language", "forward query page, q", "forward none"])
                .into(),
            "request" => {
                let mut edits = Vec::new();
                for (at, part) in ["header", "query", "header", "query"].into_iter().enumerate() {
                    if self.random.one_in(2) {
                        edits.push(self.edit(part, at, scope));
                    }
                }
                if let Some(secret) = self.secret() {
                    edits.push(format!("set header \"authorization\" = {secret}"));
                }
                if edits.is_empty() {
                    edits.push("remove query \"debug\"".into());
                }
                format!("request {{ {} }}", edits.join("; "))
            }
            _ => {
                let answered = Scope { answered: true, ..scope.clone() };
                let edits: Vec<String> =
                    (0..=self.random.below(2)).map(|at| self.edit("header", at, &answered)).collect();
                format!("response {{\n{}\n}}", edits.join("\n"))
            }
        }
    }

    fn edit(&mut self, part: &str, at: usize, scope: &Scope) -> String {
        let word = self.random.of(&["set", "add", "default", "remove"]);
        if word == "remove" {
            return format!("remove {part} \"x-{part}-{at}\"");
        }
        format!("{word} {part} \"x-{part}-{at}\" = {}", self.expression(scope, |it| it.line()))
    }

    fn limit(&mut self, scope: &Scope) -> String {
        let param = self.param_where(|kind| *kind == Kind::Rate).filter(|_| self.random.one_in(2));
        let rate = param.unwrap_or_else(|| self.random.of(&["100/s", "20/10s", "10000/day", "7/m"]).into());
        let mut limit = format!("limit {rate}");
        if self.random.one_in(3) {
            limit += self.random.of(&[" burst 1", " burst 200"]);
        }
        if self.random.one_in(2) {
            limit += &format!(" per {}", self.expression(scope, |it| it.printed()));
            limit += self.random.of(&["", "", " ban 5m"]);
        }
        if self.random.one_in(3) {
            let answered = Scope { answered: true, ..scope.clone() };
            limit += &format!(" counting {}", self.expression(&answered, |it| it.truth()));
        }
        limit + self.random.of(&["", "", " each route", " dry_run", " keys 128"])
    }

    /// `503 json { … }`, as terminals and `on` have it.
    pub fn answer(&mut self, scope: &Scope) -> String {
        let status = self.random.of(&[200, 202, 404, 503]);
        match self.random.below(4) {
            0 => status.to_string(),
            1 => {
                format!("{status} text {}", self.expression(scope, |it| it.text()))
            }
            2 => {
                format!("{status} json {}", self.expression(scope, |it| it.record(2)))
            }
            _ => format!("{status} json [1, -2.5, \"ä\\\"\", {{ ok: true, \"a b\": [] }}]"),
        }
    }

    pub fn expression(
        &mut self,
        scope: &Scope,
        write: impl FnOnce(&mut Expressions<'_>) -> String,
    ) -> String {
        let mut all = scope.clone();
        all.names.extend(self.values());
        if !scope.answered {
            all.names.append(&mut all.early);
        }
        let written = write(&mut Expressions { random: &mut self.random, scope: &all });
        self.note(&written);
        written
    }
}

/// Whether the routes of a block are known to give an answer of their own.
fn may_answer(place: Place, settings: &[String]) -> bool {
    let is_guard = |setting: &String| setting.starts_with("only ") || setting.starts_with("deny ");
    place == Place::Forwarding || settings.iter().any(is_guard)
}
