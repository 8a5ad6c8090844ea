//! The arguments of one setting, held against the parameters of its row.

use super::check::check_items;
use super::param::{At, Default, Param};
use super::{Given, Mismatch, Row, Source, Type, Value, Values, Want, answer, convert};
use crate::ast::{Argument, Field, Name, Setting, Value as Written, ValueKind};
use crate::policy::Catalogue;
use crate::problem::{Problem, setting as wrong, syntax};
use crate::source::Span;

/// The values of a setting; `None` if a parameter is missing or wrong. Every parameter of the row is in them once.
pub(super) fn check_arguments(
    setting: &Setting,
    row: &Row,
    catalogue: &Catalogue,
) -> (Option<Values>, Vec<Problem>) {
    let mut reading = Reading {
        row,
        setting,
        catalogue,
        given: Vec::new(),
        items: Vec::new(),
        problems: Vec::new(),
        doubtful: None,
    };
    reading.read();
    reading.block();
    reading.complete()
}

struct Reading<'a> {
    row: &'a Row,
    setting: &'a Setting,
    catalogue: &'a Catalogue,
    given: Vec<Given>,
    items: Vec<Values>,
    problems: Vec<Problem>,
    /// A word behind a label that may be the name of a value, or a label that nothing here knows: what follows it tells.
    doubtful: Option<&'a Written>,
}

type Arguments<'a> = std::iter::Peekable<std::slice::Iter<'a, Argument>>;

impl<'a> Reading<'a> {
    fn read(&mut self) {
        let mut positions = self.row.params.iter().filter(|param| param.at == At::Position).peekable();
        let mut arguments: Arguments<'a> = self.setting.arguments.iter().peekable();
        while let Some(argument) = arguments.next() {
            let doubtful = self.doubtful.take();
            match argument {
                Argument::Value(value) => {
                    if let Some(flag) = self.named(value, At::Flag) {
                        self.put(flag, Value::Bool(true), value.span);
                    } else if let Some(label) = self.named(value, At::Label) {
                        self.label(label, value, &mut arguments);
                    } else if let Some(param) = positions.next() {
                        let is_behind = self.given.iter().any(|given| self.is_label(given.name));
                        if is_behind && param.dynamic.is_name() && matches!(value.kind, ValueKind::Word(_)) {
                            self.doubtful = Some(value);
                        }
                        self.take(param, value);
                    } else if let Some(word) = doubtful.filter(|_| !matches!(value.kind, ValueKind::Word(_)))
                    {
                        self.unknown_label(word);
                    } else {
                        self.unknown(value, &mut arguments);
                    }
                }
                Argument::Field(field) => {
                    match positions.next_if(|param| matches!(param.ty, Type::Field(_))) {
                        Some(param) => self.field(param, field),
                        None => self.surplus(field.span, "field"),
                    }
                }
                Argument::Assignment { span, target, value } => match positions.next() {
                    Some(param) if matches!(param.ty, Type::Binding(_)) => {
                        self.bind(param, target, value, *span);
                    }
                    Some(param) => {
                        self.take(param, target);
                        match self.row.params.iter().find(|param| param.at == At::Assigned) {
                            Some(param) => self.take(param, value),
                            None => self.surplus(value.span, "assignment"),
                        }
                    }
                    None => match self.row.params.iter().find(|param| param.at == At::Named) {
                        Some(param) => self.name(param, target, value),
                        None => self.surplus(*span, "assignment"),
                    },
                },
            }
        }
    }

    /// A label and what follows it.
    fn label(&mut self, label: &'static Param, word: &Written, arguments: &mut Arguments<'a>) {
        if matches!(label.ty, Type::Expr(Want::Bool, _))
            && let Some(Argument::Assignment { target, value, .. }) =
                arguments.next_if(|next| matches!(next, Argument::Assignment { .. }))
        {
            let (start, end) = (target.span.end, value.span.start);
            let blank = usize::from(end - start >= 3);
            let at = Span { start: start + blank, end: end - blank, ..word.span };
            return self.wrong(label, word.span, syntax::assigned_condition(at));
        }
        let Some(Argument::Value(value)) = arguments.next_if(|next| self.may_follow(next)) else {
            let expected = label.ty.to_string();
            self.problems.push(syntax::missing_value(word.span.after(), &expected, label.name));
            // It was meant to be given: it is not reported as missing too.
            self.given.push(Given { name: label.name, value: Value::Absent, span: Some(word.span) });
            return;
        };
        if !matches!(label.ty, Type::Answer(_)) {
            return self.take(label, value);
        }
        match answer::read(label, value, arguments) {
            Ok(answer) => self.put(label, Value::Answer(Box::new(answer)), value.span),
            Err(problem) => self.wrong(label, value.span, *problem),
        }
    }

    /// A value for which there is no position left.
    fn unknown(&mut self, value: &Written, arguments: &mut Arguments<'a>) {
        let ValueKind::Word(_) = &value.kind else {
            self.lone(value);
            // Behind a comma stands what was meant to be a setting of its own.
            if matches!(value.kind, ValueKind::List(_)) {
                arguments.for_each(drop);
            }
            return;
        };
        self.unknown_label(value);
        // What follows an unknown label is its value.
        arguments.next_if(|next| self.may_follow(next));
    }

    fn unknown_label(&mut self, written: &Written) {
        let ValueKind::Word(word) = &written.kind else { return };
        let labels = self.row.params.iter().filter(|param| matches!(param.at, At::Label | At::Flag));
        self.problems.push(syntax::unknown_word(written.span, "label", word, labels.map(|param| param.name)));
    }

    fn is_label(&self, name: &str) -> bool {
        self.row.params.iter().any(|param| param.at == At::Label && param.name == name)
    }

    /// A value without a label, or without `=`: what it could be is named.
    fn lone(&mut self, value: &Written) {
        let item = match &value.kind {
            ValueKind::List(items) => items.first().unwrap_or(value),
            _ => value,
        };
        let free = |param: &&'static Param| !self.given.iter().any(|given| given.name == param.name);
        let takes = |ty: Type| convert::literal(item, ty, self.catalogue).is_ok();
        let left: Vec<&Param> = self.row.params.iter().filter(free).filter(|it| takes(it.ty)).collect();
        if left.iter().any(|param| param.at == At::Assigned) {
            return self.problems.push(wrong::missing_equals(value.span, self.row.name));
        }
        let labels: Vec<&&Param> = left.iter().filter(|param| param.at == At::Label).collect();
        let must = |param: &&&Param| param.default.given(param.name).is_none();
        let must: Vec<&&Param> = labels.iter().copied().filter(must).collect();
        let labels = if must.is_empty() { labels } else { must };
        // An expression may be anything: it is meant where nothing else fits.
        let is_exact = |param: &&&Param| !matches!(param.ty, Type::Expr(..) | Type::Sent(_) | Type::Secret);
        let exact: Vec<&str> = labels.iter().filter(|it| is_exact(it)).map(|it| it.name).collect();
        let names = if exact.is_empty() { labels.iter().map(|it| it.name).collect() } else { exact };
        let problem = wrong::missing_label(value.span, self.row.name, &names);
        self.problems.push(match (&value.kind, names.as_slice()) {
            (ValueKind::List(_), [label, ..]) => {
                let word = self.row.name;
                problem.help(format!("write `{label} …`, and a `{word}` of its own for each behind a comma"))
            }
            _ => problem,
        });
    }

    fn block(&mut self) {
        match &self.setting.block {
            Some(block) if self.row.block.is_empty() => self.surplus(block.span, "block"),
            Some(block) => {
                let (items, problems) = check_items(block, self.row.block, self.row.name, self.catalogue);
                if block.statements.is_empty() {
                    let words: Vec<&str> = self.row.block.iter().map(|row| row.name).collect();
                    self.problems.push(wrong::empty_block(block.span, self.row.name, &words));
                }
                self.items = items;
                self.problems.extend(problems);
            }
            None if self.row.block.is_empty() => {}
            None => self.problems.push(syntax::missing_block(self.setting.word.span, self.row.name)),
        }
    }

    /// The parameter of which a bare word is the name.
    fn named(&self, value: &Written, at: At) -> Option<&'static Param> {
        let ValueKind::Word(word) = &value.kind else { return None };
        self.row.params.iter().find(|param| param.at == at && param.name == word)
    }

    /// Whether an argument can be a label's value: anything but the next label.
    fn may_follow(&self, argument: &Argument) -> bool {
        let Argument::Value(value) = argument else { return false };
        self.named(value, At::Label).or(self.named(value, At::Flag)).is_none()
    }

    /// `name: type`, whose name is one that such a field can have.
    fn field(&mut self, param: &'static Param, field: &Field) {
        let (name, at) = match &field.wire {
            Some(wire) => (&wire.value, wire.span),
            None => (&field.name.text, field.name.span),
        };
        let mismatch = match param.ty {
            Type::Field(Source::Header) => Mismatch::of_field(param.name, name),
            // The case of a cookie's name counts.
            Type::Field(Source::Cookie) => Mismatch::of_field(param.name, &name.to_ascii_lowercase()),
            _ => None,
        };
        match mismatch {
            Some(mismatch) => self.wrong(param, field.span, reported(&mismatch, |_| at)),
            None => self.put(param, Value::Field(Box::new(field.clone())), field.span),
        }
    }

    /// `name = value`
    fn bind(&mut self, param: &'static Param, target: &Written, value: &Written, span: Span) {
        match &target.kind {
            ValueKind::Word(word) => {
                let name = Name { span: target.span, text: word.clone() };
                self.put(param, Value::Binding(name, Box::new(value.clone())), span);
            }
            kind => {
                let problem = wrong::wrong_type(target.span, "a name", &convert::found(kind));
                self.wrong(param, span, problem);
            }
        }
    }

    /// `name = value`, one of several.
    fn name(&mut self, param: &'static Param, target: &Written, value: &Written) {
        let ValueKind::Word(word) = &target.kind else {
            let problem = wrong::wrong_type(target.span, "a name", &convert::found(&target.kind));
            return self.problems.push(problem);
        };
        let name = Name { span: target.span, text: word.clone() };
        let Some(Given { value: Value::Named(all), .. }) =
            self.given.iter_mut().find(|given| given.name == param.name)
        else {
            return self.put(param, Value::Named(vec![(name, value.clone())]), target.span);
        };
        match all.iter().find(|(known, _)| known.text == name.text) {
            Some((first, _)) => {
                let problem = wrong::repeated_argument(name.span, first.span, word);
                self.problems.push(problem);
            }
            None => all.push((name, value.clone())),
        }
    }

    fn surplus(&mut self, at: Span, what: &str) {
        self.problems.push(wrong::unexpected_argument(at, self.row.name, what));
    }

    fn take(&mut self, param: &'static Param, written: &Written) {
        match convert::convert(written, param, self.catalogue) {
            Ok(value) => self.put(param, value, written.span),
            Err(problem) => self.wrong(param, written.span, *problem),
        }
    }

    /// A parameter whose value is wrong: it is given all the same, so that it is not called missing.
    fn wrong(&mut self, param: &'static Param, span: Span, problem: Problem) {
        self.problems.push(problem);
        self.put(param, Value::Absent, span);
    }

    fn put(&mut self, param: &'static Param, value: Value, span: Span) {
        let first = self.given.iter().find(|given| given.name == param.name).and_then(|given| given.span);
        match first {
            Some(first) => self.problems.push(wrong::repeated_argument(span, first, param.name)),
            None => self.given.push(Given { name: param.name, value, span: Some(span) }),
        }
    }

    /// Fills in the defaults, in the row's order, and asks the row whether the values go together.
    fn complete(mut self) -> (Option<Values>, Vec<Problem>) {
        let mut given = Vec::new();
        for param in self.row.params {
            let written = self.given.iter().find(|given| given.name == param.name).cloned();
            let Some(value) = written.or_else(|| param.default.given(param.name)) else {
                // An unknown word may have been meant for it.
                if self.problems.is_empty() {
                    self.problems.push(wrong::missing_argument(
                        self.setting.word.span,
                        self.row.name,
                        param.name,
                        param.doc,
                        &param.ty.to_string(),
                    ));
                }
                continue;
            };
            given.push(value);
        }
        let values = Values { word: self.row.name, span: Some(self.setting.span), given, items: self.items };
        if !self.problems.is_empty() {
            return (None, self.problems);
        }
        if let Some(mismatch) = self.row.check.and_then(|check| check(&values)) {
            let place =
                |param: &str| values.find(param).and_then(|given| given.span).unwrap_or(self.setting.span);
            return (None, vec![reported(&mismatch, place)]);
        }
        // A setting that says nothing is no setting, even where everything has a default.
        if !self.row.bare
            && self.setting.arguments.is_empty()
            && self.row.params.iter().any(|param| param.default != Default::Absent && param.at != At::Flag)
            && let Some(param) = self.row.params.first()
        {
            let word = self.setting.word.span;
            let problem =
                wrong::missing_argument(word, self.row.name, param.name, param.doc, &param.ty.to_string());
            return (None, vec![problem]);
        }
        (Some(values), Vec::new())
    }
}

impl Mismatch {
    /// The problem, where the values of one setting stand.
    #[must_use]
    pub fn problem(&self, values: &Values) -> Option<Problem> {
        let setting = values.span?;
        let place = |param: &str| values.find(param).and_then(|given| given.span).unwrap_or(setting);
        Some(reported(self, place))
    }
}

pub(super) fn reported(mismatch: &Mismatch, place: impl Fn(&str) -> Span) -> Problem {
    let at = place(mismatch.param);
    let mut problem = wrong::mismatch(mismatch.kind, at, &mismatch.message, &mismatch.text);
    if let Some((param, text)) = &mismatch.because {
        problem = problem.because(place(param), text.as_str());
    }
    if let Some(help) = &mismatch.help {
        problem = problem.help(help.as_str());
    }
    match &mismatch.fix {
        Some(fix) => problem.fix(at, fix.as_str()),
        None => problem,
    }
}
