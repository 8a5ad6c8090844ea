//! Random gateways that ask everything of a request that can decide: its host, its fields, its cookies, its client, and what
//! the gateway was started with. Each route answers with a text of its own.

use std::fmt::Write as _;
use std::path::Path;

use super::programs::chance::Random;
use super::random::without_collisions;

const PROGRAMS: u64 = 12;
/// Before collisions are dropped.
const ROUTES: usize = 30;

const METHODS: [&str; 5] = ["GET", "GET", "POST", "GET, PUT", "*"];
const PATHS: [&str; 6] = ["/a", "/a/{n: int}", "/a/{x}", "/{x}", "/a/{rest: path}", "/{rest: path}"];
const HOSTS: [&str; 6] = ["", "", "", "a.example", "{t}.example", "b.a.example"];
/// Some hold within others, some hold together.
const CONDITIONS: [&str; 26] = [
    "request.header(\"x-a\") is set",
    "request.header(\"x-a\") == \"1\"",
    "request.header(\"x-a\") in [\"1\", \"2\"]",
    "request.header(\"x-a\") == \"1, 2\"",
    "request.header(\"X-A\") is not set",
    "(request.header(\"x-a\") ?? \"1\") == \"1\"",
    "(request.header(\"x-a\") ?? \"\").lower().starts_with(\"ab\")",
    "(request.header(\"x-a\") ?? \"\").length > 1",
    "request.header(\"host\") == \"a.example\"",
    "request.query(\"q\") is set",
    "request.query(\"q\") == \"1\"",
    "request.query(\"q\") == \"a b\"",
    "not (request.query(\"q\") == \"1\")",
    "(request.query(\"q\") ?? \"\").matches(re\"[0-9]+\")",
    "request.cookie(\"c\") is set",
    "request.cookie(\"c\") == \"x\"",
    "request.cookie(\"c\") == \"x\" and request.header(\"x-a\") is set",
    "client.ip in [127.0.0.2]",
    "client.ip in [127.0.0.2, 127.0.0.3]",
    "client.ip in [127.0.0.0/31]",
    "is_open",
    "not is_open and request.query(\"q\") is set",
    "client.ip in office",
    "request.header(\"x-a\") == level",
    "request.query(\"q\") == level or client.ip in [127.0.0.3]",
    "(if request.cookie(\"c\") is set then \"1\" else \"2\") == (request.header(\"x-a\") ?? \"\")",
];
const SETTINGS: [&str; 16] = [
    "only if request.header(\"x-a\") is set status 404",
    "only if request.method == \"GET\" or request.path == \"/a\"",
    "only ip trusted",
    "only if is_open status 503 retry_after 1m",
    "deny ip office",
    "only ip 127.0.0.0/31",
    "deny ip 127.0.0.3",
    "deny if request.query(\"q\") == \"1\" status 410",
    "deny if request.host == \"a.example\"",
    "deny if request.header(\"x-a\") == level",
    "query q: int(..9)?",
    "query q: list<int> = [1]",
    "query q: string(re\"[a-z ]+\")",
    "header x-a: list<\"1\" | \"2\">",
    "cookie c: \"x\" | \"y\" = \"x\"",
    "let found = request.query(\"q\") else 404; response { set header x-found = found }",
];

/// Writes `asking.rs`: each program as a module, and all of them with their text as `ASKING`.
pub fn write(out: &Path) {
    let (mut code, mut list) = (String::new(), String::new());
    for seed in 0..PROGRAMS {
        let mut random = Random(seed ^ 0xa5);
        let mut routes: Vec<String> = (0..ROUTES).map(|number| random.asking(number)).collect();
        let (source, rust) = without_collisions(&mut routes, program);
        writeln!(code, "mod asking_{seed} {{\n{rust}}}").expect("memory");
        writeln!(list, "({source:?}, &asking_{seed}::PROGRAM),").expect("memory");
    }
    writeln!(code, "pub static ASKING: &[(&str, &Program)] = &[\n{list}];").expect("memory");
    std::fs::write(out.join("asking.rs"), code).expect("OUT_DIR can be written");
}

fn program(routes: &[String]) -> String {
    let head = "gateway asking { listen http 127.0.0.1:1; admin 127.0.0.1:2 }
param level: string = \"2\"
param trusted: list<cidr> = [127.0.0.1/32, 127.0.0.2/32]
live is_open: bool = true
live office: list<cidr> = [127.0.0.3/32]
route GET /level when request.header(\"x-a\") == level respond 204
route GET /trusted respond 204 { only ip trusted }
route GET /opened when is_open respond 204
route GET /opened when not is_open respond 204 { only if is_open status 503 }
route GET /office respond 204 { only ip office }
";
    routes.iter().fold(head.to_owned(), |program, route| program + route + "\n")
}

impl Random {
    fn asking(&mut self, number: usize) -> String {
        let when = if self.one_in(3) { String::new() } else { format!(" when {}", self.of(&CONDITIONS)) };
        let settings = if self.one_in(2) { String::new() } else { format!(" {{ {} }}", self.of(&SETTINGS)) };
        let (methods, path) = (self.of(&METHODS), self.of(&PATHS));
        let route = format!("route {methods} {path}{when} respond 200 text \"r{number}\"{settings}");
        match self.of(&HOSTS) {
            "" => route,
            host => format!("host {host} {{ {route} }}"),
        }
    }
}
