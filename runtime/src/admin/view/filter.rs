//! Which rows of the live page are shown: those in which a text stands, whatever its case.

/// Bytes of a filter; what is longer is cut.
const MOST: usize = 64;

/// A text that a row must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    text: String,
    lower: String,
}

impl Filter {
    /// What the first `q` of a query says, with `+` for a space (URL standard, section 5.1).
    pub(crate) fn of(query: Option<&[u8]>) -> Self {
        let mut parts = query.unwrap_or_default().split(|byte| *byte == b'&');
        let value = parts.find_map(|part| part.strip_prefix(b"q=")).unwrap_or_default();
        let text = String::from_utf8_lossy(&decoded(value)).trim().to_owned();
        let end = (0..=text.len().min(MOST)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        let text = text.get(..end).unwrap_or_default().to_owned();
        Self { lower: text.to_lowercase(), text }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether one of these holds it.
    pub(super) fn holds(&self, texts: &[&str]) -> bool {
        self.is_empty() || texts.iter().any(|text| text.to_lowercase().contains(&self.lower))
    }
}

fn decoded(value: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(byte) = value.get(at) {
        let escape = (*byte == b'%').then(|| Some((digit(value.get(at + 1))?, digit(value.get(at + 2))?)));
        if let Some(Some((high, low))) = escape {
            out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
            at += 3;
        } else {
            out.push(if *byte == b'+' { b' ' } else { *byte });
            at += 1;
        }
    }
    out
}

/// A text as it stands in a query.
pub(super) fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_query_as_browsers_write_it() {
        let of = |query: &str| Filter::of(Some(query.as_bytes())).text;
        assert_eq!(of("a=1&q=GET+%2Forders%2f%7Bid%7d&q=2"), "GET /orders/{id}");
        assert_eq!(
            (of("q=100%"), of("q=%zz"), of(""), of("q=%ff")),
            ("100%".into(), "%zz".into(), String::new(), "\u{fffd}".into())
        );
        assert_eq!(of(&format!("q={}", "é".repeat(100))).len(), 64);
        assert_eq!(of(&format!("q=a{}", "é".repeat(100))).len(), 63);
        let text = "a b/{é}<\"&+%";
        assert_eq!(of(&format!("q={}", encoded(text))), text);
    }

    #[test]
    fn a_row_is_shown_where_one_of_its_texts_holds_it() {
        let filter = Filter::of(Some(b"q=orders"));
        assert!(filter.holds(&["a", "GET /ORDERS"]) && !filter.holds(&["order", ""]));
        assert!(Filter::default().holds(&[]));
    }
}
