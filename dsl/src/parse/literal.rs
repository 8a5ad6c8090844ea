//! Values: numbers with their units, strings, lists, records, addresses and words.

use super::expression::Built;
use super::reader::Reader;
use super::strict::END;
use super::{Pair, Rule};
use crate::ast::{Percent, Rate, Value, ValueKind};
use crate::problem::{setting, syntax};
use crate::source::Span;
use std::time::Duration;

impl Reader<'_> {
    /// The value of a pair; `None` if it could not be read, which is then reported.
    pub(super) fn value(&mut self, pair: Pair<'_>) -> Option<Value> {
        if pair.as_rule() == Rule::expression {
            return self.expression(pair);
        }
        self.operand(pair).map(|built| built.value)
    }

    /// One operand: anything but operators and what binds behind a value.
    pub(super) fn operand(&mut self, pair: Pair<'_>) -> Option<Built> {
        let span = self.span(&pair);
        let mut height = 0;
        let kind = match pair.as_rule() {
            Rule::expression => return self.nested(pair),
            Rule::string => {
                let (kind, inner) = self.string(span)?;
                height = inner;
                kind
            }
            Rule::bare_path => {
                let (template, inner) = self.template(pair)?;
                height = inner + 1;
                ValueKind::Path(template)
            }
            Rule::bracket_list => {
                let (items, inner) = self.items(pair)?;
                height = inner;
                ValueKind::List(items)
            }
            Rule::record | Rule::bad_record => {
                let (entries, inner) = self.record(pair, false)?;
                height = inner + 1;
                ValueKind::Record(entries)
            }
            Rule::group => {
                let inner = pair.into_inner().find(|part| part.as_rule() != Rule::close_group)?;
                if inner.as_rule() == Rule::bad_group {
                    self.explain(Rule::strict_group, span.start, span, "a value");
                    return None;
                }
                let Built { value, height } = self.nested(inner)?;
                // The parentheses belong to the place of what they hold.
                return Some(Built { value: Value { span, ..value }, height });
            }
            Rule::conditional => return self.conditional(pair),
            Rule::element if !self.has_element => {
                let help = "`.name` stands directly behind a value; alone it is an element's field, inside `[where …]` and `.{ … }`";
                self.report(syntax::unexpected_text(span, pair.as_str(), "a value").help(help));
                return None;
            }
            Rule::element => ValueKind::Element(self.name(&pair.into_inner().next()?)),
            Rule::regex => ValueKind::Regex(regex_text(pair.as_str()).to_owned()),
            Rule::address => ValueKind::Address(pair.as_str().to_owned()),
            Rule::status_class => ValueKind::StatusClass(status_class(pair.as_str())),
            Rule::number => return self.range(pair).map(|value| Built { value, height: 1 }),
            Rule::colon_word => ValueKind::Word(pair.as_str().to_owned()),
            Rule::named | Rule::label | Rule::if_label | Rule::record_label => match pair.as_str() {
                "true" => ValueKind::Bool(true),
                "false" => ValueKind::Bool(false),
                word => ValueKind::Word(word.to_owned()),
            },
            Rule::bad_number => {
                self.report(syntax::unknown_unit(span, pair.as_str()));
                return None;
            }
            _ => return None,
        };
        self.built(span, height, kind)
    }

    /// What stands in `[ ]`, with the height of it all.
    fn items(&mut self, pair: Pair<'_>) -> Option<(Vec<Value>, usize)> {
        let (mut items, mut height, mut whole) = (Vec::new(), 0, true);
        for item in pair.into_inner() {
            match item.as_rule() {
                Rule::comma | Rule::close_list => {}
                Rule::bad_list => {
                    let span = self.span(&item);
                    self.explain(Rule::strict_list, span.start, span, END);
                    whole = false;
                }
                _ => match self.nested(item) {
                    Some(built) => {
                        height = height.max(built.height + 1);
                        items.push(built.value);
                    }
                    None => whole = false,
                },
            }
        }
        whole.then_some((items, height))
    }

    /// A number, or a range of numbers.
    fn range(&mut self, pair: Pair<'_>) -> Option<Value> {
        let span = self.span(&pair);
        let (mut low, mut high, mut past_dots) = (None, None, false);
        for end in pair.into_inner() {
            if end.as_rule() == Rule::dots {
                past_dots = true;
                continue;
            }
            let value = Value { span: self.span(&end), kind: self.number(&end)? };
            if past_dots {
                high = Some(Box::new(value));
            } else {
                low = Some(Box::new(value));
            }
        }
        match low {
            Some(number) if !past_dots => Some(*number),
            low => Some(Value { span, kind: ValueKind::Range(low, high) }),
        }
    }

    fn number(&mut self, pair: &Pair<'_>) -> Option<ValueKind> {
        let inner = pair.clone().into_inner().next()?;
        let kind = number(inner.as_rule(), inner.as_str());
        if kind.is_none() {
            let span: Span = self.span(&inner);
            self.report(setting::number_too_large(span, inner.as_str()));
        }
        kind
    }
}

/// What stands between the quotes of `re"…"`.
pub(super) fn regex_text(written: &str) -> &str {
    written.strip_prefix("re\"").and_then(|text| text.strip_suffix('"')).unwrap_or_default()
}

/// `5xx` is 500.
fn status_class(written: &str) -> u16 {
    written.bytes().next().map_or(0, |digit| u16::from(digit.wrapping_sub(b'0')) * 100)
}

/// The value of a number's text; `None` if it is too large.
fn number(rule: Rule, text: &str) -> Option<ValueKind> {
    Some(match rule {
        Rule::int => ValueKind::Int(text.parse().ok()?),
        Rule::decimal => ValueKind::Decimal(text.to_owned()),
        Rule::duration => ValueKind::Duration(duration(text)?),
        Rule::size => ValueKind::Size(size(text)?),
        Rule::rate => {
            let (count, per) = text.split_once('/')?;
            let per = match per {
                "day" => Duration::from_hours(24),
                per if per.starts_with(|c: char| c.is_ascii_digit()) => duration(per)?,
                unit => duration(&format!("1{unit}"))?,
            };
            // "in no time at all" is no rate.
            if per.is_zero() {
                return None;
            }
            ValueKind::Rate(Rate { count: count.parse().ok()?, per })
        }
        Rule::percent => ValueKind::Percent(percent(text.strip_suffix('%')?)?),
        _ => return None,
    })
}

/// The number and the unit behind it.
fn split_unit(text: &str) -> Option<(u64, &str)> {
    let (digits, unit) = text.split_at_checked(text.find(|c: char| !c.is_ascii_digit())?)?;
    Some((digits.parse().ok()?, unit))
}

fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = split_unit(text)?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(millis)?))
}

fn size(text: &str) -> Option<u64> {
    let (number, unit) = split_unit(text)?;
    let bytes = match unit {
        "B" => 1,
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(bytes)
}

/// Millionths of one: four digits behind the point of a percentage.
fn percent(text: &str) -> Option<Percent> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 4 {
        return None;
    }
    let part: u32 = format!("{part:0<4}").parse().ok()?;
    Some(Percent(whole.parse::<u32>().ok()?.checked_mul(10_000)?.checked_add(part)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_units() {
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(duration("90m"), Some(Duration::from_mins(90)));
        assert_eq!(size("64KiB"), Some(65_536));
        assert_eq!(size("10MB"), Some(10_000_000));
        assert_eq!(percent("5"), Some(Percent(50_000)));
        assert_eq!(percent("0.25"), Some(Percent(2_500)));
        let rate = |count, per| Some(ValueKind::Rate(Rate { count, per }));
        assert_eq!(number(Rule::rate, "100/s"), rate(100, Duration::from_secs(1)));
        assert_eq!(number(Rule::rate, "20/10s"), rate(20, Duration::from_secs(10)));
        assert_eq!(number(Rule::rate, "10000/day"), rate(10_000, Duration::from_hours(24)));
    }

    #[test]
    fn refuses_numbers_that_do_not_fit() {
        assert_eq!(number(Rule::int, "9223372036854775808"), None);
        assert_eq!(size("99999999999TiB"), None);
        assert_eq!(number(Rule::rate, "5/0s"), None);
        assert_eq!(percent("0.00001"), None);
    }
}
