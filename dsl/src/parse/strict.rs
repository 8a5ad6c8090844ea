//! The second reading of text that was broken, for the place and for what was expected there.

use super::reader::Reader;
use super::{Grammar, Rule};
use crate::problem::syntax;
use crate::source::Span;
use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};

impl Reader<'_> {
    /// Reports why the text from `start` to the end of `junk` cannot be read by a strict rule. The place is never
    /// before the junk, since what stands there was read. `otherwise` is expected where the rule does not say.
    pub(super) fn explain(&mut self, rule: Rule, start: usize, junk: Span, otherwise: &str) {
        let junk = self.trimmed(junk);
        if junk.start == junk.end {
            return;
        }
        let text = self.clean.get(start..junk.end).unwrap_or_default();
        let (mut at, mut expected) = (junk.start, otherwise.to_owned());
        if let Err(error) = Grammar::parse(rule, text) {
            let found = start
                + match error.location {
                    InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
                };
            if found >= junk.start {
                at = found;
                if let ErrorVariant::ParsingError { positives, .. } = &error.variant {
                    expected = expectation(positives).unwrap_or(expected);
                }
            }
        }
        let span = Span { start: at, ..junk };
        let rest = self.slice(span).trim_start();
        let at = junk.end - rest.len();
        if rest.is_empty() {
            let before = self.clean.get(start..at).unwrap_or_default();
            let last = before.split_ascii_whitespace().next_back().unwrap_or_default().to_owned();
            self.report(syntax::missing_value(Span { start: at, end: at, ..junk }, &expected, &last));
            return;
        }
        let found = token(rest);
        let span = Span { start: at, end: at + found.len(), ..junk };
        let before = self.clean.get(..at).unwrap_or_default().chars().next_back();
        let asks = matches!(rule, Rule::strict_route | Rule::strict_group_head | Rule::strict_host);
        if asks && found == "=" && self.clean.get(start..at).is_some_and(|it| it.contains(" when ")) {
            return self.report(syntax::assigned_condition(span));
        }
        let foreign = syntax::foreign_operator(before, rest, expected.contains("a value"));
        let mut problem = syntax::unexpected_text(span, found, &expected);
        if let Some((help, fix)) = syntax::blanks(found, before, rest.chars().nth(found.chars().count())) {
            problem = problem.help(help);
            if let Some(fix) = fix {
                problem = problem.fix(span, fix);
            }
        }
        if let Some((help, here)) = foreign {
            problem = problem.help(help);
            if let Some((length, here)) = here {
                problem = problem.fix(Span { start: at, end: at + length, ..junk }, here);
            }
        }
        self.report(problem);
    }
}

/// What stands at the beginning of a text, as a person would point at it.
pub(super) fn token(text: &str) -> &str {
    let first = text.chars().next().unwrap_or(' ');
    let length = if first.is_alphanumeric() || matches!(first, '_' | '/' | '"' | ':' | '.' | '-') {
        text.find(|c: char| c.is_whitespace() || matches!(c, ';' | ',' | '{' | '}' | '(' | ')' | '[' | ']'))
    } else {
        text.find(|c: char| c.is_alphanumeric() || c.is_whitespace() || matches!(c, '"' | '_' | '/'))
    };
    let length = length.unwrap_or(text.len()).max(first.len_utf8());
    text.get(..length).unwrap_or(text)
}

/// Rules in the words of people.
fn expectation(rules: &[Rule]) -> Option<String> {
    let any_value = rules.contains(&Rule::named);
    let said = rules.iter().filter(|rule| !(any_value && OPERANDS.contains(rule)));
    let mut words: Vec<&str> = said.filter_map(|rule| word(*rule)).collect();
    words.sort_unstable();
    words.dedup();
    // The end of the line is always said last.
    words.sort_by_key(|word| *word == END);
    match words.split_last()? {
        (last, []) => (**last != *END).then(|| (*last).to_owned()),
        (last, rest) => Some(format!("{} or {last}", rest.join(", "))),
    }
}

/// What a route can do.
pub(super) const TERMINALS: &str = "`-> UPSTREAM`, `respond …`, `redirect …` or `handler …`";
/// What can be asserted of a route.
pub(super) const PREDICATES: &str = "`requires …`, `is …` or `has …`";
/// How a route is named.
pub(super) const ROUTE_NAME: &str = "a route such as `GET /orders`";
pub(super) const END: &str = "the end of the line";

fn word(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::argument | Rule::expression | Rule::named => "a value",
        Rule::string => "a string",
        Rule::text => "`text …`",
        Rule::file => "`file …`",
        Rule::name | Rule::capture_name | Rule::member => "a name",
        Rule::entry | Rule::entry_name => "a field",
        Rule::field | Rule::record_field | Rule::field_name => "a field such as `name: string`",
        Rule::every_word | Rule::listed => "`every route …` or `… routes are …`",
        Rule::route_word => "`route`",
        Rule::predicate | Rule::requires => PREDICATES,
        Rule::route_name | Rule::route_names => ROUTE_NAME,
        Rule::compared => "a comparison",
        Rule::auth_kind => "a kind such as `api_key`",
        Rule::methods | Rule::method => "methods",
        Rule::hosts | Rule::host_pattern => "a host",
        Rule::pattern | Rule::template | Rule::quoted_path => "a path",
        Rule::when => "`when …`",
        Rule::as_name => "`as …`",
        Rule::type_alias => "`=`",
        Rule::terminal | Rule::forward => TERMINALS,
        Rule::status => "a status",
        Rule::rust_path => "the path of a function",
        Rule::within => "`within …`",
        Rule::json => "`json …`",
        Rule::any_method => "`*`",
        Rule::got => "`got`",
        Rule::test_answer => "`=>`",
        Rule::repeated => "`repeated …`",
        Rule::field_word | Rule::value_word | Rule::name_word | Rule::lone_word => "a word such as `header`",
        Rule::r#type | Rule::type_name => "a type",
        Rule::bounds => "bounds",
        Rule::number | Rule::number_text => "a range such as `1..50`",
        Rule::then_word => "`then`",
        Rule::else_word => "`else`",
        Rule::colon => "`:`",
        Rule::close => "`}`",
        Rule::close_angle => "`>`",
        Rule::close_list => "`]`",
        Rule::close_group => "`)`",
        Rule::comma => "`,`",
        Rule::line_end | Rule::EOI => END,
        _ => return None,
    })
}

/// Rules that begin a value: where all of them were tried, that is said once.
const OPERANDS: &[Rule] = &[Rule::string, Rule::bare_path, Rule::number, Rule::number_text];
