//! Contracts of upstreams: every path that a program asks for is one of the contract, with a method, a query and values that it takes, and
//! what is read of an answer is what it says.
//!
//! What goes through as it came is the client's: its query and its body are not held against anything here.

use gatewright_dsl::Span;
use gatewright_dsl::ast::{self, TerminalKind};
use gatewright_dsl::schema::{Checked, Value};

use super::aggregate::Said;
use super::pattern::{Capture, Pattern, Takes};
use super::route::Route;
use super::upstream::Upstream;
use super::{Check, path, problem};
use crate::algebra::Method;
use crate::checked::{End, Piece};
use crate::contract::{self, Contract, Missing, Operation, Segment, fits};
use crate::explain;
use crate::ty::Ty;

/// Formats of texts that a type of ours has, or may lack.
const FORMATS: &[&str] = &["uuid", "date", "time", "uri", "ipv4", "ipv6"];

/// Reads the contract that a setting names. `None` where that cannot be done, which has been reported.
pub(super) fn read(check: &mut Check<'_>, setting: &Checked) -> Option<Contract> {
    let given = setting.values.find("file")?;
    let Value::Text(written) = &given.value else { return None };
    let span = given.span.unwrap_or(setting.span);
    let read = match check.files.bytes(span, written) {
        Ok(read) => read,
        Err(problem) => {
            check.problems.push(*problem);
            return None;
        }
    };
    let Ok(text) = String::from_utf8(read.bytes) else {
        check.problems.push(problem::unreadable_file(written, "it is no text in UTF-8", span));
        return None;
    };
    match Contract::read(read.name.clone(), &text) {
        Ok(contract) => Some(contract),
        Err(refused) => {
            let at = format!("{}:{}", read.name, refused.line);
            check.problems.push(problem::wrong_contract(&at, &refused.why, span));
            None
        }
    }
}

/// Holds a route against the contracts of the upstreams that it leads to.
pub(super) fn hold(check: &mut Check<'_>, route: &Route<'_>, upstreams: &[Upstream<'_>]) {
    let Some(terminal) = route.written.terminal() else { return };
    let having = |at: usize| upstreams.get(at).map(|it| it.of(upstreams)).unwrap_or_default();
    if let TerminalKind::Aggregate(written) = &terminal.kind {
        let branches = route.aggregate.iter().flat_map(|it| &it.branches);
        for (written, branch) in written.branches.iter().zip(branches) {
            let (segments, query) = asked(&branch.target, &route.pattern.captures);
            let ty = match (&branch.each, &branch.ty) {
                // An answer says one of the values.
                (Some(_), Ty::Map(value)) => value,
                (_, ty) => ty,
            };
            let ty = if branch.is_optional { ty.clone().optional() } else { ty.clone() };
            for upstream in having(branch.upstream) {
                branched(check, written, (upstream, &ty), &segments, &query);
            }
        }
        return;
    }
    // Where it has arms, each of them is an end.
    let ends = route.arms.iter().flat_map(|it| &it.arms).map(|arm| &arm.end);
    let ends = ends.chain(route.end.iter().filter(|_| route.arms.is_none()));
    for (way, end) in terminal.ways().zip(ends) {
        let (TerminalKind::Forward { path, .. }, End::Forward { upstream, target }) = (&way.kind, end) else {
            continue;
        };
        let span = path.as_ref().map_or(way.span, |path| path.span);
        let forms = match target {
            Some(pieces) => vec![asked(pieces, &route.pattern.captures).0],
            None => as_they_come(route),
        };
        for segments in &forms {
            for upstream in having(*upstream) {
                forwarded(check, route, upstream, segments, span);
            }
        }
    }
}

/// The type that the contract of its upstream says of a branch that has none. `None` where it says none, which has been reported.
pub(super) fn said(check: &mut Check<'_>, written: &ast::Branch, upstreams: &[Upstream<'_>]) -> Option<Said> {
    let upstream = upstreams.iter().find(|upstream| upstream.name.text == written.upstream.text)?;
    let having = upstream.of(upstreams);
    let Some((name, contract)) =
        having.iter().find_map(|one| Some((one.name.text.clone(), one.contract.as_ref()?)))
    else {
        let is_broken = having.iter().any(|one| one.is_broken);
        if !is_broken && !check.is_torn {
            let (branch, upstream) = (&written.name, &written.upstream.text);
            check.problems.push(problem::untyped_branch(&branch.text, upstream, branch.span));
        }
        return None;
    };
    let segments = outline(&written.path);
    let at = |line: usize| format!("{}:{line}", contract.file);
    let operation = found(check, (contract, &name), &segments, &written.method.text, written.path.span)?;
    let schema = operation.answer().map_err(|why| (operation.line(), why));
    let ty = schema.and_then(|schema| contract::ty(contract, schema));
    match ty {
        Ok((ty, may_be_null)) => {
            let ty = if written.each.is_some() { Ty::Map(ty.into()) } else { ty };
            Some(Said { ty, is_optional: may_be_null || operation.may_have_no_content() })
        }
        Err((line, why)) => {
            let of = format!("`{}`", written.name.text);
            let problem = problem::contract_disagrees(&of, &why, &at(line), written.name.span);
            check.problems.push(problem.help("write the type of the branch, or mend the contract"));
            None
        }
    }
}

/// The segments of a path whose values are not looked at yet.
fn outline(path: &ast::Template) -> Vec<Segment> {
    let pieces: Vec<Option<&str>> = path
        .parts
        .iter()
        .map(|part| match part {
            ast::TemplatePart::Literal { text, .. } => Some(text.as_str()),
            ast::TemplatePart::Value(_) => None,
        })
        .collect();
    // None is a value, which no text can have.
    let marked: String = pieces.iter().map(|piece| piece.unwrap_or("{")).collect();
    let path = marked.split('?').next().unwrap_or_default();
    let segment = |text: &str| {
        if text.contains('{') { Segment::Value(Ty::STRING) } else { Segment::Text(path::spell_written(text)) }
    };
    path.trim_start_matches('/').split('/').map(segment).collect()
}

fn forwarded(
    check: &mut Check<'_>,
    route: &Route<'_>,
    upstream: &Upstream<'_>,
    segments: &[Segment],
    span: Span,
) {
    let Some(contract) = &upstream.contract else { return };
    let name = &upstream.name.text;
    if segments.contains(&Segment::Rest) {
        check.problems.push(problem::path_of_any_length(name, span));
        return;
    }
    for method in &route.methods {
        let method = if *method == Method::Any { "*" } else { method.name() };
        // Each method that is missing is one problem; what is wrong for all of them is said once.
        let Some(operation) = found(check, (contract, name), segments, method, span) else { continue };
        values(check, contract, operation, segments, span);
    }
}

fn branched(
    check: &mut Check<'_>,
    written: &ast::Branch,
    (upstream, ty): (&Upstream<'_>, &Ty),
    segments: &[Segment],
    query: &[(String, Segment)],
) {
    let Some(contract) = &upstream.contract else { return };
    let (name, span) = (&upstream.name.text, written.path.span);
    let Some(operation) = found(check, (contract, name), segments, &written.method.text, span) else {
        return;
    };
    values(check, contract, operation, segments, span);
    queried(check, (contract, name), operation, query, span);
    let of = format!("`{}`", written.name.text);
    let at = |line: usize| format!("{}:{line}", contract.file);
    let span = written.ty.as_ref().map_or(written.name.span, |ty| ty.span);
    match operation.answer() {
        Err(why) => {
            check.problems.push(problem::contract_disagrees(&of, &why, &at(operation.line()), span));
        }
        Ok(schema) => {
            for wrong in fits(contract, schema, ty) {
                let of = match wrong.at.as_str() {
                    "" => of.clone(),
                    item if item.starts_with('[') => format!("`{}{item}`", written.name.text),
                    field => format!("`{}.{field}`", written.name.text),
                };
                check.problems.push(problem::contract_disagrees(&of, &wrong.what, &at(wrong.line), span));
            }
        }
    }
}

/// What is asked, if there is such a thing; else that is reported.
fn found<'c>(
    check: &mut Check<'_>,
    (contract, name): (&'c Contract, &str),
    segments: &[Segment],
    method: &str,
    span: Span,
) -> Option<Operation<'c>> {
    let shown = shown(segments);
    let problem = match contract.find(segments, method) {
        Ok(operation) => return Some(operation),
        Err(Missing::Path) => {
            let known: Vec<(String, String)> =
                contract.paths().map(|(path, line)| (path, format!("{}:{line}", contract.file))).collect();
            problem::outside_contract(name, &shown, &known, &contract.file, span)
        }
        Err(Missing::Method(path, line, known)) => {
            let at = format!("{}:{line}", contract.file);
            problem::method_outside_contract((name, method), (path, &at), &known, span)
        }
    };
    check.problems.push(problem);
    None
}

/// The values in a path are of the types of the contract.
fn values(
    check: &mut Check<'_>,
    contract: &Contract,
    operation: Operation<'_>,
    segments: &[Segment],
    span: Span,
) {
    let parameters = match operation.parameters() {
        Ok(parameters) => parameters,
        Err(why) => {
            let at = format!("{}:{}", contract.file, operation.line());
            check.problems.push(problem::contract_disagrees("the parameters", &why, &at, span));
            return;
        }
    };
    for (at, name) in operation.captured() {
        let Some(segment) = segments.get(at) else { continue };
        let parameter = parameters.iter().find(|known| !known.is_query && known.name == name);
        if let Some(schema) = parameter.and_then(|parameter| parameter.schema) {
            given(check, contract, schema, (segment, &format!("`{{{name}}}` of the path")), span);
        }
    }
}

fn queried(
    check: &mut Check<'_>,
    (contract, upstream): (&Contract, &str),
    operation: Operation<'_>,
    query: &[(String, Segment)],
    span: Span,
) {
    // What is wrong with them has been said of the path.
    let Ok(parameters) = operation.parameters() else { return };
    let at = format!("{}:{}", contract.file, operation.line());
    let known: Vec<&str> = parameters.iter().filter(|it| it.is_query).map(|it| it.name).collect();
    for (name, value) in query {
        let Some(parameter) = parameters.iter().find(|it| it.is_query && it.name == *name) else {
            check.problems.push(problem::query_outside_contract(upstream, name, &known, &at, span));
            continue;
        };
        if let Some(schema) = parameter.schema {
            given(check, contract, schema, (value, &format!("`{name}` in the query")), span);
        }
    }
    for parameter in parameters.iter().filter(|it| it.is_query && it.is_required) {
        if !query.iter().any(|(name, _)| name == parameter.name) {
            let at = format!("{}:{}", contract.file, parameter.line);
            check.problems.push(problem::query_missing(upstream, parameter.name, &at, span));
        }
    }
}

/// Whether a parameter takes what stands in its place: a value of a type, or this text.
fn given(
    check: &mut Check<'_>,
    contract: &Contract,
    schema: &crate::contract::Node,
    (segment, of): (&Segment, &str),
    span: Span,
) {
    let text = match segment {
        Segment::Value(ty) => return taken(check, contract, schema, (ty, of), span),
        Segment::Text(text) => text,
        Segment::Rest => return,
    };
    // What has no type here, or is no single value, is not looked at.
    let Ok((ty, _)) = contract::ty(contract, schema) else { return };
    if ty.is_scalar() && !text.contains('%') && !explain::reads(&ty, text) {
        let node = contract.followed(schema).unwrap_or(schema);
        let at = format!("{}:{}", contract.file, node.line);
        let what = format!("it is `{ty}` there, and `{text}` is none");
        check.problems.push(problem::contract_disagrees(of, &what, &at, span));
    }
}

/// Whether a parameter takes all values of a type: where the contract wants a text without a format, it takes every one.
fn taken(
    check: &mut Check<'_>,
    contract: &Contract,
    schema: &crate::contract::Node,
    (ty, of): (&Ty, &str),
    span: Span,
) {
    // What has a text of its own can stand where any text may.
    let is_plain = fits(contract, schema, &Ty::STRING).is_empty();
    let node = contract.followed(schema).unwrap_or(schema);
    let format =
        node.get("format").and_then(|format| format.text()).filter(|format| FORMATS.contains(format));
    match format {
        None if is_plain => return,
        Some(format) if is_plain && matches!(ty, Ty::String(_)) => {
            let at = format!("{}:{}", contract.file, node.line);
            let what = format!("it is of the format `{format}` there, and `{ty}` here");
            return check.problems.push(problem::contract_disagrees(of, &what, &at, span));
        }
        _ => {}
    }
    for wrong in fits(contract, schema, ty) {
        let at = format!("{}:{}", contract.file, wrong.line);
        check.problems.push(problem::contract_disagrees(of, &wrong.what, &at, span));
    }
}

fn shown(segments: &[Segment]) -> String {
    let shown = segments.iter().map(|segment| match segment {
        Segment::Text(text) => format!("/{text}"),
        Segment::Value(ty) => format!("/{{{ty}}}"),
        Segment::Rest => "/{rest}".to_owned(),
    });
    shown.collect()
}

/// The segments of a path that is made, and what stands in its query: each name, and its value.
pub(super) fn asked(pieces: &[Piece], captures: &[Capture<'_>]) -> (Vec<Segment>, Vec<(String, Segment)>) {
    let mut values: Vec<Segment> = Vec::new();
    let mut whole = String::new();
    for piece in pieces {
        let value = match piece {
            Piece::Text(text) => {
                whole.push_str(text);
                continue;
            }
            Piece::Capture(number) => match captures.iter().find(|it| it.takes == Takes::Noted(*number)) {
                Some(capture) if capture.is_rest => Segment::Rest,
                Some(capture) => Segment::Value(capture.ty.clone()),
                None => Segment::Value(Ty::STRING),
            },
            Piece::Value(function) | Piece::Query(function) => Segment::Value(function.expr.ty.clone()),
            // No call has one.
            Piece::Asked => continue,
        };
        whole.extend(stands_for(values.len()));
        values.push(value);
    }
    let read = |text: &str| {
        let mut inside =
            values.iter().enumerate().filter(|(at, _)| stands_for(*at).is_some_and(|it| text.contains(it)));
        match inside.next() {
            None => Segment::Text(text.to_owned()),
            Some((_, value)) if *value == Segment::Rest || text.chars().count() == 1 => value.clone(),
            Some(_) => Segment::Value(Ty::STRING),
        }
    };
    let (path, query) = whole.split_once('?').unwrap_or((&whole, ""));
    let segments = path.trim_start_matches('/').split('/').map(read).collect();
    let fields = query.split('&').filter(|field| !field.is_empty()).map(|field| {
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        (name.to_owned(), read(value))
    });
    (segments, fields.collect())
}

/// A character that stands for the n-th value: none that a text of a path has, where all but ASCII is escaped.
fn stands_for(number: usize) -> Option<char> {
    u32::try_from(number).ok().and_then(|number| char::from_u32(0xE000 + number))
}

/// The segments of a path that is sent as it came: with a slash at its end and without, where the route takes both.
fn as_they_come(route: &Route<'_>) -> Vec<Vec<Segment>> {
    let own = as_it_came(&route.pattern);
    let mut forms = vec![own.clone()];
    if route.other.is_some() {
        let mut other = own;
        let slash = Segment::Text(String::new());
        if other.last() == Some(&slash) {
            other.pop();
        } else {
            other.push(slash);
        }
        forms.push(other);
    }
    forms
}

/// Holds the one question of a gateway's own against the contracts of the upstreams that get it.
pub(super) fn called(check: &mut Check<'_>, upstreams: &[&Upstream<'_>], path: &str, span: Span) {
    let (segments, query) = asked(&[Piece::Text(path.to_owned())], &[]);
    for upstream in upstreams {
        let Some(contract) = &upstream.contract else { continue };
        let name = &upstream.name.text;
        let Some(operation) = found(check, (contract, name), &segments, "GET", span) else { continue };
        values(check, contract, operation, &segments, span);
        queried(check, (contract, name), operation, &query, span);
    }
}

/// The segments of a path that is sent as it came.
fn as_it_came(pattern: &Pattern<'_>) -> Vec<Segment> {
    let mut segments = Vec::new();
    let (mut text, mut depth) = (String::new(), 0_u32);
    let (mut is_quoted, mut is_escaped) = (false, false);
    // Behind the first slash; one inside of braces belongs to a type, and what stands in quotes is a text of it.
    for c in pattern.label.chars().skip(1).chain(['/']) {
        match c {
            '/' if depth == 0 => segments.push(std::mem::take(&mut text)),
            _ => {
                is_quoted ^= c == '"' && depth > 0 && !is_escaped;
                is_escaped = is_quoted && c == '\\' && !is_escaped;
                depth = match c {
                    '{' if !is_quoted => depth + 1,
                    '}' if !is_quoted => depth.saturating_sub(1),
                    _ => depth,
                };
                text.push(c);
            }
        }
    }
    let segment = |text: String| {
        let name =
            text.strip_prefix('{').map(|inside| inside.split([':', '}']).next().unwrap_or_default().trim());
        let Some(name) = name else { return Segment::Text(text) };
        match pattern.captures.iter().find(|capture| capture.name.text == name) {
            Some(capture) if capture.is_rest => Segment::Rest,
            Some(capture) => Segment::Value(capture.ty.clone()),
            None => Segment::Value(Ty::STRING),
        }
    };
    segments.into_iter().map(segment).collect()
}
