//! Keys and passwords of tests: made when a test speaks for somebody, and good for what it says of them.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Auth, Principal};
use crate::json_tree::{self, Json};

/// Those for whom a test has spoken.
#[derive(Debug)]
pub(super) struct Spoken {
    auth: &'static Auth,
    all: Mutex<Vec<(String, Arc<Principal>)>>,
}

impl Spoken {
    pub(super) fn new(auth: &'static Auth) -> Self {
        Self { auth, all: Mutex::default() }
    }

    /// A key of somebody of whom this JSON is said, and their name where that is said.
    pub(super) fn key(&self, said: &str) -> Result<(String, String), String> {
        let said = json_tree::read(said.as_bytes(), 2)?;
        let text = |value: &Json<'_>| match value {
            Json::Text(text) => text.to_string(),
            Json::Number(text) => (*text).to_owned(),
            Json::Bool(value) => value.to_string(),
            Json::Null | Json::List(_) | Json::Object(_) => String::new(),
        };
        let who = Principal::new(self.auth, |_, claim| {
            let texts: Vec<String> = match said.member(claim.field.name)? {
                Json::List(items) => items.iter().map(text).collect(),
                one => vec![text(one)],
            };
            Some(texts.into_iter().map(|text| Box::from(text.into_bytes())).collect())
        });
        let who = who.map_err(|(claim, how)| format!("`{}` is {how}", claim.field.name))?;
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let key = format!("key-{}-of-a-test", all.len() + 1);
        all.push((key.clone(), Arc::new(who)));
        Ok((key, said.member("name").map(text).unwrap_or_default()))
    }

    pub(super) fn find(&self, key: &[u8]) -> Option<Arc<Principal>> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().find(|(known, _)| known.as_bytes() == key).map(|(_, who)| Arc::clone(who))
    }
}
