//! Live values by the admin listener: `GET /live` shows them, `PUT /live/NAME` changes one, `DELETE /live/NAME` gives it back to the
//! program, `PATCH /live` changes several at once.
//!
//! Whoever can open a page in a browser of this machine must not be able to change anything through it: a page cannot say that it
//! sends JSON without asking first, which is never allowed; what says that it comes from a page is refused; and so is a name in
//! the place of an address, which somebody else's name server may have led here. Whoever asks from another machine may look, and
//! not change.

use std::net::{IpAddr, SocketAddr};

use super::{About, BODY, By, DEEPEST, Live, Refusal, value_of};
use crate::admin::answer::Answer;
use crate::clock;
use crate::head::{Head, Method};
use crate::http1::framing::Length;
use crate::json_tree::{self, Json};
use crate::params::{self, Param, Params, Value};
use crate::reason::phrase;
use crate::scope::Value as Written;

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// All values.
    Show,
    /// Another value for this name.
    Put(String),
    /// The default for this name.
    Delete(String),
    /// Other values for several names.
    Patch,
}

/// Whether a path is about live values.
pub(crate) fn is_about(path: &[u8]) -> bool {
    path == b"/live" || path.starts_with(b"/live/")
}

/// What a request wants, and the length of its body; or the answer, where it gets nothing.
pub(crate) fn wish(
    live: &Live,
    head: &Head,
    length: Length,
    peer: SocketAddr,
) -> Result<(Wish, usize), Answer> {
    let path = String::from_utf8_lossy(head.path());
    let name = path.strip_prefix("/live/").filter(|name| !name.is_empty());
    let is_patch = head.method_text() == b"PATCH";
    let wish = match (head.method(), name) {
        (Method::Get | Method::Head, None) => Wish::Show,
        (Method::Put, Some(name)) => Wish::Put(name.to_owned()),
        (Method::Delete, Some(name)) => Wish::Delete(name.to_owned()),
        (_, None) if is_patch => Wish::Patch,
        (_, Some(_)) => return Err(not_so("PUT, DELETE")),
        (_, None) => return Err(not_so("GET, HEAD, PATCH")),
    };
    let guarded = match wish {
        Wish::Show => host(head).map(|()| 0),
        Wish::Delete(_) => may_come(head, peer).and_then(|()| without_body(length)),
        Wish::Put(_) | Wish::Patch => may_come(head, peer).and_then(|()| may_change(head, length)),
    };
    guarded.map(|length| (wish.clone(), length)).map_err(|(status, refusal)| {
        let refusals = vec![(name.unwrap_or("values").to_owned(), refusal)];
        if wish == Wish::Show { problem(status, &refusals) } else { refuse(live, status, &refusals, peer) }
    })
}

/// Does what a request wants.
pub(crate) fn answer(live: &Live, wish: &Wish, body: &[u8], peer: SocketAddr) -> Answer {
    let changes = match (wish, json_tree::read(body, DEEPEST)) {
        (Wish::Show, _) => return shown(live, None),
        (Wish::Delete(name), _) => return reset(live, name, peer),
        (Wish::Put(name), Ok(value)) => vec![(name.into(), value)],
        (Wish::Patch, Ok(Json::Object(members))) if !members.is_empty() => members,
        (Wish::Patch, Ok(_)) => {
            let refusal = Refusal::new("wrong_type", "expected an object with a value for each name");
            return refuse(live, 422, &[("values".to_owned(), refusal)], peer);
        }
        (Wish::Put(name), Err(why)) => {
            return refuse(live, 400, &[(name.clone(), Refusal::new("not_json", why))], peer);
        }
        (Wish::Patch, Err(why)) => {
            return refuse(live, 400, &[("values".to_owned(), Refusal::new("not_json", why))], peer);
        }
    };
    let mut values = Vec::new();
    let mut wrong = Vec::new();
    for (name, json) in &changes {
        match value(live, name, json) {
            Ok(value) => values.push(value),
            Err(refusal) => wrong.push((name.to_string(), refusal)),
        }
    }
    if let [(_, Refusal { reason, .. }), ..] = wrong.as_slice() {
        let status = match *reason {
            "unknown_name" => 404,
            "comes_from_file" => 409,
            _ => 422,
        };
        return refuse(live, if wrong.len() == 1 { status } else { 422 }, &wrong, peer);
    }
    let numbers: Vec<usize> = values.iter().map(|(number, _)| *number).collect();
    let done = live.change(values, &By::Peer(peer));
    let names = changes.iter().map(|(name, _)| &**name).collect::<Vec<_>>().join(", ");
    changed_or_not(live, done, (&names, &numbers), peer)
}

/// What is answered where one change was to be made.
fn changed_or_not(
    live: &Live,
    changed: Result<(), Vec<Refusal>>,
    (names, numbers): (&str, &[usize]),
    peer: SocketAddr,
) -> Answer {
    let Err(refusals) = changed else { return shown(live, Some(numbers)) };
    let refusals: Vec<_> = refusals.into_iter().map(|refusal| (names.to_owned(), refusal)).collect();
    let status = match refusals.first().map(|(_, refusal)| refusal.reason) {
        Some("handing_over") => 503,
        Some("not_kept") => 500,
        _ => 422,
    };
    refuse(live, status, &refusals, peer)
}

impl Live {
    /// A live value is again what the program says, as a client of the admin listener wants it.
    fn reset(&self, number: usize, by: &By) -> Result<(), Vec<Refusal>> {
        let first = u16::try_from(number).ok().and_then(|number| self.first.at(number)).cloned();
        self.change_as(first.map(|value| (number, value)).into_iter().collect(), by, &By::Default)
    }
}

/// Gives a live value back to the program.
fn reset(live: &Live, name: &str, peer: SocketAddr) -> Answer {
    match changeable(live, name) {
        Ok((number, _)) => {
            let changed = live.reset(number, &By::Peer(peer));
            changed_or_not(live, changed, (name, &[number]), peer)
        }
        Err(refusal) => {
            let status = if refusal.reason == "unknown_name" { 404 } else { 409 };
            refuse(live, status, &[(name.to_owned(), refusal)], peer)
        }
    }
}

/// The number of a live value and what it is to be.
fn value(live: &Live, name: &str, json: &Json<'_>) -> Result<(usize, Value), Refusal> {
    let (number, param) = changeable(live, name)?;
    Ok((number, value_of(param, json)?))
}

/// The live value of a name, unless a file says it.
fn changeable(live: &Live, name: &str) -> Result<(usize, &'static Param), Refusal> {
    let Some((number, param)) = live.find(name) else {
        return Err(Refusal::new("unknown_name", "there is no live value of this name"));
    };
    if let Some(params::Live::File(path)) = param.live {
        return Err(Refusal::new(
            "comes_from_file",
            format!("what stands in {path} is what holds: change that"),
        ));
    }
    Ok((number, param))
}

/// Whether a request may change something, as far as it says whose it is.
fn may_come(head: &Head, peer: SocketAddr) -> Result<(), (u16, Refusal)> {
    let ip = peer.ip().to_canonical();
    if !ip.is_loopback() {
        let detail = "a change comes from this machine: open a session there, or a tunnel to it";
        return Err((403, Refusal::new("not_local", detail)));
    }
    host(head)?;
    let is_from_page = |name| head.field(name).next().is_some();
    if is_from_page("origin") || is_from_page("sec-fetch-site") || is_from_page("referer") {
        return Err((403, Refusal::new("from_a_page", "a page in a browser may change nothing")));
    }
    Ok(())
}

/// A value is given back without a word.
fn without_body(length: Length) -> Result<usize, (u16, Refusal)> {
    match length {
        Length::Fixed(0) | Length::None => Ok(0),
        _ => Err((413, Refusal::new("too_large", "a value is given back without a body"))),
    }
}

/// The length of the body, where that is JSON.
fn may_change(head: &Head, length: Length) -> Result<usize, (u16, Refusal)> {
    let media = head.field("content-type").next().unwrap_or_default();
    let media = media.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if !media.eq_ignore_ascii_case(b"application/json") {
        return Err((415, Refusal::new("wrong_media", "expected `Content-Type: application/json`")));
    }
    match length {
        Length::Fixed(length) => match usize::try_from(length).ok().filter(|length| *length <= BODY) {
            Some(length) => Ok(length),
            None => Err((413, Refusal::new("too_large", format!("at most {BODY} bytes: let a file say it")))),
        },
        _ => Err((411, Refusal::new("not_json", "expected `Content-Length`, and a body"))),
    }
}

/// The client asks an address, and no name that somebody may have made up for it.
fn host(head: &Head) -> Result<(), (u16, Refusal)> {
    let host = String::from_utf8_lossy(head.host());
    let is_port = |port: &str| port.is_empty() || port.bytes().all(|byte| byte.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) && !name.ends_with(':') => name,
        _ => &*host,
    };
    let inner = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    if inner.eq_ignore_ascii_case("localhost") || inner.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    Err((421, Refusal::new("wrong_host", "ask by an IP address, or by `localhost`")))
}

/// All live values, or some of them.
fn shown(live: &Live, only: Option<&[usize]>) -> Answer {
    let (generation, about, params) = live.all();
    let mut out = format!("{{\"generation\":{generation},\"values\":[").into_bytes();
    let wanted = about.iter().filter(|own| only.is_none_or(|numbers| numbers.contains(&own.number)));
    for (at, own) in wanted.enumerate() {
        out.extend_from_slice(if at == 0 { b"\n" } else { b",\n" });
        write(live, own, &params, &mut out);
    }
    out.extend_from_slice(b"\n]}\n");
    Answer {
        status: 200,
        kind: "application/json",
        body: String::from_utf8_lossy(&out).into_owned(),
        allow: "",
    }
}

fn write(live: &Live, about: &About, params: &Params, out: &mut Vec<u8>) {
    let Some(param) = live.param(about.number) else { return };
    let value = u16::try_from(about.number).ok().and_then(|number| params.at(number));
    out.extend_from_slice(b"{\"name\":");
    string(param.name, out);
    out.extend_from_slice(b",\"value\":");
    if let Some(value) = value {
        value.json(out);
    }
    for (name, text) in [("type", Some(param.written)), ("least", param.least), ("most", param.most)] {
        member(name, text, out);
    }
    member("since", Some(&clock::timestamp(about.since)), out);
    member("by", Some(&about.by.to_string()), out);
    member("refused", about.refused, out);
    out.push(b'}');
}

fn member(name: &str, text: Option<&str>, out: &mut Vec<u8>) {
    if let Some(text) = text {
        out.push(b',');
        string(name, out);
        out.push(b':');
        string(text, out);
    }
}

fn string(text: &str, out: &mut Vec<u8>) {
    Written::json(&std::borrow::Cow::Borrowed(text.as_bytes()), out);
}

fn not_so(allow: &'static str) -> Answer {
    let refusal = Refusal::new("wrong_method", format!("here is {allow}"));
    Answer { allow, ..problem(405, &[("values".to_owned(), refusal)]) }
}

/// Refuses a change, and says so to the operator.
fn refuse(live: &Live, status: u16, refusals: &[(String, Refusal)], peer: SocketAddr) -> Answer {
    for (name, refusal) in refusals {
        live.refuse(name, &By::Peer(peer), refusal);
    }
    problem(status, refusals)
}

/// A problem document (RFC 9457) with everything that is wrong.
fn problem(status: u16, refusals: &[(String, Refusal)]) -> Answer {
    let mut out = format!("{{\"type\":\"about:blank\",\"title\":\"{}\",\"status\":{status}", phrase(status))
        .into_bytes();
    member("reason", refusals.first().map(|(_, refusal)| refusal.reason), &mut out);
    out.extend_from_slice(b",\"errors\":[");
    for (at, (name, Refusal { reason, detail })) in refusals.iter().enumerate() {
        out.extend_from_slice(if at == 0 { b"{\"name\":" } else { b",{\"name\":" });
        string(name, &mut out);
        member("reason", Some(reason), &mut out);
        member("detail", Some(detail), &mut out);
        out.push(b'}');
    }
    out.extend_from_slice(b"]}\n");
    let body = String::from_utf8_lossy(&out).into_owned();
    Answer { status, kind: "application/problem+json", body, allow: "" }
}
