//! Imports of several files: `*` is any text within a name, a name `**` any number of folders. Names that begin with a dot
//! are only meant where the dot is written.

use std::collections::BTreeSet;

use super::{Listed, Sources};

/// Folders below each other that `**` looks into.
const DEEPEST: usize = 16;

/// Whether a path names several files.
pub(super) fn is_pattern(path: &str) -> bool {
    path.contains('*')
}

/// The paths of all files that a pattern names.
pub(super) fn matches(disk: &dyn Sources, pattern: &str) -> Vec<String> {
    let names: Vec<&str> = pattern.split('/').collect();
    let mut found = Vec::new();
    walk(disk, "", &names, DEEPEST, &mut found);
    found.sort();
    found.dedup();
    found
}

/// Whether a path is one of those that a pattern names.
pub(crate) fn is_among(pattern: &str, path: &str) -> bool {
    let path: Vec<&str> = path.split('/').collect();
    // How many names of the path may be behind what has been read of the pattern.
    let mut behind = BTreeSet::from([0]);
    for name in pattern.split('/') {
        let mut next = BTreeSet::new();
        for at in behind {
            if name == "**" {
                let folders = path.iter().take(path.len() - 1).skip(at);
                let open = folders.take_while(|folder| !folder.starts_with('.')).count();
                next.extend(at..=at + open);
            } else if path.get(at).is_some_and(|own| is_like(name, own)) {
                next.insert(at + 1);
            }
        }
        behind = next;
    }
    behind.contains(&path.len())
}

fn walk(disk: &dyn Sources, folder: &str, names: &[&str], depth: usize, found: &mut Vec<String>) {
    let Some((name, further)) = names.split_first() else { return };
    let below = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    if *name == "**" {
        walk(disk, folder, further, depth, found);
        if depth > 0 {
            for inner in disk.list(folder).iter().filter(|it| it.is_folder && !it.name.starts_with('.')) {
                walk(disk, &below(&inner.name), names, depth - 1, found);
            }
        }
        return;
    }
    if !is_pattern(name) && !further.is_empty() {
        walk(disk, &below(name), further, depth, found);
        return;
    }
    for Listed { name: listed, is_folder } in disk.list(folder) {
        if !is_like(name, &listed) {
            continue;
        }
        match further {
            [] if !is_folder => found.push(below(&listed)),
            [_, ..] if is_folder => walk(disk, &below(&listed), further, depth, found),
            _ => {}
        }
    }
}

/// Whether a name matches a pattern in which `*` stands for any text.
fn is_like(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let mut parts = pattern.split('*');
    let Some(mut left) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return left.is_empty() };
    for part in parts {
        let Some((_, behind)) = left.split_once(part) else { return false };
        left = behind;
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Memory;
    use gatewright_dsl::Source;

    #[test]
    fn a_star_is_any_text_of_a_name() {
        for (pattern, name, expected) in [
            ("*.gw", "a.gw", true),
            ("*.gw", "a.gwx", false),
            ("*.gw", ".a.gw", false),
            ("a*b*c", "abbc", true),
            ("a*a", "a", false),
            ("a.gw", "a.gw", true),
            ("a.gw", "a.gwx", false),
            ("*", "", true),
        ] {
            assert_eq!(is_like(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn two_stars_are_any_number_of_folders() {
        let names = ["gateway.gw", "teams/a.gw", "teams/b.gw", "teams/deep/c.gw", "teams/notes.txt"];
        let sources = names.map(|name| Source::new(name, ""));
        let found = |pattern: &str| matches(&Memory(&sources), pattern);
        assert_eq!(found("teams/*.gw"), ["teams/a.gw", "teams/b.gw"]);
        assert_eq!(found("teams/**/*.gw"), ["teams/a.gw", "teams/b.gw", "teams/deep/c.gw"]);
        assert_eq!(found("*/a.gw"), ["teams/a.gw"]);
        assert_eq!(found("nowhere/*.gw"), [""; 0]);
    }
}
