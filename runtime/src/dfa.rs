//! Regular expressions as constant tables: one step for each byte, whatever the text.
//!
//! The compiler makes the tables; nothing of the expression is left.

/// A set of texts. A match is always of the whole text.
#[derive(Clone, Copy, Debug)]
pub struct Dfa {
    /// The class of each byte.
    pub classes: &'static [u8; 256],
    /// Number of classes.
    pub width: u16,
    /// For each state and class, the state that follows.
    pub next: &'static [u16],
    /// Where it begins.
    pub start: u16,
    /// The first state in which a text may end; so may it in all behind.
    pub accepting: u16,
}

impl Dfa {
    /// Whether a text is in the set.
    #[must_use]
    pub fn accepts(&self, text: &[u8]) -> bool {
        let end = text.iter().fold(self.start, |state, byte| self.step(state, *byte));
        end >= self.accepting
    }

    /// The same for a segment of a path in canonical spelling, in which a byte may be written `%XX`.
    #[must_use]
    pub fn accepts_spelled(&self, segment: &[u8]) -> bool {
        let (mut state, mut rest) = (self.start, segment);
        loop {
            (state, rest) = match rest {
                [b'%', high, low, rest @ ..] => (self.step(state, digit(*high) << 4 | digit(*low)), rest),
                [byte, rest @ ..] => (self.step(state, *byte), rest),
                [] => return state >= self.accepting,
            }
        }
    }

    fn step(&self, state: u16, byte: u8) -> u16 {
        let [class] = self.classes.get(usize::from(byte)..).and_then(<[u8]>::first_chunk).unwrap_or(&[0]);
        let at = usize::from(state) * usize::from(self.width) + usize::from(*class);
        self.next.get(at).copied().unwrap_or_default()
    }
}

/// The value of a digit that canonical spelling writes.
const fn digit(byte: u8) -> u8 {
    if byte.is_ascii_digit() { byte - b'0' } else { byte.wrapping_sub(b'A' - 10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSES: [u8; 256] = {
        let mut classes = [0; 256];
        classes[b'a' as usize] = 1;
        classes[b' ' as usize] = 2;
        classes
    };
    /// `(a )+`
    const DFA: Dfa = Dfa {
        classes: &CLASSES,
        width: 3,
        next: &[0, 0, 0, 0, 2, 0, 0, 0, 3, 0, 2, 0],
        start: 1,
        accepting: 3,
    };

    #[test]
    fn the_whole_text_is_matched() {
        for (text, expected) in
            [("a ", true), ("a a ", true), ("", false), ("a", false), ("a x", false), ("xa ", false)]
        {
            assert_eq!(DFA.accepts(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn an_escape_is_the_byte_that_it_means() {
        assert!(DFA.accepts_spelled(b"a%20a%20"));
        assert!(!DFA.accepts_spelled(b"a%2Ba%20"));
        assert!(!DFA.accepts(b"a%20"));
    }
}
