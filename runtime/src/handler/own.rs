//! Values of an exchange as values of the function that they are handed to: it may keep them for as long as it runs.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::scope::{Decimal, Time};

/// What becomes a value of the function's own.
pub trait Own {
    /// Its type there.
    type Owned;

    /// The value.
    fn owned(self) -> Self::Owned;
}

/// The value as one of the function's own.
pub fn own<T: Own>(value: T) -> T::Owned {
    value.owned()
}

macro_rules! as_they_are {
    ($($ty:ty),*) => {
        $(impl Own for $ty {
            type Owned = Self;

            fn owned(self) -> Self {
                self
            }
        })*
    };
}

as_they_are!(
    bool,
    i64,
    u64,
    u32,
    Duration,
    IpAddr,
    SocketAddr,
    [u8; 16],
    (u64, Duration),
    (IpAddr, u8),
    (u16, u8, u8)
);

/// Text. What is no UTF-8, which a field of a head may be, is replaced.
impl Own for Cow<'_, [u8]> {
    type Owned = String;

    fn owned(self) -> String {
        match String::from_utf8(self.into_owned()) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }
    }
}

impl Own for &Box<str> {
    type Owned = String;

    fn owned(self) -> String {
        self.to_string()
    }
}

/// The digits, so that none is lost.
impl Own for Decimal {
    type Owned = String;

    fn owned(self) -> String {
        self.to_string()
    }
}

/// Seconds of the day.
impl Own for Time {
    type Owned = u32;

    fn owned(self) -> u32 {
        self.0
    }
}

impl<T: Own> Own for Option<T> {
    type Owned = Option<T::Owned>;

    fn owned(self) -> Self::Owned {
        self.map(Own::owned)
    }
}

impl<T: Own> Own for Vec<T> {
    type Owned = Vec<T::Owned>;

    fn owned(self) -> Self::Owned {
        self.into_iter().map(Own::owned).collect()
    }
}

impl<T: Own + Copy> Own for &[T] {
    type Owned = Vec<T::Owned>;

    fn owned(self) -> Self::Owned {
        self.iter().map(|item| item.owned()).collect()
    }
}

impl Own for &[Box<str>] {
    type Owned = Vec<String>;

    fn owned(self) -> Vec<String> {
        self.iter().map(Own::owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_whole_characters() {
        assert_eq!(own(Cow::Borrowed(&b"a\xc3\xa4"[..])), "aä");
        assert_eq!(own(Some(Cow::Borrowed(&b"a\xff"[..]))), Some("a\u{fffd}".to_owned()));
        assert_eq!(own(vec![Decimal(1_500_000_000)]), ["1.5"]);
    }
}
