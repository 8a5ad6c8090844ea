//! What is wanted of a text: the compiler's types, as tables.

use crate::scope::Decimal;

/// A type.
#[derive(Debug)]
pub struct Shape {
    /// In the words of the program, for whoever sent something else.
    pub expected: &'static str,
    /// What it takes.
    pub form: Form,
}

/// What a type takes.
#[derive(Debug)]
pub enum Form {
    /// `true` or `false`.
    Bool,
    /// A number without fraction and exponent; both ends included.
    Int {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A number; both ends included. It is held against them, and reckoned with, to nine decimals.
    Decimal {
        /// The least.
        min: Decimal,
        /// The greatest.
        max: Decimal,
    },
    /// A string whose text is one of the type.
    Text(fn(&str) -> bool),
    /// An array with so many items, both ends included.
    List {
        /// Of each item.
        item: &'static Shape,
        /// The least number of items.
        min: u32,
        /// The greatest.
        max: u32,
    },
    /// An object of which every member is of one type.
    Map(&'static Shape),
    /// An object with these members.
    Record {
        /// In the order of the program.
        members: &'static [Member],
        /// Members that are not named here are passed over, and not refused.
        open: bool,
    },
}

/// A member of a record.
#[derive(Debug)]
pub struct Member {
    /// On the wire.
    pub name: &'static str,
    /// Its name in what the gateway writes, that of the program: with its quotes and its colon.
    pub key: &'static str,
    /// Whether that is another name than on the wire.
    pub is_renamed: bool,
    /// What becomes of a record without it.
    pub need: Need,
    /// Whether anybody wants it. Where not, it may be anything, or nothing.
    pub is_read: bool,
    /// What it takes.
    pub shape: &'static Shape,
}

/// What becomes of a record without a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It is refused.
    Required,
    /// The member is absent, as it is where it is `null`.
    Optional,
    /// The member is this JSON, which is of its type.
    Default(&'static str),
}
