//! Times that must fit into others, and weights of which one must be more than nothing, where parameters say them: what is wrong
//! with them which only start-up, or a change of live values, can see.

use std::time::Duration;

use crate::params::given::{Text, found};
use crate::params::{Params, Setting};
use crate::program::{Fit, Program, Split};

/// Holds all of them against what the parameters are.
///
/// # Errors
///
/// All that do not fit, a paragraph for each.
pub(crate) fn check(program: &Program, params: &Params, given: &[Text]) -> Result<(), String> {
    let fits = program.fits.iter().filter_map(|fit| wrong(fit, program, params, given));
    let splits = program.splits.iter().filter_map(|split| nobody(split, program, params, given));
    let wrong: Vec<String> = fits.chain(splits).collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\nerror: ")) }
}

/// An upstream whose requests nobody would get.
fn nobody(split: &Split, program: &Program, params: &Params, given: &[Text]) -> Option<String> {
    if !split.is_nothing(params) {
        return None;
    }
    let numbers = split.shares.iter().filter_map(|share| share.weight.param());
    let name = program.upstreams.get(split.upstream as usize).map_or("", |upstream| upstream.name);
    Some(format!("no upstream of `{name}` has a weight: {}", told(program, given, numbers).join(", and ")))
}

/// What parameters are, and where that was found.
fn told(program: &Program, given: &[Text], numbers: impl Iterator<Item = u16>) -> Vec<String> {
    let params = numbers.filter_map(|number| program.params.get(usize::from(number)));
    let told = params.map(|param| {
        let text = given.iter().find(|text| text.name == param.name);
        format!("`{}` is {}", param.name, found(param, text))
    });
    told.collect()
}

fn wrong(fit: &Fit, program: &Program, params: &Params, given: &[Text]) -> Option<String> {
    let (part, whole) = (fit.part.at(params), fit.whole.at(params));
    // What is too long to be counted does not fit.
    let needed = part.checked_mul(fit.times).unwrap_or(Duration::MAX);
    if needed <= whole {
        return None;
    }
    let [part_name, whole_name] = fit.names;
    let times = if fit.times == 1 { String::new() } else { format!("{} times ", fit.times) };
    let mut numbers = Vec::new();
    parameters(&fit.part, &mut numbers);
    parameters(&fit.whole, &mut numbers);
    numbers.dedup();
    let told = told(program, given, numbers.into_iter());
    let route = program.routes.get(fit.route as usize);
    let route = route.map_or("", |route| program.label(route.label));
    Some(format!(
        "{times}`{part_name}` of `{}` is {needed:?}, and its `{whole_name}` {whole:?}, for the route `{route}`: {}",
        fit.of,
        told.join(", and ")
    ))
}

/// The numbers of the parameters that a time asks for.
fn parameters(time: &Setting<Duration>, found: &mut Vec<u16>) {
    match time {
        Setting::Is(_) => {}
        Setting::Param(number) => found.push(*number),
        Setting::Least(two) => two.iter().for_each(|time| parameters(time, found)),
    }
}
