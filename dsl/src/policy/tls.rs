//! The row of `tls`: how the servers of an upstream are spoken to over TLS. Who reads the files, and when, is the runtime's.

use super::Policy;
use crate::item::upstream::TLS_FEATURE;
use crate::schema::certificate::{CERTIFICATE, KEY, SECRET, file, holds_together};
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
        CERTIFICATE,
        KEY,
        SECRET,
        Param::optional(
            "server_name",
            At::Label,
            Type::String(Bounds { min: Some(1), max: Some(253) }),
            "the name that is asked for and that certificates must be for; what stands in each server's URL where it is not written",
        ),
    ],
    places: &[Place::Upstream],
    depends: &[depends::CERTIFIED],
    check: Some(is_whole),
    feature: Some(TLS_FEATURE),
    home: "policy::tls",
    hooks: &[],
    part: true,
    secures: true,
    ..Policy::BLANK
};

fn is_whole(values: &Values) -> Option<Mismatch> {
    if let Some(mismatch) = holds_together(values) {
        return Some(mismatch);
    }
    match values.written("server_name") {
        Some(Value::Text(name)) if !is_host(name) => Some(Mismatch {
            help: Some("write a name such as `\"orders.internal\"`, without a scheme and a port".into()),
            ..Mismatch::conflict(
                "server_name",
                format!("no certificate can be for `{}`", name.escape_debug()),
                "",
            )
        }),
        _ => None,
    }
}
