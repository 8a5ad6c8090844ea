//! JSON (RFC 8259) as a tree, for what is small and seldom read, and has been bounded before: live values, tokens, sets of keys. It
//! reads what is strictly JSON and nothing else, no object has a member twice, and the text of numbers is kept. Bodies of requests and
//! answers of servers are read without a tree, by `json`.

use std::borrow::Cow;
use std::collections::HashSet;

/// A value, which borrows from its text what has no escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json<'t> {
    Null,
    Bool(bool),
    /// As it is written.
    Number(&'t str),
    Text(Cow<'t, str>),
    List(Vec<Self>),
    /// In the order in which they are written.
    Object(Vec<(Cow<'t, str>, Self)>),
}

impl Json<'_> {
    /// A member of an object.
    #[cfg(any(feature = "jwt", feature = "tested"))]
    pub(crate) fn member(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    #[cfg(any(feature = "jwt", feature = "tested"))]
    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

/// Members of which each is compared with each.
const FEW: usize = 16;

/// Reads one value and nothing behind it, with at most `deepest` lists and objects in each other. What is wrong otherwise, in words.
pub(crate) fn read(bytes: &[u8], deepest: usize) -> Result<Json<'_>, String> {
    let text =
        std::str::from_utf8(bytes).map_err(|error| format!("byte {} is no UTF-8", error.valid_up_to()))?;
    let mut reader = Reader { text, at: 0, deepest };
    let value = reader.value(0)?;
    reader.blanks();
    if reader.at < text.len() { Err(reader.wrong("the end")) } else { Ok(value) }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    deepest: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn takes(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn wrong(&self, expected: &str) -> String {
        match self.rest().chars().next() {
            Some(found) => format!("at byte {}: expected {expected}, found {found:?}", self.at),
            None => format!("it ends after {} bytes: expected {expected}", self.at),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json<'t>, String> {
        self.blanks();
        if depth > self.deepest {
            return Err(self.wrong("no list or object this deep"));
        }
        match self.peek() {
            Some(b'"') => self.string().map(Json::Text),
            Some(b'[') => self.list(depth),
            Some(b'{') => self.object(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ if self.takes("true") => Ok(Json::Bool(true)),
            _ if self.takes("false") => Ok(Json::Bool(false)),
            _ if self.takes("null") => Ok(Json::Null),
            _ => Err(self.wrong("a value")),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json<'t>, String> {
        self.at += 1;
        let mut items = Vec::new();
        self.blanks();
        if self.takes("]") {
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blanks();
            if self.takes("]") {
                return Ok(Json::List(items));
            }
            if !self.takes(",") {
                return Err(self.wrong("`,` or `]`"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json<'t>, String> {
        self.at += 1;
        let mut members: Vec<(Cow<'t, str>, Json<'t>)> = Vec::new();
        let mut names: Option<HashSet<Cow<'t, str>>> = None;
        self.blanks();
        if self.takes("}") {
            return Ok(Json::Object(members));
        }
        loop {
            self.blanks();
            if self.peek() != Some(b'"') {
                return Err(self.wrong("a name in quotes"));
            }
            let name = self.string()?;
            // Who takes the first of two and who takes the last must not disagree (RFC 7519 section 4).
            let is_new = match &mut names {
                Some(names) => names.insert(name.clone()),
                None => members.iter().all(|(known, _)| *known != name),
            };
            if !is_new {
                return Err(format!("{name:?} stands there twice"));
            }
            // Few are compared with all before them; of many that would take too long.
            if names.is_none() && members.len() == FEW {
                let known = members.iter().map(|(known, _)| known.clone());
                names = Some(known.chain([name.clone()]).collect());
            }
            self.blanks();
            if !self.takes(":") {
                return Err(self.wrong("`:`"));
            }
            let value = self.value(depth + 1)?;
            members.push((name, value));
            self.blanks();
            if self.takes("}") {
                return Ok(Json::Object(members));
            }
            if !self.takes(",") {
                return Err(self.wrong("`,` or `}`"));
            }
        }
    }

    /// RFC 8259 section 6.
    fn number(&mut self) -> Result<Json<'t>, String> {
        let start = self.at;
        self.takes("-");
        if !self.takes("0") && self.digits() == 0 {
            return Err(self.wrong("a digit"));
        }
        if self.takes(".") && self.digits() == 0 {
            return Err(self.wrong("a digit"));
        }
        if self.takes("e") || self.takes("E") {
            let _ = self.takes("+") || self.takes("-");
            if self.digits() == 0 {
                return Err(self.wrong("a digit"));
            }
        }
        Ok(Json::Number(self.text.get(start..self.at).unwrap_or_default()))
    }

    fn digits(&mut self) -> usize {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += count;
        count
    }

    /// RFC 8259 section 7.
    fn string(&mut self) -> Result<Cow<'t, str>, String> {
        self.at += 1;
        let mut text = Cow::Borrowed("");
        loop {
            // All of these are ASCII, and no part of another character.
            let plain =
                self.rest().bytes().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count();
            // What is borrowed is never copied: adding to nothing borrows.
            text += self.rest().get(..plain).unwrap_or_default();
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.at += 1;
                    text.to_mut().push(self.escape()?);
                }
                _ => return Err(self.wrong("`\"`")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        let plain = [
            ("\"", '"'),
            ("\\", '\\'),
            ("/", '/'),
            ("b", '\u{8}'),
            ("f", '\u{c}'),
            ("n", '\n'),
            ("r", '\r'),
            ("t", '\t'),
        ];
        if let Some((_, c)) = plain.into_iter().find(|(word, _)| self.takes(word)) {
            return Ok(c);
        }
        if !self.takes("u") {
            return Err(self.wrong("an escape"));
        }
        let high = self.hexadecimal()?;
        let code = match high {
            0xd800..0xdc00 if self.takes("\\u") => match self.hexadecimal()? {
                low @ 0xdc00..0xe000 => 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00),
                _ => return Err(self.wrong("the second half of a pair")),
            },
            code => code,
        };
        char::from_u32(code).ok_or_else(|| self.wrong("a character"))
    }

    fn hexadecimal(&mut self) -> Result<u32, String> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|it| it.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let code = code.ok_or_else(|| self.wrong("four hexadecimal digits"))?;
        self.at += 4;
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any as any_of, *};

    use super::*;

    #[test]
    fn reads_what_is_json() {
        let text = |it: &'static str| Json::Text(it.into());
        let number = Json::Number;
        for (written, value) in [
            (" true\n", Json::Bool(true)),
            ("null", Json::Null),
            ("-0.50e+3", number("-0.50e+3")),
            (r#""a\"\\\/\n\u00e4\ud83d\ude00""#, text("a\"\\/\n\u{e4}\u{1f600}")),
            ("[ ]", Json::List(Vec::new())),
            (
                "[1,\"a\" , [false]]",
                Json::List(vec![number("1"), text("a"), Json::List(vec![Json::Bool(false)])]),
            ),
            ("{}", Json::Object(Vec::new())),
            (
                "{\"a\": 1, \"b\": {}}",
                Json::Object(vec![("a".into(), number("1")), ("b".into(), Json::Object(Vec::new()))]),
            ),
        ] {
            assert_eq!(read(written.as_bytes(), 4), Ok(value), "{written}");
        }
    }

    #[test]
    fn refuses_what_is_not_and_every_beginning_of_a_list() {
        for written in [
            "",
            "tru",
            "True",
            "01",
            "1.",
            "-",
            "1e",
            ".5",
            "+1",
            "\"a",
            "\"\t\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "[1,]",
            "[1 2]",
            "{a: 1}",
            "{\"a\" 1}",
            "{\"a\": 1,}",
            "1 2",
            "[[[[[[1]]]]]]",
            "// a\n1",
            "{\"a\": 1, \"a\": 2}",
            "'a'",
            "NaN",
        ] {
            assert!(read(written.as_bytes(), 4).is_err(), "{written}");
        }
        assert!(read(b"\"\xff\"", 4).is_err());
        let whole = r#"["10.0.0.0/8", "192.0.2.0/24"]"#;
        for end in 0..whole.len() {
            assert!(read(&whole.as_bytes()[..end], 4).is_err(), "{end} bytes of {whole}");
        }
    }

    #[test]
    fn no_object_has_a_member_twice_however_it_is_spelt() {
        for twice in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":{"b":1,"c":2,"b":3}}"#,
            r#"[{"a":1,"a":1}]"#,
        ] {
            assert!(read(twice.as_bytes(), 4).unwrap_err().ends_with("stands there twice"), "{twice}");
        }
    }

    #[test]
    fn an_object_of_very_many_members_takes_no_more_for_each() {
        let members: Vec<String> = (0..100_000).map(|at| format!("\"{at}\":0")).collect();
        for many in [FEW - 1, FEW, FEW + 1, FEW + 2] {
            for again in 0..many {
                let names = (0..many).chain([again]).map(|at| format!("\"{at}\":0")).collect::<Vec<_>>();
                assert!(read(format!("{{{}}}", names.join(",")).as_bytes(), 4).is_err(), "{again} of {many}");
            }
        }
        let text = format!("{{{}}}", members.join(","));
        let Ok(Json::Object(read)) = read(text.as_bytes(), 4) else { panic!() };
        assert_eq!(read.len(), members.len());
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |levels: usize| {
            read(format!("{}{}", "[".repeat(levels), "]".repeat(levels)).as_bytes(), 16).is_ok()
        };
        assert!(deep(16) && !deep(18) && !deep(100_000));
    }

    /// A value as JSON writes it, with blanks and escapes where there may be some.
    fn written(value: &Json) -> String {
        let string = |text: &str| {
            let inner: String = text
                .chars()
                .map(|c| match c {
                    '"' | '\\' => format!("\\{c}"),
                    c if c < ' ' => format!("\\u{:04x}", u32::from(c)),
                    '\u{10000}'.. => {
                        let mut pair = [0; 2];
                        c.encode_utf16(&mut pair);
                        let [high, low] = pair;
                        format!("\\u{high:04X}\\u{low:04x}")
                    }
                    c => c.to_string(),
                })
                .collect();
            format!("\"{inner}\"")
        };
        match value {
            Json::Null => "null".into(),
            Json::Bool(value) => value.to_string(),
            Json::Number(text) => (*text).to_owned(),
            Json::Text(text) => string(text),
            Json::List(items) => {
                format!("[ {}\t]", items.iter().map(written).collect::<Vec<_>>().join(" ,\n"))
            }
            Json::Object(members) => {
                let members: Vec<String> = members
                    .iter()
                    .map(|(name, value)| format!("{}\r: {}", string(name), written(value)))
                    .collect();
                format!("{{{} }}", members.join(","))
            }
        }
    }

    fn any() -> impl Strategy<Value = Json<'static>> {
        let scalar = prop_oneof![
            Just(Json::Null),
            any_of::<bool>().prop_map(Json::Bool),
            // A few KB that are never given back.
            "-?(0|[1-9][0-9]{0,20})([.][0-9]{1,9})?([eE][+-]?[0-9]{1,3})?"
                .prop_map(|text| Json::Number(text.leak())),
            any_of::<String>().prop_map(|text| Json::Text(text.into())),
        ];
        scalar.prop_recursive(3, 24, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Json::List),
                proptest::collection::btree_map(any_of::<String>().prop_map(Cow::from), inner, 0..5)
                    .prop_map(|members| Json::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again_and_no_beginning_of_it_is(value in any(), cut in 0_usize..1_000) {
            let text = written(&value);
            prop_assert_eq!(read(text.as_bytes(), 4), Ok(value.clone()));
            let cut = cut % text.len();
            if !matches!(value, Json::Number(_)) {
                prop_assert!(read(&text.as_bytes()[..cut], 4).is_err());
            }
        }

        #[test]
        fn whatever_bytes_come_reading_ends(bytes in proptest::collection::vec(any_of::<u8>(), 0..200)) {
            let _ = read(&bytes, 4);
        }

        #[test]
        fn whatever_words_come_reading_ends(words in "[\\[\\]{},:\"\\\\u0-9a-f.eE+ -]{0,60}") {
            if let Ok(value) = read(words.as_bytes(), 4) {
                let again = written(&value);
                prop_assert_eq!(read(again.as_bytes(), 4), Ok(value));
            }
        }
    }
}
