//! One order of changes, and the same change of many routes said once.

use std::collections::BTreeMap;

use super::{Change, Class, Said};

type Key = (Class, &'static str, String, Vec<Said>, Vec<Said>);

/// The worst first. What is the same for several is one change about all of them; of their requests one is enough.
pub(super) fn gathered(changes: Vec<Change>) -> Vec<Change> {
    let mut all: BTreeMap<Key, (Vec<String>, Option<String>)> = BTreeMap::new();
    for change in changes {
        let Change { class, kind, about, what, before, after, witness } = change;
        let (known, first) = all.entry((class, kind, what, before, after)).or_default();
        known.extend(about);
        if let Some(witness) = witness
            && first.as_ref().is_none_or(|first| (witness.len(), &witness) < (first.len(), first))
        {
            *first = Some(witness);
        }
    }
    let mut changes: Vec<Change> = all
        .into_iter()
        .map(|((class, kind, what, before, after), (mut about, witness))| {
            about.sort();
            about.dedup();
            Change { class, kind, about, what, before, after, witness }
        })
        .collect();
    changes.sort_by(|a, b| {
        let key = |it: &Change| (it.class, it.kind);
        key(a).cmp(&key(b)).then_with(|| (&a.about, &a.what, &a.before).cmp(&(&b.about, &b.what, &b.before)))
    });
    changes
}
