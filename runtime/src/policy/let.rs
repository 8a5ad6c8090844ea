//! `let NAME = VALUE else STATUS`: refuses where there is no value. A value that is there is made where it is used.

use crate::exchange::{Exchange, Flow};
use crate::reason::Reason;

/// One name of a route whose value may be missing.
#[derive(Debug)]
pub struct Config {
    /// The name, and whether it has a value.
    pub value: (&'static str, fn(&Exchange) -> bool),
    /// The status of the refusal.
    pub r#else: u16,
}

impl Config {
    /// Refuses where there is no value.
    pub fn request(&'static self, x: &mut Exchange) -> Flow {
        let (_, is_set) = self.value;
        if is_set(x) {
            Flow::Next
        } else {
            Flow::Refuse(Reason { status: self.r#else, ..Reason::VALUE_MISSING })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_where_there_is_no_value() {
        static TENANT: Config =
            Config { value: ("tenant", |x| x.head().field("x-tenant").next().is_some()), r#else: 404 };
        let mut without = Exchange::reading("GET / HTTP/1.1\nHost: a");
        let Flow::Refuse(reason) = TENANT.request(&mut without) else { panic!() };
        assert_eq!((reason.word, reason.status), ("value_missing", 404));
        let mut with = Exchange::reading("GET / HTTP/1.1\nHost: a\nX-Tenant: b");
        assert!(matches!(TENANT.request(&mut with), Flow::Next));
    }
}
