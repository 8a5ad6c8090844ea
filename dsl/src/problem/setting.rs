//! The problems of settings held against their rows.

use super::{Kind, Problem};
use crate::source::Span;

kinds! {
    MISSING_SETTING "missing_setting" "a block lacks a word that it must have";
    MISPLACED_SETTING "misplaced_setting" "a setting stands in a block that cannot have it";
    REPEATED_SETTING "repeated_setting" "a setting stands twice in one block";
    MISSING_ARGUMENT "missing_argument" "a setting lacks something that it must say";
    UNEXPECTED_ARGUMENT "unexpected_argument" "a setting says more than it can";
    REPEATED_ARGUMENT "repeated_argument" "a setting says something twice";
    WRONG_TYPE "wrong_type" "a value of another type was expected";
    OUT_OF_BOUNDS "out_of_bounds" "a value is too small or too large";
    CONFLICTING_ARGUMENTS "conflicting_arguments" "two values of a setting do not go together";
    TRUSTS_EVERYONE "trusts_everyone" "everybody is trusted to say who a client is";
    PROTECTED_FIELD "protected_field" "a header field that only the gateway writes";
}

/// A block without a word that it must have.
#[must_use]
pub fn missing_setting(at: Span, word: &str, place: &str) -> Problem {
    Problem::error(&MISSING_SETTING, format!("this `{place}` has no `{word}`"))
        .at(at, format!("expected `{word} …` in this block"))
}

/// A block with none of several words of which it must have one.
#[must_use]
pub fn missing_one_of(at: Span, words: &str) -> Problem {
    Problem::error(&MISSING_SETTING, format!("this block has neither {words}"))
        .at(at, "nobody could be known by it")
        .help("write one of them")
}

/// A block of a setting with nothing in it.
#[must_use]
pub fn empty_block(at: Span, word: &str, known: &[&str]) -> Problem {
    Problem::error(&MISSING_SETTING, format!("the block of this `{word}` is empty"))
        .at(at, format!("expected {}", super::syntax::listed(known)))
}

/// A known word in the wrong block.
#[must_use]
pub fn misplaced_setting(at: Span, word: &str, place: &str, places: &[&str]) -> Problem {
    Problem::error(&MISPLACED_SETTING, format!("`{word}` cannot stand in `{place}`"))
        .at(at, "")
        .help(format!("it stands in {}", super::syntax::listed(places)))
}

/// A setting, or what a route does, outside of every block.
#[must_use]
pub fn setting_outside(at: Span, word: &str, places: &[&str]) -> Problem {
    Problem::error(&MISPLACED_SETTING, format!("`{word}` cannot stand at the top of a file"))
        .at(at, "a setting stands in a block")
        .help(format!("it stands in {}", super::syntax::listed(places)))
}

/// What a route does, in its line, where it has a block of its own.
#[must_use]
pub fn block_in_head(at: Span, word: &str) -> Problem {
    Problem::error(&MISPLACED_SETTING, format!("`{word}` cannot stand in the line of a route"))
        .at(at, "")
        .help(format!("it stands in the route's block: `route … {{ {word} … {{ … }} }}`"))
}

/// A word of the block of a setting, outside of it.
#[must_use]
pub fn outside_of_setting(at: Span, word: &str, place: &str, settings: &[&str]) -> Problem {
    let blocks: Vec<String> = settings.iter().map(|setting| format!("`{setting} {{ {word} … }}`")).collect();
    Problem::error(&MISPLACED_SETTING, format!("`{word}` cannot stand in `{place}`"))
        .at(at, "")
        .help(format!("write {}", blocks.join(" or ")))
}

/// A choice of a word without the word.
#[must_use]
pub fn without_its_word(at: Span, choice: &str, place: &str, word: &str) -> Problem {
    Problem::error(&MISPLACED_SETTING, format!("`{choice}` cannot stand in `{place}`"))
        .at(at, "")
        .help(format!("write `{word}` in front of it: `{word} {choice} …`"))
        .fix(at, format!("{word} {choice}"))
}

/// A setting twice in one block.
#[must_use]
pub fn repeated_setting(at: Span, first: Span, word: &str) -> Problem {
    Problem::error(&REPEATED_SETTING, format!("`{word}` stands twice in this block"))
        .at(at, "again here")
        .because(first, "first here")
        .help("remove one of them")
}

/// Two settings of one block of which only one can hold.
#[must_use]
pub fn opposed_settings((at, word): (Span, &str), (first, other): (Span, &str)) -> Problem {
    Problem::error(&REPEATED_SETTING, format!("`{word}` cannot stand beside `{other}`"))
        .at(at, "who may come is said again here")
        .because(first, "and here first")
        .help("remove one of them")
}

/// A setting without something that it must say.
#[must_use]
pub fn missing_argument(at: Span, word: &str, param: &str, doc: &str, expected: &str) -> Problem {
    Problem::error(&MISSING_ARGUMENT, format!("`{word}` needs its `{param}`"))
        .at(at, format!("expected {expected}"))
        .help(format!("`{param}`: {doc}"))
}

/// More than the setting takes.
#[must_use]
pub fn unexpected_argument(at: Span, word: &str, found: &str) -> Problem {
    Problem::error(&UNEXPECTED_ARGUMENT, format!("`{word}` takes no {found} here")).at(at, "")
}

/// A value without the label that says what it is. `labels`: those that could.
#[must_use]
pub fn missing_label(at: Span, word: &str, labels: &[&str]) -> Problem {
    if labels.is_empty() {
        return unexpected_argument(at, word, "further value");
    }
    let shown: Vec<String> = labels.iter().map(|label| format!("`{label} …`")).collect();
    Problem::error(&UNEXPECTED_ARGUMENT, format!("`{word}` takes no value without a label here"))
        .at(at, "what is this?")
        .help(format!("say what it is by a label in front of it: {}", shown.join(" or ")))
}

/// A value that is assigned, without `=`.
#[must_use]
pub fn missing_equals(at: Span, word: &str) -> Problem {
    Problem::error(&UNEXPECTED_ARGUMENT, format!("`{word}` takes no further value here"))
        .at(at, "expected `= …`")
        .help("write `=` in front of it, with a blank on either side")
}

/// A network whose address has more than its network. `clear`: the network alone.
#[must_use]
pub fn host_bits(at: Span, written: &str, clear: &str) -> Problem {
    Problem::error(&WRONG_TYPE, format!("host bits are set in the network `{written}`"))
        .at(at, "names one of its hosts")
        .help(format!("write `{clear}`"))
        .fix(at, clear)
}

/// A parameter twice in one setting.
#[must_use]
pub fn repeated_argument(at: Span, first: Span, param: &str) -> Problem {
    Problem::error(&REPEATED_ARGUMENT, format!("`{param}` stands twice in this setting"))
        .at(at, "again here")
        .because(first, "first here")
}

/// A value of another type.
#[must_use]
pub fn wrong_type(at: Span, expected: &str, found: &str) -> Problem {
    Problem::error(&WRONG_TYPE, format!("expected {expected}, found {found}")).at(at, "")
}

/// A value outside its bounds. All are given as they are written in a program.
#[must_use]
pub fn out_of_bounds(at: Span, param: &str, found: &str, bounds: &str) -> Problem {
    Problem::error(&OUT_OF_BOUNDS, format!("`{param}` must be {bounds}, found `{found}`")).at(at, "")
}

/// Values that do not go together.
#[must_use]
pub fn mismatch(kind: &Kind, at: Span, message: &str, text: &str) -> Problem {
    Problem::error(kind, message).at(at, text)
}

/// A number that the language cannot hold.
#[must_use]
pub fn number_too_large(at: Span, written: &str) -> Problem {
    Problem::error(&OUT_OF_BOUNDS, format!("`{written}` is larger, or finer, than any value can be"))
        .at(at, "")
}
