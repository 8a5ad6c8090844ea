//! The house's own tasks: `cargo xtask test`, `try`, `tidy`, `new_policy` and `generate`. Nothing of it is shipped.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod cargo;
mod check;
mod family;
mod front;
mod generate;
mod need;
mod new_policy;
mod shown;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <task>

  test          set up what the tests need, and run them all
  try           compile gateway.gw and run it in front of two small real services
  try --once    the same, but send each request that it shows, and end
  tidy          check what the house demands of its files and dependencies
  new_policy NAME
                write the files of a policy that works, to be made into another one
  new_policy --prove
                do so in a copy, and compile a gateway that uses it; `test` does the same
  generate      write the tables and the shown problems of the pages anew, from the code
  generate --check
                say whether that would change anything; `test` does the same
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["test"] => check::run_all(),
        ["try"] => front::run(front::Until::Interrupted),
        ["try", "--once"] => front::run(front::Until::Tried),
        ["tidy"] => tidy::run(),
        ["new_policy", "--prove"] => new_policy::prove(),
        ["new_policy", name] => new_policy::run(name),
        ["generate"] => generate::run(generate::Mode::Write),
        ["generate", "--check"] => generate::run(generate::Mode::Check),
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
