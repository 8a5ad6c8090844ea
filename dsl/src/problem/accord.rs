//! The problems of settings that are right by themselves and not beside what stands around them on a route. What a route has
//! is known to the compiler, so it reports them; what does not go together stands in the rows.

use super::Kind;

kinds! {
    CONFLICTING_SETTINGS "conflicting_settings" "two settings of a route do not go together";
    NOT_REPEATABLE "not_repeatable" "a request that may have an effect twice is to be sent twice";
}
