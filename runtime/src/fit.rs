//! Times that must fit into others, where parameters say how long one of them is: what is wrong with them which only start-up
//! can see.

use std::time::Duration;

use crate::params::given::{Text, found};
use crate::params::{Params, Setting};
use crate::program::{Fit, Program};

/// Holds all of them against what the parameters are.
///
/// # Errors
///
/// All that do not fit, a paragraph for each.
pub(crate) fn check(program: &Program, params: &Params, given: &[Text]) -> Result<(), String> {
    let wrong: Vec<String> =
        program.fits.iter().filter_map(|fit| wrong(fit, program, params, given)).collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\nerror: ")) }
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
    let told: Vec<String> = numbers
        .iter()
        .filter_map(|number| program.params.get(usize::from(*number)))
        .map(|param| {
            let text = given.iter().find(|text| text.name == param.name);
            format!("`{}` is {}", param.name, found(param, text))
        })
        .collect();
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
