//! What stands behind a dot: what a request, a client and an answer say, fields of records, and what a text can be asked.

use std::rc::Rc;

use gatewright_dsl::Span;
use gatewright_dsl::ast::{Name, Value, ValueKind};
use gatewright_dsl::problem::setting::wrong_type;
use gatewright_dsl::schema::Stage;

use super::scope::Principal;
use super::{Typed, Typing, is_text, stand_in};
use crate::algebra::Automaton;
use crate::check::problem;
use crate::ir::expr::{Expr, FACTS, Kind, Lookup, Method, Read, Since};
use crate::ty::{Range, Ty};

/// What `request` has.
const REQUEST: &[&str] = &["cookie(\"…\")", "header(\"…\")", "host", "id", "method", "path", "query(\"…\")"];
const CLIENT: &[&str] = &["ip"];
const RESPONSE: &[&str] = &["header(\"…\")", "status"];

/// What a text can be asked.
const OF_TEXT: &[&str] = &["contains", "ends_with", "length", "lower", "matches", "starts_with", "upper"];

/// What a reserved name has, for a message.
pub(super) fn shown(word: &str) -> String {
    let members = members(word).into_iter().map(|member| format!("`{word}.{member}`"));
    members.collect::<Vec<_>>().join(", ")
}

fn members(word: &str) -> Vec<&'static str> {
    match word {
        "request" => REQUEST.to_vec(),
        "client" => CLIENT.to_vec(),
        "response" => RESPONSE.to_vec(),
        "exchange" => FACTS.iter().map(|fact| fact.name).collect(),
        _ => Vec::new(),
    }
}

impl Typing<'_> {
    /// `of.name`
    pub(super) fn access(&mut self, of: &Value, name: &Name) -> Typed {
        if let ValueKind::Word(word) = &of.kind
            && super::scope::RESERVED.contains(&word.as_str())
        {
            return self.said(word, name);
        }
        if let ValueKind::Word(word) = &of.kind
            && let Some((who, is_certain)) = self.scope.who(word)
        {
            return self.claim(&who, is_certain, name);
        }
        let of_expr = self.typed(of, None)?;
        self.of_each(of_expr, &mut |typing, of_expr| typing.member(of_expr, of.span, name))
    }

    /// What stands behind the dot of one value.
    pub(super) fn member(&mut self, of_expr: Rc<Expr>, of: Span, name: &Name) -> Typed {
        if let Kind::Record(fields) = &of_expr.kind
            && let Some((_, value)) = fields.iter().find(|(field, _)| *field == name.text)
        {
            return Some(Rc::clone(value));
        }
        if let Some(found) = super::document::member(&of_expr, &name.text) {
            return Some(found);
        }
        match (&of_expr.ty, name.text.as_str()) {
            (ty, "length") if is_text(ty) => Some(Expr::new(
                Kind::Call(Method::Length, of_expr),
                Ty::Int(Range { min: Some(0), max: None }),
            )),
            (Ty::List(..), "length") => Some(Expr::new(
                Kind::Call(Method::Length, of_expr),
                Ty::Int(Range { min: Some(0), max: None }),
            )),
            (Ty::Optional(inner), _) if !matches!(**inner, Ty::Record(_)) => {
                let help = format!("say what then: `(… ?? {}).…`", stand_in(inner));
                self.fail(problem::optional_not_handled(&of_expr.ty.to_string(), of, &help))
            }
            (Ty::Secret, _) => self.seen(of_expr, of),
            (ty, _) => {
                let ty = ty.present().0;
                let known: Vec<&str> = match ty {
                    Ty::Record(record) => record.fields.iter().map(|field| field.name.as_str()).collect(),
                    ty if is_text(ty) => OF_TEXT.to_vec(),
                    Ty::List(..) => vec!["length"],
                    _ => Vec::new(),
                };
                self.fail(problem::unknown_member(&format!("`{ty}`"), &name.text, name.span, &known))
            }
        }
    }

    /// What is known of who asks. Where there may be nobody, there may be nothing: a list is empty then.
    fn claim(&mut self, who: &Principal, is_certain: bool, name: &Name) -> Typed {
        let Some((claim, ty)) = who.claims.iter().find(|(claim, _)| *claim == name.text) else {
            let known: Vec<&str> = who.claims.iter().map(|(claim, _)| claim.as_str()).collect();
            return self.fail(problem::unknown_member(
                &format!("`{}`", who.name),
                &name.text,
                name.span,
                &known,
            ));
        };
        let ty = if is_certain || matches!(ty, Ty::List(..)) { ty.clone() } else { ty.clone().optional() };
        Some(Expr::new(Kind::Read(Read::Claim(who.name.clone(), claim.clone())), ty))
    }

    /// What a reserved name says of itself.
    fn said(&mut self, word: &str, name: &Name) -> Typed {
        if let Some(at) = FACTS.iter().position(|fact| word == "exchange" && fact.name == name.text) {
            return self.fact(at, name);
        }
        let (read, ty) = match (word, name.text.as_str()) {
            ("request", "id") => {
                if !self.scope.records().request_id {
                    return self.fail(problem::not_recorded("request.id", "request_id", name.span));
                }
                (Read::RequestId, Ty::STRING)
            }
            ("request", "method") => (Read::Method, Ty::STRING),
            ("request", "path") => (Read::Path, Ty::STRING),
            ("request", "host") => (Read::Host, Ty::STRING),
            ("client", "ip") => (Read::ClientIp, Ty::Ip),
            ("response", "status") => (Read::Status, Ty::Int(Range { min: Some(100), max: Some(599) })),
            (_, other) => {
                let called = members(word).iter().any(|member| member.strip_suffix("(\"…\")") == Some(other));
                if called {
                    return self.fail(problem::wrong_arguments(
                        other,
                        name.span,
                        "a name in quotes: `(\"…\")`",
                    ));
                }
                return self.unknown_member(word, name);
            }
        };
        self.known(word, Expr::new(Kind::Read(read), ty), name)
    }

    /// What is known of the exchange.
    fn fact(&mut self, at: usize, name: &Name) -> Typed {
        let fact = FACTS.get(at)?;
        match fact.since {
            Since::Trace if !self.scope.records().trace => {
                let what = format!("exchange.{}", fact.name);
                return self.fail(problem::not_recorded(&what, "trace", name.span));
            }
            Since::End if self.stage != Stage::End => {
                return self.fail(problem::exchange_not_over(fact.name, name.span));
            }
            _ => {}
        }
        Some(Expr::new(Kind::Read(Read::Fact(at)), fact.ty()))
    }

    fn unknown_member(&mut self, word: &str, name: &Name) -> Typed {
        let known: Vec<&str> = members(word)
            .into_iter()
            .map(|member| member.strip_suffix("(\"…\")").unwrap_or(member))
            .collect();
        self.fail(problem::unknown_member(&format!("`{word}`"), &name.text, name.span, &known))
    }

    /// The expression, where the answer that it may ask for is known.
    fn known(&mut self, word: &str, expr: Rc<Expr>, name: &Name) -> Typed {
        if word == "response" && self.stage == Stage::Request {
            return self.fail(problem::answer_not_known(name.span));
        }
        Some(expr)
    }

    /// `of.name(arguments)`
    pub(super) fn call(&mut self, of: &Value, name: &Name, arguments: &[Value]) -> Typed {
        if let ValueKind::Word(word) = &of.kind
            && super::scope::RESERVED.contains(&word.as_str())
        {
            return self.looked_up(word, name, arguments);
        }
        let of_expr = self.typed(of, None)?;
        self.of_each(of_expr, &mut |typing, of_expr| typing.asked(of_expr, of.span, name, arguments))
    }

    /// What one value can be asked.
    fn asked(&mut self, of_expr: Rc<Expr>, of: Span, name: &Name, arguments: &[Value]) -> Typed {
        if matches!(of_expr.ty, Ty::Optional(_)) {
            let help = format!("say what then: `(… ?? {}).…`", stand_in(&of_expr.ty));
            return self.fail(problem::optional_not_handled(&of_expr.ty.to_string(), of, &help));
        }
        if of_expr.ty == Ty::Secret {
            return self.seen(of_expr, of);
        }
        if !is_text(&of_expr.ty) || !OF_TEXT.contains(&name.text.as_str()) {
            let known = if is_text(&of_expr.ty) { OF_TEXT } else { &[] };
            return self.fail(problem::unknown_member(
                &format!("`{}`", of_expr.ty),
                &name.text,
                name.span,
                known,
            ));
        }
        if name.text == "matches" {
            return self.matches(of_expr, name, arguments);
        }
        let made: Option<fn(Rc<Expr>) -> Method> = match name.text.as_str() {
            "starts_with" => Some(Method::StartsWith),
            "ends_with" => Some(Method::EndsWith),
            "contains" => Some(Method::Contains),
            _ => None,
        };
        match (made, arguments) {
            (Some(method), [argument]) => {
                let expr = self.typed(argument, Some(&Ty::STRING))?;
                let expr = self.seen(expr, argument.span)?;
                if !is_text(&expr.ty) {
                    let found = format!("`{}`", expr.ty);
                    return self.fail(wrong_type(argument.span, "`string`", &found).help("give it a text"));
                }
                Some(Expr::new(Kind::Call(method(expr), of_expr), Ty::Bool))
            }
            (Some(_), _) => self.fail(problem::wrong_arguments(&name.text, name.span, "one text")),
            (None, []) if name.text == "length" => {
                self.fail(problem::wrong_arguments("length", name.span, "no parentheses"))
            }
            (None, []) => {
                let method = if name.text == "lower" { Method::Lower } else { Method::Upper };
                Some(Expr::new(Kind::Call(method, of_expr), Ty::STRING))
            }
            (None, _) => self.fail(problem::wrong_arguments(&name.text, name.span, "nothing: `()`")),
        }
    }

    /// `of.matches(re"…")`
    fn matches(&mut self, of: Rc<Expr>, name: &Name, arguments: &[Value]) -> Typed {
        let [Value { kind: ValueKind::Regex(regex), span }] = arguments else {
            return self.fail(problem::wrong_arguments(&name.text, name.span, "one pattern: `(re\"…\")`"));
        };
        match Automaton::regex(regex) {
            Ok(_) => Some(Expr::new(Kind::Call(Method::Matches(regex.clone()), of), Ty::Bool)),
            Err(refusal) => self.fail(problem::regex(&refusal, *span)),
        }
    }

    /// `request.header("…")` and the like.
    fn looked_up(&mut self, word: &str, name: &Name, arguments: &[Value]) -> Typed {
        let lookup = match (word, name.text.as_str()) {
            ("request", "query") => Lookup::Query,
            ("request", "header") => Lookup::Header,
            ("request", "cookie") => Lookup::Cookie,
            ("response", "header") => Lookup::Answer,
            (_, other) if members(word).contains(&other) => {
                return self.fail(problem::wrong_arguments(other, name.span, "no parentheses"));
            }
            _ => return self.unknown_member(word, name),
        };
        let [Value { kind: ValueKind::Text(key), span }] = arguments else {
            return self.fail(problem::wrong_arguments(&name.text, name.span, "one name in quotes"));
        };
        let key = match lookup {
            Lookup::Header | Lookup::Answer if !is_token(key) => {
                let found = format!("the text {key:?}");
                let problem = wrong_type(*span, "the name of a header", &found);
                return self.fail(problem.help("write its letters, digits and `-`: \"x-tenant\""));
            }
            Lookup::Cookie if !is_token(key) => {
                let found = format!("the text {key:?}");
                return self.fail(
                    wrong_type(*span, "the name of a cookie", &found).help("write its name: \"session\""),
                );
            }
            // Names of headers are of either case.
            Lookup::Header | Lookup::Answer => key.to_ascii_lowercase(),
            _ => key.clone(),
        };
        let read = Kind::Read(Read::Raw(lookup, key));
        self.known(word, Expr::new(read, Ty::STRING.optional()), name)
    }
}

/// A token (RFC 9110 section 5.6.2).
pub(crate) fn is_token(text: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token)
}
