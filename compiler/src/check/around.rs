//! The blocks around routes: `group` and `host`, and the files that are imported into them.
//!
//! Each block is looked at once, whatever the number of its routes: what its head says, and which settings hold inside.

use std::collections::BTreeSet;
use std::rc::Rc;

use gatewright_dsl::Span;
use gatewright_dsl::ast::{self, Block, Declaration, Group, Host, Segment, Value};
use gatewright_dsl::problem::path::{repeated_capture, rest_not_last};
use gatewright_dsl::schema::Place;

use super::host::Hosts;
use super::join::{self, Settings};
use super::unit::Unit;
use super::{Check, pattern, problem, used, when};
use crate::algebra::{Floor, Pattern};

/// Blocks that a program may have, those of files counted as often as they are imported.
const MOST: usize = 100_000;

/// A block with everything that holds inside of it.
pub(super) struct Around<'a> {
    /// The block around this one.
    pub(super) parent: Option<usize>,
    pub(super) head: Head<'a>,
    /// What the paths of its routes begin with.
    pub(super) segments: Vec<&'a Segment>,
    pub(super) host: Option<&'a Host>,
    /// What that host matches; `None` where it is every host.
    pub(super) hosts: Option<Rc<Hosts<'a>>>,
    /// Under which conditions its routes are there.
    pub(super) whens: Vec<&'a Value>,
    /// What its settings and those around it come to.
    pub(super) settings: Settings,
    /// Whether its head is understood. Which requests its routes match is not known otherwise.
    pub(super) is_known: bool,
}

/// What opens a block.
#[derive(Clone, Copy)]
pub(super) enum Head<'a> {
    /// The program.
    Top,
    Group(&'a Group),
    Host(&'a Host),
}

impl<'a> Head<'a> {
    /// What stands in the braces behind it.
    fn block(&self) -> Option<(&'a Block, Place)> {
        match self {
            Self::Top => None,
            Self::Group(group) => Some((&group.block, Place::Group)),
            Self::Host(host) => Some((&host.block, Place::Host)),
        }
    }

    /// From the first word to what stands before the block.
    pub(super) fn span(&self) -> Option<Span> {
        match self {
            Self::Top => None,
            Self::Group(group) => Some(group.head),
            Self::Host(host) => Some(host.head),
        }
    }
}

/// A route where it landed.
pub(super) struct Landed<'a> {
    pub(super) route: &'a ast::Route,
    /// The block, by number.
    pub(super) around: usize,
    /// The imports through which it came, the outermost first.
    pub(super) imports: Vec<Span>,
}

/// All blocks and routes of a program.
pub(super) struct Nested<'a> {
    pub(super) arounds: Vec<Around<'a>>,
    pub(super) routes: Vec<Landed<'a>>,
}

impl Around<'_> {
    /// The hosts of its routes.
    pub(super) fn hosts(&self) -> Vec<Pattern> {
        self.hosts.as_ref().map_or_else(|| vec![Pattern::every()], |hosts| hosts.patterns.clone())
    }

    /// The 404 in which it ends, if it does: a `host` and a `group` with a prefix do.
    fn floor(&self, check: &mut Check<'_>) -> Option<Floor> {
        let ends = match self.head {
            Head::Top => false,
            Head::Group(group) => group.prefix.is_some(),
            Head::Host(_) => true,
        };
        if !(ends && self.is_known) {
            return None;
        }
        let prefix = pattern::prefix(check, &self.segments)?;
        let when = when::check(check, &self.whens)?;
        Some(Floor {
            span: self.head.span()?,
            hosts: self.hosts(),
            prefix,
            when: when.condition,
            asks: when.asks,
        })
    }
}

impl Nested<'_> {
    /// The floors of all blocks.
    pub(super) fn floors(&self, check: &mut Check<'_>) -> Vec<Floor> {
        self.arounds.iter().filter_map(|around| around.floor(check)).collect()
    }

    /// How many blocks are around something in this one.
    pub(super) fn depth(&self, around: usize) -> usize {
        let parent = |at: &usize| self.arounds.get(*at).and_then(|around| around.parent);
        std::iter::successors(Some(around), parent).count()
    }
}

/// Walks through all blocks, from the entry on. `settings` hold for the whole program.
pub(super) fn walk<'a>(check: &mut Check<'a>, units: &'a [Unit<'a>], settings: &Settings) -> Nested<'a> {
    let top = Around {
        parent: None,
        head: Head::Top,
        segments: Vec::new(),
        host: None,
        hosts: None,
        whens: Vec::new(),
        settings: settings.clone(),
        is_known: true,
    };
    let nested = Nested { arounds: vec![top], routes: Vec::new() };
    let mut walk = Walk { check, units, nested, seen: BTreeSet::new(), is_over: false };
    walk.unit(0, 0, &[]);
    walk.nested
}

struct Walk<'c, 'a> {
    check: &'c mut Check<'a>,
    units: &'a [Unit<'a>],
    nested: Nested<'a>,
    /// Files and the blocks in which they have landed: a second import of one file there brings nothing new.
    seen: BTreeSet<(usize, usize)>,
    is_over: bool,
}

impl<'a> Walk<'_, 'a> {
    fn unit(&mut self, number: usize, around: usize, imports: &[Span]) {
        if !self.seen.insert((number, around)) {
            return;
        }
        let Some(unit) = self.units.get(number) else { return };
        self.declarations(unit, unit.file.declarations.iter(), around, imports);
    }

    fn declarations(
        &mut self,
        unit: &'a Unit<'a>,
        declarations: impl Iterator<Item = &'a Declaration>,
        around: usize,
        imports: &[Span],
    ) {
        for declaration in declarations {
            match declaration {
                Declaration::Import(import) => {
                    let through: Vec<Span> = imports.iter().copied().chain([import.span]).collect();
                    for target in unit.imported(import) {
                        self.unit(*target, around, &through);
                    }
                }
                Declaration::Route(route) => {
                    self.nested.routes.push(Landed { route, around, imports: imports.to_vec() });
                }
                Declaration::Group(group) => {
                    self.open(unit, Head::Group(group), around, imports);
                }
                Declaration::Host(host) => {
                    self.open(unit, Head::Host(host), around, imports);
                }
                _ => {}
            }
        }
    }

    fn open(&mut self, unit: &'a Unit<'a>, head: Head<'a>, outer: usize, imports: &[Span]) {
        let Some((block, place)) = head.block() else { return };
        if self.nested.arounds.len() >= MOST {
            if !std::mem::replace(&mut self.is_over, true)
                && let Some(span) = head.span()
            {
                self.check.problems.push(problem::too_many_imports(
                    &format!("imports come to more than {MOST} blocks"),
                    span,
                ));
            }
            return;
        }
        let number = self.nested.arounds.len();
        let written = join::Written { around: number, imports: imports.to_vec() };
        let layer = used::layer(self.check, block, place, &written);
        let Some(parent) = self.nested.arounds.get(outer) else { return };
        let mut inner = Around {
            parent: Some(outer),
            head,
            segments: parent.segments.clone(),
            host: parent.host,
            hosts: parent.hosts.clone(),
            whens: parent.whens.clone(),
            settings: join::over(self.check, &parent.settings, &layer),
            is_known: parent.is_known,
        };
        match head {
            Head::Top => {}
            Head::Group(group) => enter_group(self.check, &mut inner, group),
            Head::Host(host) => enter_host(self.check, &mut inner, host),
        }
        self.nested.arounds.push(inner);
        self.declarations(unit, block.declarations(), number, imports);
    }
}

fn enter_group<'a>(check: &mut Check<'_>, around: &mut Around<'a>, group: &'a Group) {
    around.is_known &= !group.broken;
    around.whens.extend(&group.when);
    let Some(prefix) = &group.prefix else { return };
    for segment in &prefix.segments {
        match segment {
            // It would stand in the middle of every path inside.
            Segment::Literal { text, .. } if text.is_empty() => {
                let written = check.slice(prefix.span);
                check.problems.push(problem::prefix_ends_in_slash(written, prefix.span));
                around.is_known = false;
            }
            Segment::Capture(capture) if takes_rest(capture) => {
                check.problems.push(rest_not_last(capture.span));
                around.is_known = false;
            }
            segment => {
                if let Segment::Capture(capture) = segment {
                    around.is_known &= is_new(check, &around.segments, around.host, &capture.name);
                }
                around.segments.push(segment);
            }
        }
    }
}

fn enter_host<'a>(check: &mut Check<'_>, around: &mut Around<'a>, host: &'a Host) {
    around.is_known &= !host.broken;
    around.whens.extend(&host.when);
    if let Some(outer) = around.host {
        check.problems.push(problem::nested_host(host.head, outer.head));
        around.is_known = false;
        return;
    }
    for capture in super::host::captures(host) {
        around.is_known &= is_new(check, &around.segments, None, &capture.name);
    }
    around.host = Some(host);
    // Of a broken pattern the parser has said what is wrong.
    let hosts = if host.broken { None } else { super::host::check(check, host) };
    around.is_known &= hosts.is_some();
    around.hosts = hosts.map(Rc::new);
}

fn takes_rest(capture: &ast::Capture) -> bool {
    capture.ty.as_ref().and_then(ast::Type::name).is_some_and(|name| name.text == "path")
}

/// Whether no capture around has this name; reports it if one has.
pub(super) fn is_new(
    check: &mut Check<'_>,
    segments: &[&Segment],
    host: Option<&Host>,
    name: &ast::Name,
) -> bool {
    let around = segments.iter().filter_map(|segment| match segment {
        Segment::Capture(capture) => Some(&capture.name),
        Segment::Literal { .. } => None,
    });
    let hosts = host.into_iter().flat_map(super::host::captures).map(|capture| &capture.name);
    let first = around.chain(hosts).find(|known| known.text == name.text);
    if let Some(first) = first {
        check.problems.push(repeated_capture(name.span, first.span, &name.text));
    }
    first.is_none()
}
