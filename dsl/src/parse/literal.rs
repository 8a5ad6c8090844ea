//! Values: numbers with their units, strings, lists, records, addresses and words.

use super::reader::Reader;
use super::strict::END;
use super::{Pair, Rule};
use crate::ast::{Entry, Name, Percent, Rate, Value, ValueKind};
use crate::problem::{setting, syntax};
use crate::source::Span;
use std::time::Duration;

impl Reader<'_> {
    /// The value of a pair; `None` if it could not be read, which is then reported.
    pub(super) fn value(&mut self, pair: Pair<'_>) -> Option<Value> {
        let span = self.span(&pair);
        let kind = match pair.as_rule() {
            Rule::value | Rule::item => {
                return self.value(pair.into_inner().next()?);
            }
            Rule::string => ValueKind::Text(self.string(span)),
            Rule::bare_path => ValueKind::Path(self.template(pair)?),
            Rule::bracket_list => {
                ValueKind::List(pair.into_inner().filter_map(|item| self.value(item)).collect())
            }
            Rule::record => self.record(pair),
            Rule::address => ValueKind::Address(pair.as_str().to_owned()),
            Rule::number => return self.range(pair),
            Rule::colon_word => ValueKind::Word(pair.as_str().to_owned()),
            Rule::plain_word => match pair.as_str() {
                "true" => ValueKind::Bool(true),
                "false" => ValueKind::Bool(false),
                word => ValueKind::Word(word.to_owned()),
            },
            Rule::bad_number => {
                self.report(syntax::unknown_unit(span, pair.as_str()));
                return None;
            }
            Rule::bad_list | Rule::bad_record => {
                self.explain(Rule::strict_value, span.start, span, END);
                return None;
            }
            _ => return None,
        };
        Some(Value { span, kind })
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

    fn record(&mut self, pair: Pair<'_>) -> ValueKind {
        let mut entries: Vec<Entry> = Vec::new();
        for entry in pair.into_inner().filter(|pair| pair.as_rule() == Rule::entry) {
            let mut parts = entry.into_inner().filter(|part| part.as_rule() != Rule::colon);
            let (Some(name), Some(value)) = (parts.next(), parts.next()) else { continue };
            let span = self.span(&name);
            let text =
                if name.as_rule() == Rule::string { self.string(span) } else { name.as_str().to_owned() };
            if let Some(first) = entries.iter().find(|entry| entry.name.text == text) {
                self.report(syntax::repeated_field(span, first.name.span, &text));
            }
            if let Some(value) = self.value(value) {
                entries.push(Entry { name: Name { span, text }, value });
            }
        }
        ValueKind::Record(entries)
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
