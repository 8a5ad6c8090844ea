//! What a setting says of TLS towards a server: who is believed there, and which certificate is the gateway's own. The labels and what
//! holds between them are the same wherever they stand. Who reads the files, and when, is the runtime's.

use super::ty::Bounds;
use super::{At, Mismatch, Param, Type, Values};
use crate::Problem;
use crate::problem::setting::CONFLICTING_ARGUMENTS;
use crate::problem::syntax::listed;
use crate::source::Span;

/// The labels that are of use over TLS alone.
pub const LABELS: [&str; 4] = ["roots", "certificate", "key", "secret"];

/// Of a setting that is about one URL, which may be plain.
pub const ROOTS: Param = file(
    "roots",
    "of a URL with `https`: a PEM file of the certificates that are believed; those that the machine believes where it is not written",
);

/// Who the gateway is.
pub const CERTIFICATE: Param = file(
    "certificate",
    "a PEM file of the gateway's own certificate, for servers that want one, and of those between it and its root",
);

/// The key in a file.
pub const KEY: Param = file("key", "a PEM file of its key");

/// The key in no file.
pub const SECRET: Param = Param::optional(
    "secret",
    At::Label,
    Type::Secret,
    "its key in the place of a file: a secret that holds it as PEM",
);

/// A file that may be named.
#[must_use]
pub const fn file(name: &'static str, doc: &'static str) -> Param {
    Param::optional(name, At::Label, Type::String(Bounds { min: Some(1), max: Some(1024) }), doc)
}

/// A certificate and its key stand together, or neither does; and the key is said once.
#[must_use]
pub fn holds_together(values: &Values) -> Option<Mismatch> {
    let is = |name: &str| values.written(name).is_some();
    let conflict = |param, message: &str, label: &str, help: &str| {
        Some(Mismatch { help: Some(help.to_owned()), ..Mismatch::conflict(param, message, label) })
    };
    match (is("certificate"), is("key"), is("secret")) {
        (_, true, true) => {
            conflict("secret", "the key is said twice", "here, and as a file", "write `key` or `secret`")
        }
        (true, false, false) => conflict(
            "certificate",
            "a certificate without its key",
            "nobody could show that it is theirs",
            "write `key \"FILE\"` behind it, or `secret NAME`",
        ),
        (false, key, secret) if key || secret => conflict(
            if key { "key" } else { "secret" },
            "a key without its certificate",
            "of which?",
            "write `certificate \"FILE\"`",
        ),
        _ => None,
    }
}

/// Over plain HTTP nobody is verified, and nobody shows who they are. `url` is the parameter that says that it is plain.
#[must_use]
pub fn is_for_nobody(values: &Values, url: &'static str) -> Option<Mismatch> {
    let written = written(values);
    let first = written.first()?;
    Some(Mismatch {
        because: Some((url, READ_BY_ALL.into())),
        help: Some(secure_or_not(&written)),
        ..Mismatch::conflict(first, NO_CERTIFICATE, "")
    })
}

/// The same problem, where the URL is the default of a parameter, at `plain`.
#[must_use]
pub fn no_certificate(values: &Values, plain: Span) -> Option<Problem> {
    let written = written(values);
    let at = values.find(written.first()?)?.span?;
    Some(
        Problem::error(&CONFLICTING_ARGUMENTS, NO_CERTIFICATE)
            .at(at, "")
            .because(plain, READ_BY_ALL)
            .help(secure_or_not(&written)),
    )
}

/// Those of the labels that are written.
fn written(values: &Values) -> Vec<&'static str> {
    LABELS.into_iter().filter(|label| values.written(label).is_some()).collect()
}

const NO_CERTIFICATE: &str = "nobody shows a certificate over plain HTTP";
const READ_BY_ALL: &str = "this is read by whoever stands in between";

fn secure_or_not(labels: &[&str]) -> String {
    format!("write `https://`, or leave {} out", listed(labels))
}
