//! `gw`: makes, checks, formats, builds, runs, explains and compares gateways.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the console is the interface of this program")]

mod blame;
mod cargo;
mod carried;
mod command;
mod envelope;
mod generation;
mod linked;
mod package;
mod progress;
mod project;
mod sockets;
mod testing;
mod watch;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use command::check::Form;

/// Makes, checks, formats, builds, runs and explains gateways written in the gw language.
#[derive(Debug, Parser)]
#[command(name = "gw", version, max_term_width = 100)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a project: a gateway, a test for it, and what cargo, CI and containers need
    New {
        /// A folder that is not there yet, or an empty one
        folder: PathBuf,
        /// The gateway's name [default: the folder's]
        #[arg(long)]
        name: Option<String>,
        /// Print one JSON document instead of text
        #[arg(long)]
        json: bool,
    },
    /// Write the crates that a project of `gw new` is built with by plain cargo
    Unpack {
        /// The project's folder
        #[arg(default_value = ".")]
        folder: PathBuf,
        /// Print one JSON document instead of text
        #[arg(long)]
        json: bool,
    },
    /// Find every problem of a gateway, without building it
    Check {
        /// The entry file; without it, every .gw file here and below that declares a gateway
        file: Option<PathBuf>,
        /// Print one JSON document instead of text
        #[arg(long)]
        json: bool,
        /// Print the problems as a SARIF 2.1.0 log instead of text
        #[arg(long, conflicts_with = "json")]
        sarif: bool,
    },
    /// Write files in the one canonical form
    Fmt {
        /// The files; without one, every .gw file here and below
        files: Vec<PathBuf>,
        /// Write nothing, and fail where a file has another form
        #[arg(long)]
        check: bool,
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
        /// Print one JSON document on standard output
        #[arg(long)]
        json: bool,
    },
    /// Build a gateway, serve it, and follow every change of its files
    Run {
        /// The entry file
        #[arg(default_value = "gateway.gw")]
        file: PathBuf,
        /// Where it listens, in the place of what it declares; once for each of its listeners, in order
        #[arg(long, value_name = "ADDRESS")]
        listen: Vec<SocketAddr>,
        /// Print one JSON document on standard output for each generation
        #[arg(long)]
        json: bool,
        /// What the gateway is started with
        #[arg(last = true, value_name = "ARGUMENT")]
        arguments: Vec<String>,
    },
    /// Run the tests of a gateway against the compiled gateway
    Test {
        /// The entry file
        #[arg(default_value = "gateway.gw")]
        file: PathBuf,
        /// Only the tests whose name has this in it
        #[arg(long, value_name = "TEXT")]
        filter: Option<String>,
        /// List what the tests have not reached: routes, refusals, branches and arms
        #[arg(long)]
        coverage: bool,
        /// Fail where the tests have reached less of the gateway than this
        #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
        min_coverage: Option<u8>,
        /// Write the outcomes to this file too, as the XML that CI systems read of tests
        #[arg(long, value_name = "FILE")]
        junit: Option<PathBuf>,
        /// Print one JSON document instead of text
        #[arg(long)]
        json: bool,
    },
    /// List the routes of a gateway in order of precedence, with all that runs
    Routes {
        /// The entry file
        #[arg(default_value = "gateway.gw")]
        file: PathBuf,
        /// Print one JSON document instead of text
        #[arg(long)]
        json: bool,
    },
    /// Say what changes in meaning from one gateway to another, and whether it breaks, widens or narrows anything
    Diff {
        /// The entry files before and after, or folders with a `gateway.gw`; with `--git`, the one after [default: gateway.gw]
        #[arg(value_name = "BEFORE AFTER", num_args = 0..=2)]
        paths: Vec<PathBuf>,
        /// What is before is the same file in this revision
        #[arg(long, value_name = "REVISION")]
        git: Option<String>,
        /// The classes of change at which the command ends with status 1
        #[arg(
            long,
            value_name = "CLASS",
            value_enum,
            value_delimiter = ',',
            default_values = ["breaking", "widening"]
        )]
        fail_on: Vec<command::diff::Kind>,
        /// Print one JSON document instead of text
        #[arg(long)]
        json: bool,
        /// Print a comment for a pull request instead of text
        #[arg(long, conflicts_with = "json")]
        markdown: bool,
    },
    /// Show what a gateway does with a request and why, or the page of a problem, a setting, a declaration or a reason
    Explain {
        /// A method, or the name of a page, such as `ambiguous_route`
        #[arg(value_name = "METHOD|WORD")]
        what: String,
        /// The path that is asked for, or a whole URL
        #[arg(value_name = "PATH|URL")]
        path: Option<String>,
        /// A field of its head, `Host` and `Cookie` too; once for each
        #[arg(short = 'H', long, value_name = "NAME: VALUE", requires = "path")]
        header: Vec<String>,
        /// From where it comes
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", requires = "path")]
        client: IpAddr,
        /// What the gateway was started with for a parameter; all others have their defaults
        #[arg(long, value_name = "NAME=TEXT", requires = "path")]
        param: Vec<String>,
        /// What a live value is at present; all others have their defaults
        #[arg(long, value_name = "NAME=TEXT", requires = "path")]
        live: Vec<String>,
        /// The entry file
        #[arg(long, default_value = "gateway.gw", requires = "path")]
        file: PathBuf,
        /// Print one JSON document instead of text
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    match Line::parse().command {
        Command::Check { file, json, sarif } => {
            let form = match (json, sarif) {
                (true, _) => Form::Json,
                (_, true) => Form::Sarif,
                _ => Form::Text,
            };
            command::check::run(file.as_deref(), form)
        }
        Command::Fmt { files, check, json } => {
            command::fmt::run(&files, command::fmt::Asked { only_check: check, as_json: json })
        }
        Command::Build { file, out, json } => command::build::run(&file, out.as_deref(), json),
        Command::New { folder, name, json } => command::new::run(&folder, name.as_deref(), json),
        Command::Unpack { folder, json } => command::new::unpack(&folder, json),
        Command::Run { file, listen, json, arguments } => command::run::run(&command::run::Asked {
            file: &file,
            listen: &listen,
            arguments: &arguments,
            as_json: json,
        }),
        Command::Test { file, filter, coverage, min_coverage, junit, json } => {
            command::test::run(&command::test::Asked {
                file: &file,
                filter: filter.as_deref(),
                lists: coverage,
                least: min_coverage,
                junit: junit.as_ref(),
                as_json: json,
            })
        }
        Command::Routes { file, json } => command::routes::run(&file, json),
        Command::Diff { paths, git, fail_on, json, markdown } => {
            let form = match (json, markdown) {
                (true, _) => command::diff::Form::Json,
                (_, true) => command::diff::Form::Markdown,
                _ => command::diff::Form::Text,
            };
            let (paths, revision, fail_on) = (&*paths, git.as_deref(), &*fail_on);
            command::diff::run(&command::diff::Asked { paths, revision, fail_on, form })
        }
        Command::Explain { what, path: Some(path), header, client, param, live, file, json } => {
            let line = command::explain::Line {
                method: &what,
                target: &path,
                headers: &header,
                client,
                params: &param,
                lives: &live,
            };
            command::explain::request(&line, &file, json)
        }
        Command::Explain { what, json, .. } => command::explain::word(&what, json),
    }
}
