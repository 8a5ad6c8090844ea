//! What a request says: a name and a password with a colon between them, in base64 (RFC 7617 section 2).

use crate::auth::authorization;
use crate::auth::base64::{Alphabet, decode};
use crate::head::Head;

/// Bytes that a name or a password may have.
const LONGEST: usize = 512;

/// What a head says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing of this kind.
    Missing,
    /// That it is from this one, and the password to prove it.
    Pair { name: String, password: String },
    /// Something that is no such pair.
    Malformed,
}

pub(super) fn said(head: &Head) -> Said {
    let token = match authorization::said(head, "Basic") {
        authorization::Said::Missing => return Said::Missing,
        authorization::Said::Malformed => return Said::Malformed,
        authorization::Said::Token(token) => token,
    };
    let text = decode(token, Alphabet::Standard).and_then(|bytes| String::from_utf8(bytes).ok());
    // The first colon ends the name. Control characters are in neither.
    let pair =
        text.as_deref().filter(|text| !text.contains(char::is_control)).and_then(|it| it.split_once(':'));
    match pair {
        Some((name, password)) if name.len() <= LONGEST && password.len() <= LONGEST => {
            Said::Pair { name: name.to_owned(), password: password.to_owned() }
        }
        _ => Said::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Exchange;

    fn read(token: &str) -> Said {
        said(Exchange::reading(&format!("GET / HTTP/1.1\nHost: a\nAuthorization: Basic {token}")).head())
    }

    #[test]
    fn a_pair_is_a_name_a_colon_and_a_password() {
        let pair = |name: &str, password: &str| Said::Pair { name: name.into(), password: password.into() };
        // The example of RFC 7617 section 2, and that of section 2.1.
        assert_eq!(read("QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), pair("Aladdin", "open sesame"));
        assert_eq!(read("dGVzdDoxMjPCow=="), pair("test", "123£"));
        assert_eq!(read("YTpiOmM="), pair("a", "b:c"));
        assert_eq!(read("Og=="), pair("", ""));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_no_pair() {
        for (token, why) in [
            ("", "nothing"),
            ("YWI=", "no colon"),
            ("YTpi=", "too much padding"),
            ("YTpiOmM", "too little"),
            ("YTpiOmN=", "another spelling"),
            ("YToA", "a control character"),
            ("CjphYQ==", "a line feed in the name"),
            ("dGVzdDoxMjOj", "not UTF-8"),
        ] {
            assert_eq!(read(token), Said::Malformed, "{why}");
        }
    }
}
