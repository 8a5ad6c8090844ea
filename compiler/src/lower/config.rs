//! What a step is run with: the values of its settings, as the fields of the runtime's type.
//!
//! It names no policy; what a configuration holds follows from its row.

use gatewright_dsl::ast::AnswerBody;
use gatewright_dsl::schema::{At, Default as Standing, Param, Row, Source, Type, Value, Values};

use super::expr::Expressions;
use crate::checked::{Resolved, Step, Word};
use crate::ir::{Content, Declared, Field, Respond, Said};

/// The fields of one setting that has a step of its own.
pub(super) fn fields(step: &Step, expressions: &mut Expressions) -> Vec<Field> {
    let mut reading = Reading { resolved: step.resolved.iter(), expressions };
    let mut fields = reading.fields(&step.policy.row(), &step.values, step.policy.split);
    // Without that one there is no step: it is always there.
    let acts = fields.iter_mut().find(|field| Some(field.name) == step.policy.acts);
    if let Some(Field { content, .. }) = acts
        && let Content::Option(Some(inner)) = content
    {
        *content = (**inner).clone();
    }
    fields
}

/// The items of settings that have one step together.
pub(super) fn items(steps: &[Step], expressions: &mut Expressions) -> Vec<Field> {
    let mut items = Vec::new();
    // What stands in blocks has no order but this, and neither have the settings.
    let mut sorted: Vec<&Step> = steps.iter().collect();
    sorted.sort_by_cached_key(|step| (step.policy.name, step.canonical()));
    for step in sorted {
        let mut reading = Reading { resolved: step.resolved.iter(), expressions };
        let row = step.policy.row();
        if row.block.is_empty() {
            items.push((row.name, reading.fields(&row, &step.values, None)));
        } else {
            items.extend(reading.items(&row, &step.values));
        }
    }
    vec![Field { name: "items", content: Content::Items(items) }]
}

/// The items of an `auth`: one for each word.
pub(super) fn words(words: &[Word], expressions: &mut Expressions) -> Vec<(&'static str, Vec<Field>)> {
    let item = |word: &Word| {
        let mut reading = Reading { resolved: word.resolved.iter(), expressions };
        (word.row.name, reading.fields(word.row, &word.values, None))
    };
    words.iter().map(item).collect()
}

struct Reading<'a> {
    /// What is resolved, in the order in which it is met.
    resolved: std::slice::Iter<'a, Resolved>,
    expressions: &'a mut Expressions,
}

impl Reading<'_> {
    fn items(&mut self, row: &Row, values: &Values) -> Vec<(&'static str, Vec<Field>)> {
        let rows = values.items.iter().filter_map(|item| Some((row.item(item)?, item)));
        rows.map(|(row, item)| (row.name, self.fields(row, item, None))).collect()
    }

    /// A field for each parameter, but none for a word without an alternative.
    fn fields(&mut self, row: &Row, values: &Values, split: Option<&str>) -> Vec<Field> {
        let mut fields = Vec::new();
        for param in row.params {
            let is_telling = !matches!(param.ty, Type::Word([] | [_])) && Some(param.name) != split;
            // A word in the place of a type is there to be told from one.
            let is_telling = is_telling
                && !matches!((param.ty, values.value(param.name)), (Type::Shape(_), Some(Value::Word(_))));
            if let (Some(value), true) = (values.value(param.name), is_telling) {
                fields.push(Field { name: param.name, content: self.param(param, value) });
            }
        }
        fields
    }

    fn param(&mut self, param: &'static Param, value: &Value) -> Content {
        let is_optional = param.default == Standing::Absent && param.at != At::Flag;
        if *value == Value::Absent {
            return Content::Option(None);
        }
        let content = self.setting(param, value);
        if is_optional { Content::Option(Some(Box::new(content))) } else { content }
    }

    /// A value, or what gives it when the gateway starts.
    fn setting(&mut self, param: &'static Param, value: &Value) -> Content {
        match value {
            Value::Name(_) => self.name(),
            Value::Least(two) => {
                Content::Least(Box::new((self.setting(param, &two.0), self.setting(param, &two.1))))
            }
            _ if param.dynamic.is_name() => Content::Is(Box::new(self.content(param, param.ty, value))),
            _ => self.content(param, param.ty, value),
        }
    }

    fn content(&mut self, param: &'static Param, ty: Type, value: &Value) -> Content {
        match (ty, value) {
            (Type::List(item), Value::List(values)) => {
                Content::List(values.iter().map(|value| self.content(param, *item, value)).collect())
            }
            (Type::Choice(_), Value::Word(word)) => Content::Choice(param.name, word.clone().into_owned()),
            (Type::Expr(..) | Type::Sent(_) | Type::Secret, _) => Content::Expr(self.expr()),
            (_, Value::Binding(name, _)) => Content::Named(name.text.clone(), self.expr()),
            (Type::Field(source), _) => self.declared(source),
            (_, Value::Reference(_)) => self.auth(),
            (_, Value::Named(_)) => self.claims(),
            (_, Value::Type(_)) => self.shape(),
            (_, Value::Answer(answer)) => {
                Content::Respond(Respond { status: answer.status, body: self.body(answer.body.as_ref()) })
            }
            _ => Content::Value(value.clone()),
        }
    }

    // INVARIANT: what is resolved answers what the row's `wanted` lists, one by one, and that is in the order of these calls.
    // An answer of another kind is a mistake of the check; it becomes what rustc refuses or what asks for nothing.

    fn expr(&mut self) -> usize {
        match self.resolved.next() {
            Some(Resolved::Expr(function)) => self.expressions.number(function),
            _ => usize::MAX,
        }
    }

    fn name(&mut self) -> Content {
        match self.resolved.next() {
            Some(Resolved::Param(name)) => Content::Param(self.expressions.param(name)),
            _ => Content::Param(u16::MAX),
        }
    }

    fn auth(&mut self) -> Content {
        let Some(Resolved::Auth(name)) = self.resolved.next() else { return Content::Option(None) };
        let number = self.expressions.auths.iter().position(|known| known == name);
        Content::Auth(number.and_then(|number| u16::try_from(number).ok()).unwrap_or(u16::MAX), name.clone())
    }

    fn claims(&mut self) -> Content {
        match self.resolved.next() {
            Some(Resolved::Claims(claims)) => Content::Claims(claims.clone()),
            _ => Content::Claims(Vec::new()),
        }
    }

    fn declared(&mut self, source: Source) -> Content {
        match self.resolved.next() {
            Some(Resolved::Field { name, required, many, ty, default }) => Content::Declared(Declared {
                name: name.clone(),
                source,
                required: *required,
                many: *many,
                check: self.expressions.check(ty),
                expected: ty.to_string(),
                default: default.clone(),
            }),
            _ => Content::Option(None),
        }
    }

    fn shape(&mut self) -> Content {
        match self.resolved.next() {
            Some(Resolved::Shape(ty)) => Content::Shape(self.expressions.shape(ty), ty.to_string()),
            _ => Content::Option(None),
        }
    }

    fn body(&mut self, body: Option<&AnswerBody>) -> Option<(&'static str, Said)> {
        let kind = if matches!(body?, AnswerBody::Json(_)) {
            "application/json"
        } else {
            "text/plain; charset=utf-8"
        };
        Some(match self.resolved.next()? {
            Resolved::Text(text) => (kind, Said::Text(text.clone())),
            Resolved::Expr(function) => (kind, Said::Expr(self.expressions.number(function))),
            Resolved::File(kind, text) => (*kind, Said::Text(text.clone())),
            _ => return None,
        })
    }
}
