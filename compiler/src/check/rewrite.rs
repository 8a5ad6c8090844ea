//! One walk over the tree as written that changes it in place: names get a prefix, words get a value, places are forgotten.
//!
//! What is changed is said by a [`Rewrite`]; here is only where names and values stand.

mod terminal;

use gatewright_dsl::Span;
use gatewright_dsl::ast::{
    Argument, Assertion, Block, Bounds, Capture, Chosen, Claim, Declaration, Entry, Field, File, HostLabel,
    HostPattern, Name, Pattern, Predicate, Route, RouteNames, Segment, Setting, Statement, Template,
    TemplatePart, Test, TestKind, Text, TextPart, Type, TypeBody, TypeKind, Use, Value, ValueKind,
};
use gatewright_dsl::auth::{CLAIMS, LOGGED};

pub(super) use self::terminal::answer;
use self::terminal::terminal;

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Space {
    Upstream,
    /// A param or a secret.
    Value,
    Type,
    Policy,
}

/// A change.
pub(super) trait Rewrite {
    /// A name of something that is declared for the whole program, where it is declared and where it is used.
    fn name(&mut self, _space: Space, _name: &mut Name) {}

    /// A word that stands for a value. It may become any value.
    fn word(&mut self, _value: &mut Value) {}

    /// A text in which all values are known now.
    fn text(&mut self, _value: &mut Value) {}

    /// A place.
    fn span(&mut self, _span: &mut Span) {}

    /// Whether a bare word of a setting is a label or a choice, and stands for nothing.
    fn is_label(&self, _setting: &str, _word: &str) -> bool {
        false
    }

    /// Whether the first argument of a setting is the name of an upstream.
    fn names_upstream(&self, _setting: &str) -> bool {
        false
    }

    /// Whether a bare word of a setting that is no label names a type.
    fn is_type(&self, _setting: &str) -> bool {
        false
    }
}

pub(super) fn file(file: &mut File, change: &mut impl Rewrite) {
    for it in &mut file.declarations {
        declaration(it, change);
    }
}

fn declaration(written: &mut Declaration, change: &mut impl Rewrite) {
    match written {
        Declaration::Import(_) => {}
        Declaration::Gateway(it) => block(&mut it.block, change),
        Declaration::Param(it) => {
            change.name(Space::Value, &mut it.name);
            ty(&mut it.ty, change);
            if let Some(default) = &mut it.default {
                value(default, change);
            }
        }
        Declaration::Live(it) => {
            change.name(Space::Value, &mut it.name);
            ty(&mut it.ty, change);
            if let Some(default) = &mut it.default {
                value(default, change);
            }
        }
        Declaration::Secret(it) => change.name(Space::Value, &mut it.name),
        Declaration::Type(it) => {
            change.name(Space::Type, &mut it.name);
            match &mut it.body {
                TypeBody::Record { fields, .. } => fields.iter_mut().for_each(|it| field(it, change)),
                TypeBody::Alias(of) => ty(of, change),
            }
        }
        Declaration::Upstream(it) => {
            change.name(Space::Upstream, &mut it.name);
            block(&mut it.block, change);
        }
        Declaration::Auth(it) => {
            change.name(Space::Value, &mut it.name);
            auth(&mut it.block, change);
        }
        Declaration::Policy(it) => {
            change.name(Space::Policy, &mut it.name);
            for param in &mut it.params {
                field(param, change);
            }
            block(&mut it.block, change);
        }
        Declaration::Group(it) => {
            if let Some(prefix) = &mut it.prefix {
                pattern(prefix, change);
            }
            if let Some(when) = &mut it.when {
                value(when, change);
            }
            block(&mut it.block, change);
        }
        Declaration::Host(it) => {
            for pattern in &mut it.patterns {
                host_pattern(pattern, change);
            }
            if let Some(when) = &mut it.when {
                value(when, change);
            }
            block(&mut it.block, change);
        }
        Declaration::Route(it) => route(it, change),
        Declaration::Assertion(it) => assertion(it, change),
        Declaration::Test(it) => test(it, change),
    }
}

/// What a test names. Places stay: each statement is told apart by its own.
fn test(test: &mut Test, change: &mut impl Rewrite) {
    for statement in &mut test.statements {
        match &mut statement.kind {
            TestKind::Mock { upstream, .. } | TestKind::Got { upstream, .. } => {
                change.name(Space::Upstream, upstream);
            }
            TestKind::Given { name, .. } | TestKind::As { name, .. } => change.name(Space::Value, name),
            TestKind::Ask { .. } | TestKind::After(_) => {}
        }
    }
}

/// What stands in the block of an `auth`: behind `claims` a type, behind `logged` names of its own, elsewhere values.
fn auth(written: &mut Block, change: &mut impl Rewrite) {
    change.span(&mut written.span);
    for it in &mut written.statements {
        match it {
            Statement::Setting(it) if it.word.text == LOGGED.name => {}
            Statement::Setting(it) => {
                if it.word.text == CLAIMS.name
                    && let [Argument::Value(Value { kind: ValueKind::Word(word), span })] =
                        it.arguments.as_mut_slice()
                {
                    let mut name = Name { span: *span, text: std::mem::take(word) };
                    change.name(Space::Type, &mut name);
                    *word = name.text;
                }
                setting(it, change);
            }
            other => statement(other, change),
        }
    }
}

fn route(route: &mut Route, change: &mut impl Rewrite) {
    pattern(&mut route.pattern, change);
    if let Some(when) = &mut route.when {
        value(when, change);
    }
    if let Some(it) = &mut route.head_setting {
        setting(it, change);
    }
    if let Some(it) = &mut route.head_terminal {
        terminal(it, change);
    }
    if let Some(it) = &mut route.block {
        block(it, change);
    }
}

/// Places stay as they are: an assertion stands in no policy.
fn assertion(assertion: &mut Assertion, change: &mut impl Rewrite) {
    match &mut assertion.claim {
        Claim::Listed { routes, .. } => route_names(routes, change),
        Claim::Every { chosen, except, predicate } => {
            for one in chosen {
                match one {
                    Chosen::Methods(_) | Chosen::In(_) => {}
                    Chosen::Under(it) => pattern(it, change),
                    Chosen::To(it) => change.name(Space::Upstream, it),
                    Chosen::On(it) => host_pattern(it, change),
                }
            }
            if let Some(it) = except {
                route_names(it, change);
            }
            if let Predicate::Requires { names, .. } = &mut **predicate {
                for name in names {
                    change.name(Space::Value, name);
                }
            }
        }
    }
}

fn route_names(names: &mut RouteNames, change: &mut impl Rewrite) {
    for name in &mut names.names {
        pattern(&mut name.pattern, change);
        if let Some(host) = &mut name.host {
            host_pattern(host, change);
        }
    }
}

fn host_pattern(pattern: &mut HostPattern, change: &mut impl Rewrite) {
    for label in &mut pattern.labels {
        if let HostLabel::Capture(it) = label {
            capture(it, change);
        }
    }
}

fn pattern(pattern: &mut Pattern, change: &mut impl Rewrite) {
    for segment in &mut pattern.segments {
        if let Segment::Capture(it) = segment {
            capture(it, change);
        }
    }
}

fn capture(capture: &mut Capture, change: &mut impl Rewrite) {
    if let Some(it) = &mut capture.ty {
        ty(it, change);
    }
}

fn block(block: &mut Block, change: &mut impl Rewrite) {
    change.span(&mut block.span);
    for it in &mut block.statements {
        statement(it, change);
    }
}

fn statement(statement: &mut Statement, change: &mut impl Rewrite) {
    match statement {
        Statement::Setting(it) => setting(it, change),
        Statement::Terminal(it) => terminal(it, change),
        Statement::Use(it) => used(it, change),
        Statement::Declaration(it) => declaration(it, change),
    }
}

pub(super) fn used(used: &mut Use, change: &mut impl Rewrite) {
    change.name(Space::Policy, &mut used.name);
    for it in &mut used.arguments {
        value(it, change);
    }
}

pub(super) fn setting(setting: &mut Setting, change: &mut impl Rewrite) {
    let word = setting.word.text.clone();
    for (at, argument) in setting.arguments.iter_mut().enumerate() {
        match argument {
            Argument::Value(it) if at == 0 && change.names_upstream(&word) => upstream(&word, it, change),
            Argument::Value(it) => outermost(&word, it, change),
            Argument::Field(it) => field(it, change),
            Argument::Assignment { target, value: assigned, .. } => {
                // A bare word there is declared, not used.
                if !matches!(target.kind, ValueKind::Word(_)) {
                    value(target, change);
                }
                outermost(&word, assigned, change);
            }
        }
    }
    if let Some(it) = &mut setting.block {
        block(it, change);
    }
}

/// The name of an upstream, or the first of other arguments.
fn upstream(setting: &str, written: &mut Value, change: &mut impl Rewrite) {
    match &mut written.kind {
        ValueKind::Word(word) if !change.is_label(setting, word) => {
            let mut name = Name { span: written.span, text: std::mem::take(word) };
            change.name(Space::Upstream, &mut name);
            *word = name.text;
            change.span(&mut written.span);
        }
        _ => outermost(setting, written, change),
    }
}

/// A value that is an argument itself, or one of several: where it is a word, it may be a label.
fn outermost(setting: &str, written: &mut Value, change: &mut impl Rewrite) {
    match &mut written.kind {
        ValueKind::Word(word) if change.is_label(setting, word) => {}
        ValueKind::Word(word) if change.is_type(setting) => {
            let mut name = Name { span: written.span, text: std::mem::take(word) };
            change.name(Space::Type, &mut name);
            *word = name.text;
        }
        ValueKind::List(items) => items.iter_mut().for_each(|item| outermost(setting, item, change)),
        _ => value(written, change),
    }
}

pub(super) fn field(field: &mut Field, change: &mut impl Rewrite) {
    change.span(&mut field.span);
    change.span(&mut field.name.span);
    ty(&mut field.ty, change);
    if let Some(it) = &mut field.wire {
        text(it, change);
    }
    field.inside.iter_mut().for_each(|it| text(it, change));
    if let Some(it) = &mut field.default {
        value(it, change);
    }
    if let Some(it) = &mut field.alias {
        change.span(&mut it.span);
    }
}

fn text(text: &mut Text, change: &mut impl Rewrite) {
    change.span(&mut text.span);
}

pub(super) fn ty(written: &mut Type, change: &mut impl Rewrite) {
    change.span(&mut written.span);
    match &mut written.kind {
        TypeKind::Named { name, bounds: limits } => {
            change.span(&mut name.span);
            change.name(Space::Type, name);
            if let Some(it) = limits {
                bounds(it, change);
            }
        }
        TypeKind::Generic { name, of, bounds: limits } => {
            change.span(&mut name.span);
            ty(of, change);
            if let Some(it) = limits {
                bounds(it, change);
            }
        }
        TypeKind::Enum(texts) => texts.iter_mut().for_each(|it| text(it, change)),
        TypeKind::Optional(of) => ty(of, change),
    }
}

fn bounds(bounds: &mut Bounds, change: &mut impl Rewrite) {
    match bounds {
        Bounds::Range(it) => value(it, change),
        Bounds::Regex(it) => text(it, change),
    }
}

fn template(template: &mut Template, change: &mut impl Rewrite) {
    change.span(&mut template.span);
    for part in &mut template.parts {
        match part {
            TemplatePart::Literal { span, .. } => change.span(span),
            TemplatePart::Value(it) => value(it, change),
        }
    }
}

fn entries(entries: &mut [Entry], change: &mut impl Rewrite) {
    for entry in entries {
        change.span(&mut entry.name.span);
        value(&mut entry.value, change);
    }
}

pub(super) fn value(written: &mut Value, change: &mut impl Rewrite) {
    change.span(&mut written.span);
    match &mut written.kind {
        ValueKind::Word(_) => change.word(written),
        ValueKind::Bool(_)
        | ValueKind::Int(_)
        | ValueKind::Decimal(_)
        | ValueKind::Text(_)
        | ValueKind::Regex(_)
        | ValueKind::Duration(_)
        | ValueKind::Size(_)
        | ValueKind::Rate(_)
        | ValueKind::Percent(_)
        | ValueKind::StatusClass(_)
        | ValueKind::Address(_) => {}
        ValueKind::Range(low, high) => {
            for end in [low, high].into_iter().flatten() {
                value(end, change);
            }
        }
        ValueKind::Path(it) => template(it, change),
        ValueKind::List(items) => items.iter_mut().for_each(|it| value(it, change)),
        ValueKind::Record(fields) => entries(fields, change),
        ValueKind::Interpolated(parts) => {
            for part in parts {
                if let TextPart::Value(it) = part {
                    value(it, change);
                }
            }
            change.text(written);
        }
        ValueKind::Access(of, name) => {
            change.span(&mut name.span);
            value(of, change);
        }
        ValueKind::Call { of, name, arguments } => {
            change.span(&mut name.span);
            value(of, change);
            for it in arguments {
                value(it, change);
            }
        }
        ValueKind::Element(name) => change.span(&mut name.span),
        ValueKind::Not(of) | ValueKind::Each(of) | ValueKind::IsSet { of, .. } => value(of, change),
        ValueKind::Index(of, with) | ValueKind::Where(of, with) => {
            value(of, change);
            value(with, change);
        }
        ValueKind::Shape(of, fields) => {
            value(of, change);
            entries(fields, change);
        }
        ValueKind::Binary { at, left, right, .. } => {
            change.span(at);
            value(left, change);
            value(right, change);
        }
        ValueKind::If { condition, then, otherwise } => {
            for part in [condition, then, otherwise] {
                value(part, change);
            }
        }
    }
}
