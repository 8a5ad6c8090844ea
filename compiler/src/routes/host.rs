//! On which hosts a route is, read from the router's tables: the paths behind each host, and the routes behind each path.

use std::collections::BTreeMap;

use crate::explain::{literal, shown};
use crate::ir::{Program, To};

/// For each route that is one of hosts, these, each once, in the order of the tables.
pub(super) fn hosts(program: &Program) -> BTreeMap<usize, Vec<String>> {
    let mut found = Found { program, hosts: BTreeMap::new() };
    if let Some(root) = program.router.hosts {
        found.labels(root, &mut Vec::new());
    }
    found.hosts
}

struct Found<'a> {
    program: &'a Program,
    hosts: BTreeMap<usize, Vec<String>>,
}

impl Found<'_> {
    /// At a node of hosts, behind these labels.
    fn labels(&mut self, number: usize, labels: &mut Vec<String>) {
        for (label, next) in self.ways(number) {
            labels.push(label);
            for to in self.leaves(next) {
                if let To::Paths(root) = to {
                    let host: Vec<&str> = labels.iter().rev().map(String::as_str).collect();
                    self.paths(root, &host.join("."));
                }
            }
            self.labels(next, labels);
            labels.pop();
        }
    }

    /// At a node of the paths of a host.
    fn paths(&mut self, number: usize, host: &str) {
        for to in self.leaves(number) {
            if let To::Route(route) = to {
                let hosts = self.hosts.entry(route).or_default();
                if !hosts.iter().any(|known| known == host) {
                    hosts.push(host.to_owned());
                }
            }
        }
        for (_, next) in self.ways(number) {
            self.paths(next, host);
        }
    }

    /// What a node leads to: literals by their text, parameters by their type in braces.
    fn ways(&self, number: usize) -> Vec<(String, usize)> {
        let router = &self.program.router;
        let Some(node) = router.nodes.get(number) else { return Vec::new() };
        let slots = node.edge_bits.map_or(0, |bits| 1_usize << bits);
        let edges = router.edges.get(node.edges..node.edges + slots).unwrap_or_default().iter().flatten();
        let literals = edges.filter_map(|edge| Some((literal(self.program, edge.key, edge.len)?, edge.node)));
        // Slots lie in the order of hashes.
        let mut ways: Vec<_> = literals.collect();
        ways.sort();
        let params = router.params.get(node.params..node.params + node.param_count).unwrap_or_default();
        ways.extend(params.iter().filter_map(|param| {
            let kind = router.kinds.get(param.kind)?;
            Some((format!("{{{}}}", shown(kind)), param.node))
        }));
        ways
    }

    /// Where those lead that end at a node, or whose rest begins there.
    fn leaves(&self, number: usize) -> Vec<To> {
        let router = &self.program.router;
        let Some(node) = router.nodes.get(number) else { return Vec::new() };
        let leaves = router.leaves.get(node.leaves..node.leaves + node.here_count + node.rest_count);
        leaves.unwrap_or_default().iter().map(|leaf| leaf.to).collect()
    }
}
