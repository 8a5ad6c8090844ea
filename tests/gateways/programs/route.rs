//! Routes: paths, conditions, and what is done.

use super::expression::Scope;
use super::kind::Kind;
use super::setting::Place;
use super::{Writer, block};

impl Writer {
    pub fn route(&mut self, scope: &Scope) -> String {
        let mut scope = scope.clone();
        let (pattern, captured) = self.pattern(&mut scope, true);
        let methods =
            self.random.of(&["GET", "GET", "POST", "POST", "PUT, DELETE", "GET, POST", "HEAD", "*"]);
        let when = self.when();
        let forwards = self.random.one_in(2);
        let place = if forwards { Place::Forwarding } else { Place::Answering };
        let mut more = self.who(true, &mut scope);
        if methods == "POST" && self.has("body") && self.random.one_in(2) {
            more.push(self.typed_body(&mut scope));
        }
        let mut settings = self.settings(place, &mut scope);
        // Of two bodies of a route neither would hold.
        settings.retain(|setting| !scope.has_body || !setting.starts_with("body "));
        for setting in more {
            let at = self.random.below(settings.len() + 1);
            settings.insert(at, setting);
        }
        if self.has("slash") && self.random.one_in(6) {
            let has_other = !pattern.contains(": path}");
            settings.push(if has_other { "slash either".into() } else { "slash strict".into() });
        }
        let several = if forwards || !self.random.one_in(3) {
            None
        } else if self.random.one_in(2) {
            self.ways(&scope, &captured)
        } else {
            Some(self.calls(&scope, &captured))
        };
        if let Some(end) = several {
            // They stand in the block.
            let at = self.random.below(settings.len() + 1);
            settings.insert(at, end);
            return format!("route {methods} {pattern}{when} {}", block(&settings));
        }
        let terminal = match self.random.below(3) {
            _ if forwards => {
                let upstream = self.an_upstream();
                let target = self.random.one_in(2).then(|| {
                    let all = captured.iter().map(|name| format!("/{{{name}}}"));
                    // Of what is captured, a rest stands last.
                    let path = self.values_in_path(&scope) + &all.collect::<String>();
                    if path.is_empty() { " /v2/to%20it".to_owned() } else { format!(" /v2{path}") }
                });
                format!("-> {upstream}{}", target.unwrap_or_default())
            }
            0 => {
                let status = self.random.of(&[301, 302, 303, 307, 308]);
                let target = match captured.first() {
                    Some(name) if self.random.one_in(2) => {
                        format!("/new{}/{{{name}}}", self.values_in_path(&scope))
                    }
                    Some(name) => {
                        let path = self.values_in_path(&scope);
                        format!(
                            "/new{path}/x?a={{{name}}}&b={{request.path}}#{{request.query(\"c\") ?? \"none\"}}"
                        )
                    }
                    None => self
                        .random
                        .of(&["\"https://example.com/x?y=1\"", "/new", "\"/find?all=yes\""])
                        .to_owned(),
                };
                format!("redirect {status} {target}")
            }
            _ if scope.has_body && self.random.one_in(2) => format!("respond {}", self.told_of_body()),
            _ => format!("respond {}", self.answer(&scope)),
        };
        let head = format!("route {methods} {pattern}{when}");
        if settings.is_empty() {
            return format!("{head} {terminal}");
        }
        if self.random.one_in(2) {
            return format!("{head} {terminal} {}", block(&settings));
        }
        let mut inside = settings;
        let at = self.random.below(inside.len() + 1);
        inside.insert(at, terminal);
        format!("{head} {}", block(&inside))
    }

    /// Segments of a target with values in them, or none.
    pub fn values_in_path(&mut self, scope: &Scope) -> String {
        let mut path = String::new();
        for _ in 0..self.random.below(3) {
            let names: Vec<&(String, Kind)> =
                scope.names.iter().filter(|(_, kind)| kind.is_in_path()).collect();
            let value = match names.get(self.random.below(names.len() + 2)) {
                // A text that is known may have what no segment can.
                Some((name, kind)) if kind.is_text() => format!("{name}.lower()"),
                Some((name, _)) => name.clone(),
                None => self
                    .random
                    .of(&[
                        "request.query(\"a b\") ?? \"none\"",
                        "client.ip",
                        "if request.method == \"GET\" then 1 else -1",
                        "\"<{request.host}> {client.ip}\"",
                        "request.host.length + 1",
                    ])
                    .to_owned(),
            };
            self.note(&value);
            path += &format!(
                "{}{{{value}}}{}",
                self.random.of(&["/", "/v", "/."]),
                self.random.of(&["", "", ".x"])
            );
        }
        path
    }

    /// The head of a route that forwards.
    pub fn forward(&mut self) -> String {
        let (upstream, path) = (self.an_upstream(), self.numbered("f"));
        format!("route GET /{path}{} -> {upstream}", self.public())
    }

    pub fn an_upstream(&mut self) -> String {
        let name = self.upstreams[self.random.below(self.upstreams.len())].clone();
        self.used.insert(name.clone());
        name
    }

    /// A path that no other can be, and the names of its own captures.
    pub fn pattern(&mut self, scope: &mut Scope, is_whole: bool) -> (String, Vec<String>) {
        let mut pattern = format!(
            "/{}{}",
            self.numbered("p"),
            self.random.of(&["", "", "%20%C3%A4", ":x", "-long-enough"])
        );
        let mut captured = Vec::new();
        for _ in 0..self.random.below(4) {
            if self.random.one_in(3) {
                pattern += self.random.of(&["/items", "/a.b", "/7", "/%7Bx%7D"]);
                continue;
            }
            let (name, kind) = (self.name(), Kind::captured(&mut self.random, true));
            let colon = match &kind {
                Kind::Text if self.random.one_in(2) => String::new(),
                kind => format!(": {}", self.typed(kind)),
            };
            pattern += &format!("/{{{name}{colon}}}");
            scope.names.push((name.clone(), kind));
            captured.push(name);
        }
        if is_whole && self.random.one_in(6) {
            let name = self.name();
            pattern += &format!("/{{{name}: path}}");
            scope.names.push((name.clone(), Kind::Path));
            captured.push(name);
        } else if is_whole && self.random.one_in(8) {
            pattern.push('/');
        }
        (pattern, captured)
    }

    /// A condition of a block or route, or none.
    pub fn when(&mut self) -> String {
        if !self.random.one_in(4) {
            return String::new();
        }
        let simple = [
            "request.header(\"x-beta\") is set",
            "request.header(\"x-plan\") in [\"free\", \"pro\"]",
            "not (request.query(\"debug\") == \"1\")",
            "(request.cookie(\"ab\") ?? \"a\") == \"b\"",
            "client.ip in [10.0.0.0/8, 192.168.0.1]",
            "request.header(\"accept\") is not set",
        ];
        // Blocks around may ask for another.
        let condition = self.random.of(&simple);
        let param = self.param_where(|kind| *kind == Kind::Bool).filter(|_| self.random.one_in(2));
        match param {
            Some(param) => format!(" when {condition} or {param}"),
            None => format!(" when {condition}"),
        }
    }
}
