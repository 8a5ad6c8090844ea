//! Live values in lines that operators read.

use crate::json_tree::Json;
use crate::params::Value;

/// Characters of a value that a line for operators shows.
const SHOWN: usize = 160;

/// A value for a line that operators read: JSON, cut where it is long.
pub(crate) fn shown(value: &Value) -> String {
    let mut json = Vec::new();
    value.json(&mut json);
    let text = String::from_utf8_lossy(&json);
    match value.count() {
        Some(count) if text.len() > SHOWN => format!("{} ({count} items)", cut(&text)),
        _ => cut(&text),
    }
}

/// A text without anything that would end or colour the line, and not too long.
pub(super) fn cut(text: &str) -> String {
    let mut line: String = text.chars().take(SHOWN).map(|c| if is_plain(c) { c } else { ' ' }).collect();
    if text.chars().nth(SHOWN).is_some() {
        line.push('…');
    }
    line
}

/// Whether a character neither ends a line, nor colours it, nor turns the order in which it is shown.
fn is_plain(c: char) -> bool {
    let turns =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}');
    !c.is_control() && !turns
}

pub(super) fn found(json: &Json<'_>) -> String {
    match json {
        Json::Null => "null".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(text) => cut(text),
        Json::Text(text) => format!("{:?}", cut(text)),
        Json::List(items) => format!("a list of {} items", items.len()),
        Json::Object(_) => "an object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn nothing_ends_a_line_of_the_operators_or_turns_it() {
        for c in
            "\n\r\u{1b}\u{85}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2069}\u{61c}".chars()
        {
            assert_eq!(cut(&format!("a{c}b")), "a b", "{c:?}");
        }
        assert_eq!(cut("grüße – אב"), "grüße – אב");
    }
}
