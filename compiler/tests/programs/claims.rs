//! What holds for every text.

use std::panic::catch_unwind;

use gatewright_compiler::compile;
use gatewright_dsl::page;
use gatewright_dsl::problem::render::{Colour, json, text};
use gatewright_dsl::{Catalogue, Problem, Source, Span, format, parse};

/// More problems than any text deserves.
const MOST_PROBLEMS: usize = 1_000;

/// What no program can lead to before policies can read: until then it has neither a page nor a place in the list.
const WAITING: [&str; 1] = ["outside_policy"];

/// Compiles a program: whether it was accepted, or which claim does not hold.
pub fn of(program: &str) -> Result<bool, String> {
    let sources = page::sources("gateway.gw", program);
    for file in &sources {
        is_formatted_well(file)?;
    }
    let panicked = |_| "it panics".to_owned();
    match catch_unwind(|| compile(&sources, &Catalogue::standard())).map_err(panicked)? {
        Ok(output) => {
            let rust = output.rust.parse::<proc_macro2::TokenStream>();
            match rust.map(syn::parse2::<syn::File>) {
                Ok(Ok(_)) => Ok(true),
                _ => Err(format!("accepted, and no Rust: {}", output.rust)),
            }
        }
        Err(problems) => {
            are_sound(&problems, &sources)?;
            let shown = || (text(&problems, &sources, Colour::Off), json(&problems[0], &sources));
            catch_unwind(shown).map(|_| false).map_err(|_| "its problems cannot be shown".to_owned())
        }
    }
}

fn are_sound(problems: &[Problem], sources: &[Source]) -> Result<(), String> {
    let claim = |holds: bool, claim: &str| if holds { Ok(()) } else { Err(claim.to_owned()) };
    claim(!problems.is_empty(), "refused, and nobody knows why")?;
    claim(problems.len() <= MOST_PROBLEMS, "problems without end")?;
    claim(problems.is_sorted_by_key(Problem::span), "problems are not in the order of the text")?;
    for (at, problem) in problems.iter().enumerate() {
        let of = |what: String| format!("{}: {what}", problem.name);
        is_sound(problem, sources).map_err(of)?;
        claim(!problems[..at].contains(problem), &of("said twice".to_owned()))?;
    }
    Ok(())
}

/// A problem points into the text, has a registered name, and says what can be done, or why it is so.
fn is_sound(problem: &Problem, sources: &[Source]) -> Result<(), String> {
    let mut kinds = gatewright_dsl::problem::kinds().chain(gatewright_compiler::kinds());
    if !kinds.any(|kind| kind.name == problem.name) && !WAITING.contains(&problem.name) {
        return Err("no such kind".to_owned());
    }
    let is_inside = |span: Span| {
        let file = sources.get(usize::try_from(span.file).unwrap());
        span.start <= span.end && file.is_some_and(|file| file.text.get(span.start..span.end).is_some())
    };
    let mut spans = problem.labels.iter().map(|label| label.span);
    if !spans.all(is_inside) || problem.fix.as_ref().is_some_and(|fix| !is_inside(fix.span)) {
        return Err("outside the text".to_owned());
    }
    // That there is no gateway at all is true of no place.
    let primary = problem.labels.iter().filter(|label| label.primary).count();
    if primary != usize::from(problem.name != "missing_gateway") {
        return Err("not one place".to_owned());
    }
    let says_why = ["expected", "must be", "takes no", "nothing is within", "no text has", "larger"];
    let has_cause = problem.labels.iter().any(|label| !label.text.is_empty())
        || says_why.iter().any(|why| problem.message.contains(why));
    if problem.help.is_none() && problem.fix.is_none() && !has_cause {
        return Err(format!("neither help nor cause: {}", problem.message));
    }
    let labels = problem.labels.iter().map(|label| &label.text);
    for said in labels.chain([&problem.message]).chain(&problem.help) {
        if said.ends_with('.') && !said.ends_with("..") || said.contains('\n') {
            return Err("not one sentence without a stop".to_owned());
        }
        let inner = ["Rule::", "ValueKind", "Span {", "Some(", "Ok("];
        // What the operator wrote is quoted.
        if inner
            .iter()
            .any(|inner| said.contains(inner) && !sources.iter().any(|file| file.text.contains(inner)))
        {
            return Err("tells of the inside".to_owned());
        }
    }
    Ok(())
}

/// What can be read has one canonical form, which says the same and keeps every comment.
fn is_formatted_well(file: &Source) -> Result<(), String> {
    let again = |text: String| Source::new(file.name.clone(), text).numbered(file.file);
    let formatted = catch_unwind(|| format(file)).map_err(|_| "the formatter panics".to_owned())?;
    let (tree, problems) = parse(file);
    match formatted {
        Err(_) if problems.is_empty() => Err("read, but not formatted".to_owned()),
        Err(_) => Ok(()),
        Ok(_) if !problems.is_empty() => Err("formatted, but not read".to_owned()),
        Ok(text) => {
            let formatted = again(text.clone());
            let (same, problems) = parse(&formatted);
            if !problems.is_empty() {
                return Err(format!("its canonical form is refused: {}", problems[0].name));
            }
            if without_places(&tree) != without_places(&same) {
                return Err("its canonical form says something else".to_owned());
            }
            match format(&formatted) {
                Ok(twice) if twice == text => Ok(()),
                _ => Err("its canonical form has another one".to_owned()),
            }
        }
    }
}

/// A tree as text, but for the places in it.
fn without_places(tree: &impl std::fmt::Debug) -> String {
    let shown = format!("{tree:?}");
    let mut pieces = shown.split("Span { ");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| text + piece.split_once('}').map_or(piece, |(_, rest)| rest))
}
