//! Texts that a caller holds already, as if they were files.

use std::collections::BTreeSet;

use gatewright_dsl::Source;

use super::{Listed, Read, Sources, Unread};

/// The files of a program that was given as texts.
pub(crate) struct Memory<'a>(pub(crate) &'a [Source]);

impl Sources for Memory<'_> {
    fn read(&self, path: &str) -> Result<Read, Unread> {
        let Some(found) = self.0.iter().find(|source| source.name == path) else {
            let is_folder = !self.list(path).is_empty();
            return Err(if is_folder {
                Unread::Refused("it is no file".to_owned())
            } else {
                Unread::Missing
            });
        };
        Ok(Read { name: found.name.clone(), bytes: found.text.clone().into_bytes() })
    }

    fn list(&self, folder: &str) -> Vec<Listed> {
        let below = self.0.iter().filter_map(|source| match folder {
            "" => Some(source.name.as_str()),
            folder => source.name.strip_prefix(folder)?.strip_prefix('/'),
        });
        let listed: BTreeSet<Listed> = below
            .map(|path| match path.split_once('/') {
                Some((name, _)) => Listed { name: name.to_owned(), is_folder: true },
                None => Listed { name: path.to_owned(), is_folder: false },
            })
            .collect();
        listed.into_iter().collect()
    }

    fn candidates(&self) -> Vec<String> {
        self.0.iter().map(|source| source.name.clone()).collect()
    }
}
