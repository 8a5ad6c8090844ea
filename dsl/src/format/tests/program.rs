//! Random programs of the whole grammar, in random spacing and with comments wherever one may stand.

mod declaration;

/// Writes one program; the same seed gives the same.
pub(super) struct Writer {
    state: u64,
    out: String,
    /// Numbers the comments, so that their order is seen.
    comments: usize,
    /// How many brackets in which lines may end are open.
    folds: usize,
}

const NAMES: &[&str] = &["a", "b_c", "customer", "x-y", "n1", "json", "to"];
const LITERALS: &[&str] = &[
    "1",
    "-5",
    "2.50",
    "250ms",
    "64KiB",
    "20/10s",
    "5%",
    "10.0.0.0/8",
    ":8080",
    "::1",
    "[::1]:80",
    "1..50",
    "1..",
    "..5",
    "10/s..1000/s",
    "5xx",
    "true",
    "false",
    "\"x\"",
    "\"Hi {user.name ?? \"no {one}\"}\"",
    "\"\\{\\u{e9}\\n\"",
    "/a/{b}/c",
    "re\"^[a-z]{2}$\"",
    "fraud::score",
];
const OPERATORS: &[&str] =
    &["or", "and", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "has", "??", "+", "-"];

impl Writer {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed | 1, out: String::new(), comments: 0, folds: 0 }
    }

    pub(super) fn program(mut self) -> String {
        for _ in 0..=self.below(6) {
            self.line_end();
            self.docs();
            self.declaration(3);
        }
        self.line_end();
        self.out
    }

    /// Splits and mixes, as `SplitMix64` does.
    fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn chance(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn gap(&mut self) {
        let blank = self.one(&[" ", " ", " ", "  ", "\t"]);
        self.put(blank);
        if self.folds > 0 && self.chance(12) {
            self.put("\n ");
        }
    }

    fn maybe_gap(&mut self) {
        if self.chance(3) {
            self.gap();
        }
    }

    fn comment(&mut self) {
        self.comments += 1;
        let mark = self.one(&["// ", "//", "//// ", "// /"]);
        let text = format!("{mark}{} é", self.comments);
        self.put(&text);
    }

    /// The end of a statement.
    fn line_end(&mut self) {
        if self.chance(5) {
            self.put(" ");
            self.comment();
        }
        let end = self.one(&["\n", "\n", "\n", "\r\n", "\n\n", "\n\n\n\n"]);
        self.put(end);
        while self.chance(6) {
            self.put("  ");
            self.comment();
            let end = self.one(&["\n", "\n\n"]);
            self.put(end);
        }
    }

    fn docs(&mut self) {
        while self.chance(6) {
            self.put("/// What it is for.\n");
        }
    }

    fn name(&mut self) {
        let name = self.one(NAMES);
        self.put(name);
    }

    /// Items with commas between two brackets, where lines may end and comments stand.
    fn items(&mut self, open: &str, close: &str, least: u64, mut item: impl FnMut(&mut Self)) {
        self.put(open);
        self.folds += 1;
        let count = least + self.below(4);
        let comments = self.chance(4);
        for index in 0..count {
            self.between(comments);
            item(self);
            if index + 1 < count || self.chance(4) {
                self.maybe_gap();
                // A bare path goes on behind a comma without a blank.
                self.put(", ");
            }
        }
        self.between(comments);
        self.folds -= 1;
        self.put(close);
    }

    fn between(&mut self, comments: bool) {
        match self.below(6) {
            0 => self.put("\n  "),
            1 | 2 => self.put(" "),
            3 if comments => {
                self.put(" ");
                self.comment();
                self.put("\n ");
            }
            4 if comments => {
                self.put("\n ");
                self.comment();
                self.put("\n\n ");
            }
            _ => {}
        }
    }

    fn record(&mut self, depth: u64, shape: bool) {
        let mut number = 0;
        self.items("{", "}", u64::from(shape), |writer| {
            number += 1;
            let quoted = writer.chance(5);
            let name = if quoted { format!("\"k {number}\"") } else { format!("k{number}") };
            writer.put(&name);
            if quoted || !writer.chance(4) {
                writer.put(":");
                writer.gap();
                writer.value(depth);
            }
        });
    }

    fn unit(&mut self, depth: u64) {
        if depth == 0 {
            let leaf = if self.chance(2) { self.one(LITERALS) } else { self.one(NAMES) };
            self.put(leaf);
            return;
        }
        match self.below(12) {
            0 => {
                self.put("(");
                self.folds += 1;
                self.maybe_gap();
                self.value(depth - 1);
                self.maybe_gap();
                self.folds -= 1;
                self.put(")");
            }
            1 => self.items("[", "]", 0, |writer| writer.value(depth - 1)),
            2 => {
                self.put("not");
                self.gap();
                self.name();
            }
            3 => {
                self.put("(if");
                self.folds += 1;
                for word in ["", "then", "else"] {
                    self.put(word);
                    self.gap();
                    self.value(depth - 1);
                    self.gap();
                }
                self.folds -= 1;
                self.put(")");
            }
            4..=7 => {
                self.name();
                self.postfix(depth);
            }
            _ => self.unit(0),
        }
    }

    fn postfix(&mut self, depth: u64) {
        for _ in 0..=self.below(3) {
            if self.chance(8) {
                self.put("\n    ");
                self.put(".field");
                continue;
            }
            match self.below(7) {
                0 => self.put("[*]"),
                1 => {
                    self.put("[");
                    self.folds += 1;
                    self.maybe_gap();
                    self.value(depth - 1);
                    self.maybe_gap();
                    self.folds -= 1;
                    self.put("]");
                }
                2 => self.put("[where .total >  0 and not .x]"),
                3 => {
                    self.put(".");
                    self.record(depth - 1, true);
                }
                4 => {
                    self.put(".method");
                    self.items("(", ")", 0, |writer| writer.value(depth - 1));
                }
                _ => self.put(".if"),
            }
        }
    }

    fn value(&mut self, depth: u64) {
        self.unit(depth);
        let mut compared = false;
        while depth > 0 && self.chance(4) {
            // A record is never absent.
            if self.chance(5) && !self.out.ends_with('}') {
                self.put(if compared { " or k" } else { " is  not set or k" });
                compared = false;
            }
            let operator = self.one(OPERATORS);
            let is_comparison = !matches!(operator, "or" | "and" | "??" | "+" | "-");
            // Comparisons do not chain, and whoever compares sums compares once.
            let operator = if is_comparison && compared { "or" } else { operator };
            compared = (compared || is_comparison) && !matches!(operator, "or" | "and");
            if self.chance(4) {
                self.put("\n      ");
            } else {
                self.gap();
            }
            self.put(operator);
            self.gap();
            self.operand(depth - 1);
        }
    }

    /// Behind an operator there is no `not`.
    fn operand(&mut self, depth: u64) {
        if self.chance(10) {
            self.record(depth, false);
            return;
        }
        let before = self.out.len();
        self.unit(depth);
        if self.out[before..].starts_with("not") {
            self.out.truncate(before);
            self.name();
        }
    }
}
