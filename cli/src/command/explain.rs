//! `gw explain`: the page of a problem, a setting or a declaration.

use std::process::ExitCode;

use gatewright_dsl::problem::nearest::nearest;
use serde_json::json;

use crate::carried::{page, words};
use crate::envelope::{self, Refusal};

/// Which pages are looked at, in this order.
const KINDS: [&str; 3] = ["problem", "policy", "item"];

/// Shows the page of a word.
pub(crate) fn word(word: &str, as_json: bool) -> ExitCode {
    let Some((kind, text)) = KINDS.iter().find_map(|kind| Some((*kind, page(kind, word)?))) else {
        let known = KINDS.iter().flat_map(|kind| words(kind));
        let help = match nearest(word, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name a problem, a setting, a declaration, or a request: gw explain GET /path".to_owned(),
        };
        return Refusal::failed(format!("no page is named `{word}`"), help).end(as_json);
    };
    if as_json {
        envelope::print(true, &[], &json!({ "kind": kind, "word": word, "page": text }));
    } else {
        print!("{text}");
    }
    ExitCode::SUCCESS
}
