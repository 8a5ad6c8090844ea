//! Where things are declared that have names, for whoever asks where a change of them was said.

use gatewright_dsl::Span;
use gatewright_dsl::ast::{Block, Declaration as Written, Name};

use super::unit::Unit;
use crate::checked::{Declaration, Declared};

/// Of two things with one name, the first.
pub(super) fn all(units: &[Unit<'_>]) -> Declared {
    let mut all = Declared::new();
    for written in units.iter().flat_map(|unit| &unit.file.declarations) {
        if let Some((word, name, declaration)) = declaration(written) {
            all.entry((word, name.text.clone())).or_insert(declaration);
        }
    }
    all
}

fn declaration(written: &Written) -> Option<(&'static str, &Name, Declaration)> {
    let plain = |head: Span| Declaration { head, settings: Vec::new() };
    let block = |whole: Span, block: &Block| Declaration {
        head: Span { end: block.span.start.max(whole.start), ..whole },
        settings: block.settings().map(|it| (it.word.text.clone(), it.span)).collect(),
    };
    Some(match written {
        Written::Gateway(it) => ("gateway", &it.name, block(it.span, &it.block)),
        Written::Param(it) => ("param", &it.name, plain(it.span)),
        // Of one name there is only one of both.
        Written::Live(it) => ("param", &it.name, plain(it.span)),
        Written::Secret(it) => ("secret", &it.name, plain(it.span)),
        Written::Upstream(it) => ("upstream", &it.name, block(it.span, &it.block)),
        Written::Auth(it) => ("auth", &it.name, block(it.span, &it.block)),
        _ => return None,
    })
}
