//! The comparison held against the emitted code, with random programs. What single changes are called is shown by `gw diff`.

use gatewright_dsl::{Catalogue, Source, page};

use super::*;
use crate::permutation::{accepted, declarations, random};

fn meaning(sources: &[Source]) -> Meaning {
    crate::meaning(sources, &Catalogue::standard()).unwrap()
}

fn between(before: &[Source], after: &[Source]) -> Vec<Change> {
    diff(&meaning(before), &meaning(after), &Catalogue::standard())
}

fn program(seed: u64) -> Vec<Source> {
    page::sources("gateway.gw", &random::program(seed, &Catalogue::standard()))
}

fn with_text(sources: &[Source], at: usize, text: String) -> Vec<Source> {
    let mut sources = sources.to_vec();
    sources[at] = Source { text, ..sources[at].clone() };
    sources
}

#[test]
fn a_program_means_what_its_canonical_form_means() {
    for seed in 0..15 {
        let written = program(seed);
        let mut formatted = written.clone();
        for source in &mut formatted {
            source.text = gatewright_dsl::format(source).unwrap();
        }
        assert_eq!(between(&written, &formatted), [], "{seed}");
    }
}

/// Where a declaration stands, an arm of a `match` or a call, and in which order hosts are named, means nothing.
#[test]
fn what_is_written_in_another_order_means_the_same() {
    let (mut turned_around, mut hosts) = (0, 0);
    for seed in 0..60 {
        let written = program(seed);
        assert_eq!(between(&written, &written), [], "{seed}");
        let mut other = written.clone();
        for source in &mut other {
            let mut all = declarations(&source.text);
            all.reverse();
            source.text = format!("// It begins later now.\n\n{}", turned(&all.join("\n")));
            turned_around += usize::from(turned(&source.text) != source.text);
            hosts += source.text.lines().filter(|line| *line != host(line)).count();
        }
        assert_eq!(between(&written, &other), [], "{seed}\n{other:#?}");
    }
    assert!(turned_around > 10 && hosts > 3, "{turned_around} {hosts}");
}

/// The arms of each `match` turned around, but for an `else`; the calls of each `aggregate`, and the hosts of each `host`.
fn turned(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut inside: Option<Vec<String>> = None;
    for line in text.lines() {
        let trimmed = line.trim_start();
        let is_last = ["else ", "respond "].iter().any(|word| trimmed.starts_with(word)) || trimmed == "}";
        match &mut inside {
            None => {
                lines.push(host(line));
                let begins = ["match ", "aggregate "].iter().any(|word| trimmed.starts_with(word));
                inside = (begins && line.ends_with('{')).then(Vec::new);
            }
            Some(own) if is_last => {
                lines.extend(own.iter().rev().cloned());
                lines.push(line.to_owned());
                inside = None;
            }
            Some(own) => own.push(line.to_owned()),
        }
    }
    lines.join("\n") + "\n"
}

/// A line with its two hosts turned around, where it has two.
fn host(line: &str) -> String {
    let trimmed = line.trim_start();
    let blanks = line.strip_suffix(trimmed).unwrap_or_default();
    let of = || {
        let (first, rest) = trimmed.strip_prefix("host ")?.split_once(", ")?;
        let (second, rest) = rest.split_once(' ')?;
        (!first.contains(' ')).then(|| format!("{blanks}host {second}, {first} {rest}"))
    };
    of().unwrap_or_else(|| line.to_owned())
}

/// Changes of one place of a text: a digit, what stands in quotes, a method, a whole line.
fn mutations(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let mut all = Vec::new();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    for (at, byte) in bytes.iter().enumerate() {
        if is_digit(at) && !is_digit(at + 1) {
            let other = if *byte == b'9' { b'8' } else { byte + 1 };
            all.push(format!("{}{}{}", &text[..at], char::from(other), &text[at + 1..]));
        }
        if *byte == b'"' && at > 0 && bytes[at - 1].is_ascii_alphanumeric() {
            all.push(format!("{}x{}", &text[..at], &text[at..]));
        }
    }
    for (word, other) in
        [("GET", "PUT"), ("POST", "PATCH"), (" == ", " != "), ("only", "deny"), ("required", "else skip")]
    {
        for (at, _) in text.match_indices(word) {
            all.push(format!("{}{other}{}", &text[..at], &text[at + word.len()..]));
        }
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for at in 0..lines.len() {
        all.push(lines.iter().enumerate().filter(|(own, _)| *own != at).map(|(_, line)| *line).collect());
    }
    all
}

/// What becomes other code is a change, and what becomes the same code is none.
#[test]
fn there_is_a_change_where_other_code_would_run() {
    let (mut looked_at, mut differ) = (0, 0);
    for seed in 0..10 {
        let written = program(seed);
        let (before, emitted) = (meaning(&written), accepted(&written).unwrap());
        let all: Vec<Vec<Source>> = (0..written.len())
            .flat_map(|at| mutations(&written[at].text).into_iter().map(move |text| (at, text)))
            .map(|(at, text)| with_text(&written, at, text))
            .collect();
        // Some of each, not the same places in all.
        let first = usize::try_from(seed).unwrap() % 41;
        for mutated in all.iter().skip(first).step_by(41) {
            let Ok(other) = accepted(mutated) else { continue };
            let after = meaning(mutated);
            let mut changes = diff(&before, &after, &Catalogue::standard());
            let back = diff(&after, &before, &Catalogue::standard());
            assert_eq!(changes.is_empty(), back.is_empty(), "{seed}: {changes:#?} {back:#?}");
            // Of a test no code is made.
            changes.retain(|change| !change.kind.starts_with("test_"));
            looked_at += 1;
            differ += usize::from(emitted != other);
            let shown = || mutated.iter().map(|source| source.text.clone()).collect::<Vec<_>>();
            assert_eq!(
                changes.is_empty(),
                emitted == other,
                "{seed}: {changes:#?}\n{:#?}\n{}",
                shown(),
                difference(&emitted, &other)
            );
        }
    }
    assert!(looked_at > 4 && differ > 2, "{looked_at} {differ}");
}

/// Of those that the gateway asks and tells by itself: whom it believes there, and who it is.
#[test]
fn who_the_gateway_is_for_others_is_told() {
    let of = |keys: &str, trace: &str| {
        let text = format!(
            "gateway g {{ listen http :8080 plaintext \"why\"; trace to \"https://10.0.0.7:4318\" {trace} sample 1% }}
secret own
auth a jwt {{ issuer \"a\"; audience \"b\"; accept ES256; keys \"https://10.0.0.5/keys\" certificate \"own.pem\" {keys} }}
route GET /a require a respond 200
"
        );
        vec![Source::new("gateway.gw", text)]
    };
    let to = "https://10.0.0.7:4318";
    let (file, secret) = ("key \"own.key\"", "secret own");
    let shown = format!("roots \"ca.pem\" certificate \"own.pem\" {file}");
    let said = |changes: Vec<Change>| {
        changes
            .into_iter()
            .map(|change| (change.class, change.about.concat(), change.what))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        said(between(&of(secret, ""), &of(secret, &shown))),
        [(
            Class::Neutral,
            "gateway".to_owned(),
            format!("setting `trace {to} sample 1%` became `trace {to} {shown} sample 1%`"),
        )]
    );
    let given = shown.replace(file, secret);
    assert_eq!(
        said(between(&of(secret, &shown), &of(secret, &given))),
        [(
            Class::Neutral,
            "gateway".to_owned(),
            format!("setting `trace {to} {shown} sample 1%` became `trace {to} {given} sample 1%`"),
        )]
    );
    let changes = said(between(&of(file, &given), &of(secret, &given)));
    let [(_, gone, before), (_, new, after)] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!((gone.as_str(), new.as_str()), ("auth a", "auth a"));
    let [before, after] =
        [before, after].map(|what| what.contains(&format!("certificate \"own.pem\" {file}")));
    assert!(before != after, "{changes:?}");
}

/// The first place where two texts differ.
fn difference(a: &str, b: &str) -> String {
    let at = a.bytes().zip(b.bytes()).position(|(a, b)| a != b).unwrap_or(0);
    let from = a.floor_char_boundary(at.saturating_sub(200));
    let cut = |text: &str| text.get(from..text.floor_char_boundary(at + 200)).unwrap_or_default().to_owned();
    format!("{}\n{}", cut(a), cut(b))
}
