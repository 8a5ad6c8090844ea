//! Checks settings against their rows: which words may stand in a block, and what each one's arguments say.

use super::arguments::check_arguments;
use super::{At, Join, Place, Row, Type, Values};
use crate::ast::{Argument, Block, Name, Setting, Statement, Value, ValueKind};
use crate::item;
use crate::policy::{Catalogue, Policy, Who};
use crate::problem::{self, Problem, setting as wrong, syntax};
use crate::source::Span;

/// What stands behind a word to drop what came from outside.
const NONE: &str = "none";

/// A setting that is understood.
#[derive(Debug, Clone)]
pub struct Checked {
    /// Its values, defaults included.
    pub values: Values,
    /// Where it stands.
    pub span: Span,
    /// The policy; `None` for a word of the declaration itself, such as `listen` or `server`.
    pub policy: Option<&'static Policy>,
    /// `WORD none`: what the blocks around say with this word does not hold here. Its values are the defaults.
    pub drops: bool,
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
    let mut reading = Reading::of(&known, catalogue, Where::Block(place));
    for statement in &block.statements {
        match statement {
            Statement::Setting(setting) => reading.read(setting),
            Statement::Terminal(terminal) if place != Place::Route => {
                reading.problems.push(wrong::misplaced_setting(
                    terminal.span,
                    terminal.word(),
                    place.word(),
                    &[Place::Route.word()],
                ));
            }
            // They have no rows: whoever knows the names checks them.
            Statement::Terminal(_) | Statement::Use(_) | Statement::Declaration(_) => {}
        }
    }
    let brace = Span { end: (block.span.start + 1).min(block.span.end), ..block.span };
    reading.required(brace, place.word());
    reading.done()
}

/// Checks the block of an `auth` of a kind.
#[must_use]
pub fn check_auth(
    block: &Block,
    kind: &'static crate::auth::Kind,
    catalogue: &Catalogue,
) -> (Vec<Checked>, Vec<Problem>) {
    let known: Vec<Known> = kind.words.iter().map(|row| Known { row: *row, policy: None }).collect();
    let mut reading = Reading::of(&known, catalogue, Where::Auth(kind.name));
    let brace = Span { end: (block.span.start + 1).min(block.span.end), ..block.span };
    reading.settings(block, "auth");
    reading.required(brace, "auth");
    let is_seen = |word: &&str| reading.seen.iter().any(|setting| setting.word.text == **word);
    if !kind.one_of.is_empty() && !kind.one_of.iter().any(is_seen) {
        let words: Vec<String> = kind.one_of.iter().map(|word| format!("`{word}`")).collect();
        reading.problems.push(wrong::missing_one_of(brace, &words.join(" nor ")));
    }
    reading.done()
}

/// Checks the block of a setting, whose row says what stands there.
pub(super) fn check_items(
    block: &Block,
    row: &'static [Row],
    word: &'static str,
    catalogue: &Catalogue,
) -> (Vec<Values>, Vec<Problem>) {
    let known: Vec<Known> = row.iter().map(|row| Known { row: *row, policy: None }).collect();
    let mut reading = Reading::of(&known, catalogue, Where::Setting(word));
    reading.settings(block, word);
    let (checked, problems) = reading.done();
    (checked.into_iter().map(|checked| checked.values).collect(), problems)
}

/// What is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    /// The block of a declaration.
    Block(Place),
    /// The block of a setting of this word.
    Setting(&'static str),
    /// The block of an `auth` of this kind.
    Auth(&'static str),
}

struct Reading<'a> {
    known: &'a [Known],
    catalogue: &'a Catalogue,
    at: Where,
    seen: Vec<&'a Setting>,
    checked: Vec<Checked>,
    problems: Vec<Problem>,
}

impl<'a> Reading<'a> {
    fn of(known: &'a [Known], catalogue: &'a Catalogue, at: Where) -> Self {
        Self { known, catalogue, at, seen: Vec::new(), checked: Vec::new(), problems: Vec::new() }
    }

    /// Reads all settings of a block that can have nothing else.
    fn settings(&mut self, block: &'a Block, word: &str) {
        for statement in &block.statements {
            let (what, places) = match statement {
                Statement::Setting(setting) => {
                    self.read(setting);
                    continue;
                }
                Statement::Terminal(terminal) => (terminal.word(), &[Place::Route][..]),
                Statement::Use(_) => ("use", Place::ROUTES),
                Statement::Declaration(it) => (it.word(), &[Place::Group, Place::Host][..]),
            };
            let places: Vec<&str> = places.iter().copied().map(Place::word).collect();
            self.problems.push(wrong::misplaced_setting(statement.span(), what, word, &places));
        }
    }

    /// Reports the words that a block must have and lacks.
    fn required(&mut self, brace: Span, place: &str) {
        for known in self.known.iter().filter(|known| known.row.required) {
            if !self.seen.iter().any(|setting| setting.word.text == known.row.name) {
                self.problems.push(wrong::missing_setting(brace, known.row.name, place));
            }
        }
    }

    fn done(mut self) -> (Vec<Checked>, Vec<Problem>) {
        problem::sort(&mut self.problems);
        (self.checked, self.problems)
    }

    fn read(&mut self, setting: &'a Setting) {
        let above = self.seen.last().copied();
        self.seen.push(setting);
        let Some(found) = self.known.iter().find(|known| known.row.name == setting.word.text).copied() else {
            if !setting.broken {
                let problem = self.unknown(setting, above);
                self.problems.push(problem);
            }
            return;
        };
        if found.row.join == Join::One {
            let first = self.seen.iter().find(|other| other.word.text == setting.word.text);
            if let Some(first) = first.filter(|first| first.span != setting.span) {
                self.repeated(setting.word.span, first.word.span, &setting.word.text);
                return;
            }
        }
        if let Some(first) = self.rival(setting, &found) {
            self.problems.push(wrong::opposed_settings(
                (setting.word.span, &setting.word.text),
                (first.span, &first.text),
            ));
            return;
        }
        if setting.broken {
            return;
        }
        if self.drops(setting, &found) {
            let first = self.checked.iter().find(|other| other.drops && other.values.word == found.row.name);
            match first.map(|first| first.span) {
                Some(first) => self.repeated(setting.span, first, &format!("{} none", found.row.name)),
                None => self.checked.push(Checked {
                    values: found.row.defaults(),
                    span: setting.span,
                    policy: found.policy,
                    drops: true,
                }),
            }
            return;
        }
        let (values, wrong) = check_arguments(setting, &found.row, self.catalogue);
        self.problems.extend(wrong);
        let Some(values) = values else { return };
        if self.is_first(&values, &found.row) {
            self.checked.push(Checked { values, span: setting.span, policy: found.policy, drops: false });
        }
    }

    /// Whether a setting is the first of its names in the block; reports it if not.
    fn is_first(&mut self, values: &Values, row: &Row) -> bool {
        let names = values.names(row);
        for other in &self.checked {
            let shares = matches!(self.at, Where::Setting(_)) || other.values.word == values.word;
            let Some(known) = self.known.iter().find(|known| known.row.name == other.values.word) else {
                continue;
            };
            let theirs = other.values.names(&known.row);
            if let Some(name) = names.iter().find(|name| shares && theirs.contains(name)) {
                let (at, first) = (values.span.unwrap_or(other.span), other.span);
                self.repeated(at, first, &format!("{}{name}", values.word));
                return false;
            }
        }
        true
    }

    /// The word of this block that says the opposite.
    fn rival(&self, setting: &Setting, found: &Known) -> Option<&'a Name> {
        let settles = |policy: &Policy| policy.who.is_some_and(Who::settles);
        found.policy.filter(|policy| settles(policy))?;
        let mut before = self.seen.iter().take_while(|other| other.span != setting.span);
        let is_rival = |other: &&&Setting| {
            let known = self.known.iter().find(|known| known.row.name == other.word.text);
            known.and_then(|known| known.policy).is_some_and(settles)
        };
        before.find(is_rival).map(|other| &other.word)
    }

    fn repeated(&mut self, at: Span, first: Span, what: &str) {
        self.problems.push(wrong::repeated_setting(at, first, what));
    }

    /// Whether a setting says that what came from outside does not hold.
    fn drops(&self, setting: &Setting, known: &Known) -> bool {
        let is_inside = matches!(self.at, Where::Block(place) if Place::ROUTES.contains(&place));
        let is_none = matches!(&*setting.arguments, [Argument::Value(value)] if value.is_word(NONE));
        is_inside && is_none && setting.block.is_none() && known.policy.is_some() && !known.row.takes(NONE)
    }

    /// The word of this setting's block that is missing in front of one of its choices: the one that takes a value, where
    /// one is given.
    fn chooses(&self, setting: &Setting) -> Option<&'static str> {
        let Where::Setting(_) = self.at else { return None };
        // Its name stands first; what is behind it is a value.
        let is_assigned = |it: &Argument| matches!(it, Argument::Assignment { .. });
        let given = setting.arguments.iter().any(is_assigned) || setting.arguments.len() > 1;
        let fits = |row: &Row| {
            let is_choice = |ty| matches!(ty, Type::Choice(words) | Type::Word(words) if words.contains(&setting.word.text.as_str()));
            let chooses = row.params.iter().any(|param| param.at == At::Position && is_choice(param.ty));
            chooses && given == row.params.iter().any(|param| param.at == At::Assigned)
        };
        self.known.iter().find(|known| fits(&known.row)).map(|known| known.row.name)
    }

    /// Why a word is not known: it belongs elsewhere, it is a label of the setting above, or it is misspelt.
    fn unknown(&self, setting: &Setting, above: Option<&Setting>) -> Problem {
        let word = &setting.word;
        let text = word.text.as_str();
        let here = match self.at {
            Where::Block(place) => place.word(),
            Where::Setting(word) | Where::Auth(word) => word,
        };
        if let Some(own) = self.chooses(setting) {
            return wrong::without_its_word(word.span, text, here, own);
        }
        let elsewhere: Vec<&str> = places(text, self.catalogue).into_iter().map(Place::word).collect();
        if !elsewhere.is_empty() {
            return wrong::misplaced_setting(word.span, text, here, &elsewhere);
        }
        let row = above.and_then(|above| self.known.iter().find(|known| known.row.name == above.word.text));
        if let (Some(above), Some(known)) = (above, row)
            && known.row.takes(text)
        {
            return Problem::error(&syntax::UNKNOWN_WORD, format!("unknown setting `{text}`"))
                .at(word.span, "begins a setting of its own")
                .because(above.word.span, format!("`{text}` is a label of this"))
                .help("write a label on the line of its setting");
        }
        let inside = self.known.iter().filter(|known| known.row.block.iter().any(|row| row.name == text));
        let inside: Vec<&str> = inside.map(|known| known.row.name).collect();
        if !inside.is_empty() {
            return wrong::outside_of_setting(word.span, text, here, &inside);
        }
        let status = setting.arguments.first().and_then(|argument| match argument {
            Argument::Value(Value { kind: ValueKind::Int(status), .. }) => u16::try_from(*status).ok(),
            _ => None,
        });
        if let Some(problem) = syntax::foreign_terminal(word.span, text, status) {
            return problem;
        }
        syntax::unknown_word(word.span, "setting", text, self.known.iter().map(|known| known.row.name))
    }
}

/// The blocks in which a setting may stand.
pub(crate) fn places(word: &str, catalogue: &Catalogue) -> Vec<Place> {
    let has = |place: &Place| known(*place, catalogue).iter().any(|known| known.row.name == word);
    Place::ALL.iter().copied().filter(has).collect()
}

fn known(place: Place, catalogue: &Catalogue) -> Vec<Known> {
    let own = item::words(place).iter().map(|row| Known { row: *row, policy: None });
    let policies = catalogue
        .policies()
        .filter(|policy| policy.places.contains(&place))
        .map(|policy| Known { row: policy.row(), policy: Some(policy) });
    own.chain(policies).collect()
}
