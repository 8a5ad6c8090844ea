//! An `on` is right where one route that it holds for gives the answer, and refused where none does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail")]

use gatewright_compiler::{Listed, Project, Read, Refused, Sources, Unread, compile};
use gatewright_dsl::page::sources;
use gatewright_dsl::{Catalogue, Problem};

const HEAD: &str = "gateway g { listen http :8080 }\nupstream app { server \"http://127.0.0.1:9000\" }\nroute GET /app -> app\n";

/// The causes that are refused, as they stand in the text, and the names of all other problems.
fn refused(body: &str) -> (Vec<String>, Vec<&'static str>) {
    let text = format!("{HEAD}{body}\n");
    let all = sources("gateway.gw", &text);
    let problems = compile(&all, &Catalogue::standard()).err().unwrap_or_default();
    let is_own = |problem: &&Problem| problem.name == "answer_never_given";
    let place = |problem: &Problem| {
        let span = problem.span().unwrap();
        all.first().unwrap().slice(span).to_owned()
    };
    let others = problems.iter().filter(|problem| !is_own(problem)).map(|problem| problem.name);
    (problems.iter().filter(is_own).map(place).collect(), others.collect())
}

fn never(body: &str, causes: &[&str]) {
    let (found, others) = refused(body);
    assert_eq!(
        (found.iter().map(String::as_str).collect::<Vec<_>>(), others),
        (causes.to_vec(), vec![]),
        "{body}"
    );
}

#[test]
fn each_cause_is_held_against_what_the_route_gives() {
    never("route GET /a -> app { on 502, 4xx, drained, body_too_large respond 503 }", &[]);
    never("route GET /a -> app { on 404, 502, wrong_fields respond 503 }", &["404", "wrong_fields"]);
    never("route GET /a respond 200 { on 5xx respond 503 }", &["5xx"]);
    never("route GET /a respond 200 { query n: int; on 400 respond 404 }", &[]);
    never("route GET /a redirect 302 /b { deny ip 10.0.0.0/8 status 410; on 410 respond 404 }", &[]);
    never("route GET /a redirect 302 /b { deny ip 10.0.0.0/8 status 410; on 403 respond 404 }", &["403"]);
}

#[test]
fn what_an_answer_needs_must_be_written_and_what_excludes_it_must_not() {
    never("route GET /a respond 200 { limit 1/s; on limited respond 503 }", &[]);
    never("route GET /a respond 200 { limit 1/s; on banned respond 503 }", &["banned"]);
    never("route GET /a respond 200 { limit 1/s per client.ip ban 5m; on banned respond 503 }", &[]);
    never(
        "route GET /a respond 200 { limit 1/s per client.ip ban 5m; on limited respond 503 }",
        &["limited"],
    );
    never("route GET /a respond 200 { limit 1/s dry_run; on 429 respond 503 }", &["429"]);
    let given = "let a = request.header(\"x-a\")";
    never(
        &format!("route GET /a respond 200 {{ {given} else 451; deny if a == \"b\"; on 451 respond 404 }}"),
        &[],
    );
    never(
        &format!("route GET /a respond 200 {{ {given}; deny if a == \"b\"; on value_missing respond 404 }}"),
        &["value_missing"],
    );
}

#[test]
fn one_route_beneath_a_block_is_enough_and_so_is_one_use_of_a_policy() {
    let two = |inside: &str| {
        format!(
            "group /g {{ on limited respond 503; route GET /a respond 200; group {{ route GET /b respond 200{inside} }} }}"
        )
    };
    never(&two(" { limit 1/s }"), &[]);
    never(&two(""), &["limited"]);
    let policy = "policy p { on limited respond 503 }\n";
    never(
        &format!(
            "{policy}route GET /a respond 200 {{ use p }}\nroute GET /b respond 200 {{ limit 1/s; use p }}"
        ),
        &[],
    );
    never(
        &format!("{policy}route GET /a respond 200 {{ use p }}\nroute GET /b respond 200 {{ limit 1/s }}"),
        &["limited"],
    );
    let policy = "policy p { limit 1/s }\n";
    never(&format!("{policy}group /g {{ use p; on limited respond 503; route GET /a respond 200 }}"), &[]);
    never(
        &format!(
            "{policy}group /g {{ use p; on limited respond 503; route GET /a respond 200 {{ limit none }} }}"
        ),
        &["limited"],
    );
}

#[test]
fn what_every_block_inside_replaces_is_not_refused() {
    never("group /g { on 502 respond 503; route GET /a -> app { on 502 respond 500 } }", &[]);
    never("group /g { on limited respond 503; route GET /a -> app { on none } }", &[]);
}

#[test]
fn one_mistake_is_not_two() {
    for (body, other) in [
        // The setting that would give it is wrong, or what would is not known.
        ("route GET /a respond 200 { limit 1; on limited respond 503 }", "wrong_type"),
        ("group /g { on limited respond 503; route GET /a respond 200 { use q } }", "unknown_policy"),
        ("route GET /a -> ap { on 502 respond 503 }", "unknown_upstream"),
        ("group /g { on 502 respond 503; route GET /{a: int(5..1)} -> app }", "wrong_bounds"),
    ] {
        assert_eq!(refused(body), (vec![], vec![other]), "{body}");
    }
    // What nothing could give is said all the same.
    let (causes, others) = refused("route GET /a respond 200 { limit 1; on limited, 502 respond 503 }");
    assert_eq!((causes, others), (vec!["502".to_owned()], vec!["wrong_type"]));
}

/// Two gateways that share a file.
struct Shared {
    /// What the first of them says of its route.
    first: &'static str,
}

impl Sources for Shared {
    fn read(&self, path: &str) -> Result<Read, Unread> {
        let entry = |limit: &str| {
            format!(
                "gateway g {{ listen http :8080 }}\nimport \"shared.gw\"\nroute GET / respond 200 {{ {limit} use calm }}\n"
            )
        };
        let text = match path {
            "one.gw" => entry(self.first),
            "two.gw" => entry(""),
            "shared.gw" => "policy calm { on limited respond 503 }\n".to_owned(),
            _ => return Err(Unread::Missing),
        };
        Ok(Read { name: path.to_owned(), bytes: text.into_bytes() })
    }

    fn list(&self, _: &str) -> Vec<Listed> {
        Vec::new()
    }

    fn candidates(&self) -> Vec<String> {
        ["one.gw", "two.gw", "shared.gw"].map(str::to_owned).to_vec()
    }
}

#[test]
fn one_gateway_of_those_that_share_a_file_is_enough() {
    let catalogue = Catalogue::standard();
    let named = |first| {
        let shared = Shared { first };
        let mut project = Project::new(&shared, &catalogue);
        let results = project.check(&["one.gw".to_owned(), "two.gw".to_owned()]);
        let problems = results.into_iter().filter_map(|result| match result.err()? {
            Refused::Problems(problems) => Some(problems),
            Refused::Unread(_) => panic!("all files are there"),
        });
        problems.flatten().map(|problem| problem.name).collect::<Vec<_>>()
    };
    assert_eq!(named("limit 1/s;"), Vec::<&str>::new());
    assert_eq!(named(""), ["answer_never_given"; 2]);
}

#[test]
fn what_a_kind_of_auth_answers_is_given_only_where_it_is_asked() {
    let head = "gateway g { listen http :8080 plaintext \"a test\" }\nauth key api_key { keys \"a\" }\nauth staff basic { users \"b\" }\n";
    for (who, is_given) in
        [("require key", false), ("require staff", true), ("identify staff\n  public", true)]
    {
        let on = "on passwords_full, passwords_timeout respond 503";
        let both = "route GET /all require any key, staff respond 200\n";
        let text = format!("{head}{both}route GET /a respond 200 {{\n  {who}\n  {on}\n}}\n");
        let problems =
            compile(&sources("gateway.gw", &text), &Catalogue::standard()).err().unwrap_or_default();
        let names: Vec<&str> = problems.iter().map(|problem| problem.name).collect();
        let expected: &[&str] = if is_given { &[] } else { &["answer_never_given"; 2] };
        assert_eq!(names, expected, "{who}");
        assert!(
            problems.iter().all(|problem| format!("{problem:?}").contains("kind `basic`")),
            "{problems:?}"
        );
    }
}
