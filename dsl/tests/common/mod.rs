//! All that this crate can find wrong with a program: parsing, types of captures, settings against their rows.

use gatewright_dsl::ast::{Declaration, Segment};
use gatewright_dsl::schema::{Place, Type, check_block};
use gatewright_dsl::{Catalogue, Problem, Source, parse, problem};

/// The problems of a program, in the order of its text.
pub fn problems(source: &Source) -> Vec<Problem> {
    let (file, mut problems) = parse(source);
    let catalogue = Catalogue::standard();
    for declaration in &file.declarations {
        let (block, place) = match declaration {
            Declaration::Gateway(it) => (Some(&it.block), Place::Gateway),
            Declaration::Upstream(it) => (Some(&it.block), Place::Upstream),
            Declaration::Route(it) => {
                for segment in &it.pattern.segments {
                    if let Segment::Capture(capture) = segment
                        && let Some(ty) = &capture.ty
                        && let Err(problem) = Type::resolve(ty)
                    {
                        problems.push(*problem);
                    }
                }
                (it.block.as_ref(), Place::Route)
            }
            _ => continue,
        };
        if let Some(block) = block {
            problems.extend(check_block(block, place, &catalogue).1);
        }
    }
    problem::sort(&mut problems);
    problems
}
