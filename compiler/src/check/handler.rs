//! `handler`: that its path can be one of Rust, that its crate is known, and that what it is called with has a type in Rust.
//!
//! Whether there is such a function, and whether it takes these types, only rustc can say.

use gatewright_dsl::ast;
use gatewright_dsl::ast::{TerminalKind, ValueKind};
use gatewright_dsl::problem::setting::{out_of_bounds, wrong_type};
use gatewright_dsl::schema::{Checked, Stage, Value};

use super::around::Nested;
use super::expr::scope::Scope;
use super::{Check, expr, problem};
use crate::checked::Handler;
use crate::ir::expr::Expr;
use crate::linked::Crate;
use crate::ty::Ty;

/// The word of the gateway's block.
const WORD: &str = "crate";

/// Crates that are there already.
const TAKEN: &[&str] = &["std", "core", "alloc", "gatewright_runtime"];

/// Notes the crates that the gateway's block names. Each has a manifest where it is said to be.
pub(super) fn crates(check: &mut Check<'_>, settings: &[Checked]) {
    for setting in settings.iter().filter(|setting| setting.values.word == WORD) {
        let (Some(name), Some(folder)) = (setting.values.find("name"), setting.values.find("folder")) else {
            continue;
        };
        let (Some(name_text), Value::Text(folder_text)) = (text(&name.value), &folder.value) else {
            continue;
        };
        let at = name.span.unwrap_or(setting.span);
        if TAKEN.contains(&name_text) {
            let found = format!("`{name_text}`");
            let problem = wrong_type(at, "the name of a crate of yours", &found);
            check
                .problems
                .push(problem.help("there is one of this name in every gateway: rename the package"));
            continue;
        }
        if !is_name(name_text) {
            let found = format!("`{name_text}`");
            let problem = wrong_type(at, "the name of a crate, as Rust writes it", &found);
            check.problems.push(problem.help("Rust writes `_` where the name of the package has `-`"));
            continue;
        }
        let manifest = format!("{}/Cargo.toml", folder_text.trim_end_matches('/'));
        match check.files.bytes(folder.span.unwrap_or(setting.span), &manifest) {
            Ok(read) => {
                let folder = read.name.strip_suffix("/Cargo.toml").unwrap_or_default().to_owned();
                check.crates.push(Crate { name: name_text.to_owned(), folder, span: setting.span });
            }
            Err(problem) => {
                // What is asked of it is not said to be unknown, too.
                check.crates.push(Crate {
                    name: name_text.to_owned(),
                    folder: String::new(),
                    span: setting.span,
                });
                check.problems.push(*problem);
            }
        }
    }
    check.crates.sort_by(|a, b| a.name.cmp(&b.name));
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        Value::Name(name) => Some(&name.text),
        _ => None,
    }
}

/// Says which crates nobody calls. What is not understood may call any.
pub(super) fn unused(check: &mut Check<'_>, nested: &Nested<'_>) {
    // Without any route, that is the one thing to say.
    if check.is_torn || nested.routes.is_empty() {
        return;
    }
    let terminals = nested.routes.iter().map(|landed| landed.route.terminal());
    let mut called = Vec::new();
    for terminal in terminals {
        let Some(terminal) = terminal else { return };
        for way in terminal.ways() {
            if let TerminalKind::Handler(it) = &way.kind {
                called.extend(it.path.value.split("::").next());
            }
        }
    }
    for it in &check.crates {
        if !called.contains(&it.name.as_str()) {
            check.problems.push(problem::unused_crate(&it.name, it.span));
        }
    }
}

/// A function that answers. `None` where it cannot be called, which has been reported.
pub(super) fn check(check: &mut Check<'_>, scope: &Scope<'_>, written: &ast::Handler) -> Option<Handler> {
    let before = check.problems.len();
    let path = path(check, &written.path);
    let arguments: Vec<_> =
        written.arguments.iter().filter_map(|value| argument(check, scope, value)).collect();
    // INVARIANT: the parser takes nothing else.
    let ValueKind::Duration(within) = written.within.kind else { return None };
    if within.is_zero() {
        let span = written.within.span;
        let problem = out_of_bounds(span, "within", check.slice(span), "at least `1ms`");
        check.problems.push(problem.help("nothing is done in no time"));
    }
    if check.problems.len() > before {
        return None;
    }
    let span = written.path.span;
    Some(Handler { path: path?, span, place: check.lines.place(span), arguments, within })
}

fn path(check: &mut Check<'_>, written: &ast::Text) -> Option<Vec<String>> {
    let names: Vec<&str> = written.value.split("::").collect();
    let (first, rest) = names.split_first()?;
    let is_path = !rest.is_empty() && is_name(first) && rest.iter().all(|name| is_name(name));
    if !is_path {
        let expected = "the path of a function such as `fraud::score`";
        let problem = wrong_type(written.span, expected, &format!("`{}`", written.value));
        check.problems.push(
            problem.help("write the name of its crate, of modules in it, and its own, in Rust's spelling"),
        );
        return None;
    }
    if !check.crates.iter().any(|it| it.name == *first) {
        let known: Vec<&str> = check.crates.iter().map(|it| it.name.as_str()).collect();
        check.problems.push(problem::unknown_crate(first, written.span, &known));
        return None;
    }
    Some(names.into_iter().map(str::to_owned).collect())
}

fn argument(check: &mut Check<'_>, scope: &Scope<'_>, value: &ast::Value) -> Option<std::rc::Rc<Expr>> {
    let typed = expr::expression(scope, value, Stage::Request, &mut check.problems)?;
    if let Some(problem) = expr::secret_in(&typed, value.span) {
        check.problems.push(problem);
        return None;
    }
    if let Some(found) = nameless(&typed.ty) {
        let problem = wrong_type(value.span, "a value whose type has a name", &format!("`{found}`"));
        check.problems.push(problem.help("hand over its fields one by one, or a value of a declared `type`"));
        return None;
    }
    if let Some((name, why)) = unspeakable(&typed.ty) {
        let problem = wrong_type(value.span, "a value whose names Rust can have", &format!("`{name}`"));
        check.problems.push(problem.help(why));
        return None;
    }
    Some(typed)
}

/// Words that Rust takes as a name in no spelling.
const NEVER: &[&str] = &["self", "Self", "super", "crate", "_"];

/// A name of a type, or of a field in it, that Rust cannot have, and what to do about it.
fn unspeakable(ty: &Ty) -> Option<(String, String)> {
    let record = match ty {
        Ty::List(item, _) | Ty::Map(item) | Ty::Optional(item) => return unspeakable(item),
        Ty::Record(record) => record,
        _ => return None,
    };
    let mut known: Vec<(String, &str)> = Vec::new();
    for name in record.name.iter().chain(record.fields.iter().map(|field| &field.name)) {
        if NEVER.contains(&name.as_str()) {
            let help = "call it otherwise; `from` says what a field is called on the wire".to_owned();
            return Some((name.clone(), help));
        }
    }
    for field in &record.fields {
        let rust = field.name.replace('-', "_");
        if let Some((_, other)) = known.iter().find(|(own, _)| *own == rust) {
            let help = format!("Rust calls it `{rust}`, and `{other}` as well: call one of them otherwise");
            return Some((field.name.clone(), help));
        }
        known.push((rust, &field.name));
    }
    record.fields.iter().find_map(|field| unspeakable(&field.ty))
}

/// A part of a type of which it is not known what Rust calls it.
fn nameless(ty: &Ty) -> Option<&Ty> {
    match ty {
        Ty::List(item, _) | Ty::Map(item) | Ty::Optional(item) => nameless(item),
        Ty::Record(record) => match &record.name {
            None => Some(ty),
            Some(_) => record.fields.iter().find_map(|field| nameless(&field.ty)),
        },
        _ => None,
    }
}

/// Whether Rust calls something so: a word of ASCII, and no keyword.
fn is_name(name: &str) -> bool {
    // A keyword since edition 2024, which syn does not ask about.
    name.is_ascii() && name != "gen" && syn::parse_str::<syn::Ident>(name).is_ok()
}
