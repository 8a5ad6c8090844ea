//! The gateway under test as a process of its own: `LISTEN` and `APP` say where it listens and where its server is, `LOG` the file
//! of its log, if it has one.

use std::process::ExitCode;

use gatewright_runtime::generated::{AccessLog, Program};
use gatewright_tests::program;

fn main() -> ExitCode {
    let address =
        |name: &str, usual| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let program = program::at(address("LISTEN", program::ANYWHERE), address("APP", program::APP));
    let Ok(file) = std::env::var("LOG") else { return gatewright_runtime::generated::main(program) };
    let program = Program { access_log: AccessLog::File(file.leak()), ..*program };
    gatewright_runtime::generated::main(Box::leak(Box::new(program)))
}
