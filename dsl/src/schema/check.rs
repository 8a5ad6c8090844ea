//! Checks settings against their rows: which words may stand in a block, and what each one's arguments say.

use super::arguments::check_arguments;
use super::{Join, Place, Row, Values};
use crate::ast::{Block, Name, Setting, Statement};
use crate::item;
use crate::policy::{Catalogue, Policy};
use crate::problem::{self, Problem, setting as wrong, syntax};
use crate::source::Span;

/// A setting that is understood.
#[derive(Debug, Clone)]
pub struct Checked {
    /// Its values, defaults included.
    pub values: Values,
    /// Where it stands.
    pub span: Span,
    /// The policy; `None` for a word of the declaration itself, such as `listen` or `server`.
    pub policy: Option<&'static Policy>,
}

/// A word that a block may have.
#[derive(Clone, Copy)]
struct Known {
    row: Row,
    policy: Option<&'static Policy>,
}

/// Checks all settings of a block, and that it has the words which it must have. Settings that are wrong are reported
/// and left out; of a word that may stand once, the first counts.
#[must_use]
pub fn check_block(block: &Block, place: Place, catalogue: &Catalogue) -> (Vec<Checked>, Vec<Problem>) {
    let known = known(place, catalogue);
    let mut checked: Vec<Checked> = Vec::new();
    let mut problems = Vec::new();
    let mut seen: Vec<&Setting> = Vec::new();
    for statement in &block.statements {
        let setting = match statement {
            Statement::Setting(setting) => setting,
            Statement::Terminal(terminal) => {
                if place != Place::Route {
                    let problem = wrong::misplaced_setting(
                        terminal.span,
                        terminal.word(),
                        place.word(),
                        &[Place::Route.word()],
                    );
                    problems.push(problem);
                }
                continue;
            }
            // They have no rows: whoever knows the names checks them.
            Statement::Use(_) | Statement::Declaration(_) => continue,
        };
        let above = seen.last().copied();
        seen.push(setting);
        let Some(found) = known.iter().find(|known| known.row.name == setting.word.text) else {
            if !setting.broken {
                problems.push(unknown(&setting.word, above, place, &known, catalogue));
            }
            continue;
        };
        if found.row.join == Join::One {
            let first = seen.iter().find(|other| other.word.text == setting.word.text);
            if let Some(first) = first.filter(|first| first.span != setting.span) {
                problems.push(wrong::repeated_setting(
                    setting.word.span,
                    first.word.span,
                    &setting.word.text,
                ));
                continue;
            }
        }
        if setting.broken {
            continue;
        }
        let (values, wrong) = check_arguments(setting, &found.row);
        problems.extend(wrong);
        let Some(values) = values else { continue };
        if found.row.join == Join::Name && !repeats(&checked, &values, &mut problems) {
            continue;
        }
        checked.push(Checked { values, span: setting.span, policy: found.policy });
    }
    let brace = Span { end: (block.span.start + 1).min(block.span.end), ..block.span };
    for known in known.iter().filter(|known| known.row.required) {
        if !seen.iter().any(|setting| setting.word.text == known.row.name) {
            problems.push(wrong::missing_setting(brace, known.row.name, place.word()));
        }
    }
    problem::sort(&mut problems);
    (checked, problems)
}

/// Whether a word that may stand once for each name is the first of its name; reports it if not.
fn repeats(checked: &[Checked], values: &Values, problems: &mut Vec<Problem>) -> bool {
    let Some(own) = values.given.first() else { return true };
    let first = checked.iter().find(|other| {
        other.values.word == values.word && other.values.given.first().is_some_and(|it| it.value == own.value)
    });
    if let (Some(first), Some(at)) = (first, values.span) {
        problems.push(wrong::repeated_setting(at, first.span, values.word));
    }
    first.is_none()
}

fn known(place: Place, catalogue: &Catalogue) -> Vec<Known> {
    let own = item::words(place).iter().map(|row| Known { row: *row, policy: None });
    let policies = catalogue
        .policies()
        .filter(|policy| policy.places.contains(&place))
        .map(|policy| Known { row: policy.row(), policy: Some(policy) });
    own.chain(policies).collect()
}

/// Why a word is not known: it belongs elsewhere, it is a label of the setting above, or it is misspelt.
fn unknown(
    word: &Name,
    above: Option<&Setting>,
    place: Place,
    known: &[Known],
    catalogue: &Catalogue,
) -> Problem {
    let text = word.text.as_str();
    let elsewhere: Vec<&str> = Place::ALL
        .iter()
        .filter(|other| self::known(**other, catalogue).iter().any(|known| known.row.name == text))
        .map(|other| other.word())
        .collect();
    if !elsewhere.is_empty() {
        return wrong::misplaced_setting(word.span, text, place.word(), &elsewhere);
    }
    let row = above.and_then(|above| known.iter().find(|known| known.row.name == above.word.text));
    if let (Some(above), Some(known)) = (above, row)
        && known.row.params.iter().any(|param| param.name == text)
    {
        return Problem::error(&syntax::UNKNOWN_WORD, format!("unknown setting `{text}`"))
            .at(word.span, "begins a setting of its own")
            .because(above.word.span, format!("`{text}` is a label of this"))
            .help("write a label on the line of its setting");
    }
    syntax::unknown_word(word.span, "setting", text, known.iter().map(|known| known.row.name))
}
