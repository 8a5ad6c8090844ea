//! The `main` of a gateway that `gw test` starts: it listens on free ports of this machine, its servers are those of the test, and
//! what it is told comes by its standard input. No gateway that is put in front of traffic has the feature.
//!
//! The first line is one JSON object: `upstreams` has an address for the name of each upstream, `given` a text, or the texts of a list, for
//! the name of each parameter and secret. The gateway answers with the line `listens`, and its addresses. Each further line is a word, a blank and what
//! belongs to it, and is answered by one line: `after` some microseconds moves the clock; `as` an object with `auth` and `claims`, a text
//! of JSON, is answered with `credential`, a field and what it says; `reached` is answered with the marks of what requests have come to so
//! far. It ends when its input does.
//!
//! A mark begins with the number of a route. Behind a slash stands the number of an arm of its match; behind that, or at once, `+` or `-` and
//! the number of a branch that has brought its value or has failed, or a colon and the reason of a refusal; behind that, where it is known, an
//! `@` and the number of the step that has refused, or `query=`, `header=` or `cookie=` and the name of a field that was not as declared.

use std::collections::BTreeSet;
use std::fmt::{Arguments, Write as _};
use std::fs::File;
use std::io::{self, BufRead, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::exchange::{Exchange, Flow};
use crate::json_tree::{self, Json};
use crate::params::given::Text;
use crate::place::Places;
use crate::policy::query::Violation;
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
    let given = given(&told);
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

impl Flow {
    /// The same, of the step of this number in its chain: where it refuses, that is noted.
    #[must_use]
    pub fn at(self, x: &mut Exchange, step: usize) -> Self {
        if let Self::Refuse(reason) = &self {
            x.record.stopped = Some((step, reason.word));
        }
        self
    }
}

impl Exchange {
    /// Notes why it is refused: by which fields that it declares, by which step, or, where neither is known, for which reason alone.
    pub(crate) fn reach_refusal(&self, reason: &str) {
        if self.violations.is_empty() {
            match self.record.stopped {
                Some((step, word)) if word == reason => self.reach(format_args!(":{reason}@{step}")),
                _ => self.reach(format_args!(":{reason}")),
            }
        }
        for Violation { place, field, .. } in &self.violations {
            self.reach(format_args!(":{reason}@{place}={}", escaped(field.name)));
        }
    }
}

/// A name without blanks.
fn escaped(name: &str) -> String {
    name.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_graphic() {
            text.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
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

/// What is given for parameters and secrets: texts, and lists of texts.
fn given(told: &Json<'_>) -> Vec<Text> {
    let Some(Json::Object(members)) = told.member("given") else { return Vec::new() };
    let given = members.iter().filter_map(|(name, given)| match given {
        Json::Text(text) => Some(said(name, text.to_string(), None)),
        Json::List(items) => {
            let items: Option<Vec<String>> =
                items.iter().map(|item| item.text().map(str::to_owned)).collect();
            let items = items?;
            Some(said(name, items.join(", "), Some(items)))
        }
        _ => None,
    });
    given.collect()
}

fn said(name: &str, text: String, items: Option<Vec<String>>) -> Text {
    Text { name: name.to_owned(), text, items, place: "the test".to_owned() }
}

/// The members of a member, all of them texts.
fn texts(told: &Json<'_>, name: &str) -> Vec<(String, String)> {
    let Some(Json::Object(members)) = told.member(name) else { return Vec::new() };
    let texts = members.iter().filter_map(|(name, text)| Some((name.to_string(), text.text()?.to_owned())));
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
        let told = br#"{"given":{"calls":"7","odd":1,"names":["a,b"," "],"none":[]},"upstreams":{"a":"b"}}"#;
        let told = json_tree::read(told, DEEPEST).unwrap();
        let texts_of = |texts: &[&str]| Some(texts.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
        let found: Vec<_> = given(&told).into_iter().map(|it| (it.name, it.items)).collect();
        assert_eq!(
            found,
            [
                ("calls".to_owned(), None),
                ("names".to_owned(), texts_of(&["a,b", " "])),
                ("none".to_owned(), texts_of(&[]))
            ]
        );
        assert_eq!(texts(&told, "upstreams"), [("a".to_owned(), "b".to_owned())]);
        assert!(texts(&told, "others").is_empty());
    }

    #[test]
    fn a_refusal_is_of_the_step_or_the_fields_that_have_refused() {
        use crate::reason::Reason;
        assert_eq!(escaped("a b"), "a%20b");
        let mut x = Exchange::default();
        let flow = Flow::Refuse(Reason::NOT_ALLOWED).at(&mut x, 2);
        assert!(matches!(flow, Flow::Refuse(Reason::NOT_ALLOWED)));
        assert_eq!(x.record.stopped, Some((2, "not_allowed")));
        assert!(matches!(Flow::Next.at(&mut x, 3), Flow::Next));
        assert_eq!(x.record.stopped, Some((2, "not_allowed")));
    }
}
