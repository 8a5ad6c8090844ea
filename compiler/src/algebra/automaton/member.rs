//! Members of a set, the plainest first: the shortest, then the smallest, printable ones only while there are any.

use super::Automaton;

impl Automaton {
    /// At most `most` members. Where one is printable, all are.
    pub(crate) fn members(&self, most: usize) -> Vec<Vec<u8>> {
        let printable = self.members_of(&plain(), most);
        if printable.is_empty() { self.members_of(&(0..=255).collect::<Vec<u8>>(), most) } else { printable }
    }

    /// All members, if they are no more than `most`.
    pub(crate) fn all_members(&self, most: usize) -> Option<Vec<Vec<u8>>> {
        let found = self.members_of(&(0..=255).collect::<Vec<u8>>(), most + 1);
        (found.len() <= most).then_some(found)
    }

    /// Members of these bytes, ordered by length, then in the order of the bytes.
    fn members_of(&self, bytes: &[u8], most: usize) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        // One byte of each class is enough to see how far it is.
        let mut classes = bytes.to_vec();
        classes.sort_by_key(|byte| self.alphabet.class(*byte));
        classes.dedup_by_key(|byte| self.alphabet.class(*byte));
        // For each length, the states from which a member is that much further.
        let mut ahead = vec![self.accepting.clone()];
        // No state comes twice on the way to a shortest member, so behind a gap of that many lengths there is none.
        let mut gap = 0;
        while found.len() < most && gap <= self.accepting.len() {
            let before = found.len();
            Walk { set: self, bytes, ahead: &ahead, most, text: Vec::new(), found: &mut found }.from(0);
            gap = if found.len() == before { gap + 1 } else { 0 };
            let Some(last) = ahead.last() else { break };
            let leads = |state: u16| {
                classes.iter().any(|byte| last.get(usize::from(self.step(state, *byte))) == Some(&true))
            };
            let states = 0..u16::try_from(self.accepting.len()).unwrap_or(u16::MAX);
            let next: Vec<bool> = states.map(leads).collect();
            if !next.contains(&true) {
                break;
            }
            ahead.push(next);
        }
        found
    }
}

/// Collects the members of one length.
struct Walk<'a> {
    set: &'a Automaton,
    bytes: &'a [u8],
    ahead: &'a [Vec<bool>],
    most: usize,
    text: Vec<u8>,
    found: &'a mut Vec<Vec<u8>>,
}

impl Walk<'_> {
    fn from(&mut self, state: u16) {
        let Some(left) = self.ahead.len().checked_sub(self.text.len() + 1) else { return };
        let leads = self.ahead.get(left).and_then(|states| states.get(usize::from(state)));
        if self.found.len() >= self.most || leads != Some(&true) {
            return;
        }
        if left == 0 {
            self.found.push(self.text.clone());
            return;
        }
        for byte in self.bytes {
            self.text.push(*byte);
            self.from(self.set.step(state, *byte));
            self.text.pop();
        }
    }
}

/// Printable bytes of ASCII, those first that need no thought: digits, letters, then what stands in words.
fn plain() -> Vec<u8> {
    let mut bytes: Vec<u8> = (b'0'..=b'9').chain(b'a'..=b'z').chain(b'A'..=b'Z').collect();
    bytes.extend(b"-_.~");
    let others: Vec<u8> = (0x21..=0x7e).filter(|byte| !bytes.contains(byte)).collect();
    bytes.extend(others);
    bytes
}
