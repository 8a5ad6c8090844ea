//! How many places of the tree one request can lead to: each is a step of the router.
//!
//! A sum over the tree bounds it, and for nearly every gateway that is enough. Where it is not, sets of places are followed
//! that some request leads to at once.

use std::collections::BTreeMap;

use super::reach::{Parts, texts_at};
use super::trie::{End, Node, Paths, Trie};

/// Places that one request may lead to.
pub(crate) const MOST: usize = 64;

/// A path that leads to too many places, or to so many sets of places that they cannot all be followed.
#[derive(Debug)]
pub(crate) struct TooWide {
    pub(crate) path: String,
    /// Some route behind one of them.
    pub(crate) route: Option<usize>,
}

pub(crate) fn too_wide(trie: &Trie) -> Option<TooWide> {
    if hosts_bound(&trie.hosts) <= MOST {
        return None;
    }
    let mut nodes = 0;
    trie.hosts.ends(&mut |paths: &Paths| nodes += paths.0.as_ref().map_or(0, |root| count(root)));
    let mut search = Search { left: 4 * nodes, bounds: BTreeMap::new() };
    let mut found = None;
    search.hosts(&[&trie.hosts], &[], 0, &mut found);
    found
}

/// At most so many places below a node of hosts, itself included.
fn hosts_bound(node: &Node<Paths>) -> usize {
    let paths = |paths: &Paths| paths.0.as_ref().map_or(0, |root| bound(root));
    let literal = node.literals.values().map(hosts_bound).max().unwrap_or(0);
    let params: usize = node.params.iter().map(|(_, child)| hosts_bound(child)).sum();
    1 + literal + params + paths(&node.here) + paths(&node.rest)
}

/// The same below a node of paths. One literal can be taken at a time, and any number of parameters.
fn bound(node: &Node<End>) -> usize {
    let literal = node.literals.values().map(bound).max().unwrap_or(0);
    let params: usize = node.params.iter().map(|(_, child)| bound(child)).sum();
    1 + literal + params
}

fn count(node: &Node<End>) -> usize {
    1 + node.children().map(count).sum::<usize>()
}

struct Search {
    /// Sets of places that may still be followed.
    left: usize,
    bounds: BTreeMap<*const Node<End>, usize>,
}

impl Search {
    fn bound(&mut self, node: &Node<End>) -> usize {
        *self.bounds.entry(std::ptr::from_ref(node)).or_insert_with(|| bound(node))
    }

    /// Follows hosts that lead to `nodes`; `roots` are the paths of those that ended before.
    fn hosts(
        &mut self,
        nodes: &[&Node<Paths>],
        roots: &[&Node<End>],
        taken: usize,
        found: &mut Option<TooWide>,
    ) {
        let taken = taken + nodes.len();
        let rests = nodes.iter().filter_map(|node| node.rest.0.as_deref());
        let roots: Vec<&Node<End>> = roots.iter().copied().chain(rests).collect();
        let here = nodes.iter().filter_map(|node| node.here.0.as_deref());
        let all: Vec<&Node<End>> = here.chain(roots.iter().copied()).collect();
        self.paths(&all, &mut Vec::new(), taken, found);
        for text in texts_at(nodes, None, Some(&Parts::default())) {
            let next: Vec<_> = nodes.iter().flat_map(|node| node.entered(&text)).collect();
            if found.is_none() && !next.is_empty() {
                self.hosts(&next, &roots, taken, found);
            }
        }
    }

    fn paths(
        &mut self,
        nodes: &[&Node<End>],
        texts: &mut Vec<String>,
        taken: usize,
        found: &mut Option<TooWide>,
    ) {
        let most: usize = nodes.iter().map(|node| self.bound(node)).sum();
        if found.is_some() || nodes.is_empty() || taken + most <= MOST {
            return;
        }
        let taken = taken + nodes.len();
        self.left = self.left.saturating_sub(1);
        if taken > MOST || self.left == 0 {
            let route = nodes.iter().find_map(|node| node.any_route());
            *found = Some(TooWide { path: format!("/{}", texts.join("/")), route });
            return;
        }
        for text in texts_at(nodes, None, Some(&Parts::default())) {
            let next: Vec<_> = nodes.iter().flat_map(|node| node.entered(&text)).collect();
            texts.push(text);
            self.paths(&next, texts, taken, found);
            texts.pop();
        }
    }
}
