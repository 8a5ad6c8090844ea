//! What holds for any text: it is read to its end, what is wrong points into it, and what is right is formatted without
//! loss.

use gatewright_dsl::ast::{Block, Declaration, Statement};
use gatewright_dsl::problem::render::{Colour, json, text};
use gatewright_dsl::{Problem, Source, Span, format, parse};

/// All claims, for any bytes.
pub fn check(input: &[u8]) {
    let source = Source::new("gateway.gw", String::from_utf8_lossy(input));
    let (file, problems) = parse(&source);
    for comment in &file.comments {
        assert!(is_inside(&source, comment.span), "{comment:?}");
    }
    let whole = Span::new(0, 0, source.text.len());
    let mut last = 0;
    for declaration in &file.declarations {
        assert!(last <= declaration.span().start, "{declaration:#?}");
        last = last.max(declaration.span().start);
        lies_within(&source, declaration, whole);
    }
    are_shown(&source, &problems);
    formats(&source, &problems);
}

fn is_inside(source: &Source, span: Span) -> bool {
    span.start <= span.end && source.text.get(span.start..span.end).is_some() && span.file == 0
}

/// Every declaration and statement lies within the one around it.
fn lies_within(source: &Source, declaration: &Declaration, around: Span) {
    let span = declaration.span();
    assert!(is_inside(source, span), "{declaration:#?}");
    assert!(around.start <= span.start && span.end <= around.end, "{around:?} {declaration:#?}");
    match declaration {
        Declaration::Gateway(it) => block(source, &it.block, span),
        Declaration::Upstream(it) => block(source, &it.block, span),
        Declaration::Auth(it) => block(source, &it.block, span),
        Declaration::Policy(it) => block(source, &it.block, span),
        Declaration::Group(it) => block(source, &it.block, span),
        Declaration::Host(it) => block(source, &it.block, span),
        Declaration::Route(it) => {
            assert!(is_inside(source, it.head) && is_inside(source, it.pattern.span), "{it:#?}");
            assert!(it.head.start == it.span.start && it.head.end <= it.span.end, "{it:#?}");
            if let Some(inner) = &it.block {
                block(source, inner, span);
            }
        }
        Declaration::Import(_)
        | Declaration::Param(_)
        | Declaration::Assertion(_)
        | Declaration::Live(_)
        | Declaration::Secret(_)
        | Declaration::Type(_)
        | Declaration::Test(_) => {}
    }
}

fn block(source: &Source, block: &Block, around: Span) {
    for statement in &block.statements {
        if let Statement::Declaration(declaration) = statement {
            lies_within(source, declaration, around);
        } else {
            assert!(is_inside(source, statement.span()), "{statement:#?}");
        }
    }
}

/// Each problem has one place, points into the text, and can be shown.
pub fn are_shown(source: &Source, problems: &[Problem]) {
    assert!(problems.is_sorted_by_key(Problem::span), "{problems:#?}");
    for problem in problems {
        assert_eq!(problem.labels.iter().filter(|label| label.primary).count(), 1, "{problem:#?}");
        assert!(problem.labels.iter().all(|label| is_inside(source, label.span)), "{problem:#?}");
        assert!(problem.fix.as_ref().is_none_or(|fix| is_inside(source, fix.span)), "{problem:#?}");
        assert!(!problem.message.ends_with('.') && !problem.message.contains("Rule"), "{problem:#?}");
        assert!(!problem.message.contains('\u{c}'), "{problem:#?}");
        let _ = json(problem, std::slice::from_ref(source));
    }
    let _ = text(problems, std::slice::from_ref(source), Colour::Off);
}

/// What is right is formatted: the same tree with all its comments, and once is enough. What is wrong is not touched.
fn formats(source: &Source, problems: &[Problem]) {
    let once = match format(source) {
        Ok(once) => once,
        Err(found) => {
            assert_eq!(found, problems);
            return;
        }
    };
    assert!(problems.is_empty(), "{problems:#?}");
    assert_eq!(shape(&once), shape(&source.text), "the tree of\n{}\nand of\n{once}", source.text);
    let twice = format(&Source::new("gateway.gw", once.clone())).unwrap_or_else(|_| panic!("{once}"));
    assert_eq!(twice, once, "again, of\n{}", source.text);
    for line in once.lines() {
        assert_eq!(line.trim_end_matches([' ', '\t', '\r']), line, "a blank at the end of a line of\n{once}");
    }
}

/// A tree without its places.
pub fn shape(text: &str) -> String {
    let (file, problems) = parse(&Source::new("a.gw", text));
    assert!(problems.is_empty(), "{text}\n{problems:#?}");
    let whole = format!("{file:?}");
    let mut shape = String::with_capacity(whole.len());
    let mut rest = whole.as_str();
    while let Some((before, after)) = rest.split_once("Span { ") {
        shape.push_str(before);
        rest = after.split_once(" }").map_or("", |(_, rest)| rest);
    }
    shape + rest
}
