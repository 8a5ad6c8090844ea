//! Random programs that are right, and programs that are damaged in every way that comes to mind. The first are accepted.
//! Whatever the text, compiling ends, and gives problems that point into the text and that somebody can act on, or Rust that
//! parses; and what can be read has one canonical form.
//!
//! A thousand damaged ones are tried in each run, the same ones always. `MUTATE=600` goes on for so many seconds from a seed that
//! it prints; the program at hand is in the file that it names, should the process not survive it.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the programs are files, and tests may fail"
)]

mod claims;
mod corpus;
mod mutate;
#[path = "../../../tests/gateways/programs/mod.rs"]
mod random;

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use gatewright_compiler::compile;
use gatewright_dsl::problem::render::{Colour, text};
use gatewright_dsl::{Catalogue, page};
use mutate::Mutator;

/// Damaged programs of each run.
const SOME: usize = 1_000;

/// Random programs of each run.
const RANDOM: u64 = 200;

#[test]
fn every_program_at_hand_is_refused_well_or_becomes_rust() {
    let (corpus, mut seen) = (corpus::programs(), Seen::default());
    for program in &corpus {
        seen.try_out(program);
    }
    for seed in 0..RANDOM / 4 {
        seen.try_out(&random::program(seed, &Catalogue::standard()));
    }
    seen.report();
    // Else the mutations below would only ever reach the parser.
    assert!(seen.accepted > corpus.len() / 4, "{} of {}", seen.accepted, corpus.len());
}

#[test]
fn random_programs_are_accepted() {
    let mut refused = BTreeMap::<String, Vec<String>>::new();
    for seed in 0..RANDOM {
        let program = random::program(seed, &Catalogue::standard());
        let sources = page::sources("gateway.gw", &program);
        for problem in compile(&sources, &Catalogue::standard()).err().unwrap_or_default() {
            let shown = text(std::slice::from_ref(&problem), &sources, Colour::Off);
            refused.entry(problem.name.to_owned()).or_default().push(shown);
        }
    }
    for all in refused.values_mut() {
        all.sort_by_key(String::len);
        println!("{} times, for example\n{}", all.len(), all[..all.len().min(3)].concat());
    }
    assert!(refused.is_empty(), "the generator is wrong, or the compiler");
}

#[test]
fn damaged_programs_are_refused_well_or_become_rust() {
    let seconds = std::env::var("MUTATE").ok().and_then(|seconds| seconds.parse().ok());
    let (mut corpus, mut seen) = (corpus::programs(), Seen::default());
    corpus.extend((0..RANDOM).map(|seed| random::program(seed, &Catalogue::standard())));
    match seconds {
        None => {
            for program in Mutator::new(0, &corpus).take(SOME) {
                seen.try_out(&program);
            }
        }
        Some(seconds) => seen.for_long(Duration::from_secs(seconds), &corpus),
    }
    seen.report();
}

/// What came of the programs of a run.
#[derive(Default)]
struct Seen {
    tried: usize,
    accepted: usize,
    /// The shortest program for each claim that does not hold.
    broken: BTreeMap<String, String>,
}

impl Seen {
    fn try_out(&mut self, program: &str) {
        self.tried += 1;
        match claims::of(program) {
            Ok(is_accepted) => self.accepted += usize::from(is_accepted),
            Err(claim) => {
                let known = self.broken.entry(claim).or_insert_with(|| program.to_owned());
                if program.len() < known.len() {
                    program.clone_into(known);
                }
            }
        }
    }

    /// Tries programs until the time is over.
    fn for_long(&mut self, time: Duration, corpus: &[String]) {
        let seed = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs());
        let at_hand = std::env::temp_dir().join(format!("gatewright-mutation-{}.gw", std::process::id()));
        println!("seed {seed}; the program at hand is in {}", at_hand.display());
        let (start, mut slowest) = (Instant::now(), (Duration::ZERO, String::new()));
        for program in Mutator::new(seed, corpus) {
            std::fs::write(&at_hand, &program).unwrap();
            let began = Instant::now();
            self.try_out(&program);
            if began.elapsed() > slowest.0 {
                slowest = (began.elapsed(), program);
            }
            if start.elapsed() > time {
                break;
            }
        }
        std::fs::remove_file(&at_hand).unwrap();
        println!("the slowest took {:?}:\n{}", slowest.0, slowest.1);
        println!("{} programs, {} accepted", self.tried, self.accepted);
    }

    fn report(&self) {
        for (claim, program) in &self.broken {
            println!("{claim}\n{program}\n{program:?}\n{}", "─".repeat(40));
        }
        assert!(self.broken.is_empty(), "{} claims do not hold", self.broken.len());
    }
}
