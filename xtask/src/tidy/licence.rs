//! Which licences the packages that we use may have. It reads SPDX expressions, with the `/` of old manifests.

use super::Finding;
use super::house::{House, Package};

const ALLOWED: &[&str] = &[
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "CC0-1.0",
    "BSL-1.0",
    "CDLA-Permissive-2.0",
    "Unlicense",
];

pub(crate) fn licences(house: &House) -> Vec<Finding> {
    let refused = house.packages.iter().filter_map(|package| {
        let what = match &package.licence {
            None => format!("`{}` states no licence", package.name),
            Some(text) if is_allowed(text) => return None,
            Some(text) => format!("`{}` is licensed under `{text}`", package.name),
        };
        Some(Finding::new(
            manifest(package),
            0,
            what,
            "use another package, or decide on it in docs/decision",
        ))
    });
    refused.collect()
}

fn manifest(package: &Package) -> &str {
    package.manifest.as_deref().unwrap_or("Cargo.lock")
}

/// Whether there is a way to take the package under allowed licences only.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words };
    reader.any().is_some_and(|allowed| allowed && reader.words.is_empty())
}

struct Reader<'a> {
    words: &'a [&'a str],
}

impl<'a> Reader<'a> {
    fn any(&mut self) -> Option<bool> {
        let mut allowed = self.all()?;
        while self.skip("OR") {
            allowed |= self.all()?;
        }
        Some(allowed)
    }

    fn all(&mut self) -> Option<bool> {
        let mut allowed = self.one()?;
        while self.skip("AND") {
            allowed &= self.one()?;
        }
        Some(allowed)
    }

    fn one(&mut self) -> Option<bool> {
        if self.skip("(") {
            let allowed = self.any()?;
            return self.skip(")").then_some(allowed);
        }
        let name = self.next()?;
        let name = if self.skip("WITH") { format!("{name} WITH {}", self.next()?) } else { name.to_owned() };
        Some(ALLOWED.contains(&name.as_str()))
    }

    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    fn skip(&mut self, word: &str) -> bool {
        let is_next = self.words.first() == Some(&word);
        if is_next {
            self.words = self.words.get(1..).unwrap_or_default();
        }
        is_next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_any_allowed_alternative() {
        for text in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
        ] {
            assert!(is_allowed(text), "{text}");
        }
    }

    #[test]
    fn refuses_what_needs_another_licence_or_is_not_understood() {
        for text in ["GPL-3.0", "MIT AND MPL-2.0", "Apache-2.0 WITH Other-exception", "(MIT", "MIT MIT", ""] {
            assert!(!is_allowed(text), "{text}");
        }
    }

    #[test]
    fn finds_a_package_without_licence() {
        let package = Package { name: "a".into(), ..Package::default() };
        assert_eq!(licences(&House { packages: vec![package], ..House::default() }).len(), 1);
    }
}
