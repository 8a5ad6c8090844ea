//! Assertions: of which routes something is said, and what. Whether it is so is not asked here.

use super::declaration::{METHODS, Parts};
use super::expression::operator;
use super::reader::Reader;
use super::strict::{PREDICATES, ROUTE_NAME};
use super::{Pair, Rule};
use crate::ast::{Assertion, Chosen, Claim, Declaration, Name, Predicate, RouteName, RouteNames};
use crate::problem::syntax;
use crate::source::Span;

impl Reader<'_> {
    pub(super) fn assertion(&mut self, mut parts: Parts<'_>) -> Option<Declaration> {
        let before = self.problems.len();
        let written = parts.take(Rule::string);
        if written.is_none() && !parts.has_junk {
            self.report(syntax::missing_value(parts.word.after(), "in quotes what is asserted", "assert"));
        }
        let why = written.map(|string| self.quoted(&string));
        let claim = parts.take(Rule::every).or_else(|| parts.take(Rule::listed));
        if let (Some(why), None, false) = (&why, &claim, parts.has_junk) {
            let expected = "`every route …` or `… routes are …`";
            self.report(syntax::missing_value(why.span.after(), expected, self.slice(why.span)));
        }
        let claim = claim.and_then(|pair| self.claim(pair, parts.has_junk));
        self.no_block(&mut parts);
        let broken = self.is_broken(&parts, before);
        let Parts { docs, span, .. } = parts;
        Some(Declaration::Assertion(Box::new(Assertion { span, docs, why: why?, claim: claim?, broken })))
    }

    fn claim(&mut self, pair: Pair<'_>, has_junk: bool) -> Option<Claim> {
        let all = self.trimmed(self.span(&pair));
        if pair.as_rule() == Rule::listed {
            let mut parts = pair.into_inner();
            let who = parts.next().map(|name| self.name(&name))?;
            let Some(names) = parts.next() else {
                self.report(syntax::missing_value(all.after(), ROUTE_NAME, "are"));
                return None;
            };
            return Some(Claim::Listed { who, routes: self.route_names(names)? });
        }
        let (mut chosen, mut except, mut predicate) = (Vec::new(), None, None);
        let (mut is_whole, mut says_route) = (true, false);
        for part in pair.into_inner() {
            let rule = part.as_rule();
            match rule {
                Rule::every_word => {}
                Rule::route_word => says_route = true,
                Rule::except => {
                    except = self.behind(part, ROUTE_NAME, Self::route_names);
                    is_whole &= except.is_some();
                }
                Rule::predicate => predicate = Some(part),
                _ => match self.chosen(part) {
                    Some(it) => self.choose(it, &mut chosen),
                    None => is_whole = false,
                },
            }
        }
        let Some(predicate) = predicate else {
            if !has_junk && is_whole {
                let expected = if says_route { PREDICATES } else { "`route`" };
                let last = self.slice(all).split_ascii_whitespace().next_back().unwrap_or_default();
                self.report(syntax::missing_value(all.after(), expected, last));
            }
            return None;
        };
        let predicate = self.predicate(predicate);
        is_whole.then_some(Claim::Every { chosen, except, predicate: Box::new(predicate?) })
    }

    /// Adds one more, which none before may say already.
    fn choose(&mut self, one: Chosen, chosen: &mut Vec<Chosen>) {
        let first = chosen.iter().find(|other| other.word() == one.word());
        if let (Some(span), Some(first), Some(word)) = (one.span(), first.and_then(Chosen::span), one.word())
        {
            self.report(syntax::repeated_choice(span, first, word));
        }
        chosen.push(one);
    }

    fn chosen(&mut self, pair: Pair<'_>) -> Option<Chosen> {
        match pair.as_rule() {
            Rule::chosen_methods => self.methods(pair).map(Chosen::Methods),
            Rule::under => self.behind(pair, "a path", Self::pattern).map(Chosen::Under),
            Rule::leading_to => self
                .behind(pair, "the name of an upstream", |reader, name| Some(reader.name(&name)))
                .map(Chosen::To),
            Rule::declared_in => self
                .behind(pair, "a file in quotes", |reader, text| Some(reader.quoted(&text)))
                .map(Chosen::In),
            _ => self.behind(pair, "a host", Self::host_pattern).map(Chosen::On),
        }
    }

    /// What stands behind a word, which is reported where it is missing.
    fn behind<'p, T>(
        &mut self,
        pair: Pair<'p>,
        expected: &str,
        read: impl FnOnce(&mut Self, Pair<'p>) -> Option<T>,
    ) -> Option<T> {
        let at = self.trimmed(self.span(&pair));
        let Some(inner) = pair.into_inner().next() else {
            self.report(syntax::missing_value(at.after(), expected, self.slice(at)));
            return None;
        };
        read(self, inner)
    }

    fn route_names(&mut self, pair: Pair<'_>) -> Option<RouteNames> {
        let span = self.trimmed(self.span(&pair));
        let bracketed = self.slice(span).starts_with('[');
        let (mut names, mut is_whole) = (Vec::new(), true);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::route_name => match self.route_name(part) {
                    Some(name) => names.push(name),
                    None => is_whole = false,
                },
                Rule::trailing_comma => {
                    self.report(syntax::missing_value(self.span(&part).after(), ROUTE_NAME, ","));
                    is_whole = false;
                }
                _ => {}
            }
        }
        is_whole.then_some(RouteNames { span, bracketed, names })
    }

    fn route_name(&mut self, pair: Pair<'_>) -> Option<RouteName> {
        let span = self.trimmed(self.span(&pair));
        let mut parts = pair.into_inner();
        let method = parts.next().map(|part| self.name(&part))?;
        if method.text != "*" && !METHODS.contains(&method.text.as_str()) {
            self.report(syntax::unknown_method(method.span, &method.text, METHODS));
        }
        let pattern = parts.next().and_then(|part| self.pattern(part))?;
        let host = match parts.next() {
            Some(host) => Some(self.behind(host, "a host", Self::host_pattern)?),
            None => None,
        };
        Some(RouteName { span, method, pattern, host })
    }

    fn predicate(&mut self, pair: Pair<'_>) -> Option<Predicate> {
        let pair = pair.into_inner().next()?;
        let span = self.trimmed(self.span(&pair));
        let rule = pair.as_rule();
        let parts: Vec<Pair<'_>> = pair.into_inner().collect();
        match rule {
            Rule::requires => self.requires(span, &parts),
            Rule::is_said => {
                let negated = parts.iter().any(|part| part.as_rule() == Rule::not_word);
                let Some(word) = self.names_in(&parts).into_iter().next() else {
                    self.report(syntax::missing_value(span.after(), "a word", self.slice(span)));
                    return None;
                };
                Some(Predicate::Is { span, negated, word })
            }
            _ => self.has_setting(span, parts),
        }
    }

    fn requires(&mut self, span: Span, parts: &[Pair<'_>]) -> Option<Predicate> {
        let find = |rule| parts.iter().find(|part| part.as_rule() == rule).map(|part| self.span(part));
        let (any, comma) = (find(Rule::any_of), find(Rule::trailing_comma));
        let names = self.names_in(parts);
        let expected = "the name of an `auth`";
        if let Some(comma) = comma {
            self.report(syntax::missing_value(comma.after(), expected, ","));
        } else if names.is_empty() {
            self.report(syntax::missing_value(span.after(), expected, self.slice(span)));
            return None;
        }
        Some(Predicate::Requires { span, any, names })
    }

    fn has_setting(&mut self, span: Span, parts: Vec<Pair<'_>>) -> Option<Predicate> {
        let Some(word) = self.names_in(&parts).into_iter().next() else {
            self.report(syntax::missing_value(span.after(), "the word of a setting", self.slice(span)));
            return None;
        };
        let part = parts.iter().find(|part| part.as_rule() == Rule::part_name).map(|part| self.name(part));
        let sign = parts.iter().find(|part| part.as_rule() == Rule::compared);
        let sign = sign.map(|sign| sign.as_str().to_owned());
        let value = parts.into_iter().find(|part| part.as_rule() == Rule::expression);
        let against = match (sign, value) {
            (None, _) => None,
            (Some(sign), None) => {
                self.report(syntax::missing_value(span.after(), "a value", &sign));
                return None;
            }
            (Some(sign), Some(value)) => Some((operator(&sign)?, self.expression(value)?)),
        };
        Some(Predicate::Has { span, word, part, against })
    }

    fn names_in(&self, parts: &[Pair<'_>]) -> Vec<Name> {
        parts.iter().filter(|part| part.as_rule() == Rule::name).map(|part| self.name(part)).collect()
    }
}
