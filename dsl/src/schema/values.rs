//! All values of one setting, and the names under which it joins with others.

use super::{Join, Row, Value};
use crate::source::Span;

/// All values of one setting: every parameter of its row once, in the row's order, defaults included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values {
    /// The word of the row.
    pub word: &'static str,
    /// Where the setting stands; `None` if it is not written.
    pub span: Option<Span>,
    /// The values.
    pub given: Vec<Given>,
    /// The settings of its block, in order.
    pub items: Vec<Values>,
}

/// One parameter's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The parameter.
    pub name: &'static str,
    /// Its value.
    pub value: Value,
    /// Where it is written; `None` for a default.
    pub span: Option<Span>,
}

impl Values {
    /// The value of a parameter.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.find(name).map(|given| &given.value)
    }

    /// The value of a parameter with its place.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Given> {
        self.given.iter().find(|given| given.name == name)
    }

    /// The value of a parameter, only if it is written and not a default.
    #[must_use]
    pub fn written(&self, name: &str) -> Option<&Value> {
        self.find(name).filter(|given| given.span.is_some()).map(|given| &given.value)
    }

    /// The names under which a setting joins with others of its word: one for each element of a list among the values
    /// that make the name, and those of its block's settings. Empty where its row does not join by name.
    #[must_use]
    pub fn names(&self, row: &Row) -> Vec<String> {
        if row.join != Join::Name {
            return Vec::new();
        }
        if !row.block.is_empty() {
            let names = self.items.iter().filter_map(|item| Some((row.item(item)?, item)));
            return names.flat_map(|(row, item)| item.names(row)).collect();
        }
        let mut names = vec![String::new()];
        for key in row.key {
            let parts = match self.value(key) {
                Some(Value::List(items)) => items.iter().map(ToString::to_string).collect(),
                Some(value) => vec![value.to_string()],
                None => Vec::new(),
            };
            names = names
                .iter()
                .flat_map(|name| parts.iter().map(move |part| format!("{name} {part}")))
                .collect();
        }
        names
    }

    /// The same without some of its names. `None` if none is left.
    #[must_use]
    pub fn without(&self, row: &Row, gone: &[String]) -> Option<Self> {
        let is_left = |name: &String| !gone.contains(name);
        let names = self.names(row);
        if names.is_empty() || names.iter().all(is_left) {
            return Some(self.clone());
        }
        if !names.iter().any(is_left) {
            return None;
        }
        let mut left = self.clone();
        left.items.retain(|item| row.item(item).is_none_or(|row| item.names(row).iter().all(is_left)));
        // What is left to do is to take elements out of the list: its elements and the names are in one order.
        let list = left.given.iter_mut().filter(|given| row.key.contains(&given.name));
        for given in list {
            if let Value::List(items) = &mut given.value {
                let mut names = names.iter();
                items.retain(|_| names.next().is_none_or(is_left));
            }
        }
        Some(left)
    }
}
