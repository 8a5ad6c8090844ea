//! `gw`: checks and builds gateways.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the console is the interface of this program")]

mod cargo;
mod command;
mod package;
mod progress;
mod project;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Checks and builds gateways written in the gw language.
#[derive(Debug, Parser)]
#[command(name = "gw", version, max_term_width = 100)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Find every problem of a gateway, without building it
    Check {
        /// The entry file; without it, every .gw file here and below that declares a gateway
        file: Option<PathBuf>,
        /// Print one JSON document instead of text
        #[arg(long)]
        json: bool,
    },
    /// Compile a gateway to a binary
    Build {
        /// The entry file
        #[arg(default_value = "gateway.gw")]
        file: PathBuf,
        /// Where the binary goes [default: the gateway's name, here]
        #[arg(long, value_name = "PATH")]
        out: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    match Line::parse().command {
        Command::Check { file, json } => command::check::run(file.as_deref(), json),
        Command::Build { file, out } => command::build::run(&file, out.as_deref()),
    }
}
