//! Gateways beside gateways: how often one request is tried in all.

use gatewright_dsl::{Catalogue, Source};

/// The problems of the first of these gateways.
fn problems(texts: &[&str]) -> Vec<String> {
    let named = texts.iter().enumerate();
    let sources: Vec<Source> =
        named.map(|(at, text)| Source::new(format!("{at}.gw"), (*text).to_owned())).collect();
    let problems = crate::compile(&sources, &Catalogue::standard()).err().unwrap_or_default();
    problems.iter().map(|it| format!("{}: {}", it.name, it.message)).collect()
}

fn outer(upstream: &str, routes: &str) -> String {
    let at = "server \"http://127.0.0.1:8081\"";
    format!("gateway outer {{ listen http :8080 }}\nupstream inner {{ {at}; {upstream} }}\n{routes}\n")
}

const INNER: &str = "gateway inner { listen http 127.0.0.1:8081 }
upstream app { server \"http://127.0.0.1:9000\"; retry 1 on 503 }
upstream slow { server \"http://127.0.0.1:9001\"; retry 3 on 503; timeout 9s }
upstream quick { server \"http://127.0.0.1:9002\" }
route GET /a/{x} -> app
route GET /a/never -> quick
route * /slow/{x: int(1..9)} -> slow
route GET /both/{x} {
  aggregate within 9s {
    a: int = app  GET /{x} required
    b: int = slow GET /{x} required
    respond { a, b }
  }
}
";
const ROUTE: &str = "route GET /{x} -> inner /a/{x}";

fn check(upstream: &str, routes: &str, others: &[&str], expected: &[&str]) {
    let outer = outer(upstream, routes);
    let texts: Vec<&str> = [outer.as_str()].into_iter().chain(others.iter().copied()).collect();
    assert_eq!(problems(&texts), expected, "{outer}");
}

fn amplified(times: u32) -> String {
    format!("retry_amplification: one request to `inner` may be tried {times} times")
}

#[test]
fn tries_here_and_at_another_gateway_multiply() {
    let nine = amplified(6);
    check("retry 2 on 503", ROUTE, &[INNER], &[&nine]);
    check("retry 2 on 503; behind gateway inner", ROUTE, &[INNER], &[&nine]);
    check("retry 2 on 503; behind gateway inner amplification 6", ROUTE, &[INNER], &[]);
    let stated = format!("{}, and 5 are stated", amplified(6));
    check("retry 2 on 503; behind gateway inner amplification 5", ROUTE, &[INNER], &[&stated]);
    check("retry 2 on 503", ROUTE, &[], &[]);
    check("", ROUTE, &[INNER], &[]);
}

#[test]
fn only_routes_count_that_get_the_request() {
    let eight = amplified(8);
    let retry = "retry 1 on 503; timeout 20s";
    check(retry, "route GET /x -> inner /slow/1", &[INNER], &[&eight]);
    check(retry, "route GET /x -> inner /slow/10", &[INNER], &[]);
    check(retry, "route GET /{n: int(5..50)} -> inner /slow/{n}", &[INNER], &[&eight]);
    check(retry, "route GET /slow/{n: int(5..50)} -> inner", &[INNER], &[&eight]);
    check(retry, "route GET /x -> inner /a/never", &[INNER], &[]);
    check(retry, "route GET /x -> inner /a/else", &[INNER], &[&amplified(4)]);
    check(retry, "route GET /x -> inner /both/1", &[INNER], &[&eight]);
    check(retry, "route GET /{rest: path} -> inner", &[INNER], &[&eight]);
}

#[test]
fn only_tries_count_that_a_server_sees() {
    check("retry 2 on connect_failure", ROUTE, &[INNER], &[]);
    check("retry 2 on connect_failure, 503", ROUTE, &[INNER], &[&amplified(6)]);
    // A POST is not sent again after an answer, here or there, unless servers know what they have had.
    let post = "route POST /x -> inner /slow/1 { body any }";
    check("retry 2 on 503; timeout 20s", post, &[INNER], &[]);
    let keyed = "retry 2 on 503 idempotent \"idempotency-key\"; timeout 20s";
    check(keyed, post, &[INNER], &[]);
    check(&format!("{keyed}; behind tries 2"), post, &[INNER], &[&amplified(6)]);
}

#[test]
fn what_is_behind_may_be_said() {
    check("retry 2 on 503; behind tries 3", ROUTE, &[], &[&amplified(9)]);
    check("retry 2 on 503; behind tries 3 amplification 9", ROUTE, &[], &[]);
    check("retry 2 on 503; behind tries 1", ROUTE, &[INNER], &[]);
    check("behind tries 3", ROUTE, &[], &[]);
    let idle = "setting_without_effect: `amplification` has no effect on `inner`";
    check("behind tries 3 amplification 9", ROUTE, &[], &[idle]);
    check("retry 2 on 503; behind tries 1 amplification 9", ROUTE, &[], &[idle]);
}

#[test]
fn three_in_a_row_multiply_and_a_circle_ends() {
    let middle = "gateway middle { listen http 127.0.0.1:8081 }
upstream last { server \"http://127.0.0.1:8082\"; behind gateway last amplification 4; retry 1 on 503 }
route GET /a/{x} -> last
";
    let last = INNER.replace("inner", "last").replace("8081", "8082");
    check("retry 1 on 503", ROUTE, &[middle, &last], &[&amplified(8)]);
    let back = "gateway back { listen http 127.0.0.1:8081 }
upstream outer { server \"http://127.0.0.1:8080\"; retry 1 on 503 }
route GET /a/{x} -> outer /{x}
";
    // A request in a circle comes round without end; it is counted for as many rounds as there are gateways.
    // A circle has no end, and its number says no more than that.
    let outer = outer("retry 1 on 503", ROUTE);
    assert!(problems(&[&outer, back])[0].starts_with("retry_amplification"));
}

#[test]
fn what_another_route_takes_never_comes_and_branches_ask_with_their_method_alone() {
    let inner = "gateway inner { listen http 127.0.0.1:8081 }
upstream app { server \"http://127.0.0.1:9000\" }
route GET /reports/{p: path} -> app { retry 1 on 503 }
route HEAD /quick -> app { retry 1 on 503 }
route * /{rest: path} -> app
";
    let retry = "retry 1 on 503; timeout 20s";
    let taken = "route * /reports/{p: path} -> inner { retry none }\nroute GET /{rest: path} -> inner";
    let head = inner.replace("route HEAD /quick -> app { retry 1 on 503 }\n", "");
    check(retry, taken, &[&head], &[]);
    check(retry, "route GET /{rest: path} -> inner", &[&head], &[&amplified(4)]);
    // Another target is another path.
    let elsewhere = "route GET /reports/{p: path} respond 200\nroute GET /x/{rest: path} -> inner /{rest}";
    check(retry, elsewhere, &[&head], &[&amplified(4)]);
    let branch = "route GET /x { aggregate within 9s { a: int = inner GET /quick required; respond { a } } }";
    check("retry 1 on 503", branch, &[inner], &[]);
}

#[test]
fn what_is_wrong_elsewhere_makes_no_number_unneeded_and_no_name_unknown() {
    let stated = "retry 2 on 503; behind gateway inner amplification 6";
    for broken in ["rety 1 on 503", "retry 1 on 5O3", "retry 1 on 503 budget 20"] {
        check(stated, ROUTE, &[&INNER.replacen("retry 1 on 503", broken, 1)], &[]);
    }
    check(stated, ROUTE, &[&INNER.replacen("gateway inner", "gateway ", 1)], &[]);
    let own = outer("retry 1 on 5O3; behind gateway inner amplification 6", ROUTE);
    assert!(problems(&[&own, INNER]).iter().all(|it| !it.contains("amplification")));
}

#[test]
fn the_gateway_that_makes_the_number_is_named_and_mapped_addresses_are_found() {
    let quick = INNER.replace("gateway inner", "gateway a").replace("retry 1 on 503", "timeout 1s");
    let text = outer("retry 2 on 503", ROUTE).replace("127.0.0.1:8081", "[::ffff:127.0.0.1]:8081");
    let sources: Vec<Source> = [("0.gw", &*text), ("1.gw", &*quick), ("2.gw", INNER)]
        .map(|(name, text)| Source::new(name, text.to_owned()))
        .into();
    let problems = crate::compile(&sources, &Catalogue::standard()).unwrap_err();
    assert!(
        problems[0].help.as_ref().is_some_and(|help| help.contains("`behind gateway inner amplification 6`")),
        "{problems:?}"
    );
}

#[test]
fn many_gateways_in_a_row_are_held_together_in_no_time() {
    let gateway = |at: u16| {
        let calls =
            ["a", "b", "c", "d"].map(|name| format!("    {name}: int = next GET /x/{{v}} required\n"));
        format!(
            "gateway g{at} {{ listen http 127.0.0.1:{} }}\nupstream next {{ server \"http://127.0.0.1:{}\"; retry 1 on 503 }}\nroute GET /x/{{v}} {{\n  aggregate within 60s {{\n{}    respond {{ a, b, c, d }}\n  }}\n}}\nroute GET /never -> next\n",
            7000 + at,
            7001 + at,
            calls.concat()
        )
    };
    let mut texts: Vec<String> = (0..16).map(gateway).collect();
    texts.push("gateway last { listen http 127.0.0.1:7016 }\nupstream app { server \"http://127.0.0.1:9000\" }\nroute GET /x/{v} -> app\nroute GET /never -> app { retry 1 on 503 }\n".to_owned());
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    // It is over: without a memory of what is known it would not be.
    assert!(problems(&texts)[0].ends_with("may be tried 131072 times"), "{:?}", problems(&texts));
}

#[test]
fn a_gateway_is_found_by_its_name() {
    let unknown = "unknown_gateway: this project has no gateway `iner`";
    check("behind gateway iner", ROUTE, &[INNER], &[unknown]);
    check("retry 2 on 503; behind gateway iner amplification 6", ROUTE, &[INNER], &[unknown]);
    let itself = "server_is_listener: `outer` is this gateway itself";
    check("retry 2 on 503; behind gateway outer", "route GET /{x} -> inner", &[], &[itself]);
    let other = INNER.replace("8081", "8082");
    let twice = "unknown_gateway: two gateways of this project are called `inner`";
    check("behind gateway inner", ROUTE, &[INNER, &other], &[twice]);
}
