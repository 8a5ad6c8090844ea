//! The host of a request, as routes compare it: labels from the right, in lower case, without a port.
//!
//! A literal address of IPv6 has no labels, so no pattern of hosts has it.

use super::{Segment, Walk};

/// Appends the labels of a host, the last one first, each but the first behind a slash: `com/example/shop` for
/// `shop.Example.com.:8080`. Where it is one label without a dot, that label.
pub fn canonical_host(host: &[u8], out: &mut Vec<u8>) {
    if host.first() == Some(&b'[') {
        return;
    }
    let name = host.split(|byte| *byte == b':').next().unwrap_or_default();
    let name = name.strip_suffix(b".").unwrap_or(name);
    for (at, label) in name.rsplit(|byte| *byte == b'.').enumerate() {
        if at > 0 {
            out.push(b'/');
        }
        out.extend(label.iter().map(u8::to_ascii_lowercase));
    }
}

impl Walk<'_> {
    /// At `node` of the hosts, with the next label beginning at `at` and `taken` captures made.
    pub(super) fn host(&mut self, node: u32, at: usize, taken: usize) -> Option<u32> {
        let (path, host) = (self.path, self.host);
        // What reads segments reads labels alike.
        self.path = host;
        let segment = Segment::first(host, at);
        let end = at + segment.len;
        let table = self.router.nodes.get(node as usize);
        let literal = table.and_then(|table| self.literal(table, &segment, at));
        self.path = path;
        let table = table?;
        if let Some(next) = literal
            && let Some(route) = self.behind_label(next, end, taken)
        {
            return Some(route);
        }
        for index in 0..u32::from(table.param_count) {
            self.path = host;
            let next = self.param(table.params + index, at..end);
            self.path = path;
            if let Some(next) = next
                && let Some(route) = self.behind_label(next, end, taken + 1)
            {
                self.captures.set_host(taken, at, end);
                return Some(route);
            }
        }
        None
    }

    /// Behind a label that ended at `end`: the next one, or the paths of the host.
    fn behind_label(&mut self, node: u32, end: usize, taken: usize) -> Option<u32> {
        if end < self.host.len() {
            return self.host(node, end + 1, taken);
        }
        let table = self.router.nodes.get(node as usize).filter(|table| table.here_count > 0)?;
        let paths = self.router.leaves.get(table.leaves as usize)?.route;
        self.node(paths, 1, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stand_from_the_right_without_case_port_and_final_dot() {
        for (host, expected) in [
            ("shop.Example.com", "com/example/shop"),
            ("shop.example.com.:8080", "com/example/shop"),
            ("localhost:80", "localhost"),
            ("a..b", "b//a"),
            ("[::1]:80", ""),
            ("[::ffff:1.2.3.4]", ""),
            ("", ""),
        ] {
            let mut out = Vec::new();
            canonical_host(host.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{host}");
        }
    }
}
