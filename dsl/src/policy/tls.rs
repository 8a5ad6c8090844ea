//! The row of `tls`: how the servers of an upstream are spoken to over TLS. Who reads the files, and when, is the runtime's.

use super::Policy;
use crate::item::upstream::TLS_FEATURE;
use crate::schema::depends;
use crate::schema::url::is_host;
use crate::schema::{At, Mismatch, Param, Phase, Place, Type, Value, Values, ty::Bounds};

/// `tls roots "internal.pem" certificate "gateway.pem" key "gateway.key" server_name "orders.internal"`
///
/// The runtime's type: `Config { roots: Some("internal.pem"), certificate: Some("gateway.pem"), key: Some("gateway.key"), secret: None,
/// server_name: Some("orders.internal") }`
pub const ROW: Policy = Policy {
    name: "tls",
    summary: "how servers are spoken to over TLS",
    phase: Phase::Call,
    params: &[
        file(
            "roots",
            "a PEM file of the certificates that are believed; those that the machine believes where it is not written",
        ),
        file(
            "certificate",
            "a PEM file of the gateway's own certificate, for servers that want one, and of those between it and its root",
        ),
        file("key", "a PEM file of its key"),
        Param::optional(
            "secret",
            At::Label,
            Type::Secret,
            "its key in the place of a file: a secret that holds it as PEM",
        ),
        Param::optional(
            "server_name",
            At::Label,
            Type::String(Bounds { min: Some(1), max: Some(253) }),
            "the name that is asked for and that certificates must be for; what stands in each server's URL where it is not written",
        ),
    ],
    places: &[Place::Upstream],
    depends: &[depends::CERTIFIED],
    check: Some(holds_together),
    feature: Some(TLS_FEATURE),
    home: "policy::tls",
    hooks: &[],
    part: true,
    secures: true,
    ..Policy::BLANK
};

const fn file(name: &'static str, doc: &'static str) -> Param {
    Param::optional(name, At::Label, Type::String(Bounds { min: Some(1), max: Some(1024) }), doc)
}

fn holds_together(values: &Values) -> Option<Mismatch> {
    let is = |name: &str| values.written(name).is_some();
    let conflict = |param, message: &str, label: &str, help: &str| {
        Some(Mismatch { help: Some(help.to_owned()), ..Mismatch::conflict(param, message, label) })
    };
    match (is("certificate"), is("key"), is("secret")) {
        (_, true, true) => {
            return conflict(
                "secret",
                "the key is said twice",
                "here, and as a file",
                "write `key` or `secret`",
            );
        }
        (true, false, false) => {
            return conflict(
                "certificate",
                "a certificate without its key",
                "nobody could show that it is theirs",
                "write `key \"FILE\"` behind it, or `secret NAME`",
            );
        }
        (false, key, secret) if key || secret => {
            let param = if key { "key" } else { "secret" };
            return conflict(
                param,
                "a key without its certificate",
                "of which?",
                "write `certificate \"FILE\"`",
            );
        }
        _ => {}
    }
    match values.written("server_name") {
        Some(Value::Text(name)) if !is_host(name) => conflict(
            "server_name",
            &format!("no certificate can be for `{}`", name.escape_debug()),
            "",
            "write a name such as `\"orders.internal\"`, without a scheme and a port",
        ),
        _ => None,
    }
}
