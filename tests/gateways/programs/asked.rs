//! Who asks, what a request's body is, and what tests say: whatever reads more of a request than its head.

use super::expression::Scope;
use super::kind::Kind;
use super::{Writer, block};

/// What is known of everybody; all of it may be missing.
const CLAIMS: &str = r#"plan: "free" | "pro" = "free", scope: list<string>, seats: int(1..9)?"#;

/// Hashes that are dear enough.
const BCRYPT: &str = "$2b$10$Nxp8JQP/6dtiY4CoPljRIepFTHioi6ea3PZVupCKBbleCiVhZuJZ6";

/// Somebody of whom an `auth` knows.
#[derive(Clone)]
pub struct Asker {
    name: String,
    /// How the name of somebody is called, where there is one.
    own: Option<&'static str>,
}

impl Asker {
    /// What is known of whoever asks; where there may be nobody, less of it.
    fn names(&self, is_certain: bool) -> Vec<(String, Kind)> {
        let name = |field: &str| format!("{}.{field}", self.name);
        let sure = |kind: Kind| if is_certain { kind } else { Kind::Maybe(kind.into()) };
        let mut names = vec![
            (name("plan"), sure(Kind::Words(vec!["free", "pro"]))),
            // Of nobody it is empty.
            (name("scope"), Kind::List(Kind::Text.into())),
            (name("seats"), Kind::Maybe(Kind::Int(1, 9).into())),
        ];
        names.extend(self.own.map(|own| (name(own), sure(Kind::Text))));
        names
    }
}

impl Writer {
    /// Some `auth`s, each with the type of its claims.
    pub fn auths(&mut self) -> Vec<String> {
        let mut written = Vec::new();
        for number in 0..self.random.below(3) {
            let (name, claims) = (self.numbered("who"), self.numbered("Claims"));
            // Of two, no two are found in one field.
            let kind = if number == 0 { self.random.below(4) } else { 0 };
            let (own, kind, settings) = match kind {
                0 => {
                    let key = |seed: usize| format!("{seed:064x}");
                    let (first, second) = (key(number * 2 + 1), key(number * 2 + 2));
                    let keys = format!(
                        "header \"x-key-{number}\"\nkey \"acme\" sha256 \"{first}\" plan = \"pro\" scope = [\"a\", \"b\"]\n\
                         key \"bolt & sons\" sha256 \"{second}\" seats = 7"
                    );
                    (Some("name"), "api_key", keys)
                }
                1 => (
                    Some("name"),
                    "basic",
                    format!("user \"ada\" hash \"{BCRYPT}\" seats = 1\nremember 1m most 16"),
                ),
                2 => {
                    let keys = self.random.of(&["", "\nleeway 5s"]);
                    let settings = "issuer \"https://id.example.com/\"\naudience \"shop\"\naccept ES256, RS256\n\
                                    keys \"http://127.0.0.1:9100/keys.json\"";
                    (Some("sub"), "jwt", format!("{settings}{keys}"))
                }
                _ => {
                    let upstream = self.an_upstream();
                    let more =
                        self.random.of(&["", " within 250ms", "\nsend none", "\ncredential \"x-token\""]);
                    (None, "forward", format!("ask {upstream} /check{more}"))
                }
            };
            let sub = if kind == "jwt" { "sub: string, " } else { "" };
            written.push(format!("type {claims} {{ {sub}{CLAIMS} }}"));
            let settings: Vec<String> = settings.lines().map(str::to_owned).collect();
            let settings = [settings, vec![format!("claims {claims}")]].concat();
            written.push(format!("auth {name} {kind} {}", block(&settings)));
            self.askers.push(Asker { name, own });
        }
        written
    }

    /// What a gateway says that takes credentials without TLS.
    pub fn plaintext(&self) -> &'static str {
        if self.askers.is_empty() { "" } else { " plaintext \"TLS ends in front\"" }
    }

    /// That anybody may come, for a line that says nothing of it.
    pub fn public(&self) -> &'static str {
        if self.askers.is_empty() { "" } else { " public" }
    }

    /// Who may come, for a block: what is known of them is added to what may be read until there is an answer. Nothing, where nobody
    /// can be known, or where something around has said it.
    pub fn who(&mut self, is_route: bool, scope: &mut Scope) -> Vec<String> {
        if self.askers.is_empty() || !is_route && self.random.one_in(2) {
            return Vec::new();
        }
        if std::mem::replace(&mut scope.is_asked, true) {
            // What is asked around it is asked here, or nothing is.
            if is_route && self.random.one_in(3) {
                scope.early.clear();
                return vec!["public".to_owned()];
            }
            return Vec::new();
        }
        let first = self.askers[self.random.below(self.askers.len())].clone();
        let other = self.askers.iter().find(|other| other.name != first.name).cloned();
        let (asked, settings) = match (self.random.below(5), other) {
            (0, _) => return vec!["public".to_owned()],
            (1, _) => {
                scope.early = first.names(false);
                let settings = vec!["public".to_owned(), format!("identify {}", first.name)];
                (vec![first.name], settings)
            }
            (2, Some(other)) => {
                scope.early = [first.names(false), other.names(false)].concat();
                let settings = vec![format!("require any {}, {}", first.name, other.name)];
                (vec![first.name, other.name], settings)
            }
            _ => {
                scope.early = first.names(true);
                let settings = vec![format!("require {}", first.name)];
                (vec![first.name], settings)
            }
        };
        // Of a block all routes may be public.
        if is_route {
            self.used.extend(asked);
        }
        settings
    }

    /// A route for each of whom nobody has asked.
    pub fn unasked(&mut self) -> Vec<String> {
        let left = self.askers.iter().filter(|asker| !self.used.contains(&asker.name));
        left.map(|Asker { name, .. }| format!("route GET /{name} require {name} respond 204")).collect()
    }

    /// `body TYPE max SIZE`. What is in it may be read until there is an answer.
    pub fn typed_body(&mut self, scope: &mut Scope) -> String {
        let (ty, line) = (self.numbered("Body"), self.numbered("Line"));
        let mut fields = vec![format!("lines: list<{line}>(..9) = []"), "prices: map<decimal>?".to_owned()];
        for number in 0..=self.random.below(4) {
            let name = self.random.of(&["f", "fn", "type-", "self"]).to_owned() + &number.to_string();
            let kind = Kind::scalar(&mut self.random).or_list(&mut self.random);
            let written = self.typed(&kind);
            let wire = self.random.of(&["", "", " from \"on the \\\"wire\\\"\""]);
            // One name on the wire is of one field.
            let wire = if number == 0 { wire } else { "" };
            let (kind, rest) = match self.random.below(3) {
                0 => {
                    let default = kind.literal(&mut self.random);
                    (kind, format!("{written}{wire} = {default}"))
                }
                1 => {
                    let (is_declared, maybe) = (written != kind.written(), Kind::Maybe(kind.into()));
                    let written = if is_declared { format!("{written}?") } else { maybe.written() };
                    (maybe, written + wire)
                }
                _ => (kind, format!("{written}{wire}")),
            };
            fields.push(format!("{name}: {rest}"));
            scope.early.push((format!("body.{name}"), kind));
        }
        let open = self.random.of(&["", " open"]);
        self.records.push(format!("type {line} {{ sku: string(1..40), n: int(1..99) = 1 }}"));
        self.records.push(format!("type {ty}{open} {}", block(&fields)));
        scope.has_body = true;
        format!("body {ty} max {}", self.random.of(&["64B", "1KiB", "1MiB"]))
    }

    /// An answer that is made of the body.
    pub fn told_of_body(&mut self) -> &'static str {
        self.random.of(&[
            "200 json { all: body, lines: body.lines[*].{ sku, n }, count: body.lines.length }",
            "200 json { many: body.lines[where .n > 1][*].{ of: .sku }, tea: body.prices[\"tea\"] ?? 0 }",
            "200 json body.lines",
            "202 text \"{body.lines.length} lines, {if body.lines[*].sku has \"tea\" then \"tea\" else \"none\"}\"",
        ])
    }

    /// Tests, of which nothing is in the gateway.
    pub fn tests(&mut self) -> Vec<String> {
        (0..self.random.below(3)).map(|_| self.test()).collect()
    }

    fn test(&mut self) -> String {
        let (name, upstream) = (self.numbered("t"), self.an_upstream());
        let mut lines: Vec<String> = Vec::new();
        for (param, kind) in self.ungiven.clone() {
            lines.push(format!("param {param} = {}", kind.literal(&mut self.random)));
        }
        if let Some(secret) = self.secrets.first().filter(|_| self.random.one_in(2)) {
            lines.push(format!("secret {secret} = \"of a test\""));
        }
        let answers = self.random.of(&[
            "200 { a: 1, b: [true, \"x\"] } header \"etag\" = \"v1\"",
            "503 => 200 text \"two\" delay 1ms",
            "204",
            "closed",
        ]);
        lines.push(format!("mock {upstream} GET /{name}/{{id}}/{{rest: path}} => {answers}"));
        lines.push(
            self.random.of(&["mock {up} * => 503", "mock {up} POST / => 200"]).replace("{up}", &upstream),
        );
        let known = self.askers.iter().find(|asker| asker.own.is_some() && self.random.one_in(2));
        if let Some(Asker { name, own: Some(own) }) = known {
            lines.push(format!("as {name} {{ {own}: \"ada\", plan: \"pro\", scope: [\"a\"] }}"));
        }
        lines.push(format!("GET /{name}/7/x?a=%20 header \"x-a\" = \"on\" host \"a.example\""));
        lines.push("    => 404 reason not_found".to_owned());
        lines.push(format!("expect {upstream} got nothing"));
        lines.push(self.random.of(&["after 61s", "as nobody", ""]).to_owned());
        lines.push(format!(
            "POST /{name} body {{ a: [1, -2.5, \"ä\"] }} => 404 contains {{ status: 404 }} within 9s"
        ));
        format!("test \"{name} is not there\" {}", block(&lines))
    }
}
