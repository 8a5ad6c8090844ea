//! From a text to a document: one pass over the bytes, in which all that is wanted is held against its type.
//!
//! What is wrong with values does not end the pass, so that a client hears all of it at once; what is no JSON does.

use super::scan::{Malformed, Quoted, Scan, deeper};
use super::shape::{Form, Member, Need, Shape};
use super::value::unescaped;
use super::wrong::{Found, Unread, Violation, kind};
use super::{Document, MOST_VIOLATIONS};
use crate::serve::room::Taken;

/// Bytes of a pointer that are told; what is longer is cut.
const LONGEST_POINTER: usize = 256;

/// More values than a text has bytes are never there but as absent members; so many are never too many. An array or an object
/// takes one place more, and two bytes.
const FREE_NODES: usize = 1024;

/// In the place of a start: the bytes are those of a default.
pub(super) const OF_DEFAULT: u32 = 1 << 31;

/// A value: where its text begins and ends, or, of an array or an object, where its parts begin and end among the nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Node {
    /// Nothing is there.
    pub(super) const ABSENT: Self = Self { start: u32::MAX, end: 0 };
    /// A member that has not been met.
    const UNSEEN: Self = Self { start: u32::MAX, end: 1 };
}

impl Default for Node {
    fn default() -> Self {
        Self::ABSENT
    }
}

/// Reads a whole text, for which room is taken already; for all that is known of it, room is taken here.
pub(super) fn read(bytes: Vec<u8>, shape: &'static Shape, room: &mut Taken) -> Result<Document, Unread> {
    let wrong =
        |found| Unread::Wrong(vec![Violation { pointer: String::new(), found, expected: shape.expected }]);
    let mut document = Document { bytes, ..Document::default() };
    if document.bytes.len() >= OF_DEFAULT as usize {
        return Err(wrong(Found::TooComplex));
    }
    let text = match std::str::from_utf8(&document.bytes) {
        Ok(text) => text,
        Err(error) => return Err(wrong(Found::Malformed(error.valid_up_to()))),
    };
    let limit = text.len() + text.len() / 2 + FREE_NODES;
    let mut out = Out { limit, taken: room.beside(), ..Out::default() };
    // For what has few values for its bytes: a quarter of it.
    out.more(text.len() / 64 + 16).map_err(|_| Unread::Full)?;
    let mut reader = Reader { scan: Scan::new(text), base: 0, out: &mut out, is_as_written: true };
    let whole = reader.whole(shape);
    let at = reader.scan.at;
    match whole {
        Err(Malformed::Grammar) => return Err(wrong(Found::Malformed(at))),
        Err(Malformed::Depth | Malformed::Values) => return Err(wrong(Found::TooComplex)),
        Err(Malformed::Full) => return Err(Unread::Full),
        Ok(_) if !out.violations.is_empty() => return Err(Unread::Wrong(out.violations)),
        Ok(whole) => document.root = whole,
    }
    let Out { nodes, defaults, taken, .. } = out;
    (document.nodes, document.defaults) = (nodes, defaults);
    // From now on it takes what it has, and no more.
    drop(taken);
    let beside = document.size().saturating_sub(document.bytes.len());
    if room.take(beside as u64) { Ok(document) } else { Err(Unread::Full) }
}

/// What comes out.
#[derive(Default)]
struct Out {
    nodes: Vec<Node>,
    /// The parts of arrays and objects that are not at their end.
    open: Vec<Node>,
    defaults: Vec<u8>,
    /// The members that have stood there by their default, and what that has been read as.
    known: Vec<(&'static Member, Node)>,
    /// The one of them that mostly comes next.
    next: usize,
    violations: Vec<Violation>,
    /// Parts for which there is room.
    most: usize,
    /// Parts that there may be.
    limit: usize,
    /// The room for them.
    taken: Taken,
}

impl Out {
    /// Takes room for so many parts in all, and for as many again as there are, so that this is seldom asked.
    #[cold]
    fn more(&mut self, all: usize) -> Result<(), Malformed> {
        if all > self.limit {
            return Err(Malformed::Values);
        }
        let most = all.max(self.most.saturating_mul(2)).min(self.limit);
        // Each is open at first, and stands among the others then.
        let bytes = (most - self.most) * 2 * size_of::<Node>();
        if !self.taken.take(bytes as u64) {
            return Err(Malformed::Full);
        }
        self.most = most;
        for parts in [&mut self.open, &mut self.nodes] {
            parts.reserve_exact(most.saturating_sub(parts.len()));
        }
        Ok(())
    }
}

/// A step of a pointer.
#[derive(Clone, Copy)]
enum Step<'t> {
    Name(&'t str),
    Key(Quoted<'t>),
    Index(usize),
}

/// The way to a value, from itself to the whole.
#[derive(Clone, Copy)]
struct Way<'w, 't> {
    step: Step<'t>,
    above: Option<&'w Way<'w, 't>>,
    /// How many arrays and objects are around it.
    level: u32,
}

struct Reader<'t, 'o> {
    scan: Scan<'t>,
    /// What is added to places in the text.
    base: u32,
    out: &'o mut Out,
    /// Whether the array or object at hand would be written as it came, so far.
    is_as_written: bool,
}

type Above<'w, 't> = Option<&'w Way<'w, 't>>;

impl<'t> Reader<'t, '_> {
    fn whole(&mut self, shape: &'static Shape) -> Result<Node, Malformed> {
        let root = self.value(shape, None)?;
        if self.scan.next().is_some() { Err(Malformed::Grammar) } else { Ok(root) }
    }

    fn value(&mut self, shape: &'static Shape, way: Above<'_, 't>) -> Result<Node, Malformed> {
        let first = self.scan.next();
        let start = self.scan.at;
        match (&shape.form, first) {
            (Form::Text(is_one), Some(b'"')) => {
                let quoted = self.scan.string()?;
                let is_right =
                    if quoted.is_escaped { is_one(&unescaped(quoted.raw, true)) } else { is_one(quoted.raw) };
                if !is_right {
                    let length = unescaped(quoted.raw, quoted.is_escaped).chars().count();
                    self.wrong(way, Found::Beyond("a string", Some(length)), shape.expected);
                }
                Ok(self.node(start))
            }
            (Form::Record { members, open }, Some(b'{')) => self.record(members, *open, way),
            (Form::List { item, min, max }, Some(b'[')) => {
                let node = self.list(item, way)?;
                let count = node.end - node.start;
                if count < *min || count > *max {
                    self.wrong(way, Found::Beyond("an array", Some(count as usize)), shape.expected);
                }
                Ok(node)
            }
            (Form::Map(item), Some(b'{')) => self.map(item, way),
            (Form::Int { min, max }, Some(b'-' | b'0'..=b'9')) => {
                let number = self.scan.number()?;
                if !number.int().is_some_and(|number| (min..=max).contains(&&number)) {
                    self.wrong(way, Found::Beyond("a number", None), shape.expected);
                }
                Ok(self.node(start))
            }
            (Form::Decimal { min, max }, Some(b'-' | b'0'..=b'9')) => {
                let number = self.scan.number()?;
                if !number.decimal().is_some_and(|number| (min..=max).contains(&&number)) {
                    self.wrong(way, Found::Beyond("a number", None), shape.expected);
                }
                Ok(self.node(start))
            }
            (Form::Bool, Some(b't' | b'f')) => {
                self.skip(way)?;
                Ok(self.node(start))
            }
            (_, first) => {
                self.skip(way)?;
                self.wrong(way, Found::Other(kind(first)), shape.expected);
                Ok(Node::ABSENT)
            }
        }
    }

    /// Passes over a value that nobody wants.
    fn skip(&mut self, way: Above<'_, 't>) -> Result<(), Malformed> {
        self.scan.skip(way.map_or(0, |way| way.level))
    }

    /// Into an array or an object, whose bracket is next: the level of its parts, and where they begin among those that are open.
    fn enter(&mut self, way: Above<'_, 't>) -> Result<(u32, usize), Malformed> {
        let level = deeper(way.map_or(0, |way| way.level))?;
        self.scan.at += 1;
        Ok((level, self.out.open.len()))
    }

    fn list(&mut self, item: &'static Shape, way: Above<'_, 't>) -> Result<Node, Malformed> {
        let (start, outer) = (self.scan.at, std::mem::replace(&mut self.is_as_written, true));
        let (level, from) = self.enter(way)?;
        if !self.scan.takes(b']') {
            loop {
                let index = self.out.open.len() - from;
                let node = self.value(item, Some(&Way { step: Step::Index(index), above: way, level }))?;
                self.push(node)?;
                if !self.scan.takes(b',') {
                    self.scan.expect(b']')?;
                    break;
                }
            }
        }
        Ok(self.close(from, start, outer))
    }

    /// Keys and values by turns.
    fn map(&mut self, item: &'static Shape, way: Above<'_, 't>) -> Result<Node, Malformed> {
        let (start, outer) = (self.scan.at, std::mem::replace(&mut self.is_as_written, true));
        let (level, from) = self.enter(way)?;
        if !self.scan.takes(b'}') {
            loop {
                let (key, place) = self.key()?;
                let node = self.value(item, Some(&Way { step: Step::Key(key), above: way, level }))?;
                self.push(place)?;
                self.push(node)?;
                if !self.scan.takes(b',') {
                    self.scan.expect(b'}')?;
                    break;
                }
            }
        }
        Ok(self.close(from, start, outer))
    }

    /// A node for each member, in the order of the program.
    fn record(
        &mut self,
        members: &'static [Member],
        open: bool,
        way: Above<'_, 't>,
    ) -> Result<Node, Malformed> {
        let (start, outer) = (self.scan.at, std::mem::replace(&mut self.is_as_written, true));
        let (level, from) = self.enter(way)?;
        self.fits(members.len())?;
        self.out.open.resize(from + members.len(), Node::UNSEEN);
        let mut unseen = members.len();
        if !self.scan.takes(b'}') {
            let mut next = 0;
            loop {
                if let Some(member) = self.foreseen(members, next)? {
                    unseen -= usize::from(self.member(from + next, member, way, level)?);
                    next += 1;
                } else {
                    let (key, _) = self.key()?;
                    if let Some((at, member)) = find(members, next, &key) {
                        next = at + 1;
                        self.is_as_written &= !member.is_renamed && !key.is_escaped;
                        unseen -= usize::from(self.member(from + at, member, way, level)?);
                    } else {
                        self.is_as_written = false;
                        let way = Way { step: Step::Key(key), above: way, level };
                        if !open {
                            self.wrong(Some(&way), Found::Unknown, "no member of this name");
                        }
                        self.skip(Some(&way))?;
                    }
                }
                if !self.scan.takes(b',') {
                    self.scan.expect(b'}')?;
                    break;
                }
            }
        }
        if unseen > 0 {
            self.without(members, from, way)?;
        }
        Ok(self.close(from, start, outer))
    }

    /// The member that mostly comes next, if it does and its name is written as it mostly is.
    fn foreseen(
        &mut self,
        members: &'static [Member],
        next: usize,
    ) -> Result<Option<&'static Member>, Malformed> {
        let Some(member) = members.get(next).filter(|member| !member.is_renamed) else { return Ok(None) };
        if member.key.is_empty() {
            return Ok(None);
        }
        let key = member.key.as_bytes();
        if self.scan.takes_all(key) {
            return Ok(Some(member));
        }
        // Between a name and its colon may be blanks.
        let Some((_, name)) = key.split_last() else { return Ok(None) };
        if !self.scan.takes_all(name) {
            return Ok(None);
        }
        self.scan.expect(b':').map(|()| Some(member))
    }

    /// Whether it is the first of its name.
    fn member(
        &mut self,
        place: usize,
        member: &'static Member,
        above: Above<'_, 't>,
        level: u32,
    ) -> Result<bool, Malformed> {
        let way = Some(&Way { step: Step::Name(member.name), above, level });
        let is_first = self.out.open.get(place) == Some(&Node::UNSEEN);
        let node = if !member.is_read {
            self.is_as_written = false;
            self.skip(way)?;
            Node::ABSENT
        } else if !is_first {
            self.wrong(way, Found::Repeated, member.shape.expected);
            self.skip(way)?;
            Node::ABSENT
        } else if member.need == Need::Optional && self.scan.next() == Some(b'n') {
            self.is_as_written = false;
            self.scan.word(b"null")?;
            Node::ABSENT
        } else {
            self.value(member.shape, way)?
        };
        self.set(place, node);
        Ok(is_first)
    }

    /// What stands in the place of members that are not there.
    fn without(
        &mut self,
        members: &'static [Member],
        from: usize,
        above: Above<'_, 't>,
    ) -> Result<(), Malformed> {
        for (at, member) in members.iter().enumerate() {
            if self.out.open.get(from + at) != Some(&Node::UNSEEN) {
                continue;
            }
            let node = match member.need {
                _ if !member.is_read => Node::ABSENT,
                Need::Optional => Node::ABSENT,
                Need::Required => {
                    let way = Way { step: Step::Name(member.name), above, level: 0 };
                    self.wrong(Some(&way), Found::Missing, member.shape.expected);
                    Node::ABSENT
                }
                Need::Default(text) => {
                    self.is_as_written = false;
                    self.default(member, text)?
                }
            };
            self.set(from + at, node);
        }
        Ok(())
    }

    /// The default of a member: read once, however often it stands there.
    fn default(&mut self, member: &'static Member, text: &'static str) -> Result<Node, Malformed> {
        let is_it = |(of, _): &(&Member, Node)| std::ptr::eq(*of, member);
        let known = &self.out.known;
        let place = if known.get(self.out.next).is_some_and(is_it) {
            Some(self.out.next)
        } else {
            known.iter().position(is_it)
        };
        if let Some((at, (_, node))) = place.and_then(|at| Some((at, *known.get(at)?))) {
            self.out.next = at + 1;
            return Ok(node);
        }
        // INVARIANT: the defaults of a program together are below that bound.
        let base = u32::try_from(self.out.defaults.len()).ok().filter(|base| *base < OF_DEFAULT / 2);
        let base = base.ok_or(Malformed::Values)? | OF_DEFAULT;
        if !self.out.taken.take(text.len() as u64) {
            return Err(Malformed::Full);
        }
        self.out.defaults.extend_from_slice(text.as_bytes());
        let mut inner = Reader { scan: Scan::new(text), base, out: &mut *self.out, is_as_written: true };
        let node = inner.whole(member.shape)?;
        self.out.known.push((member, node));
        Ok(node)
    }

    /// A key, and its place.
    fn key(&mut self) -> Result<(Quoted<'t>, Node), Malformed> {
        if self.scan.next() != Some(b'"') {
            return Err(Malformed::Grammar);
        }
        let start = self.scan.at;
        let key = self.scan.string()?;
        let place = self.node(start);
        self.scan.expect(b':')?;
        Ok((key, place))
    }

    /// What has been read since `start`.
    fn node(&self, start: usize) -> Node {
        // INVARIANT: a text is shorter than `OF_DEFAULT`.
        let place = |at: usize| u32::try_from(at).unwrap_or(0) + self.base;
        Node { start: place(start), end: place(self.scan.at) }
    }

    fn push(&mut self, node: Node) -> Result<(), Malformed> {
        self.fits(1)?;
        self.out.open.push(node);
        Ok(())
    }

    /// Whether there may be so many parts more.
    fn fits(&mut self, count: usize) -> Result<(), Malformed> {
        let all = self.out.open.len() + self.out.nodes.len() + count;
        if all > self.out.most { self.out.more(all) } else { Ok(()) }
    }

    fn set(&mut self, place: usize, node: Node) {
        if let Some(open) = self.out.open.get_mut(place) {
            *open = node;
        }
    }

    /// The parts since `from` are all. Behind them stands the text of the whole, where it would be written as it came.
    fn close(&mut self, from: usize, start: usize, outer: bool) -> Node {
        let text = if self.is_as_written { self.node(start) } else { Node::ABSENT };
        self.is_as_written &= outer;
        let start = self.out.nodes.len();
        self.out.nodes.extend_from_slice(self.out.open.get(from..).unwrap_or_default());
        self.out.open.truncate(from);
        // INVARIANT: there are at most as many nodes as `most`, and one more for each level, which fits.
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let end = place(self.out.nodes.len());
        self.out.nodes.push(text);
        Node { start: place(start), end }
    }

    fn wrong(&mut self, way: Above<'_, 't>, found: Found, expected: &'static str) {
        if self.out.violations.len() < MOST_VIOLATIONS {
            self.out.violations.push(Violation { pointer: pointer(way), found, expected });
        }
    }
}

/// The member of a name. They mostly come in the order of the program.
fn find(members: &'static [Member], next: usize, key: &Quoted<'_>) -> Option<(usize, &'static Member)> {
    if key.is_escaped {
        let name = unescaped(key.raw, true);
        return members.iter().enumerate().find(|(_, member)| member.name == name);
    }
    let is_it = |(_, member): &(usize, &Member)| member.name == key.raw;
    if let Some(member) = members.get(next).filter(|member| is_it(&(next, member))) {
        return Some((next, member));
    }
    let all = || members.iter().enumerate();
    all().skip(next).find(is_it).or_else(|| all().take(next).find(is_it))
}

/// RFC 6901.
fn pointer(way: Above<'_, '_>) -> String {
    let mut steps: Vec<Step<'_>> = std::iter::successors(way, |way| way.above).map(|way| way.step).collect();
    steps.reverse();
    let mut pointer = String::new();
    for step in steps {
        pointer.push('/');
        match step {
            Step::Index(index) => pointer.push_str(&index.to_string()),
            Step::Name(name) => pointer.push_str(&name.replace('~', "~0").replace('/', "~1")),
            Step::Key(key) => {
                let name = unescaped(key.raw, key.is_escaped);
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
            }
        }
        if pointer.len() > LONGEST_POINTER {
            pointer.truncate(pointer.floor_char_boundary(LONGEST_POINTER));
            break;
        }
    }
    pointer
}
