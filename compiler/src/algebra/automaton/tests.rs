//! Automata against their members, and against what the same sets are by other words.

use proptest::prelude::*;

use super::*;

fn regex(text: &str) -> Automaton {
    Automaton::regex(text).unwrap()
}

fn members(automaton: &Automaton, most: usize) -> Vec<String> {
    automaton.members(most).into_iter().map(|member| String::from_utf8(member).unwrap()).collect()
}

#[test]
fn equal_sets_are_equal_values_however_they_are_written() {
    for (a, b) in [
        ("a|b|c", "[a-c]"),
        ("(ab|a)(c|bcd)?", "ab(c|bcd)?|a(c|bcd)?"),
        ("[0-9]{2,3}", r"\d\d\d?"),
        (".*", r"[\s\S]*"),
        ("(a*)*", "a*"),
        ("a+", "aa*"),
        ("(?i)ab", "[aA][bB]"),
        ("(?i)a(?-i)b|c", "[aA]b|c"),
        ("[^a]", r"[\x00-`b-\x{10FFFF}]"),
        ("[a-z&&[^b-y]]", "a|z"),
        ("", "()"),
    ] {
        assert_eq!(regex(a), regex(b), "{a} {b}");
    }
    assert_ne!(regex(r"\w"), regex(r"\d"));
}

#[test]
fn a_list_of_texts_is_the_expression_that_names_them() {
    assert_eq!(Automaton::any_of(&["ab", "a", "", "ä"]), Ok(regex("a?|ab|ä")));
    assert_eq!(Automaton::any_of::<&str>(&[]), Ok(regex("[a&&b]")));
}

#[test]
fn a_dot_is_one_character_of_valid_text() {
    let dot = regex(".");
    for yes in ["a", "\n", "ä", "€", "😀", "\u{10ffff}"] {
        assert!(dot.contains(yes.as_bytes()), "{yes:?}");
    }
    for no in [&b""[..], b"ab", b"\xff", b"\xc3", b"\xc3\xa4a", b"\xed\xa0\x80"] {
        assert!(!dot.contains(no), "{no:?}");
    }
}

#[test]
fn classes_are_those_of_ascii() {
    assert!(!regex(r"\d").contains("٣".as_bytes()));
    assert!(!regex(r"\w").contains("ä".as_bytes()));
    assert!(regex(r"\W").contains("ä".as_bytes()));
    assert!(!regex("(?i)k").contains("\u{212a}".as_bytes()));
    assert!(!regex("(?i)[^a]").contains(b"A"));
}

#[test]
fn what_is_not_linear_is_refused_by_name() {
    for (text, name) in [
        (r"(a)\1", "a back-reference"),
        ("a(?=b)", "look-around"),
        ("(?<!a)b", "look-around"),
        ("^a", "an anchor"),
        ("a$", "an anchor"),
        (r"a\b", "a word boundary"),
        (r"\pL", "a class of Unicode"),
        (r"[\p{Greek}]", "a class of Unicode"),
        ("(?m)a", "a flag other than `i`"),
    ] {
        match Automaton::regex(text) {
            Err(Refusal::Unsupported { what, .. }) => assert_eq!(what, name, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    assert!(matches!(Automaton::regex("a("), Err(Refusal::Syntax(_))));
}

#[test]
fn what_would_be_too_large_is_refused() {
    for text in ["(a|b)*a(a|b){14}", "((a{100}){100}){100}", ".{20000}"] {
        assert_eq!(Automaton::regex(text), Err(Refusal::TooLarge), "{text}");
    }
    assert!(Automaton::regex(".{1,1000}").is_ok());
}

#[test]
fn members_are_the_shortest_then_the_plainest() {
    assert_eq!(members(&regex("[a-z]{2,}"), 3), ["aa", "ab", "ac"]);
    assert_eq!(members(&regex(".+"), 2), ["0", "1"]);
    assert_eq!(members(&regex("a{5}|b{3}|c{9}"), 9), ["bbb", "aaaaa", "ccccccccc"]);
    assert_eq!(members(&regex(" "), 3), [" "]);
    assert_eq!(members(&regex("[a&&b]"), 3), Vec::<String>::new());
    assert_eq!(regex("[a-c]").all_members(3).unwrap().len(), 3);
    assert_eq!(regex("[a-c]").all_members(2), None);
}

/// An expression as a tree, matched by trying: it gives every place where a match may end.
#[derive(Clone, Debug)]
enum Tree {
    Text(&'static str),
    AOrB,
    Both(Box<Tree>, Box<Tree>),
    Either(Box<Tree>, Box<Tree>),
    Many(Box<Tree>, usize, usize),
}

impl Tree {
    fn written(&self) -> String {
        match self {
            Self::Text(text) => (*text).to_owned(),
            Self::AOrB => "[ab]".to_owned(),
            Self::Both(a, b) => format!("{}{}", a.written(), b.written()),
            Self::Either(a, b) => format!("({}|{})", a.written(), b.written()),
            Self::Many(a, least, 9) => format!("({}){{{least},}}", a.written()),
            Self::Many(a, least, most) => format!("({}){{{least},{most}}}", a.written()),
        }
    }

    fn ends(&self, text: &str, from: usize) -> Vec<usize> {
        let mut ends = match self {
            Self::Text(own) if text[from..].starts_with(own) => vec![from + own.len()],
            Self::AOrB if text[from..].starts_with(['a', 'b']) => vec![from + 1],
            Self::Text(_) | Self::AOrB => vec![],
            Self::Both(a, b) => a.ends(text, from).into_iter().flat_map(|at| b.ends(text, at)).collect(),
            Self::Either(a, b) => [a.ends(text, from), b.ends(text, from)].concat(),
            Self::Many(a, least, most) => {
                let (mut all, mut open) = (vec![], vec![from]);
                for count in 0..=*most {
                    if count >= *least {
                        all.extend(open.clone());
                    }
                    open = open.into_iter().flat_map(|at| a.ends(text, at)).collect();
                    open.sort_unstable();
                    open.dedup();
                }
                all
            }
        };
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    fn matches(&self, text: &str) -> bool {
        self.ends(text, 0).contains(&text.len())
    }
}

fn expression() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        4 => prop::sample::select(vec!["a", "b", "", "ab", "c"]).prop_map(Tree::Text),
        1 => Just(Tree::AOrB),
    ];
    leaf.prop_recursive(4, 16, 2, |inner| {
        let inner = inner.prop_map(Box::new);
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            pair.clone().prop_map(|(a, b)| Tree::Both(a, b)),
            pair.prop_map(|(a, b)| Tree::Either(a, b)),
            (inner, prop::sample::select(vec![(0, 9), (1, 9), (0, 1), (2, 2), (0, 2)]))
                .prop_map(|(a, (least, most))| Tree::Many(a, least, most)),
        ]
    })
}

/// All texts of `a`, `b` and `c` up to a length.
fn texts() -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..5 {
        last = last.iter().flat_map(|text| ["a", "b", "c"].map(|letter| format!("{text}{letter}"))).collect();
        all.extend(last.clone());
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_automaton_accepts_what_the_expression_matches(a in expression(), b in expression()) {
        let (x, y) = (regex(&a.written()), regex(&b.written()));
        let (both, only) = (x.and(&y).unwrap(), x.minus(&y).unwrap());
        let (mut in_both, mut in_first, mut in_second) = (false, false, false);
        for text in texts() {
            let (first, second) = (a.matches(&text), b.matches(&text));
            let text = text.as_bytes();
            prop_assert_eq!(x.contains(text), first);
            prop_assert_eq!(both.contains(text), first && second);
            prop_assert_eq!(only.contains(text), first && !second);
            in_both |= first && second;
            in_first |= first && !second;
            in_second |= second && !first;
        }
        let relation = x.relation(&y).unwrap();
        prop_assert_eq!(relation, y.relation(&x).unwrap().flipped());
        prop_assert!(!in_both || relation != Relation::Disjoint);
        prop_assert!(!in_first || !matches!(relation, Relation::Equal) && (!in_both || relation != Relation::Inside));
        prop_assert!(!in_second || !matches!(relation, Relation::Equal) && (!in_both || relation != Relation::Around));
        prop_assert_eq!(relation == Relation::Disjoint, both.is_empty());
        prop_assert_eq!(both.relation(&x).unwrap() == Relation::Equal, !both.is_empty() && x.minus(&y).unwrap().is_empty());
    }
}
