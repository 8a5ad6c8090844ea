//! The walk through what a route does.

use gatewright_dsl::ast::{Aggregate, AnswerBody, Failure, Match, Sent, Target, Terminal, TerminalKind};

use super::{Rewrite, Space, template, text, ty, value};

pub(super) fn terminal(terminal: &mut Terminal, change: &mut impl Rewrite) {
    change.span(&mut terminal.span);
    match &mut terminal.kind {
        TerminalKind::Forward { upstream, path } => {
            change.name(Space::Upstream, upstream);
            if let Some(it) = path {
                template(it, change);
            }
        }
        TerminalKind::Respond { status, body } => {
            change.span(&mut status.span);
            if let Some(it) = body {
                answer(it, change);
            }
        }
        TerminalKind::Aggregate(it) => aggregate(it, change),
        TerminalKind::Match(it) => match_on(it, change),
        TerminalKind::Handler(it) => {
            change.span(&mut it.path.span);
            change.span(&mut it.call);
            it.arguments.iter_mut().for_each(|argument| value(argument, change));
            change.span(&mut it.within.span);
        }
        TerminalKind::Redirect { status, target, query } => {
            change.span(&mut status.span);
            match target {
                Target::Url(it) => text(it, change),
                Target::Path(it) => template(it, change),
                Target::Elsewhere { span, origin: _, path } => {
                    change.span(span);
                    template(path, change);
                }
            }
            if let Some(it) = query {
                change.span(it);
            }
        }
    }
}

fn match_on(written: &mut Match, change: &mut impl Rewrite) {
    change.span(&mut written.span);
    value(&mut written.on, change);
    for arm in &mut written.arms {
        change.span(&mut arm.span);
        arm.values.iter_mut().for_each(|it| value(it, change));
        terminal(&mut arm.terminal, change);
    }
}

fn aggregate(aggregate: &mut Aggregate, change: &mut impl Rewrite) {
    change.span(&mut aggregate.span);
    change.span(&mut aggregate.within.span);
    for branch in &mut aggregate.branches {
        change.span(&mut branch.span);
        change.span(&mut branch.name.span);
        branch.ty.iter_mut().for_each(|it| ty(it, change));
        if let Some(each) = &mut branch.each {
            change.span(&mut each.name.span);
            value(&mut each.list, change);
            change.span(&mut each.max.span);
        }
        change.name(Space::Upstream, &mut branch.upstream);
        change.span(&mut branch.method.span);
        template(&mut branch.path, change);
        for amount in [&mut branch.within, &mut branch.max].into_iter().flatten() {
            change.span(&mut amount.span);
        }
        match &mut branch.failure {
            Failure::Required(passed) => passed.iter_mut().for_each(|status| change.span(&mut status.span)),
            Failure::Value(it) => value(it, change),
            Failure::Skip(span) => change.span(span),
        }
        branch.sent.iter_mut().for_each(|it| sent(it, change));
    }
    if let Some((word, it)) = &mut aggregate.answer {
        change.span(word);
        value(it, change);
    }
}

fn sent(sent: &mut Sent, change: &mut impl Rewrite) {
    change.span(&mut sent.span);
    for (span, name, it) in &mut sent.headers {
        change.span(span);
        text(name, change);
        value(it, change);
    }
    if let Some((word, it)) = &mut sent.body {
        change.span(word);
        value(it, change);
    }
}

pub(in crate::check) fn answer(body: &mut AnswerBody, change: &mut impl Rewrite) {
    match body {
        AnswerBody::Json(it) | AnswerBody::Text(it) => value(it, change),
        AnswerBody::File(it) => text(it, change),
    }
}
