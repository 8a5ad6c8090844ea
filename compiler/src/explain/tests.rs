//! What is explained, on programs small enough to be judged by eye.

use super::*;
use gatewright_dsl::{Catalogue, Source};

const SHOP: &str = "gateway shop { listen http :8080 }
upstream orders { server \"http://127.0.0.1:9001\" }
route GET /orders/{id: int} -> orders /v2/{id}
route GET /orders/{name} -> orders
route POST /orders/{id: int} -> orders
route * /files/{rest: path} -> orders /{rest}
route GET /{rest: path} respond 200
group /api { route POST /a -> orders }
";

fn explain(method: &str, target: &str) -> Explanation {
    let plan = crate::plan(&[Source::new("gateway.gw", SHOP)], &Catalogue::standard()).unwrap();
    plan.explain(&Asked::new(method, target)).unwrap()
}

fn own(explanation: &Explanation) -> (u16, &str, Vec<&str>) {
    match &explanation.decision {
        Decision::Own { status, reason, allowed, .. } => (*status, reason, allowed.clone()),
        Decision::Won { route, .. } => panic!("{route:?}"),
    }
}

#[test]
fn the_winner_is_shown_with_what_lost_and_why() {
    let explanation = explain("GET", "/orders/%37?x=1");
    assert_eq!(explanation.path, "/orders/7");
    let Decision::Won { route, hops, .. } = &explanation.decision else { panic!("{explanation:?}") };
    assert_eq!(
        (route.name().as_str(), route.terminal.as_str()),
        ("GET /orders/{id: int}", "-> orders /v2/7")
    );
    let hops: Vec<String> = hops.iter().map(|hop| format!("{} {}", hop.text, hop.by)).collect();
    assert_eq!(hops, ["orders literal", "7 int"]);
    let others: Vec<_> = explanation.others.iter().map(|(route, why)| (route.name(), why.clone())).collect();
    assert_eq!(
        others,
        [
            ("POST /orders/{id: int}".to_owned(), Why::Method(vec!["POST"])),
            ("GET /orders/{name}".to_owned(), Why::LessSpecific),
            ("GET /{rest: path}".to_owned(), Why::LessSpecific)
        ]
    );
}

#[test]
fn what_no_route_has_is_answered_with_its_reason() {
    assert_eq!(own(&explain("PUT", "/basket")), (405, "method_not_allowed", vec!["GET", "HEAD"]));
    assert_eq!(own(&explain("PUT", "/orders/7")), (405, "method_not_allowed", vec!["GET", "HEAD", "POST"]));
    assert_eq!(own(&explain("OPTIONS", "/orders/x")), (204, "options", vec!["GET", "HEAD"]));
    assert_eq!(own(&explain("TRACE", "/files/x")).0, 405);
    assert_eq!(own(&explain("GET", "/a//b")), (400, "empty_segment", vec![]));
    assert_eq!(own(&explain("CONNECT", "/files/x")).0, 501);
}

#[test]
fn a_method_without_a_name_of_its_own_is_any() {
    let explanation = explain("BREW", "/files/a/b");
    let Decision::Won { route, hops, .. } = explanation.decision else { panic!("{explanation:?}") };
    assert_eq!(route.terminal, "-> orders /a/b");
    assert_eq!(hops.last().map(|hop| (hop.text.as_str(), hop.by.clone())), Some(("a/b", By::Rest)));
}

const ASKING: &str = "gateway asking { listen http :8080 }
param level: string
param trusted: list<cidr> = [10.0.0.0/8]
upstream orders { server \"http://127.0.0.1:9001\" }
route GET /a when request.header(\"x-plan\") == level respond 200
route GET /a respond 201
host shop.example {
  route GET /{name} -> orders {
    only ip trusted
    limit 1/s
    query page: int(1..)
    cookie theme: \"light\" | \"dark\" = \"light\"
    deny if name == \"secret\" status 410
  }
}
";

fn asking(change: impl FnOnce(&mut Asked)) -> Result<Explanation, Unset> {
    let plan = crate::plan(&[Source::new("gateway.gw", ASKING)], &Catalogue::standard()).unwrap();
    let mut asked = Asked::new("GET", "/a");
    asked.params.push(("level".to_owned(), "pro".to_owned()));
    change(&mut asked);
    plan.explain(&asked)
}

fn field(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn a_condition_is_asked_of_the_fields_that_the_request_has() {
    let explanation = asking(|asked| asked.headers.push(field("X-Plan", "pro"))).unwrap();
    let Decision::Won { route, .. } = &explanation.decision else { panic!("{explanation:?}") };
    assert_eq!((route.terminal.as_str(), &explanation.others[0].1), ("respond 200", &Why::LessSpecific));
    let explanation = asking(|asked| asked.headers.push(field("x-plan", "free"))).unwrap();
    let Decision::Won { route, .. } = &explanation.decision else { panic!("{explanation:?}") };
    assert_eq!(route.terminal, "respond 201");
    let why = Why::Condition("request.header(\"x-plan\") == level".to_owned());
    assert_eq!(explanation.others[0].1, why);
}

#[test]
fn steps_that_only_ask_are_judged_and_others_are_open() {
    let judged = |change: fn(&mut Asked)| {
        let explanation = asking(|asked| {
            asked.host = Some("shop.example".to_owned());
            change(asked);
        });
        let Decision::Won { verdicts, .. } = explanation.unwrap().decision else { panic!("no route") };
        verdicts
    };
    let refuses = |status, reason, wrong: &[&str]| {
        let wrong = wrong.iter().map(|it| (*it).to_owned()).collect();
        Verdict::Refuses { status, reason, wrong }
    };
    let verdicts = judged(|asked| {
        asked.headers.push(field("cookie", "theme=blue"));
        asked.target = "/secret?page=0".to_owned();
    });
    for expected in [
        refuses(403, "not_allowed", &[]),
        refuses(410, "denied", &[]),
        refuses(400, "wrong_fields", &["cookie theme is wrong", "query page is wrong"]),
        Verdict::Open,
    ] {
        assert!(verdicts.contains(&expected), "{expected:?}: {verdicts:?}");
    }
    let verdicts = judged(|asked| {
        asked.client = "10.1.2.3".parse().unwrap();
        asked.target = "/x?page=2".to_owned();
    });
    assert!(!verdicts.iter().any(|it| matches!(it, Verdict::Refuses { .. })), "{verdicts:?}");
    let verdicts = judged(|asked| {
        asked.params.push(field("trusted", "127.0.0.0/8"));
        asked.target = "/x?page=1&page=1".to_owned();
    });
    assert!(verdicts.contains(&refuses(400, "wrong_fields", &["query page is repeated"])), "{verdicts:?}");
    assert!(!verdicts.contains(&refuses(403, "not_allowed", &[])), "{verdicts:?}");
}

#[test]
fn a_gateway_that_would_not_start_meets_no_request() {
    assert_eq!(asking(|asked| asked.params.clear()), Err(Unset::Missing("level".to_owned())));
    assert_eq!(asking(|asked| asked.params.push(field("x", "1"))), Err(Unset::Unknown("x".to_owned())));
    let wrong = asking(|asked| asked.params.push(field("trusted", "10.0.0.1/8")));
    assert_eq!(wrong, Err(Unset::Wrong("trusted".to_owned(), "list<cidr>".to_owned())));
}

const TELLING: &str = "gateway telling { listen http :8080 }
upstream orders { server \"http://127.0.0.1:9001\" }
group {
  on 4xx respond 410
  route GET /by/{who} -> orders {
    query page: int(1..)
    request { set header \"x-who\" = who; default header \"x-other\" = who }
    on wrong_fields respond 503
  }
  route GET /to -> orders /v2/{request.query(\"to\") ?? \"none\"}/x
}
";

#[test]
fn the_answer_of_the_gateways_own_is_foretold_with_what_stands_in_its_place() {
    let plan = crate::plan(&[Source::new("gateway.gw", TELLING)], &Catalogue::standard()).unwrap();
    let told = |target: &str| {
        let explanation = plan.explain(&Asked::new("GET", target)).unwrap();
        let Decision::Won { foretold, .. } = explanation.decision else { panic!("{target}") };
        foretold.map(|it| (it.status, it.reason, it.is_sure, it.instead))
    };
    assert_eq!(told("/by/ada?page=1"), None);
    // The reason itself before the class of its status.
    assert_eq!(told("/by/ada?page=0"), Some((400, "wrong_fields", true, Some(503))));
    // A body that is too large would be refused before.
    assert_eq!(told("/by/a%0Db?page=1"), Some((400, "edit_invalid", false, Some(410))));
    assert_eq!(told("/to?to=ada"), None);
    for to in ["", "..", "a/b", "a%3Bb", "%5C", "%FF", "a%00"] {
        let told = told(&format!("/to?to={to}"));
        assert_eq!(told, Some((400, "segment_invalid", false, Some(410))), "{to}");
    }
}

#[test]
fn networks_are_foretold_as_the_gateway_reads_them() {
    let refused = |network: &str| {
        let text = format!("{ADDRESSED}\nroute GET /z respond 201 {{ only ip {network} }}\n");
        let plan = crate::plan(&[Source::new("gateway.gw", text)], &Catalogue::standard()).unwrap();
        let mut asked = Asked::new("GET", "/z");
        asked.client = "127.0.0.1".parse().unwrap();
        asked.params.push(field("inner", "::ffff:127.0.0.0/104"));
        let Decision::Won { foretold, .. } = plan.explain(&asked).unwrap().decision else {
            panic!("{network}")
        };
        foretold.map(|it| it.status)
    };
    for inside in ["127.0.0.0/8", "::ffff:127.0.0.0/104", "::ffff:127.0.0.1", "::ffff:0.0.0.0/96", "inner"] {
        assert_eq!(refused(inside), None, "{inside}");
    }
    for outside in ["::/0", "::/64", "::ffff:10.0.0.0/104"] {
        assert_eq!(refused(outside), Some(403), "{outside}");
    }
}

const ADDRESSED: &str = "gateway g { listen http :8080 }
param inner: list<cidr>
route GET /inner respond 201 { only ip inner }";
