//! What is noted of exchanges, as spans: one for the exchange, one for each try. Their names and attributes are those of the
//! stable semantic conventions for HTTP; what is ours begins with `gatewright.`.

use prost::Message;

use super::note::{Finished, Try};
use super::otlp::{
    Attributes, CLIENT, ERROR, IS_REMOTE, IS_REMOTE_KNOWN, Request, Resource, ResourceSpans, SAMPLED, SERVER,
    Scope, ScopeSpans, Span, Status,
};
use crate::clock::Micros;
use crate::place::Place;
use crate::program::Program;
use std::sync::Arc;

/// Methods that are known; others are `_OTHER` (RFC 9110, RFC 5789).
const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"];

/// What has to be known to make spans.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    pub(super) program: &'a Program,
    pub(super) places: &'a [Arc<[Place]>],
    /// When the gateway's clock said 0, in nanoseconds since the Unix epoch.
    pub(super) origin: u64,
}

/// A request to a collector, encoded.
pub(super) fn encode(batch: &[Box<Finished>], about: About<'_>) -> Vec<u8> {
    let program = about.program;
    let mut resource = Attributes::default();
    resource.text("service.name", program.name);
    resource.text("service.version", program.source_hash);
    resource.text("telemetry.sdk.name", "gatewright");
    resource.text("telemetry.sdk.language", "rust");
    resource.text("telemetry.sdk.version", env!("CARGO_PKG_VERSION"));
    let scope = Scope { name: "gatewright".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
    let mut spans = Vec::new();
    for finished in batch {
        spans.push(about.exchange(finished));
        spans.extend(finished.tries.iter().map(|tried| about.tried(finished, tried)));
    }
    let request = Request {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource { attributes: resource.0 }),
            scope_spans: vec![ScopeSpans { scope: Some(scope), spans }],
        }],
    };
    request.encode_to_vec()
}

impl About<'_> {
    fn at(&self, time: Micros) -> u64 {
        self.origin.saturating_add(time.saturating_mul(1_000))
    }

    fn exchange(&self, of: &Finished) -> Span {
        let mut attributes = Attributes::default();
        let method = method(of, &mut attributes);
        let route = of.route.and_then(|route| self.program.routes.get(route as usize));
        let template = route.map(|route| self.program.label(route.label));
        let template = template.and_then(|label| label.get(label.find('/')?..));
        attributes.text("url.scheme", "http");
        attributes.text("url.path", text(&of.path));
        if let Some(template) = template {
            attributes.text("http.route", template);
        }
        if of.status > 0 {
            attributes.number("http.response.status_code", of.status);
        }
        let (host, port) = authority(&of.host);
        if !host.is_empty() {
            attributes.text("server.address", host);
        }
        if let Some(port) = port {
            attributes.number("server.port", port);
        }
        attributes.text("client.address", of.client.to_string());
        attributes.text("network.peer.address", of.peer.to_string());
        if let Some(reason) = of.reason {
            attributes.text("gatewright.reason", reason);
        }
        // A server's span is an error only where the server is at fault, or nothing was answered.
        let is_error = of.status >= 500 || of.status == 0;
        if is_error {
            let kind = of.reason.map_or_else(|| of.status.to_string(), str::to_owned);
            attributes.text("error.type", kind);
        }
        let remote = if of.parent.is_some() { IS_REMOTE } else { 0 };
        Span {
            trace_id: of.trace_id.to_vec(),
            span_id: of.span_id.to_vec(),
            trace_state: text(&of.state),
            parent_span_id: of.parent.map(|parent| parent.to_vec()).unwrap_or_default(),
            name: template.map_or_else(|| method.to_owned(), |template| format!("{method} {template}")),
            kind: SERVER,
            start_time_unix_nano: self.at(of.started),
            end_time_unix_nano: self.at(of.ended),
            attributes: attributes.0,
            status: is_error.then(error),
            flags: SAMPLED | IS_REMOTE_KNOWN | remote,
        }
    }

    fn tried(&self, of: &Finished, tried: &Try) -> Span {
        let mut attributes = Attributes::default();
        let method = method(of, &mut attributes);
        let upstream = tried.upstream.map(|upstream| upstream as usize);
        if let Some(server) = tried.server {
            let places = upstream.and_then(|upstream| self.places.get(upstream));
            let place = places.and_then(|places| places.iter().find(|place| place.address == server));
            let authority = place.map_or_else(|| server.to_string(), |place| place.authority.to_owned());
            let (host, port) = self::authority(authority.as_bytes());
            attributes.text("server.address", host);
            attributes.number("server.port", port.unwrap_or(80));
            attributes.text("network.peer.address", server.ip().to_string());
            attributes.number("network.peer.port", server.port());
            if !tried.path.is_empty() {
                attributes.text("url.full", format!("http://{authority}{}", text(&tried.path)));
            }
        }
        if let Some(upstream) = upstream.and_then(|upstream| self.program.upstreams.get(upstream)) {
            attributes.text("gatewright.upstream", upstream.name);
        }
        if tried.status > 0 {
            attributes.number("http.response.status_code", tried.status);
        }
        if tried.number > 0 {
            attributes.number("http.request.resend_count", tried.number);
        }
        let is_error = tried.status >= 400 || tried.failed.is_some();
        if is_error {
            let kind = tried.failed.map_or_else(|| tried.status.to_string(), str::to_owned);
            attributes.text("error.type", kind);
        }
        Span {
            trace_id: of.trace_id.to_vec(),
            span_id: tried.span_id.to_vec(),
            trace_state: text(&of.state),
            parent_span_id: of.span_id.to_vec(),
            name: method.to_owned(),
            kind: CLIENT,
            start_time_unix_nano: self.at(tried.started),
            end_time_unix_nano: self.at(tried.ended.unwrap_or(of.ended)),
            attributes: attributes.0,
            status: is_error.then(error),
            flags: SAMPLED | IS_REMOTE_KNOWN,
        }
    }
}

fn error() -> Status {
    Status { message: String::new(), code: ERROR }
}

/// Names the method, and answers how it stands in the name of a span.
fn method(of: &Finished, attributes: &mut Attributes) -> &'static str {
    let known = METHODS.iter().find(|known| known.as_bytes() == of.method);
    attributes.text("http.request.method", known.copied().unwrap_or("_OTHER"));
    if known.is_none() && !of.method.is_empty() {
        attributes.text("http.request.method_original", text(&of.method));
    }
    known.copied().unwrap_or("HTTP")
}

/// Host and port of what stands in `Host`.
fn authority(whole: &[u8]) -> (String, Option<u16>) {
    let whole = text(whole);
    let (host, port) = match whole.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()),
        _ => (whole.as_str(), None),
    };
    (host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase(), port)
}

/// What is no UTF-8 is marked: a text of protobuf is UTF-8.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
