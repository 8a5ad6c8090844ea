//! The examples, and the README's own: each is the file that it says it is.

use std::fs;
use std::path::Path;

use gatewright_dsl::page::{fences, sources};

use crate::place::{ROOT, pages};

fn live(page: &str) -> String {
    let text = fs::read_to_string(Path::new(ROOT).join(page)).unwrap();
    let block = fences(&text).into_iter().find(|block| block.info == "gw live");
    block.unwrap_or_else(|| panic!("{page}: a block that runs")).text.to_owned()
}

/// Each file that a story shows: its path, and how it is shown. Of `gw live` the first file, and each behind it; of `gw live
/// ENTRY` and `gw file PATH`, the one that is named.
fn shown(page: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(Path::new(ROOT).join(page)).unwrap();
    let mut shown = Vec::new();
    for block in fences(&text) {
        let beside = |name: &str| page.replace("README.md", name.trim());
        if block.info == "gw live" {
            let files = sources(&beside("gateway.gw"), block.text);
            shown.extend(files.into_iter().map(|file| (file.name, file.text)));
        } else if let Some(name) = ["gw live ", "gw file "].iter().find_map(|it| block.info.strip_prefix(it))
        {
            shown.push((beside(name), block.text.to_owned()));
        }
    }
    shown
}

#[test]
fn a_story_shows_its_own_gateway() {
    let stories: Vec<String> = pages().into_iter().filter(|page| page.starts_with("examples/")).collect();
    assert!(!stories.is_empty());
    for page in stories {
        let files = shown(&page);
        assert!(!files.is_empty(), "{page} shows no file");
        for (name, text) in files {
            let file = fs::read_to_string(Path::new(ROOT).join(&name)).unwrap();
            assert_eq!(file, text, "{page}: {name}");
        }
    }
}

#[test]
fn the_story_of_a_migration_shows_the_file_that_is_replaced() {
    let folder = Path::new(ROOT).join("examples/from_nginx");
    let page = fs::read_to_string(folder.join("README.md")).unwrap();
    let shown = fences(&page).into_iter().find(|block| block.info == "text").unwrap();
    assert_eq!(shown.text, fs::read_to_string(folder.join("nginx.conf")).unwrap());
}

#[test]
fn the_first_gateway_that_a_visitor_reads_has_twelve_lines() {
    assert_eq!(live("README.md").lines().count(), 12);
}

/// A link into the repository leads somewhere.
#[test]
fn links_lead_somewhere() {
    let mut dead = Vec::new();
    for page in pages() {
        let path = Path::new(ROOT).join(&page);
        let text = fs::read_to_string(&path).unwrap();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://")) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            let heading = |line: &str| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
            let is_there = file.exists()
                && (anchor.is_empty()
                    || fs::read_to_string(&file)
                        .unwrap()
                        .lines()
                        .any(|line| line.starts_with('#') && heading(line) == anchor));
            if !is_there {
                dead.push(format!("{page}: {target}"));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}
