//! Policies that an operator declares, and what each `use` of one brings into a block.
//!
//! A policy is written out where it is used: the arguments take the place of its parameters in the tree, and what comes of it
//! is checked as if it stood there. How it joins with the rest is the joining's work.

use std::collections::BTreeMap;
use std::rc::Rc;

use gatewright_dsl::ast::{Block, PolicyDeclaration, Statement, Use, Value};
use gatewright_dsl::schema::{Checked, Place, check_block};
use gatewright_dsl::{Problem, Span};

use super::given::{self, Giving};
use super::join::{self, Layer, Written};
use super::rewrite::{self, Space};
use super::{Check, problem, reads};

/// Policies that use each other in a row.
const DEEPEST: usize = 16;

/// Settings and parts of expressions that one `use` may come to.
const MOST: usize = 10_000;

/// What a block says, policies that it uses included.
pub(super) fn layer(check: &mut Check<'_>, block: &Block, place: Place, written: &Written) -> Layer {
    let (checked, problems) = check_block(block, place, check.catalogue);
    check.problems.extend(problems);
    let written = Rc::new(written.clone());
    let own = join::own(checked, &[], &written);
    let mut writing = Writing { check, written, open: Vec::new(), size: 0 };
    let used = writing.uses(block.uses(), &[]);
    if used.is_empty() { own } else { join::with_used(writing.check, own, used) }
}

/// One outermost `use` being written out.
struct Writing<'c, 'a> {
    check: &'c mut Check<'a>,
    written: Rc<Written>,
    /// The policies around, by name.
    open: Vec<String>,
    size: usize,
}

impl Writing<'_, '_> {
    fn uses<'u>(&mut self, uses: impl Iterator<Item = &'u Use>, through: &[Span]) -> Vec<(Span, Layer)> {
        let mut layers = Vec::new();
        let mut seen: Vec<&Use> = Vec::new();
        for used in uses {
            let same = |first: &&&Use| first.name.text == used.name.text && alike(first, used);
            if let Some(first) = seen.iter().find(same) {
                self.check.problems.push(problem::repeated_use(&used.name.text, used.span, first.span));
                continue;
            }
            seen.push(used);
            if self.open.is_empty() {
                self.size = 0;
            }
            let layer = self.used(used, through);
            layers.extend(layer.map(|layer| (used.span, layer)));
        }
        layers
    }

    /// What one `use` brings; `None` where that is not known.
    fn used(&mut self, used: &Use, through: &[Span]) -> Option<Layer> {
        let name = used.name.text.as_str();
        if self.check.names.find(Space::Policy, name).is_none() {
            if !self.check.is_torn {
                let known = self.check.names.all(Space::Policy);
                let problem = problem::unknown_policy(name, used.name.span, known);
                self.check.problems.push(problem);
            }
            return None;
        }
        let declared = *self.check.policies.get(name)?;
        // That policies use each other in a circle is said where they are declared.
        if used.broken || declared.broken || self.open.iter().any(|open| open == name) {
            return None;
        }
        if self.open.len() >= DEEPEST {
            let what = format!("more than {DEEPEST} policies use each other in a row");
            self.check.problems.push(problem::policy_too_large(&what, used.span));
            return None;
        }
        let given = given::arguments(self.check, used, declared)?;
        let through: Vec<Span> = through.iter().copied().chain([used.span]).collect();
        let (checked, inner) = self.written_out(used, declared, &given)?;
        let own = join::own(checked, &through, &self.written);
        self.open.push(name.to_owned());
        let layers = self.uses(inner.iter(), &through);
        self.open.pop();
        Some(join::with_used(self.check, own, layers))
    }

    /// The settings of a policy and the policies that it uses, arguments in the place of parameters.
    fn written_out(
        &mut self,
        used: &Use,
        declared: &PolicyDeclaration,
        given: &BTreeMap<&str, &Value>,
    ) -> Option<(Vec<Checked>, Vec<Use>)> {
        self.size += declared.block.statements.len();
        let name = declared.name.text.as_str();
        if given.is_empty()
            && let Some(known) = self.check.written_out.get(name)
        {
            let known = known.clone();
            return self.within_bounds(used).then(|| (known, declared.block.uses().cloned().collect()));
        }
        let mut giving = Giving::of(given, self.check.catalogue);
        let mut block = declared.block.clone();
        let mut inner = Vec::new();
        for statement in &mut block.statements {
            match statement {
                Statement::Setting(it) => rewrite::setting(it, &mut giving),
                Statement::Use(it) => {
                    rewrite::used(it, &mut giving);
                    inner.push(it.clone());
                }
                Statement::Terminal(_) | Statement::Declaration(_) => {}
            }
        }
        self.size += giving.size;
        if !self.within_bounds(used) {
            return None;
        }
        let (checked, problems) = check_block(&block, Place::Policy, self.check.catalogue);
        let problems: Vec<Problem> = problems.into_iter().map(|it| giving.explain(it)).collect();
        self.check.problems.extend(problems);
        reads::check(self.check, declared, &checked);
        if given.is_empty() {
            self.check.written_out.insert(name.to_owned(), checked.clone());
        }
        Some((checked, inner))
    }

    fn within_bounds(&mut self, used: &Use) -> bool {
        let is_within = self.size <= MOST;
        if !is_within {
            let what = format!("what this brings has more than {MOST} parts");
            self.check.problems.push(problem::policy_too_large(&what, used.span));
        }
        is_within
    }
}

/// Whether two uses of one policy give it the same.
fn alike(a: &Use, b: &Use) -> bool {
    let plain = |used: &Use| {
        let mut arguments = used.arguments.clone();
        arguments.iter_mut().for_each(super::plain::forget_value);
        arguments
    };
    plain(a) == plain(b)
}

/// Looks at every policy where it is declared, whether or not it is used.
pub(super) fn check(check: &mut Check<'_>) {
    for declared in check.policies.values().copied().collect::<Vec<_>>() {
        given::parameters(check, declared);
        circle(check, declared);
        if declared.params.is_empty() && !declared.broken {
            let (checked, problems) = check_block(&declared.block, Place::Policy, check.catalogue);
            check.problems.extend(problems);
            reads::check(check, declared, &checked);
            check.written_out.insert(declared.name.text.clone(), checked);
        }
    }
}

/// Reports a policy that comes to use itself; of all in a circle, the first by name.
fn circle(check: &mut Check<'_>, declared: &PolicyDeclaration) {
    let start = declared.name.text.as_str();
    // For each policy that can be reached, the `use` that leads to it, and from where.
    let mut reached: BTreeMap<&str, (&str, Span)> = BTreeMap::new();
    let mut left = vec![declared];
    while let Some(policy) = left.pop() {
        for used in policy.block.uses() {
            let Some(next) = check.policies.get(used.name.text.as_str()) else { continue };
            let name = next.name.text.as_str();
            if !reached.contains_key(name) {
                reached.insert(name, (policy.name.text.as_str(), used.span));
                left.push(next);
            }
        }
    }
    let mut circle = Vec::new();
    let mut at = start;
    while let Some((from, span)) = reached.get(at) {
        circle.push(*span);
        // A circle is said once.
        if *from < start {
            return;
        }
        at = from;
        if at == start {
            circle.reverse();
            check.problems.push(problem::policy_cycle(start, &circle));
            return;
        }
    }
}
