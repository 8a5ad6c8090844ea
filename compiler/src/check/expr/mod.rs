//! Expressions: every form gets a type, every name is looked up, and what may be absent must be handled.
//!
//! An expression is typed from the inside out; only literals take their type from the place where they stand. What comes out
//! has no names left, so that it can be compared, counted and emitted.

mod argument;
mod document;
mod join;
pub(crate) mod literal;
mod member;
mod membership;
pub(crate) mod offer;
mod operator;
pub(crate) mod scope;
mod secret;
mod settled;

use std::rc::Rc;

use gatewright_dsl::ast::{Entry, TextPart, Value, ValueKind};
use gatewright_dsl::problem::setting::wrong_type;
use gatewright_dsl::schema::{Stage, Want};
use gatewright_dsl::{Problem, Span};

pub(crate) use self::argument::is_alike;
use self::join::{either, fitted, is_text, join, stand_in, widest};
use self::scope::{Found, Scope};
use super::problem;
use crate::ir::expr::{Expr, Form, Function, Kind, Part, Read};
use crate::ty::{Field, Range, Record, Ty};

/// Expressions that an expression may consist of, `let`s written out.
const MOST_PARTS: u32 = 500;

/// How deeply they may be nested.
const MOST_LEVELS: u32 = 256;

/// What an expression is wanted for, and what it may see.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) want: Want,
    pub(crate) stage: Stage,
    /// Whether it may be a secret, whole and alone.
    pub(crate) takes_secret: bool,
}

/// Types an expression that a row asks for. `None` where it is wrong: then the reason is among the problems.
pub(crate) fn function(
    scope: &Scope<'_>,
    value: &Value,
    asked: Asked,
    problems: &mut Vec<Problem>,
) -> Option<Function> {
    if asked.want == Want::Secret {
        return secret::named(scope, value, problems);
    }
    let form = Form::of(asked.want);
    if let (Want::Offer, Some((offered, _))) = (asked.want, offer::or_none(value)) {
        let expr = expression(scope, &offered, asked.stage, problems)?;
        let mut typing = Typing::new(scope, asked.stage, problems);
        return Some(Function { form, expr: typing.offered(expr, offered.span)? });
    }
    let expr = expression(scope, value, asked.stage, problems)?;
    let mut typing = Typing::new(scope, asked.stage, problems);
    let expr = typing.wanted(expr, value.span, asked)?;
    Some(Function { form, expr })
}

/// Types an expression, whatever its type is to be.
pub(crate) fn expression(
    scope: &Scope<'_>,
    value: &Value,
    stage: Stage,
    problems: &mut Vec<Problem>,
) -> Option<Rc<Expr>> {
    let mut typing = Typing::new(scope, stage, problems);
    let expr = typing.typed(value, None)?;
    for (most, what, found) in [(MOST_PARTS, "parts", expr.size), (MOST_LEVELS, "levels", expr.height)] {
        if found > most {
            return typing.fail(problem::expression_too_complex(most, what, found, value.span));
        }
    }
    Some(expr)
}

/// Types what is answered as JSON: a field of a record that may be absent is left out where it is.
pub(crate) fn answer(
    scope: &Scope<'_>,
    value: &Value,
    stage: Stage,
    problems: &mut Vec<Problem>,
) -> Option<Function> {
    let expr = expression(scope, value, stage, problems)?;
    let mut typing = Typing::new(scope, stage, problems);
    let expr = typing.seen(expr, value.span)?;
    if let Some(inside) = unanswered(&expr) {
        let problem = if inside.ty == Ty::Secret {
            exposed(inside, value.span)
        } else {
            let help = "JSON here has no null: say what then with `??`, or give it a field of its own, which is left out";
            problem::optional_not_handled(&inside.ty.to_string(), value.span, help)
        };
        return typing.fail(problem);
    }
    Some(Function { form: Form::Json, expr })
}

/// What is wrong with a value that is, or holds, a secret where none may be.
pub(crate) fn secret_in(expr: &Expr, span: Span) -> Option<Problem> {
    match &expr.kind {
        _ if expr.ty == Ty::Secret => Some(exposed(expr, span)),
        Kind::List(items) => items.iter().find_map(|item| secret_in(item, span)),
        _ => None,
    }
}

/// What cannot be answered: a secret, or an item of a list that may be absent.
fn unanswered(expr: &Rc<Expr>) -> Option<&Rc<Expr>> {
    fn item(expr: &Rc<Expr>) -> Option<&Rc<Expr>> {
        if matches!(expr.ty, Ty::Optional(_)) { Some(expr) } else { unanswered(expr) }
    }
    match &expr.kind {
        _ if expr.ty == Ty::Secret => Some(expr),
        Kind::Record(fields) => fields.iter().find_map(|(_, value)| unanswered(value)),
        Kind::List(items) => items.iter().find_map(item),
        Kind::Each(_, _, body) => item(body),
        Kind::If(_, a, b) | Kind::Coalesce(a, b) => unanswered(a).or_else(|| unanswered(b)),
        Kind::Present(of) => unanswered(of),
        _ => None,
    }
}

/// An expression as one that is there, after it was asked whether it is.
pub(crate) fn found(expr: &Rc<Expr>) -> Rc<Expr> {
    match &expr.ty {
        Ty::Optional(inner) => Expr::new(Kind::Found(Rc::clone(expr)), (**inner).clone()),
        _ => Rc::clone(expr),
    }
}

/// One expression being typed.
struct Typing<'a> {
    scope: &'a Scope<'a>,
    stage: Stage,
    problems: &'a mut Vec<Problem>,
    /// What `.name` is a field of.
    element: Option<Rc<Expr>>,
    /// How many lists are being looked at, one inside the other.
    level: u32,
}

type Typed = Option<Rc<Expr>>;

impl<'a> Typing<'a> {
    fn new(scope: &'a Scope<'a>, stage: Stage, problems: &'a mut Vec<Problem>) -> Self {
        Self { scope, stage, problems, element: None, level: 0 }
    }

    /// Reports what is wrong.
    fn fail<T>(&mut self, problem: Problem) -> Option<T> {
        self.problems.push(problem);
        None
    }

    /// The typed expression. A literal is read as of the expected type, where that can be; whether the result is of that
    /// type is for the caller to ask.
    fn typed(&mut self, value: &Value, expected: Option<&Ty>) -> Typed {
        let expr = self.by_form(value, expected)?;
        match argument::held(self.scope, &expr.ty, value.span) {
            Some(problem) => self.fail(problem),
            None => Some(expr),
        }
    }

    fn by_form(&mut self, value: &Value, expected: Option<&Ty>) -> Typed {
        let span = value.span;
        match &value.kind {
            ValueKind::List(items) => self.list(items, expected),
            ValueKind::Record(entries) => self.record(entries),
            ValueKind::Interpolated(parts) => self.text(parts),
            ValueKind::Access(of, name) => self.access(of, name),
            ValueKind::Call { of, name, arguments } => self.call(of, name, arguments),
            ValueKind::Not(of) => {
                let of = self.truth(of)?;
                Some(Expr::new(Kind::Not(of), Ty::Bool))
            }
            ValueKind::Binary { operator, at, left, right } => self.binary(*operator, *at, left, right),
            ValueKind::IsSet { of, negated } => self.is_set(of, *negated),
            ValueKind::If { condition, then, otherwise } => self.choice(condition, then, otherwise, expected),
            ValueKind::Index(of, key) => self.under_key(of, key),
            ValueKind::Each(of) => self.each(of),
            ValueKind::Where(of, condition) => self.those(of, condition),
            ValueKind::Shape(of, entries) => self.shaped(of, entries),
            ValueKind::Element(name) => self.element(name, span),
            ValueKind::Word(word) if !is_address(word) => self.name(word, span),
            _ => self.literal(value, expected),
        }
    }

    fn literal(&mut self, value: &Value, expected: Option<&Ty>) -> Typed {
        if let Some(ty) = expected {
            match literal::of_class(value, ty) {
                Ok(constant) => {
                    let ty = ty.present().0.clone();
                    return Some(Expr::new(Kind::Constant(constant), widest(&ty)));
                }
                // A text is not what it should say: a uuid, a date, a URL.
                Err(found) if matches!(value.kind, ValueKind::Text(_)) && reads_text(ty.present().0) => {
                    let found = found.unwrap_or_else(|| literal::describe(value));
                    let expected = format!("`{}`", ty.present().0);
                    return self.fail(
                        wrong_type(value.span, &expected, &found).help("write it as the type wants it"),
                    );
                }
                Err(_) => {}
            }
        }
        if let Some((constant, ty)) = literal::free(value) {
            return Some(Expr::new(Kind::Constant(constant), ty));
        }
        let found = literal::describe(value);
        self.fail(wrong_type(value.span, "a value", &found).help("write a name, a literal or an expression"))
    }

    fn name(&mut self, word: &str, span: Span) -> Typed {
        if scope::RESERVED.contains(&word) {
            let expected = format!("something of `{word}`");
            return self.fail(
                wrong_type(span, &expected, &format!("`{word}` itself"))
                    .help(format!("it has {}", member::shown(word))),
            );
        }
        if let Some((who, _)) = self.scope.who(word) {
            let claims: Vec<String> =
                who.claims.iter().map(|(claim, _)| format!("`{word}.{claim}`")).collect();
            let problem =
                wrong_type(span, "something that is known of who asks", &format!("`{word}` itself"));
            return self.fail(if claims.is_empty() {
                problem.help("say what is known of them: `claims TYPE` in its `auth`")
            } else {
                problem.help(format!("it has {}", claims.join(", ")))
            });
        }
        if self.scope.is_lost(word) {
            return None;
        }
        if self.scope.is_auth(word) {
            let problem = if self.scope.is_outermost() {
                problem::principal_not_known(word, span)
            } else {
                problem::principal_not_required(word, span, self.scope.who_words())
            };
            return self.fail(problem);
        }
        match self.scope.find(word) {
            Found::Expr(expr) => Some(self.in_time(expr)),
            Found::Broken => None,
            Found::Unknown => {
                let mut known = self.scope.known();
                known.extend(scope::RESERVED);
                let problem = problem::unknown_name(word, span, &known);
                self.fail(offer::explained(word, problem))
            }
        }
    }

    fn list(&mut self, items: &[Value], expected: Option<&Ty>) -> Typed {
        let item = match expected.map(|ty| ty.present().0) {
            Some(Ty::List(item, _)) => Some(&**item),
            _ => None,
        };
        let mut typed: Vec<(Rc<Expr>, Span)> = Vec::new();
        for value in items {
            let hint = item.cloned().or_else(|| typed.first().map(|(first, _)| first.ty.clone()));
            let found = self.typed(value, hint.as_ref());
            typed.extend(found.map(|expr| (expr, value.span)));
        }
        if typed.len() < items.len() {
            return None;
        }
        // A list without items is of the type of what it stands beside.
        let none = || item.cloned().unwrap_or(Ty::STRING);
        let mut ty = typed.first().map_or_else(none, |(first, _)| first.ty.clone());
        for (own, _) in &typed {
            // What items have in common matters only to who asks for one; JSON may mix them.
            ty = join(&ty, &own.ty).unwrap_or(Ty::Record(Rc::new(nothing())));
        }
        let exprs = typed.into_iter().map(|(expr, _)| expr).collect();
        Some(Expr::new(Kind::List(exprs), Ty::List(ty.into(), Range::ALL)))
    }

    fn record(&mut self, entries: &[Entry]) -> Typed {
        let typed: Vec<(String, Typed)> =
            entries.iter().map(|entry| (entry.name.text.clone(), self.typed(&entry.value, None))).collect();
        let typed: Option<Vec<(String, Rc<Expr>)>> =
            typed.into_iter().map(|(name, expr)| Some((name, expr?))).collect();
        let typed = typed?;
        let field = |(name, expr): &(String, Rc<Expr>)| Field::new(name, expr.ty.clone());
        let record = Record { name: None, fields: typed.iter().map(field).collect(), open: false };
        Some(Expr::new(Kind::Record(typed), Ty::Record(record.into())))
    }

    fn text(&mut self, parts: &[TextPart]) -> Typed {
        let mut typed = Vec::new();
        let mut is_right = true;
        for part in parts {
            match part {
                TextPart::Literal(text) => typed.push(Part::Literal(text.clone())),
                TextPart::Value(value) => {
                    match self.typed(value, None).and_then(|it| self.printed(it, value.span)) {
                        Some(expr) => typed.push(Part::Value(expr)),
                        None => is_right = false,
                    }
                }
            }
        }
        is_right.then(|| Expr::new(Kind::Text(typed), Ty::STRING))
    }

    /// A truth value that is there.
    fn truth(&mut self, value: &Value) -> Typed {
        let expr = self.typed(value, Some(&Ty::Bool))?;
        match &expr.ty {
            Ty::Bool => Some(expr),
            Ty::Optional(inner) if **inner == Ty::Bool => self.fail(problem::optional_not_handled(
                &expr.ty.to_string(),
                value.span,
                "say what then: `… ?? false`",
            )),
            other => {
                let found = format!("`{other}`");
                let problem = wrong_type(value.span, "`bool`", &found);
                self.fail(problem.help(match other {
                    Ty::Optional(_) => "ask whether it is there with `is set`, or compare it",
                    _ => "compare it with something",
                }))
            }
        }
    }

    /// What has one text, and may be seen.
    fn printed(&mut self, expr: Rc<Expr>, span: Span) -> Typed {
        let expr = self.seen(expr, span)?;
        match &expr.ty {
            ty if ty.is_scalar() => Some(expr),
            other => {
                let found = format!("`{other}`");
                self.fail(
                    wrong_type(span, "a value with a text of its own", &found).help("take one value of it"),
                )
            }
        }
    }

    /// What is there, and no secret.
    fn seen(&mut self, expr: Rc<Expr>, span: Span) -> Typed {
        match &expr.ty {
            Ty::Secret => {
                let problem = exposed(&expr, span);
                self.fail(problem)
            }
            Ty::Optional(_) => {
                let ty = expr.ty.to_string();
                let instead = if is_text(expr.ty.present().0) { "\"none\"" } else { stand_in(&expr.ty) };
                self.fail(problem::optional_not_handled(
                    &ty,
                    span,
                    &format!("say what then: `… ?? {instead}`"),
                ))
            }
            _ => Some(expr),
        }
    }

    fn is_set(&mut self, of: &Value, negated: bool) -> Typed {
        let typed = match &of.kind {
            ValueKind::Word(word) => match self.scope.who(word) {
                Some((_, true)) => {
                    return self.fail(problem::always_present("is set", word, of.span));
                }
                Some((who, false)) => {
                    let read = Kind::Read(Read::Known(who.name.clone()));
                    Expr::new(read, Ty::Bool.optional())
                }
                None => self.typed(of, None)?,
            },
            _ => self.typed(of, None)?,
        };
        if !matches!(typed.ty, Ty::Optional(_)) {
            let ty = typed.ty.to_string();
            return self.fail(problem::always_present("is set", &ty, of.span));
        }
        let is_set = Expr::new(Kind::IsSet(typed), Ty::Bool);
        Some(if negated { Expr::new(Kind::Not(is_set), Ty::Bool) } else { is_set })
    }

    fn choice(&mut self, condition: &Value, then: &Value, otherwise: &Value, expected: Option<&Ty>) -> Typed {
        let condition = self.truth(condition);
        let (first, second) = if literal::is_literal(then) && !literal::is_literal(otherwise) {
            let second = self.typed(otherwise, expected)?;
            (self.typed(then, Some(&second.ty))?, second)
        } else {
            let first = self.typed(then, expected)?;
            let second = self.typed(otherwise, Some(&first.ty))?;
            (first, second)
        };
        for (expr, span) in [(&first, then.span), (&second, otherwise.span)] {
            if expr.ty == Ty::Secret {
                let problem = exposed(expr, span);
                return self.fail(problem);
            }
        }
        let Some(ty) = either(&first, &second) else {
            let sides = [(&*first.ty.to_string(), then.span), (&*second.ty.to_string(), otherwise.span)];
            let help = "both sides of `else` must be of one type";
            return self.fail(problem::incompatible_types("else", then.span.to(otherwise.span), sides, help));
        };
        let kind = Kind::If(condition?, fitted(first, &ty), fitted(second, &ty));
        Some(Expr::new(kind, ty))
    }

    /// The expression as what it is wanted for.
    fn wanted(&mut self, expr: Rc<Expr>, span: Span, asked: Asked) -> Typed {
        if expr.ty == Ty::Secret && asked.takes_secret && matches!(asked.want, Want::Text | Want::Offer) {
            return Some(expr);
        }
        match asked.want {
            Want::IsSet => {
                if expr.ty == Ty::Secret {
                    return self.seen(expr, span);
                }
                Some(expr)
            }
            Want::Bool => match &expr.ty {
                Ty::Bool => Some(expr),
                Ty::Optional(of) => {
                    let help = if **of == Ty::Bool {
                        "ask whether it is there with `is set`, or say what then: `… ?? false`"
                    } else {
                        "ask whether it is there with `is set`, or compare it with something"
                    };
                    self.fail(problem::optional_not_handled(&expr.ty.to_string(), span, help))
                }
                other => {
                    let found = format!("`{other}`");
                    self.fail(wrong_type(span, "`bool`", &found).help("compare it with something"))
                }
            },
            // Which names those are is asked before anything is typed.
            Want::Offer => self.offer(expr, span),
            Want::Secret | Want::Text | Want::Line | Want::Key => self.printed(expr, span),
            Want::Json => {
                let expr = self.seen(expr, span)?;
                if let Some(inside) = unseen(&expr) {
                    let help = "JSON here has no null: say what then with `??`";
                    let problem = if inside.ty == Ty::Secret {
                        exposed(inside, span)
                    } else {
                        problem::optional_not_handled(&inside.ty.to_string(), span, help)
                    };
                    return self.fail(problem);
                }
                Some(expr)
            }
        }
    }
}

fn exposed(secret: &Expr, span: Span) -> Problem {
    let name = if let Kind::Secret(name) = &secret.kind { name } else { "" };
    problem::exposed_secret(name, span)
}

/// What in a record or list is a secret or may be absent.
fn unseen(expr: &Rc<Expr>) -> Option<&Rc<Expr>> {
    match (&expr.kind, &expr.ty) {
        (_, Ty::Secret | Ty::Optional(_)) => Some(expr),
        (Kind::Record(fields), _) => fields.iter().find_map(|(_, value)| unseen(value)),
        (Kind::List(items), _) => items.iter().find_map(unseen),
        (Kind::Each(_, _, body), _) => unseen(body),
        _ => None,
    }
}

/// A bare word that is an IPv6 address or network.
fn is_address(word: &str) -> bool {
    word.contains("::")
}

/// Whether a text in quotes is read as a value of the type.
fn reads_text(ty: &Ty) -> bool {
    matches!(ty, Ty::Uuid | Ty::Date | Ty::Time | Ty::Url)
}

/// A record of which nothing is known: what the items of a mixed list have in common.
fn nothing() -> Record {
    Record { name: None, fields: Vec::new(), open: true }
}
