//! Assertions.

use super::bracket::LIST;
use super::printer::Printer;
use crate::ast::{Assertion, Chosen, Claim, Methods, Predicate, RouteName, RouteNames};
use crate::source::Span;

impl Printer<'_> {
    pub(super) fn assertion(&mut self, assertion: &Assertion) {
        self.push(" ");
        self.copy(assertion.why.span);
        match &assertion.claim {
            Claim::Every { chosen, except, predicate } => {
                self.push(" every route");
                for one in chosen {
                    self.chosen(one);
                }
                if let Some(except) = except {
                    self.push(" except ");
                    self.route_names(except);
                }
                self.predicate(predicate);
            }
            Claim::Listed { who, routes } => {
                self.push(" ");
                self.push(&who.text);
                self.push(" routes are ");
                self.route_names(routes);
            }
        }
    }

    fn chosen(&mut self, one: &Chosen) {
        self.push(" ");
        if let Some(word) = one.word() {
            self.push(word);
            self.push(" ");
        }
        match one {
            Chosen::Methods(methods) => self.methods(methods),
            Chosen::Under(it) => self.copy(it.span),
            Chosen::To(it) => self.push(&it.text),
            Chosen::In(it) => self.copy(it.span),
            Chosen::On(it) => self.copy(it.span),
        }
    }

    pub(super) fn methods(&mut self, methods: &Methods) {
        match methods {
            Methods::Any(_) => self.push("*"),
            Methods::List(names) => {
                let names: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
                self.push(&names.join(", "));
            }
        }
    }

    fn route_names(&mut self, names: &RouteNames) {
        let items: Vec<(Span, &RouteName)> = names.names.iter().map(|name| (name.span, name)).collect();
        if names.bracketed {
            let region = (names.span.start, names.span.end);
            self.bracketed(LIST, region, &items, |printer, name| printer.route_name(name));
            return;
        }
        for (index, (_, name)) in items.iter().enumerate() {
            if index > 0 {
                self.push(", ");
            }
            self.route_name(name);
        }
    }

    fn route_name(&mut self, name: &RouteName) {
        self.push(&name.method.text);
        self.push(" ");
        self.copy(name.pattern.span);
        if let Some(host) = &name.host {
            self.push(" on ");
            self.copy(host.span);
        }
    }

    fn predicate(&mut self, predicate: &Predicate) {
        match predicate {
            Predicate::Requires { any, names, .. } => {
                self.push(if any.is_some() { " requires any " } else { " requires " });
                let names: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
                self.push(&names.join(", "));
            }
            Predicate::Is { negated, word, .. } => {
                self.push(if *negated { " is not " } else { " is " });
                self.push(&word.text);
            }
            Predicate::Has { word, part, against, .. } => {
                self.push(" has ");
                self.push(&word.text);
                if let Some(part) = part {
                    self.push(" ");
                    self.push(&part.text);
                }
                if let Some((operator, value)) = against {
                    self.push(" ");
                    self.push(operator.word());
                    self.push(" ");
                    self.value(value);
                }
            }
        }
    }
}
