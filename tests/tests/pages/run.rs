//! Executes the blocks of a page: gateways are started and asked, refusals are compared word for word.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use gatewright_dsl::Catalogue;
use gatewright_dsl::page::{Fence, fences, sources};
use gatewright_dsl::problem::render::{Colour, text};
use gatewright_runtime::generated::{self, At, Options, Program, Running};
use gatewright_runtime::serve::start_logging;
use gatewright_tests::certificates::Authority;
use gatewright_tests::client::Client;
use gatewright_tests::gate::Log;
use gatewright_tests::names::NameServer;
use gatewright_tests::program::with_files;
use gatewright_tests::server::Server;
use serde_json::Value;

use crate::{echo, http, place};

/// A declared server with this port is left where it is: nothing listens there.
const REFUSES: u16 = 1;

/// The address of every name but those below `nowhere`.
const FOUND: [u8; 4] = [127, 0, 0, 53];

/// A live block by its text: the compiled gateway, or why it was refused.
type Live = (&'static str, Result<&'static Program, &'static str>);

/// Executes a page and says everything that is wrong with it.
pub fn page(page: &str, live: &[Live]) {
    let path = path_of(page);
    let whole = std::fs::read_to_string(&path).unwrap();
    let mut wrong = Vec::new();
    let mut gateway: Option<Gateway> = None;
    let blocks = fences(&whole);
    for (at, block) in blocks.iter().enumerate() {
        let result = match block.info {
            "gw" => refused(block.text).map_or(Ok(()), Err),
            live_block if is_live(live_block) => {
                wrong.extend(gateway.take().and_then(|previous| previous.end(page)));
                begin(block, live).map(|begun| gateway = Some(begun))
            }
            "http" | "log" => gateway.as_mut().ok_or("no `gw live` above".to_owned()).and_then(|gateway| {
                if block.info == "http" { gateway.ask(block) } else { gateway.expect_line(block) }
            }),
            "gw refused" => match blocks.get(at + 1).filter(|next| next.info == "problem") {
                Some(problem) => compare_problem(&path, block, problem),
                None => Err("no `problem` follows".to_owned()),
            },
            "problem" if at > 0 && blocks[at - 1].info == "gw refused" => Ok(()),
            file if file.starts_with("gw file ") => Ok(()),
            "" | "sh" | "text" | "json" | "rust" | "toml" | "yaml" => Ok(()),
            other => Err(format!("`{other}` is no kind of block")),
        };
        wrong.extend(result.err().map(|what| format!("{page}:{}: {what}", block.line)));
    }
    wrong.extend(gateway.and_then(|gateway| gateway.end(page)));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Whether a block is the text of a gateway that runs, or of an entry file, which it names.
pub fn is_live(info: &str) -> bool {
    info == "gw live" || info.starts_with("gw live ")
}

/// Starts the gateway of a block.
fn begin(block: &Fence<'_>, live: &[Live]) -> Result<Gateway, String> {
    match live.iter().find(|(text, _)| *text == block.text) {
        Some((_, Ok(program))) => Ok(Gateway::start(block.line, program)),
        Some((_, Err(said))) => Err((*said).to_owned()),
        None => Err("the page has changed since it was compiled".to_owned()),
    }
}

fn path_of(page: &str) -> PathBuf {
    Path::new(place::ROOT).join(page)
}

/// What the compiler says against a program.
fn refused(program: &str) -> Option<String> {
    let sources = sources("gateway.gw", program);
    let problems = gatewright_compiler::check(&sources, &Catalogue::standard()).err()?;
    Some(text(&problems, &sources, Colour::Off))
}

/// `UPDATE=1` writes the shown words anew.
fn compare_problem(path: &Path, block: &Fence<'_>, shown: &Fence<'_>) -> Result<(), String> {
    let said = refused(block.text).ok_or("this is not refused")?;
    if said == shown.text {
        return Ok(());
    }
    if std::env::var_os("UPDATE").is_none() {
        return Err(format!("said is\n{said}run again with UPDATE=1 if that is right"));
    }
    // Read anew, since blocks before may have been written anew too.
    let page = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let fences = |shown: &str| format!("{}```\n\n```problem\n{shown}```", block.text);
    std::fs::write(path, page.replace(&fences(shown.text), &fences(&said))).map_err(|error| error.to_string())
}

/// Where a server is declared to be; of one that a parameter gives, where it is by default.
fn addresses(program: &Program, server: &generated::Server) -> Vec<SocketAddr> {
    match server.at {
        At::Is { address, .. } => vec![address],
        At::Param(number) => {
            let texts = program.params[usize::from(number)].default.unwrap_or_default();
            let address = |text: &&str| {
                let (_, address) = text.split_once("://").expect("a URL");
                address.parse().expect("address and port")
            };
            texts.iter().map(address).collect()
        }
        // Where the name server of the pages says that they are.
        At::Name { port, .. } => vec![(FOUND, port).into()],
        At::Service { .. } => Vec::new(),
    }
}

/// The host of a server that is spoken to over TLS.
fn secured(server: &generated::Server) -> Option<String> {
    match server.at {
        At::Is { address, tls: true, .. } => Some(address.ip().to_string()),
        At::Name { host, tls: true, .. } => Some(host.to_owned()),
        _ => None,
    }
}

/// A gateway of a page that runs.
struct Gateway {
    line: usize,
    running: Running,
    /// Kept, so that they serve for as long as the gateway does.
    _servers: Vec<Server>,
    log: Log,
    asked: usize,
    /// Lines of the access log, by their number.
    expected: Vec<(usize, usize, Value)>,
    blocks: usize,
}

impl Gateway {
    /// In front of the echo, wherever its servers are declared to be.
    fn start(line: usize, program: &'static Program) -> Self {
        let (server, log) = (echo::start(), Log::default());
        let declared = || program.upstreams.iter().flat_map(|upstream| upstream.servers);
        let hosts: Vec<String> = declared().filter_map(secured).collect();
        // Certificates of its own, so that what a page says of them is true.
        let authority = (!hosts.is_empty()).then(Authority::new);
        let program = authority.as_ref().map_or(program, |known| with_files(program, &known.files));
        let secure = authority
            .as_ref()
            .map(|known| echo::secure(known.server(&hosts.iter().map(String::as_str).collect::<Vec<_>>())));
        let placed = declared().flat_map(|it| {
            let real = secure.as_ref().filter(|_| secured(it).is_some()).unwrap_or(&server).address;
            addresses(program, it).into_iter().map(move |declared| (declared, real))
        });
        let names = NameServer::of_all("A 127.0.0.53");
        let options = Options {
            workers: 1,
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 0)); program.listeners.len()],
            servers: placed.filter(|(declared, _)| declared.port() != REFUSES).collect(),
            admin: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            log_file: Some("/dev/null".into()),
            name_server: Some(names.address),
            ..Options::default()
        };
        let running = start_logging(program, options, log.clone()).expect("the gateway starts");
        let servers = secure.into_iter().chain([server]).collect();
        Self { line, running, _servers: servers, log, asked: 0, expected: Vec::new(), blocks: 0 }
    }

    /// Sends what an `http` block shows, each request over a connection of its own.
    fn ask(&mut self, block: &Fence<'_>) -> Result<(), String> {
        self.blocks += 1;
        for exchange in http::read(block.text)? {
            self.asked += 1;
            let mut client = Client::connect(self.running.addresses()[0]);
            client.send(&exchange.request);
            let answer = loop {
                let next = if exchange.is_head { client.answer_to_head() } else { client.answer() };
                if next.status() >= 200 {
                    break next;
                }
            };
            exchange.compare(&answer).map_err(|why| {
                format!("{}: {why}\nthe answer was\n{answer:?}", exchange.request.lines().next().unwrap())
            })?;
        }
        Ok(())
    }

    /// Notes what the access log must say about the last request.
    fn expect_line(&mut self, block: &Fence<'_>) -> Result<(), String> {
        let line = serde_json::from_str(block.text).map_err(|error| error.to_string())?;
        let number = self.asked.checked_sub(1).ok_or("nothing was asked before")?;
        self.expected.push((block.line, number, line));
        Ok(())
    }

    /// Ends it, and says what was wrong with its log.
    fn end(self, page: &str) -> Option<String> {
        self.running.drain();
        self.running.join();
        if self.blocks == 0 {
            return Some(format!("{page}:{}: no `http` block asks this gateway", self.line));
        }
        let log = String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<Value> =
            log.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
        let wrong: Vec<String> = self
            .expected
            .iter()
            .filter_map(|(at, number, expected)| {
                let found = lines.get(*number).unwrap_or(&Value::Null);
                let why = http::within(expected, found, "").err()?;
                Some(format!("{page}:{at}: {why}\nthe line was {found}"))
            })
            .collect();
        (!wrong.is_empty()).then(|| wrong.join("\n"))
    }
}
