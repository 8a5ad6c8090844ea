//! Steps and ends as settings would be written that give every value. It reads what will run, and so names are those that
//! are left there.

use gatewright_dsl::schema::Value;

use super::expr::{Reader, constant};
use crate::checked::Handler;
use crate::ir::{Content, Field, Functions, Respond, Said};
use crate::ty::Ty;

/// A step.
pub(super) fn step(home: &str, fields: &[Field], reader: &Reader<'_>) -> String {
    let word = home.rsplit("::").next().unwrap_or(home);
    setting(word, fields, reader)
}

/// A stated answer.
pub(super) fn respond(answer: &Respond, reader: &Reader<'_>) -> String {
    let status = answer.status;
    match &answer.body {
        None => format!("respond {status}"),
        Some((kind, said)) => {
            let word = if *kind == "application/json" { "json" } else { "text" };
            let said = match said {
                Said::Text(text) if word == "json" => text.clone(),
                Said::Text(text) => format!("{text:?}"),
                Said::Expr(number) => reader.function(*number),
            };
            format!("respond {status} {word} {said}")
        }
    }
}

/// A function that answers.
pub(super) fn handler(handler: &Handler, reader: &Reader<'_>) -> String {
    let arguments: Vec<String> = handler.arguments.iter().map(|argument| reader.expr(argument)).collect();
    let arguments = if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) };
    format!("handler {}{arguments} within {}", handler.path.join("::"), Value::Duration(handler.within))
}

/// The values of an arm, where the function of this number is looked at.
pub(crate) fn values(values: &[String], functions: &Functions, on: usize) -> String {
    let is_text = !matches!(functions.exprs.get(on).map(|it| &it.expr.ty), Some(Ty::Bool | Ty::Int(_)));
    listed(values, is_text)
}

/// The same where it is known whether they are texts.
pub(crate) fn listed(values: &[String], is_text: bool) -> String {
    let shown = |value: &String| if is_text { format!("{value:?}") } else { value.clone() };
    match values {
        [] => "else".to_owned(),
        values => values.iter().map(shown).collect::<Vec<_>>().join(", "),
    }
}

pub(crate) fn setting(word: &str, fields: &[Field], reader: &Reader<'_>) -> String {
    let given = fields.iter().filter_map(|field| Some((field, content(&field.content, reader)?)));
    given.fold(word.to_owned(), |shown, (field, content)| match &field.content {
        // A flag is its own name.
        Content::Value(Value::Bool(true)) => format!("{shown} {}", field.name),
        // What is inside braces, or names itself, has no label.
        Content::Items(_)
        | Content::Named(..)
        | Content::Shape(..)
        | Content::Declared(_)
        | Content::Respond(_) => {
            format!("{shown} {content}")
        }
        _ => format!("{shown} {} {content}", field.name),
    })
}

/// What stands in a field; nothing where it was left out, or where it is the runtime's own.
pub(crate) fn content(content: &Content, reader: &Reader<'_>) -> Option<String> {
    let shown = match content {
        Content::Value(Value::Absent | Value::Bool(false)) | Content::Option(None) | Content::State(_) => {
            return None;
        }
        Content::Value(value) => value.to_string(),
        Content::Option(Some(it)) | Content::Is(it) => return self::content(it, reader),
        Content::Least(two) => {
            let [a, b] = [&two.0, &two.1].map(|it| self::content(it, reader).unwrap_or_default());
            format!("the smaller of {a} and {b}")
        }
        Content::Auth(_, name) | Content::Shape(_, name) => name.clone(),
        // INVARIANT: only `auth`s say something of somebody, and they are no steps.
        Content::Claims(_) => return None,
        Content::Param(number) => {
            reader.params.get(usize::from(*number)).map_or_else(String::new, |param| param.name.clone())
        }
        Content::Choice(_, word) => word.clone(),
        Content::Expr(number) => reader.function(*number),
        Content::Named(name, number) => format!("{name} = {}", reader.function(*number)),
        Content::Declared(field) => {
            let default = field.default.as_ref().map(|it| format!(" = {}", constant(it)));
            let (begin, end) = if field.many { ("list<", ">") } else { ("", "") };
            format!("{}: {begin}{}{end}{}", field.name, field.expected, default.unwrap_or_default())
        }
        Content::Respond(answer) => respond(answer, reader),
        Content::List(items) => {
            let items: Vec<String> = items.iter().filter_map(|item| self::content(item, reader)).collect();
            items.join(", ")
        }
        Content::Items(items) => {
            let items: Vec<String> =
                items.iter().map(|(word, fields)| setting(word, fields, reader)).collect();
            format!("{{ {} }}", items.join("; "))
        }
    };
    Some(shown)
}

/// A type with the fields that it has, whether it has a name or not.
pub(crate) fn in_full(ty: &Ty) -> String {
    spelled(ty, false)
}

/// Two types with their fields; where these have the same names, with the fields of those too.
pub(crate) fn told_apart(a: &Ty, b: &Ty) -> [String; 2] {
    let texts = [a, b].map(in_full);
    let [old, new] = &texts;
    if old == new { [a, b].map(|ty| spelled(ty, true)) } else { texts }
}

fn spelled(ty: &Ty, is_deep: bool) -> String {
    let record = match ty {
        Ty::Record(record) => record,
        Ty::Optional(of) if is_deep => return format!("{}?", spelled(of, true)),
        Ty::List(of, _) if is_deep => {
            let bounds = ty.to_string();
            let bounds = bounds.rsplit_once('>').map_or("", |(_, bounds)| bounds);
            return format!("list<{}>{bounds}", spelled(of, true));
        }
        Ty::Map(of) if is_deep => return format!("map<{}>", spelled(of, true)),
        _ => return ty.to_string(),
    };
    let field = |field: &crate::ty::Field| {
        let default = field.default.as_ref().map(|it| format!(" = {}", constant(it))).unwrap_or_default();
        let ty = if is_deep { spelled(&field.ty, true) } else { field.ty.to_string() };
        format!("{}: {ty}{default}", field.name)
    };
    let read = record.fields.iter().filter(|field| !field.is_skipped);
    let fields = read.map(field).collect::<Vec<_>>().join(", ");
    let name = record.name.as_deref().map(|name| format!("{name} ")).unwrap_or_default();
    let open = if record.open { " open" } else { "" };
    format!("{name}{{ {fields} }}{open}")
}
