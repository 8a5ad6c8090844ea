//! Random programs that the compiler must accept: all declarations, settings and expressions of the language, over several
//! files. Types are tracked, so that what is written is right; paths begin with words of their own, so that no two
//! routes are alike.
#![allow(
    clippy::redundant_closure_for_method_calls,
    reason = "a method of a type with a lifetime is no function for all lifetimes"
)]
#![allow(
    clippy::indexing_slicing,
    clippy::format_push_string,
    reason = "every index is taken below the length"
)]

mod asked;
pub mod chance;
mod expression;
mod kind;
mod route;
mod setting;
mod several;

use std::collections::BTreeSet;

use gatewright_dsl::Catalogue;

use asked::Asker;
use chance::Random;
use expression::Scope;
use kind::Kind;
use setting::Place;

/// Names that Rust, or what is emitted, has a use for.
const NAMES: [&str; 16] = [
    "fn", "self", "Self", "crate", "async", "g", "x", "t", "PROGRAM", "expr_0", "a-b", "r", "_", "record",
    "str", "v",
];

/// The program of a seed. Behind each line `// file: NAME` stands another of its files.
pub fn program(seed: u64, catalogue: &Catalogue) -> String {
    let words = catalogue.policies().map(|policy| policy.name.to_owned()).collect();
    let mut writer = Writer { random: Random(seed), words, ..Writer::default() };
    writer.write();
    let mut text = String::new();
    for (name, declarations) in &writer.files {
        if !text.is_empty() {
            text.push_str(&format!("// file: {name}\n"));
        }
        for declaration in declarations {
            if writer.random.one_in(6) {
                text.push_str("/// What stands here has a reason.\n");
            }
            text.push_str(declaration);
            text.push_str(writer.random.of(&["\n", "\n", "\n\n", "   // so it is\n"]));
        }
    }
    text
}

pub struct Writer {
    random: Random,
    /// The policies of the catalogue.
    words: BTreeSet<String>,
    /// How many names there are.
    named: usize,
    types: Vec<(String, Kind)>,
    /// Types that branches are read as.
    records: Vec<String>,
    params: Vec<(String, Kind)>,
    /// Those of them that every start has to say.
    ungiven: Vec<(String, Kind)>,
    /// Whether some value is changed by the admin listener.
    is_changed: bool,
    /// Upstreams that others may share their requests out to.
    shares: Vec<String>,
    secrets: Vec<String>,
    upstreams: Vec<String>,
    policies: Vec<(String, Vec<Kind>)>,
    /// Who may be asked for.
    askers: Vec<Asker>,
    /// Names that something uses.
    used: BTreeSet<String>,
    files: Vec<(String, Vec<String>)>,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            random: Random(0),
            words: BTreeSet::new(),
            named: 0,
            types: Vec::new(),
            records: Vec::new(),
            params: Vec::new(),
            ungiven: Vec::new(),
            is_changed: false,
            shares: Vec::new(),
            secrets: Vec::new(),
            upstreams: Vec::new(),
            policies: Vec::new(),
            askers: Vec::new(),
            used: BTreeSet::new(),
            files: vec![("gateway.gw".to_owned(), Vec::new())],
        }
    }
}

impl Writer {
    fn write(&mut self) {
        let log = if self.random.one_in(2) { "; log none" } else { r#"; access_log "/random.log""# };
        let ids = if self.random.one_in(4) { "; request_id" } else { "" };
        let trace = r#"; trace to "http://127.0.0.1:2" sample 0.5% continue everyone"#;
        let trace = if self.random.one_in(4) { trace } else { "" };
        let mut main = Vec::new();
        for _ in 0..self.random.below(3) {
            main.push(self.declared_type());
        }
        for _ in 0..self.random.below(6) {
            main.push(self.param());
        }
        for _ in 0..=self.random.below(4) {
            main.push(self.upstream());
        }
        if self.random.one_in(2) {
            main.extend(self.auths());
        }
        let plain = self.plaintext();
        let more = self.param_where(|kind| *kind == Kind::Listener);
        let more = more.map_or(String::new(), |name| format!("; listen http {name}{plain}"));
        let admin = if self.is_changed { "; admin 127.0.0.9:3" } else { "" };
        main.push(format!(
            "gateway random {{ listen http 127.0.0.1:1{plain}{more}{log}{ids}{trace}{admin} }}"
        ));
        if self.has("request") {
            for _ in 0..self.random.below(2) {
                let name = self.numbered("key");
                self.secrets.push(name.clone());
                main.push(format!("secret {name}"));
            }
        }
        for _ in 0..self.random.below(3) {
            main.push(self.policy());
        }
        for _ in 0..2 + self.random.below(4) {
            main.push(self.declaration(&Scope::default(), true, 2));
        }
        main.extend(self.uses_of_the_rest());
        main.extend(self.tests());
        main.append(&mut self.records);
        // Their order means nothing.
        for at in (1..main.len()).rev() {
            let other = self.random.below(at + 1);
            main.swap(at, other);
        }
        self.files[0].1 = main;
    }

    /// Whether a program may have the policy.
    pub fn has(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// A name that nothing else has.
    pub fn name(&mut self) -> String {
        self.named += 1;
        match NAMES.get(self.named.wrapping_mul(7) % 40) {
            Some(name) if self.named < 40 => (*name).to_owned(),
            _ => format!("v{}", self.named),
        }
    }

    fn numbered(&mut self, word: &str) -> String {
        self.named += 1;
        format!("{word}{}", self.named)
    }

    fn upstream(&mut self) -> String {
        let name = self.numbered("up");
        self.upstreams.push(name.clone());
        let more = self.random.of(&[
            "",
            "; timeout 3s",
            ", \"http://127.0.0.1:9001\"",
            "\nserver \"http://[::1]:9000\"",
            " weight 3\nserver \"http://[::1]:9000\" backup",
            ", \"http://a-b_c.internal\"\nserver \"http+srv://_a._tcp.internal\" weight 9 optional",
            "\nserver \"http://ORDERS.internal:9000\" backup optional",
        ]);
        let parts = [
            "",
            "; balance least_requests slow_start 10s; eject after 4",
            "; balance hash by client.ip panic 0%",
            "; balance hash by \"{request.method} {request.header(\"x-user\") ?? \"\"}\"; eject after 3 on 5xx",
            "; concurrency 5 queue 2 within 100ms",
            "; breaker share 20% at_least 5 probes 1 on 503, connect_failure; eject after 2; concurrency 1",
            "; eject after 2 for 1s share 10%; health GET /healthz?a=1 every 2s host \"app\"",
            "; retry 2 on connect_failure, 503; health GET / status 204",
        ];
        let parts = self.random.of(&parts);
        let is_split = self.random.one_in(4);
        if let ([first, .., second], true) = (self.shares.as_slice(), is_split) {
            let by =
                self.random.of(&["", "; split by client.ip", "; split by request.cookie(\"u\") ?? \"\""]);
            let pin = self.random.of(&["", " pin request.header(\"x-a\") is set"]);
            let text = format!(
                "upstream {name} {{ split {first} weight 0{pin}; split {second} weight 1000{by}; timeout 9s }}"
            );
            return text;
        }
        if !more.contains("timeout") && !parts.contains("retry") {
            self.shares.push(name.clone());
        }
        if self.random.one_in(2)
            && let Some(servers) = self.param_where(|kind| *kind == Kind::Servers)
        {
            let labels = self.random.of(&["", " weight 1000", " backup", " optional"]);
            return format!(
                "upstream {name} {{ server \"http://127.0.0.1:9000\"; server {servers}{labels}{parts} }}"
            );
        }
        format!("upstream {name} {{ server \"http://127.0.0.1:9000\"{more}{parts} }}")
    }

    fn declared_type(&mut self) -> String {
        let name = self.numbered("Type");
        let kind = if self.has("query") {
            Kind::scalar(&mut self.random)
        } else {
            Kind::captured(&mut self.random, true)
        };
        self.types.push((name.clone(), kind.clone()));
        format!("type {name} = {}", kind.written())
    }

    fn param(&mut self) -> String {
        let name = self.numbered("par");
        let kind = match self.random.below(6) {
            0 if self.has("limit") => Kind::Rate,
            1 => Kind::List(Kind::Cidr.into()),
            2 => Kind::Servers,
            3 if self.random.one_in(2) => Kind::Listener,
            _ => Kind::scalar(&mut self.random).or_list(&mut self.random),
        };
        let written = self.typed(&kind);
        let default = match self.random.below(3) {
            0 => String::new(),
            _ => format!(" = {}", kind.literal(&mut self.random)),
        };
        let is_live = !matches!(kind, Kind::Servers | Kind::Listener) && self.random.one_in(3);
        self.params.push((name.clone(), kind.clone()));
        match (is_live, default.as_str()) {
            (true, "") => format!("live {name}: {written} from \"/random/{name}.json\""),
            (true, default) => {
                self.is_changed = true;
                format!("live {name}: {written}{default}")
            }
            (false, default) => {
                if default.is_empty() {
                    self.ungiven.push((name.clone(), kind));
                }
                format!("param {name}: {written}{default}")
            }
        }
    }

    /// A type as it is written, perhaps by a name that is declared for it.
    pub fn typed(&mut self, kind: &Kind) -> String {
        let declared = self.types.iter().find(|(_, own)| own == kind).map(|(name, _)| name.clone());
        match declared {
            Some(name) if self.random.one_in(2) => {
                self.used.insert(name.clone());
                name
            }
            _ => kind.written(),
        }
    }

    /// The values that every expression may name.
    pub fn values(&self) -> Vec<(String, Kind)> {
        self.params.iter().filter(|(_, kind)| !kind.is_set_only()).cloned().collect()
    }

    pub fn param_where(&mut self, fits: impl Fn(&Kind) -> bool) -> Option<String> {
        let fitting: Vec<String> =
            self.params.iter().filter(|(_, kind)| fits(kind)).map(|(name, _)| name.clone()).collect();
        let name = fitting.get(self.random.below(fitting.len()))?.clone();
        self.used.insert(name.clone());
        Some(name)
    }

    pub fn secret(&mut self) -> Option<String> {
        let name = self.secrets.first().filter(|_| self.random.one_in(2))?.clone();
        self.used.insert(name.clone());
        Some(name)
    }

    /// Remembers which names a text uses.
    pub fn note(&mut self, written: &str) {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        self.used.extend(written.split(|c| !is_name(c)).map(str::to_owned));
    }

    fn policy(&mut self) -> String {
        let (name, mut scope, mut params, mut settings) =
            (self.numbered("pol"), Scope::default(), Vec::new(), Vec::new());
        if self.has("let") {
            for _ in 0..self.random.below(3) {
                let (param, kind) = (self.numbered("arg"), Kind::scalar(&mut self.random));
                let test = self.compared(&param, &kind);
                settings.push(format!("{} if {test}", self.random.of(&["only", "deny"])));
                params.push((param, kind));
            }
        }
        let written: Vec<String> =
            params.iter().map(|(param, kind)| format!("{param}: {}", self.typed(kind))).collect();
        let parameters = if written.is_empty() { String::new() } else { format!("({})", written.join(", ")) };
        settings.extend(self.settings(Place::Policy, &mut scope));
        if settings.is_empty() {
            settings.push("timeout 7s".to_owned());
        }
        self.policies.push((name.clone(), params.into_iter().map(|(_, kind)| kind).collect()));
        format!("policy {name}{parameters} {}", block(&settings))
    }

    fn compared(&mut self, name: &str, kind: &Kind) -> String {
        let scope = Scope { names: vec![(name.to_owned(), kind.clone())], ..Scope::default() };
        expression::Expressions { random: &mut self.random, scope: &scope }.compared_name()
    }

    /// `use NAME(…)`
    fn used(&mut self, policy: usize) -> String {
        let (name, kinds) = self.policies[policy].clone();
        self.used.insert(name.clone());
        if kinds.is_empty() {
            return format!("use {name}");
        }
        let arguments: Vec<String> = kinds.iter().map(|kind| kind.literal(&mut self.random)).collect();
        format!("use {name}({})", arguments.join(", "))
    }

    /// What may stand at the top, in a group, in a host, and in a file that is imported there.
    fn declaration(&mut self, scope: &Scope, may_be_host: bool, depth: usize) -> String {
        match self.random.below(if depth == 0 { 4 } else { 8 }) {
            0..=3 => self.route(scope),
            4 | 5 => self.group(scope, may_be_host, depth - 1),
            6 if may_be_host => self.host(scope, depth - 1),
            _ => self.import(scope, may_be_host, depth - 1),
        }
    }

    fn group(&mut self, scope: &Scope, may_be_host: bool, depth: usize) -> String {
        let mut scope = scope.clone();
        let when = self.when();
        let prefix = match self.random.below(4) {
            0 => String::new(),
            1 => format!(" {}", self.pattern(&mut scope, false).0),
            _ => format!(" /{}", self.numbered("g")),
        };
        let mut inside = self.who(false, &mut scope);
        inside.extend(self.around(&mut scope));
        if !self.policies.is_empty() && self.random.one_in(2) {
            let policy = self.random.below(self.policies.len());
            inside.push(self.used(policy));
        }
        for _ in 0..=self.random.below(3) {
            inside.push(self.declaration(&scope, may_be_host, depth));
        }
        format!("group{prefix}{when} {}", block(&inside))
    }

    /// Settings of a block. Who asks is read by routes alone: one of them may be for everybody.
    fn around(&mut self, scope: &mut Scope) -> Vec<String> {
        let early = std::mem::take(&mut scope.early);
        let settings = self.settings(Place::Group, scope);
        scope.early = early;
        settings
    }

    fn host(&mut self, scope: &Scope, depth: usize) -> String {
        let (mut scope, label) = (scope.clone(), self.numbered("h"));
        let patterns = match self.random.below(3) {
            0 => format!("{label}.example.com"),
            1 => format!("{label}.example.com, {label}.localhost"),
            _ => {
                let (name, kind) = (self.name(), Kind::captured(&mut self.random, false));
                let colon = self.typed(&kind);
                scope.names.push((name.clone(), kind));
                format!("{{{name}: {colon}}}.{label}.example.com")
            }
        };
        let when = self.when();
        let mut inside = self.who(false, &mut scope);
        inside.extend(self.around(&mut scope));
        for _ in 0..=self.random.below(2) {
            inside.push(self.declaration(&scope, false, depth));
        }
        format!("host {patterns}{when} {}", block(&inside))
    }

    fn import(&mut self, scope: &Scope, may_be_host: bool, depth: usize) -> String {
        let name = self.numbered("file") + ".gw";
        let own: Vec<String> =
            (0..=self.random.below(2)).map(|_| self.declaration(scope, may_be_host, depth)).collect();
        self.files.push((name.clone(), own));
        let alias = self.random.of(&["", "", " as team"]);
        format!("import \"{name}\"{alias}")
    }

    /// What nothing has used so far, used.
    fn uses_of_the_rest(&mut self) -> Vec<String> {
        let (mut routes, public) = (self.unasked(), self.public());
        for policy in 0..self.policies.len() {
            if !self.used.contains(&self.policies[policy].0) {
                let used = self.used(policy);
                let route = self.forward();
                routes.push(format!("group {}", block(&[used, route])));
            }
        }
        for name in self.upstreams.clone() {
            if self.used.contains(&name) {
                continue;
            }
            routes.push(format!("route PUT /{name}{public} -> {name}"));
        }
        // An edit in a block around may come to nothing, where no route there forwards.
        for name in self.secrets.clone() {
            let route = self.forward();
            routes.push(format!("{route} {{ request {{ set header \"x-key\" = {name} }} }}"));
        }
        for (name, kind) in self.types.clone() {
            if !self.used.contains(&name) {
                let capture = self.numbered("c");
                routes.push(if self.has("query") {
                    let default = kind.literal(&mut self.random);
                    format!("route GET /{name}{public} respond 204 {{ query {capture}: {name} = {default} }}")
                } else {
                    format!("route GET /{name}/{{{capture}: {name}}}{public} respond 204")
                });
            }
        }
        for (name, kind) in self.params.clone() {
            routes.push(match kind {
                Kind::Rate => format!("route GET /{name}{public} respond 204 {{ limit {name} }}"),
                _ => format!("route GET /{name}{public} respond 200 json {{ {name} }}"),
            });
        }
        routes
    }
}

/// Statements in braces, each on lines of its own.
pub fn block(statements: &[String]) -> String {
    let mut text = String::from("{\n");
    for line in statements.iter().flat_map(|statement| statement.lines()) {
        text.push_str("  ");
        text.push_str(line);
        text.push('\n');
    }
    text + "}"
}
