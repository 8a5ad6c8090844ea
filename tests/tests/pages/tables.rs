//! The tables of the pages are those of the code. A table stands between `<!-- generated: WHAT -->` and
//! `<!-- end -->`; `cargo xtask generate` writes it anew, and here it is compared.

use std::fmt::Write as _;
use std::path::Path;

use gatewright_dsl::policy::{Meet, Policy};
use gatewright_dsl::schema::{
    At, Default, Depends, Fails, Join, Param, Place, Reason as Answer, Row, Value, depends,
};
use gatewright_dsl::{Catalogue, item};
use gatewright_runtime::limits::{self, Limits};
use gatewright_runtime::reason::Reason;

use crate::place::{ROOT, pages};

const BEGIN: &str = "\n<!-- generated: ";
const END: &str = "<!-- end -->";

#[test]
fn tables_are_those_of_the_code() {
    let mut stale = Vec::new();
    for page in pages() {
        let path = Path::new(ROOT).join(&page);
        let text = std::fs::read_to_string(&path).unwrap();
        let anew = generated(&text);
        if anew == text {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, anew).unwrap();
        } else {
            stale.push(page);
        }
    }
    assert!(stale.is_empty(), "{stale:?} have stale tables: run `cargo xtask generate`");
}

/// The page with every table as it should be.
fn generated(page: &str) -> String {
    let mut parts = page.split(BEGIN);
    let mut anew = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (what, rest) = part.split_once(" -->").expect("the comment ends");
        let (_, rest) = rest.split_once(END).expect("an end to what is generated");
        write!(anew, "{BEGIN}{what} -->\n{}{END}{rest}", table(what)).unwrap();
    }
    anew
}

fn table(what: &str) -> String {
    match what.split(' ').collect::<Vec<_>>().as_slice() {
        ["policy", name] => policy(Catalogue::standard().find(name).expect("a policy of this name")),
        ["words", place] => words(place),
        ["auth", name] => auth(name),
        ["reasons"] => reasons(),
        ["depends"] => all_depends(),
        ["limits"] => limits_table(),
        _ => panic!("nothing is generated for `{what}`"),
    }
}

fn policy(policy: &Policy) -> String {
    let places: Vec<String> = policy
        .places
        .iter()
        .filter(|place| Place::ALL.contains(place))
        .map(|place| format!("`{}`", place.word()))
        .collect();
    let places = match places.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    };
    let mut out = format!("Stands in {places}. ");
    if policy.always {
        out.push_str("Where it is not written, its defaults hold. ");
    }
    out.push_str(match policy.join {
        Join::One => "Of several around a route, the [innermost](../joining.md) holds.",
        Join::Name => "Of several around a route, the [innermost of each name](../joining.md) holds.",
        Join::All => "Of several around a route, [all](../joining.md) hold.",
    });
    if policy.places.contains(&Place::Upstream) {
        out.push_str(match policy.meet {
            Meet::Route => " What the upstream says holds where none of them does.",
            Meet::Smaller => " Where the upstream says it too, the smaller of each value holds.",
        });
    }
    out.push_str("\n\n");
    out.push_str(&parameters(&policy.row()));
    out.push_str(&answers(policy.answers));
    out.push_str(&depends(policy.depends));
    out
}

/// The answers that a row gives, if it gives any.
fn answers(answers: &[Answer]) -> String {
    let mut out = String::new();
    for reason in answers {
        if out.is_empty() {
            out.push_str("\n| answer | status | when |\n|---|---|---|\n");
        }
        let name = reason.name;
        writeln!(out, "| [`{name}`](../reasons.md#{name}) | {} | {} |", reason.status, reason.when).unwrap();
    }
    out
}

/// All words of a kind of `auth`.
fn auth(name: &str) -> String {
    let catalogue = Catalogue::standard();
    let kind = catalogue.auths().find(|kind| kind.name == name).expect("a kind of this name");
    let mut out = String::from("| setting | what it is | how often |\n|---|---|---|\n");
    for row in kind.words {
        let often = match (row.required, row.join) {
            (true, _) => "once",
            (false, Join::All) => "as often as wanted",
            (false, Join::Name) => "once for each name",
            (false, Join::One) => "at most once",
        };
        writeln!(out, "| `{}` | {} | {often} |", row.name, row.summary).unwrap();
    }
    for row in kind.words {
        writeln!(out, "\n`{}`: {}.\n", row.name, row.summary).unwrap();
        out.push_str(&parameters(row));
    }
    out.push_str(&answers(kind.answers));
    out.push_str(&depends(kind.depends));
    out
}

/// What a row needs that may not be there, if it needs any such thing.
fn depends(depends: &[Depends]) -> String {
    let mut out = String::new();
    for one in depends {
        if out.is_empty() {
            out.push_str("\n| needs | without it |\n|---|---|\n");
        }
        writeln!(out, "| {} | {} |", one.on, without(one, "../")).unwrap();
    }
    out
}

/// What becomes of requests where something is not there. Pages are `up` from the page of reasons.
fn without(one: &Depends, up: &str) -> String {
    match one.fails {
        Fails::Closed(reasons) => {
            let link = |name: &&str| format!("[`{name}`]({up}reasons.md#{name})");
            format!("requests are refused: {}", reasons.iter().map(link).collect::<Vec<_>>().join(", "))
        }
        Fails::Open(said) => format!("requests go on: {said}"),
        Fails::Kept(said) => format!("what was known last goes on to hold: {said}"),
    }
}

/// Everything that a gateway needs which may not be there.
fn all_depends() -> String {
    let catalogue = Catalogue::standard();
    let own = depends::OWN.iter().map(|(name, one)| ((*name).to_owned(), one));
    let link = |folder: &str, name: &str| format!("[`{name}`]({folder}/{name}.md)");
    let kinds = catalogue.auths().flat_map(|kind| {
        kind.depends.iter().map(move |one| (format!("`auth` {}", link("auth", kind.name)), one))
    });
    let policies = catalogue
        .policies()
        .flat_map(|policy| policy.depends.iter().map(move |one| (link("policy", policy.name), one)));
    let mut out = String::from("| what | needs | without it |\n|---|---|---|\n");
    for (name, one) in own.chain(kinds).chain(policies) {
        writeln!(out, "| {name} | {} | {} |", one.on, without(one, "").replace("(reasons.md#", "(#"))
            .unwrap();
    }
    out
}

/// All words of a block: its own first, then the policies that may stand there.
fn words(place: &str) -> String {
    let place = Place::ALL.iter().copied().find(|known| known.word() == place).expect("a block of this name");
    let mut out = String::from("| setting | what it is | how often |\n|---|---|---|\n");
    let catalogue = Catalogue::standard();
    for row in item::words(place) {
        let often = match (row.required, row.join) {
            (true, Join::All) => "once or more",
            (true, _) => "once",
            (false, Join::All) => "as often as wanted",
            (false, _) => "at most once",
        };
        writeln!(out, "| `{}` | {} | {often} |", row.name, row.summary).unwrap();
    }
    for policy in catalogue.policies().filter(|policy| policy.places.contains(&place)) {
        let name = policy.name;
        writeln!(out, "| [`{name}`](../policy/{name}.md) | {} | at most once |", policy.summary).unwrap();
    }
    for row in item::words(place) {
        writeln!(out, "\n`{}`: {}.\n", row.name, row.summary).unwrap();
        out.push_str(&parameters(row));
    }
    out
}

fn parameters(row: &Row) -> String {
    if row.params.is_empty() {
        return "It takes nothing.\n".to_owned();
    }
    let mut out = String::from("| parameter | written | type | default | bounds |\n|---|---|---|---|---|\n");
    for param in row.params {
        let written = match param.at {
            At::Position => format!("behind `{}`", row.name),
            At::Label => format!("behind `{}`", param.name),
            At::Flag => format!("`{}`", param.name),
            At::Assigned => "behind `=`".to_owned(),
            At::Named => "`name = value`, as often as wanted".to_owned(),
        };
        let default = match &param.default {
            Default::Required => "must be written".to_owned(),
            Default::Absent => "nothing".to_owned(),
            Default::Is(value) => format!("`{value}`"),
            Default::List(values) => {
                let shown: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
                shown.join(", ")
            }
        };
        writeln!(
            out,
            "| {}: {} | {written} | {} | {default} | {} |",
            param.name,
            param.doc,
            param.ty,
            bounds(param)
        )
        .unwrap();
    }
    out
}

fn bounds(param: &Param) -> String {
    let shown = |value: &Option<Value>| value.as_ref().map(|value| format!("`{value}`"));
    match (shown(&param.min), shown(&param.max)) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => String::new(),
    }
}

fn reasons() -> String {
    let mut out = String::from(
        "| reason | status | what the client reads | `Proxy-Status` error |\n|---|---|---|---|\n",
    );
    for Reason { word, status, detail, error, .. } in Reason::ALL {
        writeln!(out, "| [`{word}`](#{word}) | {status} | {detail} | `{error}` |").unwrap();
    }
    out
}

fn limits_table() -> String {
    let source = std::fs::read_to_string(Path::new(ROOT).join("runtime/src/limits.rs")).unwrap();
    // Whole, so that a bound that is added has to be shown.
    let Limits {
        head,
        head_bytes,
        keep_alive,
        write,
        body_rate,
        body_grace,
        half_closed,
        linger,
        linger_most,
        discard_bytes,
        documents,
        requests,
        interim,
        upstream_idle,
        upstream_kept,
        drain,
    } = Limits::DEFAULT;
    let time = |value| Value::Duration(value).to_string();
    let size = |value: usize| Value::Size(value as u64).to_string();
    let all = [
        ("head", time(head)),
        ("head_bytes", size(head_bytes)),
        ("FIELDS", limits::FIELDS.to_string()),
        ("TRAILER_BYTES", size(limits::TRAILER_BYTES)),
        ("PATH_BYTES", size(limits::PATH_BYTES)),
        ("CONNECTION_OPTIONS", limits::CONNECTION_OPTIONS.to_string()),
        ("CHUNK_EXTENSION_BYTES", size(limits::CHUNK_EXTENSION_BYTES)),
        ("EXTENSION_BYTES", size(limits::EXTENSION_BYTES)),
        ("keep_alive", time(keep_alive)),
        ("requests", requests.to_string()),
        ("write", time(write)),
        ("body_rate", Value::Size(body_rate).to_string()),
        ("body_grace", time(body_grace)),
        ("half_closed", time(half_closed)),
        ("linger", time(linger)),
        ("linger_most", time(linger_most)),
        ("discard_bytes", Value::Size(discard_bytes).to_string()),
        ("documents", Value::Size(documents).to_string()),
        ("interim", interim.to_string()),
        ("upstream_idle", time(upstream_idle)),
        ("upstream_kept", upstream_kept.to_string()),
        ("drain", time(drain)),
    ];
    let mut out = String::from("| bound | value | what it bounds |\n|---|---|---|\n");
    for (name, value) in all {
        writeln!(out, "| {} | `{value}` | {} |", name.to_lowercase(), documented(&source, name)).unwrap();
    }
    let constants = source.matches("\npub const ").count();
    assert_eq!(constants, 6, "runtime/src/limits.rs has a constant that docs/limits.md does not show");
    out
}

/// The comment above a field or a constant.
fn documented(source: &str, name: &str) -> String {
    let (before, _) = source
        .split_once(&format!("    pub {name}: "))
        .or_else(|| source.split_once(&format!("pub const {name}: ")))
        .expect("it is declared there");
    let comment: Vec<&str> =
        before.trim_end().lines().rev().map_while(|line| line.trim().strip_prefix("/// ")).collect();
    comment.into_iter().rev().collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned()
}

#[test]
fn a_table_is_replaced_and_the_rest_is_left() {
    let page = format!("a\n{BEGIN}words upstream -->\nstale\n{END}\nb\n");
    let anew = generated(&page);
    assert!(anew.starts_with("a\n") && anew.ends_with("\n<!-- end -->\nb\n"), "{anew}");
    assert!(anew.contains("| `server` |") && !anew.contains("stale"), "{anew}");
}
