//! What an answer that is made of several depends on (RFC 9110 section 12.5.5): all that any of them depends on.

use std::collections::BTreeSet;

use crate::head::list;

/// Names that are told; with more, it is said to depend on anything.
const MOST: usize = 64;

/// The names that the fields `Vary` of all answers so far have.
#[derive(Debug, Default)]
pub(super) struct Vary {
    /// In small letters, and in an order that does not change with that in which answers come.
    names: BTreeSet<Vec<u8>>,
    /// On anything, or nobody knows on what.
    is_any: bool,
}

impl Vary {
    /// What the fields of one answer say.
    pub(super) fn read<'a>(fields: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut found = Self::default();
        fields.flat_map(list).for_each(|name| found.add(name));
        found
    }

    /// One answer more.
    pub(super) fn and(&mut self, other: &Self) {
        self.is_any |= other.is_any;
        other.names.iter().for_each(|name| self.add(name));
    }

    fn add(&mut self, name: &[u8]) {
        let name = name.to_ascii_lowercase();
        if name == b"*" || self.names.len() == MOST && !self.names.contains(&name) {
            self.is_any = true;
        } else {
            self.names.insert(name);
        }
    }

    /// The value of the field of the whole, if it has one.
    pub(super) fn value(&self) -> Option<Vec<u8>> {
        if self.is_any {
            return Some(b"*".to_vec());
        }
        let names: Vec<&[u8]> = self.names.iter().map(Vec::as_slice).collect();
        (!names.is_empty()).then(|| names.join(&b", "[..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(answers: &[&[&str]]) -> Option<String> {
        let mut vary = Vary::default();
        for fields in answers {
            vary.and(&Vary::read(fields.iter().map(|field| field.as_bytes())));
        }
        vary.value().map(|value| String::from_utf8(value).unwrap())
    }

    #[test]
    fn the_whole_depends_on_all_that_its_parts_depend_on() {
        assert_eq!(of(&[&[], &[]]), None);
        assert_eq!(of(&[&[""], &[" , "]]), None);
        assert_eq!(
            of(&[&["Accept-Language"], &[], &["origin,accept-language", "X-Tenant"]]).as_deref(),
            Some("accept-language, origin, x-tenant")
        );
        assert_eq!(of(&[&["x-b"], &["x-a"]]), of(&[&["X-A"], &["X-B"]]), "whichever comes first");
        assert_eq!(of(&[&["origin"], &["x, *"], &["y"]]).as_deref(), Some("*"));
    }

    #[test]
    fn what_is_too_much_to_be_told_is_anything() {
        let names =
            |count: usize| (0..count).map(|number| format!("x-{number}")).collect::<Vec<_>>().join(",");
        let told = of(&[&[&names(64)], &["X-0"]]).unwrap();
        assert_eq!((told.split(", ").count(), told.contains("x-63")), (64, true));
        assert_eq!(of(&[&[&names(65)]]).as_deref(), Some("*"));
    }
}
