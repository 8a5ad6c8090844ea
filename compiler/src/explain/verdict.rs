//! What a step does with a request, where that follows from the request alone. It names no policy: what a step asks is said
//! by its row, and what that is worth by its expressions.

use gatewright_dsl::policy::Guard;
use gatewright_dsl::schema::{self, Source};

use super::read;
use super::scene::Scene;
use super::value::{Open, Value, in_network};
use crate::ir::expr::{Constant, Lookup};
use crate::ir::{Content, Declared, Field, StepTable};

/// What a step does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It lets the request through.
    Passes,
    /// It answers in the upstream's place.
    Refuses {
        /// The status of the answer.
        status: u16,
        /// The reason, as the log names it.
        reason: &'static str,
        /// What is wrong with declared fields, where that is why.
        wrong: Vec<String>,
    },
    /// It may refuse; the request alone does not say.
    Open,
}

impl Scene<'_> {
    /// What a step does.
    pub(super) fn verdict(&self, table: &StepTable, config: &[Field]) -> Verdict {
        let Some(reason) = table.answers.first() else { return Verdict::Passes };
        let refuses = |status, wrong| Verdict::Refuses { status, reason: reason.name, wrong };
        if let Some(guard) = table.guard {
            let status = config.iter().find_map(|field| status(&field.content)).unwrap_or(reason.status);
            return match self.asks(config) {
                Ok(holds) if holds == (guard == Guard::Lets) => Verdict::Passes,
                Ok(_) => refuses(status, Vec::new()),
                Err(_) => Verdict::Open,
            };
        }
        if let Some(verdict) = self.edits(table, config) {
            return verdict;
        }
        let Some(declared) = declared(config) else { return Verdict::Open };
        let wrong = declared
            .into_iter()
            .filter_map(|(word, field)| Some(format!("{word} {} is {}", field.name, self.wrong(field)?)));
        match wrong.collect::<Vec<_>>() {
            none if none.is_empty() => Verdict::Passes,
            wrong => refuses(reason.status, wrong),
        }
    }

    /// Whether what a guard asks is so: a condition, or one of its networks.
    fn asks(&self, config: &[Field]) -> Result<bool, Open> {
        for field in config {
            if let Some(answer) = self.asked_by(&field.content) {
                return answer;
            }
        }
        Err(Open::Hidden)
    }

    fn asked_by(&self, content: &Content) -> Option<Result<bool, Open>> {
        match content {
            Content::Option(inner) => self.asked_by(inner.as_deref()?),
            Content::Is(inner) => self.asked_by(inner),
            Content::Expr(number) | Content::Named(_, number) => {
                let function = self.program.functions.exprs.get(*number);
                Some(function.map_or(Err(Open::Hidden), |function| self.holds(function)))
            }
            Content::List(items) => {
                let is_in = |item: &Content| match item {
                    Content::Value(schema::Value::Cidr(first, bits)) => {
                        in_network(self.client(), *first, *bits)
                    }
                    _ => false,
                };
                Some(Ok(items.iter().any(is_in)))
            }
            Content::Param(number) => {
                let param = self.program.params.get(usize::from(*number))?;
                Some(self.param(&param.name).map(|value| match value {
                    Value::List(items) => items.iter().any(|item| match item {
                        Value::Of(Constant::Cidr(first, bits)) => in_network(self.client(), *first, *bits),
                        Value::Of(Constant::Ip(ip)) => *ip == self.client(),
                        _ => false,
                    }),
                    _ => false,
                }))
            }
            _ => None,
        }
    }

    fn client(&self) -> std::net::IpAddr {
        self.asked.client.to_canonical()
    }

    /// What is wrong with the values that the request has of a field.
    fn wrong(&self, field: &Declared) -> Option<&'static str> {
        let lookup = match field.source {
            Source::Query => Lookup::Query,
            Source::Header => Lookup::Header,
            Source::Cookie => Lookup::Cookie,
        };
        let values =
            if field.many { self.members(lookup, &field.name) } else { self.values(lookup, &field.name) };
        let Some((first, others)) = values.split_first() else { return field.required.then_some("missing") };
        let ty = self.program.functions.checks.get(field.check)?;
        let ty = if let crate::ty::Ty::List(item, _) = ty.present().0 { item } else { ty };
        let accepts =
            |value: &Option<Vec<u8>>| value.as_ref().is_some_and(|text| read::read(ty, text).is_some());
        if !accepts(first) || field.many && !others.iter().all(accepts) {
            return Some("wrong");
        }
        (!field.many && !others.is_empty()).then_some("repeated")
    }
}

fn status(content: &Content) -> Option<u16> {
    match content {
        Content::Value(schema::Value::Status(status)) => Some(*status),
        Content::Option(inner) => status(inner.as_deref()?),
        Content::Is(inner) => status(inner),
        _ => None,
    }
}

/// The fields that a step declares, if that is all that it does.
fn declared(config: &[Field]) -> Option<Vec<(&'static str, &Declared)>> {
    let [Field { content: Content::Items(items), .. }] = config else { return None };
    let fields = items.iter().flat_map(|(word, fields)| fields.iter().map(move |field| (*word, field)));
    let declared = fields.map(|(word, field)| match &field.content {
        Content::Declared(declared) => Some((word, declared)),
        _ => None,
    });
    declared.collect()
}
