//! The gateway under test as a process of its own: `LISTEN` and `APP` say where it listens and where its server is.

use std::process::ExitCode;

use gatewright_tests::program;

fn main() -> ExitCode {
    let address =
        |name: &str, usual| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let program = program::at(address("LISTEN", program::ANYWHERE), address("APP", program::APP));
    gatewright_runtime::generated::main(program)
}
