//! The problems that the compiler raises: one constructor for each, so that a sentence is written once.
//!
//! When they are raised is decided elsewhere.

mod aggregate;
mod arms;
mod assertion;
mod auth;
mod contract;
mod expr;
mod handler;
mod hop;
mod import;
mod nest;
mod overlap;
mod test;

use gatewright_dsl::problem::{Kind, Problem, nearest::nearest};
use gatewright_dsl::source::Span;

use super::rewrite::Space;

pub(super) use aggregate::*;
pub(super) use arms::*;
pub(crate) use assertion::*;
pub(crate) use auth::claims_only;
pub(super) use auth::*;
pub(super) use contract::*;
pub(super) use expr::*;
pub(crate) use handler::*;
pub(crate) use hop::*;
pub(crate) use import::{
    file_outside, import_cycle, no_file_matches, repeated_import, too_many_imports, unknown_file,
    unknown_media, unreadable_file,
};
pub(super) use nest::*;
pub(crate) use overlap::regex;
pub(super) use overlap::*;
pub(super) use test::*;

/// Declares the kinds, and the list of all of them.
macro_rules! kinds {
    ($($constant:ident $name:literal $title:literal;)*) => {
        $(const $constant: Kind = Kind { name: $name, title: $title };)*

        /// The kinds of problem that the compiler reports.
        pub const KINDS: &[Kind] = &[$($constant),*];
    };
}

kinds! {
    AGGREGATE_CYCLE "aggregate_cycle" "branches that wait for each other";
    ALWAYS_PRESENT "always_present" "a value that is always there is asked whether it is";
    AMBIGUOUS_ROUTE "ambiguous_route" "two routes share requests, and neither is more specific";
    ANSWER_NEVER_GIVEN "answer_never_given" "an answer is replaced that is never given";
    ANSWER_NOT_KNOWN "answer_not_known" "the answer is asked for before there is one";
    ASSERTION_FAILS "assertion_fails" "an assertion does not hold";
    ASSERTION_OF_NOTHING "assertion_of_nothing" "an assertion speaks of no route";
    BRANCH_BODY "branch_body" "a branch that asks with GET sends a body";
    BRANCH_METHOD "branch_method" "a branch asks with a method that it cannot have";
    BRANCH_OUTLASTS "branch_outlasts" "a branch may take longer than the whole";
    CLAIM_INSIDE "claim_inside" "a claim inside of another value, where there is none";
    CONDITION_TOO_COMPLEX "condition_too_complex" "a condition of too many alternatives";
    CONFLICTING_POLICIES "conflicting_policies" "two policies disagree";
    CONTRACT_DISAGREES "contract_disagrees" "a contract says otherwise of a type";
    CREDENTIAL_SENT "credential_sent" "a credential would be sent on";
    DUPLICATE_LISTENER "duplicate_listener" "two listeners cannot have one address";
    DUPLICATE_NAME "duplicate_name" "two declarations have one name";
    DUPLICATE_ROUTE "duplicate_route" "two routes match the same requests";
    DUPLICATE_SERVER "duplicate_server" "an upstream names a server twice";
    DUPLICATE_TEST "duplicate_test" "two tests have one name";
    EXCHANGE_NOT_OVER "exchange_not_over" "what is known at the end of an exchange is asked for before";
    EXPOSED_SECRET "exposed_secret" "a secret stands where it would be seen";
    EXPRESSION_TOO_COMPLEX "expression_too_complex" "an expression of too many parts";
    FILE_OUTSIDE "file_outside" "a file that is not below the project's folder";
    HANDLER_REFUSED "handler_refused" "a function cannot be called as a route calls it";
    IMPORT_CYCLE "import_cycle" "files that import each other";
    IMPOSSIBLE_CAPTURE "impossible_capture" "a capture that no request can match";
    INCOMPATIBLE_TYPES "incompatible_types" "an operator between values that do not go together";
    LET_CYCLE "let_cycle" "a `let` that uses itself";
    LIVE_NOT_HERE "live_not_here" "a live value where nothing can change while the gateway runs";
    LOGGED_CLAIM "logged_claim" "what is known of who asks would stand in the log, and nobody says that it may";
    LOGGED_CREDENTIAL "logged_credential" "a credential would stand in the log";
    LONE_ANSWER "lone_answer" "a mock that does not answer says more than that";
    MATCH_INCOMPLETE "match_incomplete" "a value that something may have is in no arm of a `match`";
    MISSING_CRATE "missing_crate" "the package does not depend on a crate that answers";
    MISSING_FEATURE "missing_feature" "the package lacks what the gateway needs";
    MISSING_GATEWAY "missing_gateway" "no gateway is declared";
    MISSING_ROUTE "missing_route" "a gateway without a route answers nothing";
    NESTED_HOST "nested_host" "a host inside of another";
    NOT_ASSERTED "not_asserted" "an assertion asks what nothing that runs can say";
    NOT_RECORDED "not_recorded" "a value that this gateway does not record";
    NOTHING_TO_DROP "nothing_to_drop" "`none` where nothing holds";
    ONLY_BACKUPS "only_backups" "an upstream whose servers are all backups";
    OPTIONAL_NOT_HANDLED "optional_not_handled" "a value may be absent, and nothing says what then";
    OUTSIDE_CONTRACT "outside_contract" "a server is asked what its contract lacks";
    OUTSIDE_POLICY "outside_policy" "a policy reads what only some of its users have";
    PARAM_NOT_GIVEN "param_not_given" "a test does not say what its gateway is started with";
    PATTERN_TOO_LARGE "pattern_too_large" "a set of texts with too many states";
    PATTERN_TOO_LONG "pattern_too_long" "a path pattern beyond the limits";
    PLAIN_SERVER "plain_server" "a server without TLS beside a setting of TLS";
    PLAINTEXT_LISTENER "plaintext_listener" "a credential would be sent for everybody to read";
    POLICY_ARGUMENTS "policy_arguments" "a policy takes another number of arguments";
    POLICY_CYCLE "policy_cycle" "policies that use each other";
    POLICY_TOO_LARGE "policy_too_large" "a policy comes to too much";
    PREFIX_ENDS_IN_SLASH "prefix_ends_in_slash" "a prefix with a slash at its end";
    PRINCIPAL_NOT_KNOWN "principal_not_known" "who asks is asked before it is known";
    PRINCIPAL_NOT_REQUIRED "principal_not_required" "a route reads who asks, and does not ask";
    REPEATED_GATEWAY "repeated_gateway" "a second gateway block";
    REPEATED_IMPORT "repeated_import" "a file is imported twice in one place";
    REPEATED_MOCK "repeated_mock" "the same requests are mocked twice";
    REPEATED_USE "repeated_use" "a policy is used twice in one block";
    RESERVED_NAME "reserved_name" "a name that has a meaning of its own is declared";
    RETRY_AMPLIFICATION "retry_amplification" "two that are on the way of a request both try it again";
    ROUTER_TOO_WIDE "router_too_wide" "too many different parameters at one place of the path";
    SAME_VARIABLE "same_variable" "one variable would set two parameters";
    SERVER_IS_LISTENER "server_is_listener" "a server that is the gateway itself";
    SERVER_NEEDS_ADDRESS "server_needs_address" "a server has the name of this machine";
    SETTING_WITHOUT_EFFECT "setting_without_effect" "a setting that can never have an effect";
    SETTLED_COMPARISON "settled_comparison" "a comparison whose answer is known";
    SHADOWED_NAME "shadowed_name" "a name stands for two values at one place";
    TARGET_NOT_NORMAL "target_not_normal" "a target that a server would read otherwise";
    TEST_WITHOUT_REQUEST "test_without_request" "a test asks nothing";
    TOO_MANY_ARMS "too_many_arms" "a `match` has too many arms";
    TOO_MANY_BRANCHES "too_many_branches" "an answer is made of too many";
    TOO_MANY_CAPTURES "too_many_captures" "a pattern has at most 16 captures";
    TOO_MANY_IMPORTS "too_many_imports" "imports of imports come to too many files";
    TYPE_CYCLE "type_cycle" "a type that contains itself";
    TYPE_TOO_LARGE "type_too_large" "a type of too many fields in all";
    UNCHANGEABLE_LIVE "unchangeable_live" "nothing can change a live value";
    UNGUARDED_ROUTE "unguarded_route" "a route does not say who may come";
    UNKNOWN_AUTH "unknown_auth" "no `auth` of this name";
    UNKNOWN_CAPTURE "unknown_capture" "a target uses a capture that the pattern lacks";
    UNKNOWN_CRATE "unknown_crate" "no crate of this name";
    UNKNOWN_FILE "unknown_file" "no file of this name";
    UNKNOWN_GATEWAY "unknown_gateway" "a gateway that the project does not have, or has twice";
    UNKNOWN_MEDIA "unknown_media" "the name of a file does not say what it is";
    UNKNOWN_MEMBER "unknown_member" "a value has no such field or method";
    UNKNOWN_NAME "unknown_name" "no value of this name";
    UNKNOWN_POLICY "unknown_policy" "no policy of this name";
    UNKNOWN_ROUTE "unknown_route" "no route of this name";
    UNKNOWN_UPSTREAM "unknown_upstream" "no upstream of this name";
    UNREACHABLE_ROUTE "unreachable_route" "a route that never wins";
    UNREACHED_ARM "unreached_arm" "an arm of a `match` is never taken";
    UNREADABLE_FILE "unreadable_file" "a file is there, but cannot be read";
    UNSUPPORTED_TYPE "unsupported_type" "a type that cannot stand in this place";
    UNTYPED_BRANCH "untyped_branch" "a branch has no type, and there is no contract that says it";
    UNUSED_AUTH "unused_auth" "no route asks for this `auth`";
    UNUSED_BRANCH "unused_branch" "nobody reads what a branch asks for";
    UNUSED_CAPTURE "unused_capture" "the target drops what the pattern captures";
    UNUSED_CRATE "unused_crate" "no route calls a function of this crate";
    UNUSED_DNS "unused_dns" "names are looked up, and no server has one";
    UNUSED_ELEMENT "unused_element" "each call of a `for` is the same";
    UNUSED_PARAM "unused_param" "nothing uses this parameter, live value or secret";
    UNUSED_PARAMETER "unused_parameter" "a policy takes what it does not use";
    UNUSED_POLICY "unused_policy" "no block uses this policy";
    UNUSED_TYPE "unused_type" "nothing is of this type";
    UNUSED_UPSTREAM "unused_upstream" "no route leads to this upstream";
    WRONG_ARGUMENTS "wrong_arguments" "a method is called with something else than it takes";
    WRONG_CONDITION "wrong_condition" "a condition that cannot decide between routes";
    WRONG_CONTRACT "wrong_contract" "a contract that cannot be read";
    WRONG_REGEX "wrong_regex" "a regular expression that cannot be used";
    WRONG_SPLIT "wrong_split" "requests cannot be shared out so";
}

pub(crate) fn missing_feature(name: &str, span: Option<Span>) -> Problem {
    let problem = Problem::error(&MISSING_FEATURE, format!("the feature `{name}` of this package is not switched on"))
        .help(format!(
            "write `default = [\"{name}\"]` and `{name} = [\"gatewright-runtime/{name}\"]` below `[features]` in Cargo.toml"
        ));
    match span {
        Some(span) => problem.at(span, "needs it"),
        None => problem,
    }
}

pub(crate) fn missing_gateway() -> Problem {
    Problem::error(&MISSING_GATEWAY, "no `gateway` is declared")
        .help("begin with `gateway NAME { listen http :8080 }`")
}

pub(super) fn repeated_gateway(span: Span, first: Span) -> Problem {
    Problem::error(&REPEATED_GATEWAY, "a program has one `gateway`")
        .at(span, "a second one")
        .because(first, "the first is here")
        .help("join the two blocks")
}

pub(super) fn missing_route(gateway: Span) -> Problem {
    Problem::error(&MISSING_ROUTE, "no `route` is declared")
        .at(gateway, "this gateway would answer every request with 404")
        .help("add `route * /{rest: path} -> UPSTREAM`")
}

pub(super) fn duplicate_name(space: Space, name: &str, span: Span, first: Span) -> Problem {
    Problem::error(&DUPLICATE_NAME, format!("the name `{name}` is taken"))
        .at(span, "declared again here")
        .because(first, "declared here first")
        .help(match space {
            Space::Upstream => "rename one of the two, or join their servers in one block",
            _ => "rename one of the two",
        })
}

pub(super) fn unknown_upstream<'a>(name: &str, span: Span, known: impl Iterator<Item = &'a str>) -> Problem {
    let problem = Problem::error(&UNKNOWN_UPSTREAM, format!("there is no upstream `{name}`"));
    match nearest(name, known) {
        Some(near) => {
            problem.at(span, "not declared").help(format!("did you mean `{near}`?")).fix(span, near)
        }
        None => problem
            .at(span, "not declared")
            .help(format!("declare it: `upstream {name} {{ server \"http://127.0.0.1:9000\" }}`")),
    }
}

pub(super) fn unused_upstream(name: &str, span: Span) -> Problem {
    Problem::error(&UNUSED_UPSTREAM, format!("no route leads to the upstream `{name}`"))
        .at(span, "declared, but never used")
        .help(format!("send a route to it with `-> {name}`, or remove it"))
}

pub(super) fn wrong_split(message: &str, span: Span, label: &str, cause: Span) -> Problem {
    let problem = Problem::error(&WRONG_SPLIT, message.to_owned()).at(span, label.to_owned());
    let problem =
        if cause == span { problem } else { problem.because(cause, "requests are shared out here") };
    problem.help(
        "write `split NAME weight 95` for each upstream with servers, and nothing about servers beside it",
    )
}

pub(super) fn unchangeable_live(name: &str, span: Span) -> Problem {
    Problem::error(&UNCHANGEABLE_LIVE, format!("nothing can change `{name}`"))
        .at(span, "has no file, and the gateway no admin listener")
        .help("write `admin 127.0.0.1:9900` in the gateway block, or `from \"/path/of/a.json\"` in the place of the default; or make it a `param`")
}

pub(super) fn live_not_here(name: &str, span: Span, declared: Option<Span>) -> Problem {
    let problem = Problem::error(
        &LIVE_NOT_HERE,
        format!("`{name}` may change, and what stands here cannot while the gateway runs"),
    )
    .at(span, "is settled when the gateway starts")
    .help("declare it as a `param`");
    match declared {
        Some(declared) => problem.because(declared, "declared `live` here"),
        None => problem,
    }
}

pub(super) fn duplicate_listener(address: &str, span: Span, other: &str, first: Span) -> Problem {
    Problem::error(&DUPLICATE_LISTENER, format!("`{address}` is taken by `{other}`"))
        .at(span, "cannot be opened a second time")
        .because(first, "already listens there")
        .help("remove one of the two, or change its port")
}

pub(super) fn duplicate_server(authority: &str, span: Span, first: Span) -> Problem {
    Problem::error(&DUPLICATE_SERVER, format!("`{authority}` is named twice"))
        .at(span, "named again here")
        .because(first, "named here first")
        .help("remove one of the two")
}

pub(super) fn server_is_listener(authority: &str, span: Span, listener: Span) -> Problem {
    Problem::error(&SERVER_IS_LISTENER, format!("`{authority}` is this gateway itself"))
        .at(span, "a request sent here comes back")
        .because(listener, "the gateway listens there")
        .help("name the address of the server behind the gateway, or listen at another port")
}

pub(super) fn only_backups(upstream: &str, span: Span) -> Problem {
    Problem::error(&ONLY_BACKUPS, format!("all servers of `{upstream}` are backups"))
        .at(span, "a backup of what?")
        .help("leave `backup` out where servers are asked first")
}

pub(super) fn plain_server(upstream: &str, word: &str, span: Span, setting: Span) -> Problem {
    Problem::error(&PLAIN_SERVER, format!("a server of `{upstream}` is spoken to without TLS"))
        .at(span, "for everybody to read")
        .because(setting, format!("`{word}` says how servers are spoken to over TLS"))
        .help("write `https://`, or leave the setting out where none of them speaks TLS")
}

pub(super) fn server_needs_address(host: &str, span: Span, fix: Option<String>) -> Problem {
    let problem = Problem::error(
        &SERVER_NEEDS_ADDRESS,
        format!("`{host}` is this machine, and no name server knows it"),
    )
    .at(span, "expected an IP address");
    match fix {
        Some(url) => {
            problem.help(format!("write `{url}`, or `[::1]` where the server listens there")).fix(span, url)
        }
        None => problem.help("write the name of another machine"),
    }
}

pub(super) fn unused_dns(span: Span) -> Problem {
    Problem::error(&UNUSED_DNS, "no server has a name")
        .at(span, "nothing would be looked up")
        .help("leave it out, or write the name of a server: `server \"http://orders.internal:9001\"`")
}

pub(super) fn target_not_normal(span: Span, normal: &str) -> Problem {
    Problem::error(&TARGET_NOT_NORMAL, "a server would read this target otherwise")
        .at(span, "dot segments and double slashes are not sent")
        .help(format!("write `{normal}`"))
        .fix(span, normal)
}

pub(super) fn too_many_captures(most: usize, found: usize, span: Span) -> Problem {
    Problem::error(&TOO_MANY_CAPTURES, format!("a pattern has at most {most} captures, found {found}"))
        .at(span, "too many")
        .help("take the end of the path as one: `{rest: path}`")
}

pub(super) fn pattern_too_long(expected: &str, found: usize, span: Span) -> Problem {
    Problem::error(&PATTERN_TOO_LONG, format!("a pattern has at most {expected}, found {found}"))
        .at(span, "too long")
        .help("take the end of the path as one: `{rest: path}`")
}

pub(super) fn unknown_capture<'a>(name: &str, span: Span, known: impl Iterator<Item = &'a str>) -> Problem {
    let problem = Problem::error(&UNKNOWN_CAPTURE, format!("the pattern captures no `{name}`"))
        .at(span, "not captured");
    match nearest(name, known) {
        Some(near) => problem.help(format!("did you mean `{near}`?")).fix(span, near),
        None => problem.help(format!("add `{{{name}}}` to the pattern, or leave it out here")),
    }
}

pub(super) fn unused_capture(name: &str, span: Span, target: Span) -> Problem {
    Problem::error(&UNUSED_CAPTURE, format!("`{name}` is captured, but the target does not use it"))
        .at(span, "captured here")
        .because(target, "not sent here")
        .help(format!(
            "put `{{{name}}}` into the target, or write `request {{ set query \"{name}\" = {name} }}`"
        ))
}

/// A path that has no form with another end.
pub(super) fn no_other_slash(word: &str, span: Span, pattern: Span) -> Problem {
    Problem::error(&SETTING_WITHOUT_EFFECT, format!("`{word}` has no effect on this route"))
        .at(span, "only a path that ends in a segment has another form")
        .because(pattern, "the root is one path, and a rest takes both forms")
        .help("remove it")
}

/// A file for lines that no exchange has.
pub(super) fn no_lines(span: Span) -> Problem {
    Problem::error(&SETTING_WITHOUT_EFFECT, "`access_log` has no effect on this gateway")
        .at(span, "no exchange has a line: all of them have `log none`")
        .help("remove it, or `log none`")
}

/// A file for what is changed, where nothing is.
pub(super) fn nothing_kept(span: Span) -> Problem {
    Problem::error(&SETTING_WITHOUT_EFFECT, "`keep` has no effect on this gateway")
        .at(span, "no live value of it is changed by the admin listener")
        .help("leave it out, or declare `live NAME: TYPE = DEFAULT`")
}

/// Something for servers that come back, of an upstream whose servers never go. `words` say when one goes.
pub(super) fn nobody_returns(param: &str, upstream: &str, span: Span, words: &[&str]) -> Problem {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    Problem::error(&SETTING_WITHOUT_EFFECT, format!("`{param}` has no effect on `{upstream}`"))
        .at(span, "no server of it ever comes back: none is left out, and none has a name")
        .help(format!("say when a server is left out, by {}, or remove `{param}`", words.join(" or ")))
}

pub(super) fn setting_without_effect(word: &str, span: Span, terminal: Span) -> Problem {
    Problem::error(&SETTING_WITHOUT_EFFECT, format!("`{word}` has no effect on this route"))
        .at(span, "only a route that forwards can use this")
        .because(terminal, "this route answers by itself")
        .help("remove it")
}
