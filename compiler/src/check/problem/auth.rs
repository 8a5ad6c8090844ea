//! The problems of who asks: `auth` blocks, and routes that ask or do not.

use gatewright_dsl::Span;
use gatewright_dsl::policy::WhoWords;
use gatewright_dsl::problem::{Problem, nearest::nearest, setting, syntax, text};
use gatewright_dsl::schema::Mismatch;

use super::{
    CLAIM_INSIDE, CREDENTIAL_SENT, LOGGED_CLAIM, LOGGED_CREDENTIAL, PLAINTEXT_LISTENER, PRINCIPAL_NOT_KNOWN,
    PRINCIPAL_NOT_REQUIRED, SETTING_WITHOUT_EFFECT, SHADOWED_NAME, UNGUARDED_ROUTE, UNKNOWN_AUTH,
    UNKNOWN_POLICY, UNUSED_AUTH,
};

pub(in crate::check) fn unguarded_route(route: Span, auth: Span, words: WhoWords) -> Problem {
    let WhoWords { somebody, anybody, .. } = words;
    Problem::error(&UNGUARDED_ROUTE, "this route does not say who may come")
        .at(route, format!("neither it nor a block around it has `{somebody} …` or `{anybody}`"))
        .because(auth, "this gateway asks who comes")
        .help(format!("write `{somebody} NAME`, or `{anybody}` where anybody may come"))
}

/// Whether it is a problem of a setting, or of the use of some: what they would have said is not known.
pub(in crate::check) fn may_hide_a_setting(problem: &Problem) -> bool {
    let kinds = [setting::KINDS, syntax::KINDS, text::KINDS].into_iter().flatten();
    kinds.chain([&UNKNOWN_POLICY, &UNKNOWN_AUTH]).any(|kind| kind.name == problem.name)
}

/// A credential in a line of the log.
pub(in crate::check) fn logged_credential(name: &str, span: Span) -> Problem {
    Problem::error(&LOGGED_CREDENTIAL, format!("`{name}` holds a credential, and would stand in the log"))
        .at(span, "whoever reads the log could use it")
        .help("write what is known of who asks in its place")
}

/// A credential in a request to a server, or in an answer; `words` let it go there, where there are such words.
pub(in crate::check) fn credential_sent(name: &str, span: Span, words: Option<(&str, &str)>) -> Problem {
    let instead = "send what is known of who asks in its place";
    Problem::error(&CREDENTIAL_SENT, format!("`{name}` holds a credential, and would be sent on"))
        .at(span, "whoever gets it could use it")
        .help(match words {
            Some((policy, word)) => format!("{instead}, or write `{policy} {word}`"),
            None => instead.to_owned(),
        })
}

/// A claim in a line of the log, of which nobody has said that it may stand there.
pub(in crate::check) fn logged_claim(
    (auth, claim): (&str, &str),
    span: Span,
    declared: Option<Span>,
) -> Problem {
    let problem =
        Problem::error(&LOGGED_CLAIM, format!("`{auth}.{claim}` says who asks, and would stand in the log"))
            .at(span, "whoever reads the log would see it")
            .help(format!(
                "leave it out, or write `logged {claim}` in `auth {auth}` where it may stand there"
            ));
    match declared {
        Some(declared) => problem.because(declared, format!("`logged` does not name `{claim}` here")),
        None => problem,
    }
}

pub(in crate::check) fn plaintext_listener(listener: Span, auth: Span) -> Problem {
    Problem::error(&PLAINTEXT_LISTENER, "what clients say of themselves could be read on its way here")
        .at(listener, "plain HTTP")
        .because(auth, "this gateway takes credentials")
        .help("say why that is safe, as in `plaintext \"behind the load balancer, which speaks TLS\"`")
}

/// A reason why credentials may be read, of a gateway that takes none.
pub(in crate::check) fn no_credentials(why: Span) -> Problem {
    Problem::error(&SETTING_WITHOUT_EFFECT, "`plaintext` has no effect on this gateway")
        .at(why, "nobody is asked who they are: there is no `auth`")
        .help("remove it")
}

pub(in crate::check) fn unused_auth(name: &str, span: Span, words: WhoWords) -> Problem {
    Problem::error(&UNUSED_AUTH, format!("no route asks for `{name}`"))
        .at(span, "declared, but never used")
        .help(format!("write `{} {name}` where it is to be asked for, or remove it", words.somebody))
}

pub(in crate::check) fn unknown_auth<'a>(
    name: &str,
    span: Span,
    known: impl Iterator<Item = &'a str>,
) -> Problem {
    let problem =
        Problem::error(&UNKNOWN_AUTH, format!("there is no `auth` called `{name}`")).at(span, "not declared");
    match nearest(name, known) {
        Some(near) => problem.help(format!("did you mean `{near}`?")).fix(span, near),
        None => problem.help(format!("declare it: `auth {name} KIND {{ … }}`")),
    }
}

pub(in crate::check) fn principal_not_required(name: &str, span: Span, words: WhoWords) -> Problem {
    let WhoWords { somebody, perhaps, .. } = words;
    Problem::error(&PRINCIPAL_NOT_REQUIRED, format!("this route reads `{name}`, and does not ask for it"))
        .at(span, "nobody is known here")
        .help(format!("write `{somebody} {name}`, or `{perhaps} {name}` where others may come too"))
}

pub(in crate::check) fn principal_not_known(name: &str, span: Span) -> Problem {
    Problem::error(&PRINCIPAL_NOT_KNOWN, format!("`{name}` is read before anybody has asked for it"))
        .at(span, "here no route is known yet, and it is a route that asks")
        .help("ask in the routes: `only if …`, `limit … per …`, `log format …`")
}

pub(in crate::check) fn name_of_auth(name: &str, span: Span) -> Problem {
    Problem::error(&SHADOWED_NAME, format!("the name `{name}` is taken"))
        .at(span, "it is that of an `auth`")
        .help("rename it")
}

/// A field of a record that the kind of its `auth` knows by itself.
pub(in crate::check) fn claim_taken(name: &str, field: Span, claims: Span) -> Problem {
    Problem::error(&SHADOWED_NAME, format!("`{name}` is known of everybody already"))
        .at(field, "a second one of that name")
        .because(claims, "in this `auth`, whose kind gives it")
        .help("leave the field out")
}

/// A claim that comes by a name by which none can.
pub(in crate::check) fn claim_name(mismatch: Mismatch, span: Span) -> Problem {
    let Mismatch { kind, message, text, help, .. } = mismatch;
    let problem = Problem::error(kind, message).at(span, text);
    match help {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// A type with a field inside of another value, where it says something else than claims.
pub(crate) fn claims_only(name: &str, span: Span, field: Span) -> Problem {
    Problem::error(&CLAIM_INSIDE, format!("`{name}` says what claims are, and nothing else"))
        .at(span, "not by `claims`")
        .because(field, "this stands inside of another value")
        .help("write a type of its own for this place: what is an object there is a type with fields")
}

/// A claim inside of another value, of a kind of which each has one name.
pub(in crate::check) fn not_nested(kind: &str, nesting: &[&str], span: Span, claims: Span) -> Problem {
    let nesting: Vec<String> = nesting.iter().map(|kind| format!("`{kind}`")).collect();
    Problem::error(&CLAIM_INSIDE, format!("a claim of `{kind}` has one name"))
        .at(span, "inside of another value")
        .because(claims, "in this `auth`")
        .help(format!(
            "write one name behind `from`: what is inside of others is read by {}",
            nesting.join(", ")
        ))
}

pub(in crate::check) fn too_deep(found: usize, most: usize, span: Span) -> Problem {
    Problem::error(&CLAIM_INSIDE, format!("a claim has at most {most} names behind `from`, found {found}"))
        .at(span, "too deep")
        .help("let the issuer put it further out")
}

/// A claim inside of one that is no object.
pub(in crate::check) fn inside_of_claim((name, outer): (&str, &str), span: Span, at: Span) -> Problem {
    Problem::error(&CLAIM_INSIDE, format!("`{name}` is inside of `{outer}`, which is no object"))
        .at(span, "there is nothing inside of a text, a number or a list")
        .because(at, "this claim is the whole of it")
        .help(format!("leave one of the two out, or say what of `{outer}` is meant"))
}

pub(in crate::check) fn unknown_claim(name: &str, span: Span, known: &[&str]) -> Problem {
    if known.is_empty() {
        let problem = syntax::unknown_word(span, "claim", name, []);
        return problem.help("say what is known of its owner: `claims TYPE`");
    }
    syntax::unknown_word(span, "claim", name, known.iter().copied())
}

pub(in crate::check) fn missing_claim(word: &str, name: &str, ty: &str, at: Span) -> Problem {
    setting::missing_argument(
        at,
        word,
        name,
        "declared by `claims`, without a default",
        &format!("a value of `{ty}`"),
    )
}
