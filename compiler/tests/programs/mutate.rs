//! Damage: what slips of the hand, careless merges and malice do to a text.

use super::random::chance::Random;

/// Damaged programs without end, the same for the same seed.
pub struct Mutator<'a> {
    random: Random,
    corpus: &'a [String],
    /// Each program's tokens, blanks and line ends among them.
    tokens: Vec<Vec<&'a str>>,
}

/// What a number may become.
const NUMBERS: [&str; 16] = [
    "0",
    "1",
    "-1",
    "00",
    "65536",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "99999999999999999999999999",
    "1.5",
    "0.0000000001",
    "5..1",
    "1..",
    "7ms",
    "9999999999h",
    "340282366920938463463374607431768211455",
];
/// What is put between tokens.
const PIECES: [&str; 40] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "<",
    ">",
    "\"",
    "{}",
    "\"{",
    "re\"",
    "re\"(\"",
    "//",
    "/* ",
    "///",
    "\\",
    "\u{202E}",
    "\0",
    "\r",
    "\u{FEFF}",
    "é",
    "🦀",
    ";",
    ",",
    "->",
    "=>",
    "=",
    "==",
    "??",
    "?",
    "..",
    "not ",
    "if ",
    " else ",
    "::",
    "none",
    "%2F",
    "{x: path}",
    "/",
];

impl<'a> Mutator<'a> {
    pub fn new(seed: u64, corpus: &'a [String]) -> Self {
        Self { random: Random(seed), corpus, tokens: corpus.iter().map(|program| tokens(program)).collect() }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.random.below(bound)
    }

    /// A token of any program.
    fn token(&mut self) -> &'a str {
        let program = self.below(self.tokens.len());
        let at = self.below(self.tokens[program].len());
        self.tokens[program].get(at).copied().unwrap_or_default()
    }

    fn damage_tokens(&mut self, tokens: &mut Vec<&'a str>) {
        let at = self.below(tokens.len());
        let other = self.below(tokens.len());
        let end = (at + 1 + self.below(6)).min(tokens.len());
        match self.below(10) {
            0 => drop(tokens.drain(at..end)),
            1 => {
                let copied = tokens[at..end].to_vec();
                tokens.splice(at..at, copied);
            }
            2 => {
                let copied = tokens[at..end].to_vec();
                tokens.splice(other..other, copied);
            }
            3 => tokens.swap(at, other),
            4 => {
                let token = self.token();
                tokens[at] = token;
            }
            5 => {
                let token = self.token();
                tokens.insert(at, token);
            }
            6 => {
                let is_number = |at: &usize| tokens[*at].starts_with(|c: char| c.is_ascii_digit());
                let numbers: Vec<usize> = (0..tokens.len()).filter(is_number).collect();
                let choice = self.below(NUMBERS.len());
                let at = self.below(numbers.len());
                if let Some(at) = numbers.get(at) {
                    tokens[*at] = NUMBERS[choice];
                }
            }
            7 => {
                let is_bracket = |at: &usize| "{}()[]\"".contains(tokens[*at]);
                let brackets: Vec<usize> = (0..tokens.len()).filter(is_bracket).collect();
                let at = self.below(brackets.len());
                if let Some(at) = brackets.get(at) {
                    tokens.remove(*at);
                }
            }
            // The same word in two places that should differ, or two that should be one.
            8 => tokens[at] = tokens[other],
            _ => {
                let piece = PIECES[self.below(PIECES.len())];
                let often = if self.below(8) == 0 { 1 + self.below(90) } else { 1 };
                tokens.splice(at..at, std::iter::repeat_n(piece, often));
            }
        }
    }

    fn damage_lines(&mut self, text: &str) -> String {
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        let (at, other) = (self.below(lines.len()), self.below(lines.len()));
        match self.below(4) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(other, lines[at]),
            2 => lines.swap(at, other),
            _ => {
                // A merge gone wrong: the beginning of one, the end of another.
                let program: &'a str = &self.corpus[self.below(self.corpus.len())];
                let theirs: Vec<&str> = program.split_inclusive('\n').collect();
                let from = self.below(theirs.len());
                lines.truncate(at);
                lines.extend(&theirs[from..]);
            }
        }
        lines.concat()
    }

    fn damage_bytes(&mut self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            let byte = u8::try_from(self.below(256)).unwrap();
            match self.below(3) {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => bytes[at] ^= 1 << (byte % 8),
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Iterator for Mutator<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let program = self.below(self.tokens.len());
        let mut tokens = self.tokens[program].clone();
        // Most often little is wrong, so that what is right around it is still understood.
        for _ in 0..[0, 1, 1, 1, 2, 3, 8][self.below(7)] {
            if !tokens.is_empty() {
                self.damage_tokens(&mut tokens);
            }
        }
        let mut text = tokens.concat();
        if !text.is_empty() && self.below(3) == 0 {
            text = self.damage_lines(&text);
        }
        if !text.is_empty() && self.below(12) == 0 {
            text = self.damage_bytes(&text);
        }
        Some(text)
    }
}

/// A text in pieces: words, numbers with their units, runs of blanks, and single signs.
fn tokens(text: &str) -> Vec<&str> {
    let class = |c: char| match c {
        '\n' => 0,
        c if c.is_whitespace() => 1,
        c if c.is_alphanumeric() || c == '_' || c == '-' => 2,
        _ => 3,
    };
    let mut tokens = Vec::new();
    let mut start = 0;
    let mut last = None;
    for (at, c) in text.char_indices() {
        let own = class(c);
        if last.is_some_and(|last| last != own || own == 3) {
            tokens.push(&text[start..at]);
            start = at;
        }
        last = Some(own);
    }
    tokens.push(&text[start..]);
    tokens
}
