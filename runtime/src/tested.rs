//! The `main` of a gateway that `gw test` starts: it listens on free ports of this machine, its servers are those of the test, and
//! what it is told comes by its standard input. No gateway that is put in front of traffic has the feature.
//!
//! The first line is one JSON object: `upstreams` has an address for the name of each upstream, `given` a text for the name of each
//! parameter and secret. The gateway answers with the line `listens`, and its addresses. Each further line is a word, a blank and what
//! belongs to it, and is answered by one line: `after` some microseconds moves the clock; `as` an object with `auth` and `claims`, a text
//! of JSON, is answered with `credential`, a field and what it says; `reached` is answered with the marks of what requests have come to so
//! far. It ends when its input does.
//!
//! A mark begins with the number of a route. Behind a slash stands the number of an arm of its match; behind that, or at once, `+` or `-` and
//! the number of a branch that has brought its value or has failed, or a colon and the reason of a refusal.

use std::collections::BTreeSet;
use std::fmt::Arguments;
use std::fs::File;
use std::io::{self, BufRead, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::exchange::Exchange;
use crate::json_tree::{self, Json};
use crate::params::given::Text;
use crate::place::Places;
use crate::program::Program;
use crate::serve::{Options, Running, say, start_logging};

/// A free port of this machine.
const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// Lists and objects in each other that a command may have.
const DEEPEST: usize = 4;

/// Runs a compiled gateway for a test.
#[must_use]
pub fn main(program: &'static Program) -> ExitCode {
    let clock = Clock::ahead();
    let mut commands = io::stdin().lock().lines();
    let begun = commands.next().and_then(Result::ok).ok_or_else(|| "nothing was told".to_owned());
    let begun = begun.and_then(|line| {
        let mut out = answers().map_err(|error| format!("nothing can be answered: {error}"))?;
        begin(program, &line, clock.clone(), &mut out).map(|running| (running, out))
    });
    match begun {
        Ok((running, mut out)) => {
            for line in commands.map_while(Result::ok) {
                let answer = carry_out(&running, &clock, &line).unwrap_or_else(|why| format!("error {why}"));
                if writeln!(out, "{answer}").is_err() {
                    break;
                }
            }
            running.cut();
            running.join();
            ExitCode::SUCCESS
        }
        Err(problem) => {
            say(format_args!("error: {problem}"));
            ExitCode::from(2)
        }
    }
}

/// Where it answers. From now on nobody else writes there: what a function of the operator's prints goes where the gateway's own messages
/// go.
fn answers() -> io::Result<File> {
    let out = io::stdout().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdout(io::stderr())?;
    Ok(File::from(out))
}

fn begin(program: &'static Program, line: &str, clock: Clock, out: &mut File) -> Result<Running, String> {
    let told = json_tree::read(line.as_bytes(), DEEPEST)?;
    let text = |(name, text)| Text { name, text, place: "the test".to_owned() };
    let given: Vec<Text> = texts(&told, "given").into_iter().map(text).collect();
    let mut upstreams = Vec::new();
    for (name, address) in texts(&told, "upstreams") {
        let address = address.parse().map_err(|_| format!("{address:?} is no address"))?;
        upstreams.push((name, address));
    }
    let options = Options {
        workers: 1,
        listen: vec![ANYWHERE; program.listeners.len()],
        admin: Some(ANYWHERE),
        log_file: Some("/dev/null".into()),
        given,
        upstreams,
        clock: Some(clock),
        ..Options::default()
    };
    let running = start_logging(program, options, io::sink())?;
    let addresses: Vec<String> = running.addresses().iter().map(SocketAddr::to_string).collect();
    let said = writeln!(out, "listens {}", addresses.join(" "));
    said.map(|()| running).map_err(|error| format!("nobody listens to this gateway: {error}"))
}

fn carry_out(running: &Running, clock: &Clock, line: &str) -> Result<String, String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "after" => {
            let by = rest.parse().map_err(|_| format!("{rest:?} is no time"))?;
            clock.advance(Duration::from_micros(by));
            Ok("moved".to_owned())
        }
        "as" => {
            let told = json_tree::read(rest.as_bytes(), DEEPEST)?;
            let text = |name| told.member(name).and_then(Json::text).unwrap_or_default();
            let (field, value) = credential(running, text("auth"), text("claims"))?;
            Ok(format!("credential {field} {value}"))
        }
        "reached" => Ok(running.shared.reached.told()),
        _ => Err(format!("{word:?} is not understood")),
    }
}

/// What requests have come to, in marks. There are no more of them than the program has parts.
#[derive(Debug, Default)]
pub(crate) struct Reached(Mutex<BTreeSet<String>>);

impl Reached {
    fn all(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self) -> String {
        self.all().iter().fold("reached".to_owned(), |line, mark| line + " " + mark)
    }
}

impl Exchange {
    /// Notes that it has come to its route, or to a part of that. Whoever has its answer finds that noted.
    pub(crate) fn reach(&self, part: Arguments<'_>) {
        let (Some(shared), Some(route)) = (&self.shared, self.route) else { return };
        let arm = self.record.arm.map(|arm| format!("/{arm}")).unwrap_or_default();
        shared.reached.all().insert(format!("{route}{arm}{part}"));
    }
}

/// The field of a head that somebody of whom this JSON is said writes, and what it says.
fn credential(running: &Running, auth: &str, said: &str) -> Result<(&'static str, String), String> {
    let shared = &running.shared;
    let mut auths = shared.program.auths.iter().zip(&shared.auths);
    let found = auths.find(|(declared, _)| declared.name == auth);
    let (_, verifier) = found.ok_or_else(|| format!("no route asks for `{auth}`"))?;
    let value = verifier.tested(said)?;
    let field = verifier.fields().first().ok_or_else(|| format!("nobody speaks for `{auth}`"))?;
    Ok((field, value))
}

/// The members of a member, all of them texts.
fn texts(told: &Json, name: &str) -> Vec<(String, String)> {
    let Some(Json::Object(members)) = told.member(name) else { return Vec::new() };
    let texts = members.iter().filter_map(|(name, text)| Some((name.clone(), text.text()?.to_owned())));
    texts.collect()
}

/// Puts the servers of upstreams elsewhere, each upstream's at one address. They stay as many as they are written, and say the same in
/// `Host`; names are not looked up.
pub(crate) fn redirect(program: &Program, places: &mut Places, real: &[(String, SocketAddr)]) {
    for (at, upstream) in program.upstreams.iter().enumerate() {
        let Some((_, address)) = real.iter().find(|(name, _)| name == upstream.name) else { continue };
        let Some(own) = places.upstreams.get_mut(at) else { continue };
        #[cfg(feature = "dns")]
        for named in places.names.get_mut(at).into_iter().flat_map(std::mem::take) {
            let crate::place::Named { authority, weight, backup, line, .. } = named;
            own.push(crate::place::Place {
                address: *address,
                authority,
                weight,
                backup,
                line,
                named: false,
                tls: None,
            });
        }
        own.sort_by_key(|place| place.line);
        for place in own {
            place.address = *address;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_texts_by_name() {
        let told = json_tree::read(br#"{"given":{"calls":"7","odd":1},"upstreams":{}}"#, DEEPEST).unwrap();
        assert_eq!(texts(&told, "given"), [("calls".to_owned(), "7".to_owned())]);
        assert!(texts(&told, "upstreams").is_empty() && texts(&told, "others").is_empty());
    }
}
