//! JSON (RFC 8259) as tokens and key sets have it, read strictly: no member twice, no depth beyond a few levels, numbers as they
//! are written. It is small, since what it reads has been bounded before.

/// Levels of objects and lists.
const DEEPEST: usize = 16;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// As written.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The value of a whole text. `None` where it is not JSON, or some object has a member twice.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let mut reading = Reading { text: std::str::from_utf8(text).ok()?.as_bytes(), at: 0 };
        let value = reading.value(0)?;
        reading.blanks();
        (reading.at == reading.text.len()).then_some(value)
    }

    /// A member of an object.
    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

struct Reading<'t> {
    text: &'t [u8],
    at: usize,
}

impl Reading<'_> {
    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn takes(&mut self, byte: u8) -> bool {
        self.blanks();
        let is_it = self.peek() == Some(byte);
        self.at += usize::from(is_it);
        is_it
    }

    fn word(&mut self, word: &str, value: Json) -> Option<Json> {
        let rest = self.text.get(self.at..)?;
        self.at += word.len();
        rest.starts_with(word.as_bytes()).then_some(value)
    }

    fn value(&mut self, depth: usize) -> Option<Json> {
        if depth > DEEPEST {
            return None;
        }
        self.blanks();
        match self.peek()? {
            b'n' => self.word("null", Json::Null),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            b'"' => self.string().map(Json::Text),
            b'[' => self.list(depth),
            b'{' => self.object(depth),
            _ => self.number(),
        }
    }

    fn list(&mut self, depth: usize) -> Option<Json> {
        let mut items = Vec::new();
        self.at += 1;
        if self.takes(b']') {
            return Some(Json::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            match (self.takes(b','), self.takes(b']')) {
                (true, false) => {}
                (false, true) => return Some(Json::List(items)),
                _ => return None,
            }
        }
    }

    fn object(&mut self, depth: usize) -> Option<Json> {
        let mut members: Vec<(String, Json)> = Vec::new();
        self.at += 1;
        if self.takes(b'}') {
            return Some(Json::Object(members));
        }
        loop {
            self.blanks();
            let name = self.string()?;
            // RFC 7519 section 4: names are unique; who takes the last and who takes the first must not disagree.
            if !self.takes(b':') || members.iter().any(|(known, _)| *known == name) {
                return None;
            }
            members.push((name, self.value(depth + 1)?));
            match (self.takes(b','), self.takes(b'}')) {
                (true, false) => {}
                (false, true) => return Some(Json::Object(members)),
                _ => return None,
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        if self.next()? != b'"' {
            return None;
        }
        let mut bytes = Vec::new();
        loop {
            match self.next()? {
                b'"' => return String::from_utf8(bytes).ok(),
                b'\\' => {
                    let escaped = match self.next()? {
                        b'n' => '\n',
                        b't' => '\t',
                        b'r' => '\r',
                        b'b' => '\u{8}',
                        b'f' => '\u{c}',
                        b'u' => self.escape()?,
                        byte @ (b'"' | b'\\' | b'/') => char::from(byte),
                        _ => return None,
                    };
                    bytes.extend_from_slice(escaped.encode_utf8(&mut [0; 4]).as_bytes());
                }
                0..=0x1f => return None,
                byte => bytes.push(byte),
            }
        }
    }

    /// What stands behind `\u`; a pair of surrogates is one character.
    fn escape(&mut self) -> Option<char> {
        let first = self.four()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        if self.next()? != b'\\' || self.next()? != b'u' {
            return None;
        }
        let second = self.four().filter(|second| (0xdc00..0xe000).contains(second))?;
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
    }

    fn four(&mut self) -> Option<u32> {
        let mut number = 0;
        for _ in 0..4 {
            number = number << 4 | char::from(self.next()?).to_digit(16)?;
        }
        Some(number)
    }

    /// RFC 8259 section 6.
    fn number(&mut self) -> Option<Json> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        let whole = self.digits();
        let leads = self.text.get(self.at - whole) == Some(&b'0') && whole > 1;
        if whole == 0 || leads {
            return None;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return None;
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            if self.digits() == 0 {
                return None;
            }
        }
        let text = self.text.get(start..self.at)?;
        String::from_utf8(text.to_vec()).ok().map(Json::Number)
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_json_and_nothing_else() {
        let read = |text: &str| Json::read(text.as_bytes());
        let value =
            read(r#" {"a": [1, -2.5e+3, true, null], "b": {"c": "x\u00e9\ud83d\ude00\n"}} "#).unwrap();
        let numbers =
            [Json::Number("1".into()), Json::Number("-2.5e+3".into()), Json::Bool(true), Json::Null];
        assert_eq!(value.member("a"), Some(&Json::List(numbers.into())));
        assert_eq!(value.member("b").unwrap().member("c").unwrap().text(), Some("xé😀\n"));
        for wrong in [
            "",
            "{",
            "{}x",
            "{,}",
            "{\"a\":1,}",
            "[1,]",
            "[1 2]",
            "[1,,2]",
            "{\"a\" 1}",
            "{a:1}",
            "'a'",
            "\"a",
            "\"\n\"",
            r#""\x""#,
            r#""\ud800""#,
            r#""\ud800\u0041""#,
            r#""\udc00""#,
            "01",
            "-",
            "1.",
            ".5",
            "1e",
            "+1",
            "NaN",
            "tru",
            "nul",
            "{} {}",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(Json::read(b"\"\xff\""), None);
    }

    #[test]
    fn no_object_has_a_member_twice_however_it_is_spelt() {
        for twice in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":{"b":1,"c":2,"b":3}}"#,
            r#"[{"a":1,"a":1}]"#,
        ] {
            assert_eq!(Json::read(twice.as_bytes()), None, "{twice}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep =
            |levels: usize| Json::read(format!("{}{}", "[".repeat(levels), "]".repeat(levels)).as_bytes());
        assert!(deep(16).is_some());
        assert_eq!(deep(18), None);
        assert_eq!(deep(100_000), None);
    }
}
