//! Expressions of a wanted type, over the names that can be seen where they stand.

use super::chance::Random;
use super::kind::Kind;

/// Names with their types, and what else may be read.
#[derive(Clone, Default)]
pub struct Scope {
    pub names: Vec<(String, Kind)>,
    /// Those that are there only until there is an answer.
    pub early: Vec<(String, Kind)>,
    /// Whether the answer is there.
    pub answered: bool,
    /// Whether something around has said who may come.
    pub is_asked: bool,
    /// Whether the body is of a type.
    pub has_body: bool,
}

impl Scope {
    /// The same, for what may be evaluated when there is an answer.
    pub fn late(&self) -> Self {
        Self { early: Vec::new(), ..self.clone() }
    }
}

/// How deep expressions are nested.
const DEEP: usize = 4;

pub struct Expressions<'a> {
    pub random: &'a mut Random,
    pub scope: &'a Scope,
}

impl Expressions<'_> {
    pub fn truth(&mut self) -> String {
        self.bool(DEEP)
    }

    /// A value of any type that has a text.
    pub fn printed(&mut self) -> String {
        let kind = Kind::scalar(self.random);
        self.of(&kind, DEEP)
    }

    /// `"Hi {user.name}"`
    pub fn text(&mut self) -> String {
        let mut text = String::from("\"");
        for _ in 0..self.random.below(4) {
            text.push_str(self.random.of(&["Hi ", "", " and \\\"you\\\"", "\\{\\}", "ä", "%2F", "\\n"]));
            let value = self.printed();
            text.push_str(&format!("{{{value}}}"));
        }
        text + self.random.of(&["", "!", " end"]) + "\""
    }

    /// Text without line breaks, as fields may hold it.
    pub fn line(&mut self) -> String {
        let kind = Kind::scalar(self.random);
        if self.random.one_in(3) { "\"fixed\"".into() } else { self.of(&kind, DEEP) }
    }

    pub fn json(&mut self, depth: usize) -> String {
        match self.random.below(if depth == 0 { 3 } else { 6 }) {
            0 | 1 => {
                let kind = Kind::scalar(self.random);
                let value = self.of(&kind, DEEP);
                match kind {
                    Kind::Duration | Kind::Size | Kind::Percent | Kind::Ip | Kind::Cidr => {
                        // JSON has no such literals.
                        let other = self.of(&kind, 1);
                        format!("(if {} then {value} else {other})", self.bool(1))
                    }
                    _ => value,
                }
            }
            2 => self.text(),
            3 => {
                let items: Vec<String> = (0..self.random.below(3)).map(|_| self.json(depth - 1)).collect();
                format!("[{}]", items.join(", "))
            }
            _ => self.record(depth - 1),
        }
    }

    pub fn record(&mut self, depth: usize) -> String {
        let names = ["ok", "\"a b\"", "type", "if", "\"\\\"\"", "ä-"];
        let mut fields = Vec::new();
        for name in &names[..self.random.below(4)] {
            fields.push(format!("{name}: {}", self.json(depth)));
        }
        // A name alone is a field of that name, and so is no part of something.
        let is_plain =
            |(name, kind): &&(String, Kind)| !matches!(kind, Kind::Maybe(_)) && !name.contains('.');
        let plain = self.scope.names.iter().find(is_plain);
        if let Some((name, _)) = plain.filter(|_| self.random.one_in(3)) {
            fields.push(name.clone());
        }
        format!("{{ {} }}", fields.join(", "))
    }

    /// Names of this very type.
    fn named(&mut self, fits: impl Fn(&Kind) -> bool) -> Option<(String, Kind)> {
        let fitting: Vec<&(String, Kind)> = self.scope.names.iter().filter(|(_, kind)| fits(kind)).collect();
        if fitting.is_empty() { None } else { Some(fitting[self.random.below(fitting.len())].clone()) }
    }

    /// An expression whose type can stand where this one can; bounds are not kept.
    pub fn of(&mut self, kind: &Kind, depth: usize) -> String {
        if depth > 0 && self.random.one_in(5) {
            let condition = self.bool(depth - 1);
            let (a, b) = (self.of(kind, depth - 1), self.of(kind, depth - 1));
            return format!("(if {condition} then {a} else {b})");
        }
        if depth > 0
            && self.random.one_in(4)
            && let Some((name, _)) = self.named(|own| matches!(own, Kind::Maybe(inner) if **inner == *kind))
        {
            return format!("({name} ?? {})", self.of(kind, depth - 1));
        }
        if self.random.one_in(2)
            && let Some((name, _)) = self.named(|own| own == kind)
        {
            return name;
        }
        match kind {
            Kind::Bool if depth > 0 => self.bool(depth - 1),
            Kind::Int(..) if depth > 0 => self.int(depth - 1),
            Kind::Decimal | Kind::Duration if depth > 0 && self.random.one_in(2) => {
                let sign = self.random.of(&["+", "-"]);
                format!("({} {sign} {})", self.of(kind, depth - 1), self.of(kind, depth - 1))
            }
            Kind::Text if depth > 0 => self.string(depth - 1),
            Kind::Ip if self.random.one_in(2) => "client.ip".into(),
            kind => kind.literal(self.random),
        }
    }

    fn int(&mut self, depth: usize) -> String {
        match self.random.below(4) {
            0 => {
                let sign = self.random.of(&["+", "-"]);
                let any = Kind::Int(i64::MIN, i64::MAX);
                format!("({} {sign} {})", self.of(&any, depth), self.of(&any, depth))
            }
            1 => match self.named(|kind| kind.is_text() || matches!(kind, Kind::List(_))) {
                Some((name, _)) => format!("{name}.length"),
                None => "request.path.length".into(),
            },
            2 if self.scope.answered => "response.status".into(),
            _ => match self.named(|kind| matches!(kind, Kind::Int(..))) {
                Some((name, _)) => name,
                None => self.random.of(&["0", "-7", "9223372036854775807", "-9223372036854775808"]).into(),
            },
        }
    }

    fn string(&mut self, depth: usize) -> String {
        match self.random.below(6) {
            0 => self.random.of(&["request.path", "request.host", "request.method"]).into(),
            1 => {
                let looked_up = self.looked_up();
                format!("({looked_up} ?? {})", self.of(&Kind::Text, depth))
            }
            2 => {
                let method = self.random.of(&["lower", "upper"]);
                format!("{}.{method}()", self.subject(depth))
            }
            3 => {
                let kind = Kind::scalar(self.random);
                format!("\"<{{{}}}>\"", self.of(&kind, depth))
            }
            _ => match self.named(Kind::is_text) {
                // Beside a URL, a literal is read as one.
                Some((name, Kind::Url)) => format!("\"{{{name}}}\""),
                Some((name, _)) => name,
                None => Kind::Text.literal(self.random),
            },
        }
    }

    /// A text that something is asked of.
    fn subject(&mut self, depth: usize) -> String {
        match self.named(Kind::is_text) {
            Some((name, _)) if self.random.one_in(2) => name,
            _ if depth > 0 && self.random.one_in(3) => {
                let looked_up = self.looked_up();
                format!("({looked_up} ?? \"\")")
            }
            _ => "request.path".into(),
        }
    }

    fn looked_up(&mut self) -> String {
        let all = [
            "request.header(\"x-a\")",
            "request.header(\"Accept\")",
            "request.query(\"a b\")",
            "request.cookie(\"s\")",
            "response.header(\"etag\")",
        ];
        self.random.of(if self.scope.answered { &all } else { &all[..4] }).into()
    }

    fn bool(&mut self, depth: usize) -> String {
        let next = depth.saturating_sub(1);
        match self.random.below(if depth == 0 { 7 } else { 12 }) {
            0 => {
                let not = self.random.of(&["", "not "]);
                match self.named(|kind| matches!(kind, Kind::Maybe(_))) {
                    Some((name, _)) if self.random.one_in(2) => format!("({name} is {not}set)"),
                    _ => format!("({} is {not}set)", self.looked_up()),
                }
            }
            1 => self.random.of(&["true", "false"]).into(),
            2 => match self.named(|kind| *kind == Kind::Bool) {
                Some((name, _)) => name,
                None => "(client.ip in [10.0.0.0/8, ::1, 192.168.0.1])".into(),
            },
            3 => {
                let method = self.random.of(&["starts_with", "ends_with", "contains"]);
                let argument = self.of(&Kind::Text, next);
                format!("{}.{method}({argument})", self.subject(next))
            }
            4 if self.scope.answered => {
                let set = self.random.of(&["in 5xx", "in 400..499", "not in [200, 204]", "== 503", "< 400"]);
                format!("(response.status {set})")
            }
            4 | 5 => self.compared_name(),
            6 => {
                let looked_up = self.looked_up();
                let compared = self.random.of(&["== \"x\"", "in [\"x\", \"\"]", "== request.method"]);
                format!("({looked_up} {compared})")
            }
            7 => format!("(not {})", self.bool(next)),
            8 | 9 => {
                let word = self.random.of(&["and", "or"]);
                format!("({} {word} {})", self.bool(next), self.bool(next))
            }
            10 => {
                let (condition, a, b) = (self.bool(next), self.bool(next), self.bool(next));
                format!("(if {condition} then {a} else {b})")
            }
            _ => {
                let any = Kind::Int(i64::MIN, i64::MAX);
                let sign = self.random.of(&["==", "!=", "<", "<=", ">", ">="]);
                // Where one side has bounds, the other may lie beyond them: so both are sums.
                let (a, b) = (self.of(&any, next), self.of(&any, next));
                format!("(({a} + 0) {sign} ({b} + 0))")
            }
        }
    }

    /// A comparison of a name with what can be equal to it.
    pub fn compared_name(&mut self) -> String {
        let Some((name, kind)) = self.named(|_| true) else { return "(request.method == \"GET\")".into() };
        match &kind {
            Kind::List(item) => {
                let item = item.literal(self.random);
                if self.random.one_in(2) {
                    format!("({name} has {item})")
                } else {
                    format!("({item} in {name})")
                }
            }
            Kind::Maybe(inner) if matches!(**inner, Kind::List(_)) => format!("({name} is set)"),
            Kind::Maybe(inner) => {
                let (a, b) = (inner.literal(self.random), inner.literal(self.random));
                if self.random.one_in(2) {
                    format!("({name} == {a})")
                } else {
                    format!("({name} in [{a}, {b}])")
                }
            }
            Kind::Int(min, max) if min < max && self.random.one_in(2) => {
                let (below, above) = (min.saturating_add(1), max.saturating_sub(1));
                match self.random.below(4) {
                    0 => format!("({name} < {below})"),
                    1 => format!("({name} > {above})"),
                    2 => format!("({name} >= {below})"),
                    _ => format!("({name} <= {above})"),
                }
            }
            kind if kind.is_ordered() && !matches!(kind, Kind::Int(..)) && self.random.one_in(2) => {
                let sign = self.random.of(&["<", "<=", ">", ">="]);
                format!("({name} {sign} {})", kind.literal(self.random))
            }
            kind => {
                let literal = kind.literal(self.random);
                match self.random.below(4) {
                    0 => format!("({name} == {literal})"),
                    1 => format!("({literal} != {name})"),
                    2 => format!("({name} in [{literal}])"),
                    _ => format!("({name} not in [{literal}, {}])", kind.literal(self.random)),
                }
            }
        }
    }
}
