//! Tells code, comments and literals of a Rust file apart, well enough to search one without the others. It is no
//! parser: it never fails, and what is left out becomes spaces, so that lines stay where they are.

/// What a piece of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Outside comments and literals.
    Code,
    /// Any comment, the documentation too.
    Comment,
    /// A string or character literal with its quotes.
    Literal,
}

/// The file with only these parts, all else as spaces.
pub(crate) fn only(source: &str, parts: &[Part]) -> String {
    let mut kept = String::with_capacity(source.len());
    let (mut left, mut in_word) = (source, false);
    while let Some(first) = left.chars().next() {
        let (part, len) = piece(left, in_word);
        let (text, rest) = left.split_at(len.clamp(first.len_utf8(), left.len()));
        if parts.contains(&part) {
            kept.push_str(text);
        } else {
            kept.extend(text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        }
        in_word = part == Part::Code && text.ends_with(is_word);
        left = rest;
    }
    kept
}

/// The file up to its tests, which stand last.
pub(crate) fn before_tests(source: &str) -> &str {
    source.find("\n#[cfg(test)]").and_then(|at| source.get(..at)).unwrap_or(source)
}

/// Whether a line holds this as a whole word.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (line.get(..at), line.get(at + word.len()..));
        !before.is_some_and(|text| text.ends_with(is_word))
            && !after.is_some_and(|text| text.starts_with(is_word))
    })
}

/// The lines of a text, numbered from 1.
pub(crate) fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What begins here, and how many bytes it has; code goes character by character.
fn piece(text: &str, in_word: bool) -> (Part, usize) {
    if text.starts_with("//") {
        return (Part::Comment, text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return (Part::Comment, block_comment(text));
    }
    let literal = match text.chars().next() {
        Some('"') => Some(1 + closed(text.get(1..).unwrap_or_default(), '"')),
        Some('\'') => character(text),
        Some('r') if !in_word => raw_string(text, 1),
        Some('b') if !in_word && text.starts_with("br") => raw_string(text, 2),
        _ => None,
    };
    literal.map_or((Part::Code, 1), |len| (Part::Literal, len))
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut skip) = (0_usize, false);
    for (at, pair) in text.as_bytes().windows(2).enumerate() {
        if skip {
            skip = false;
            continue;
        }
        skip = matches!(pair, b"/*" | b"*/");
        depth = match pair {
            b"/*" => depth + 1,
            b"*/" => depth.saturating_sub(1),
            _ => depth,
        };
        if depth == 0 {
            return at + 2;
        }
    }
    text.len()
}

/// Bytes up to and with the closing quote.
fn closed(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

/// A character literal; nothing for a lifetime.
fn character(text: &str) -> Option<usize> {
    let inside = text.get(1..)?;
    let first = inside.chars().next()?;
    let is_literal = first == '\\' || inside.get(first.len_utf8()..)?.starts_with('\'');
    is_literal.then(|| 1 + closed(inside, '\''))
}

/// A raw string whose letters before the marks are this many; nothing for a word or `r#name`.
fn raw_string(text: &str, letters: usize) -> Option<usize> {
    let marks: String = text.get(letters..)?.chars().take_while(|c| *c == '#').collect();
    let open = letters + marks.len();
    let inside = text.get(open..)?.strip_prefix('"')?;
    let close = format!("\"{marks}");
    Some(open + 1 + inside.find(&close).map_or(inside.len(), |at| at + close.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: &str = r##"let a = "x // y"; // b "c"
/* d /* e */ f */ let g = r#"h " i"#; let k: &'static str = 'l'; '\'' m br"n" or"##;

    fn words(parts: &[Part]) -> Vec<String> {
        let kept = only(MIXED, parts);
        assert_eq!(kept.lines().count(), MIXED.lines().count());
        kept.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn code_is_what_is_neither_comment_nor_literal() {
        let code = "let a = ; let g = ; let k: &'static str = ; m or";
        assert_eq!(words(&[Part::Code]).join(" "), code);
    }

    #[test]
    fn literals_keep_their_quotes() {
        assert_eq!(words(&[Part::Literal]).join(" "), r##""x // y" r#"h " i"# 'l' '\'' br"n""##);
    }

    #[test]
    fn comments_may_nest() {
        assert_eq!(words(&[Part::Comment]).join(" "), r#"// b "c" /* d /* e */ f */"#);
    }

    #[test]
    fn a_word_is_whole() {
        assert!(has_word("a.limit(1)", "limit"));
        assert!(!has_word("limits", "limit") && !has_word("a_limit", "limit"));
    }
}
