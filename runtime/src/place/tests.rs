//! What start-up says of places, and what it refuses.

use std::net::Ipv4Addr;

use super::*;
use crate::params::{Kind, Param, given};
use crate::policy::balance;
use crate::program::{Admin, SaidBy, Server, TrustedProxies, Upstream};

const AT: Param = Param {
    name: "at",
    doc: "",
    written: "addr",
    kind: Kind::Addr,
    list: None,
    default: Some(&[":8080"]),
    least: None,
    most: None,
    live: None,
};
const ORDERS: Param = Param {
    name: "orders_at",
    written: "list<url>(1..3)",
    kind: Kind::Url,
    list: Some((1, 3)),
    default: Some(&["http://10.0.0.7:9001"]),
    ..AT
};
const USERS: Param =
    Param { name: "users_at", written: "url", list: None, default: Some(&["http://[::1]"]), ..ORDERS };
const WRITTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 9)), 9001);
const SERVERS: &[Server] = &[
    Server {
        at: At::Is { address: WRITTEN, authority: "10.0.0.9:9001", tls: false },
        weight: 3,
        backup: false,
        optional: false,
    },
    Server { at: At::Param(1), weight: 1, backup: true, optional: false },
];
const PROGRAM: Program = Program {
    params: &[AT, ORDERS, USERS],
    listeners: &[
        Listener { address: Setting::Is(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7070)) },
        Listener { address: Setting::Param(0) },
    ],
    upstreams: &[
        Upstream {
            name: "orders",
            servers: SERVERS,
            balance: balance::Config::TURNS,
            health: None,
            eject: None,
            concurrency: None,
            breaker: None,
            tls: None,
            identity: &[],
        },
        Upstream {
            name: "users",
            servers: &[Server { at: At::Param(2), weight: 1, backup: false, optional: false }],
            balance: balance::Config::TURNS,
            health: None,
            eject: None,
            concurrency: None,
            breaker: None,
            tls: None,
            identity: &[],
        },
    ],
    ..Program::EMPTY
};

fn check(texts: &[(&str, &str)]) -> Result<Places, String> {
    let text = |(name, text): &(&str, &str)| Text {
        name: (*name).to_owned(),
        text: (*text).to_owned(),
        items: None,
        place: given::variable(name),
    };
    let given: Vec<Text> = texts.iter().map(text).collect();
    places(
        &PROGRAM,
        &Arc::new(given::read(&PROGRAM, &given, |_, _| Err(String::new())).expect("each is right by itself")),
        &given,
    )
}

#[test]
fn every_url_of_a_parameter_is_a_server_with_what_its_line_says() {
    let found = check(&[("orders_at", "http://10.0.0.1:81,HTTP://10.0.0.2/")]).unwrap();
    let shown: Vec<Vec<String>> = found
        .upstreams
        .iter()
        .map(|all| {
            let show = |it: &Place| format!("{} {} {} {}", it.address, it.authority, it.weight, it.backup);
            all.iter().map(show).collect()
        })
        .collect();
    assert_eq!(
        shown,
        [
            vec![
                "10.0.0.9:9001 10.0.0.9:9001 3 false".to_owned(),
                "10.0.0.1:81 10.0.0.1:81 1 true".to_owned(),
                "10.0.0.2:80 10.0.0.2 1 true".to_owned(),
            ],
            vec!["[::1]:80 [::1] 1 false".to_owned()]
        ]
    );
    assert_eq!(found.listeners, ["127.0.0.1:7070".parse().unwrap(), "[::]:8080".parse().unwrap()]);
}

#[test]
fn what_is_no_server_is_refused_with_what_was_found() {
    for (text, why) in [
        ("https://10.0.0.7", "whose scheme is `https`, and no upstream of this gateway was compiled for it"),
        (
            "http://localhost:9001",
            "and the name `localhost` is not looked up, since the gateway block does not say `dns`",
        ),
        ("http://10.0.0.7/v2", "which has the path `/v2`"),
    ] {
        assert_eq!(
            check(&[("users_at", text)]).unwrap_err(),
            format!(
                "a server of `users` must be a URL such as http://10.0.0.7:9001, found {text:?}, {why}: `users_at` is {text:?} in `USERS_AT`"
            )
        );
    }
}

#[test]
fn a_server_that_is_there_already_is_refused() {
    let said = check(&[("orders_at", "http://10.0.0.9:9001")]).unwrap_err();
    assert_eq!(
        said,
        "the upstream `orders` has 10.0.0.9:9001 twice: `orders_at` is \"http://10.0.0.9:9001\" in `ORDERS_AT`"
    );
    assert!(check(&[("orders_at", "http://10.0.0.1,http://10.0.0.1:80")]).is_err());
}

#[test]
fn a_server_that_is_the_gateway_itself_is_refused_whoever_says_it() {
    let said = check(&[("users_at", "http://127.0.0.1:8080")]).unwrap_err();
    assert!(said.contains("127.0.0.1:8080 of `users` is this gateway itself: `users_at` is"), "{said}");
    let said = check(&[("at", "10.0.0.9:9001")]).unwrap_err();
    assert!(said.contains("10.0.0.9:9001 of `orders` is this gateway itself: `at` is"), "{said}");
    let said = check(&[("at", "[::1]:80")]).unwrap_err();
    assert!(
        said.contains("`users_at` is \"http://[::1]\" by default, and `at` is \"[::1]:80\" in `AT`"),
        "{said}"
    );
    assert!(check(&[("at", "10.0.0.9:9002")]).is_ok());
}

#[test]
fn two_listeners_at_one_address_are_refused() {
    let said = check(&[("at", ":7070")]).unwrap_err();
    assert_eq!(
        said,
        "[::]:7070 is taken by 127.0.0.1:7070, where this gateway listens too: `at` is \":7070\" in `AT`"
    );
}

#[test]
fn operators_ask_where_no_client_is_served_and_nobody_trusts_everybody() {
    const NETWORKS: Param = Param {
        name: "balancers",
        written: "list<cidr>",
        kind: Kind::Cidr,
        list: Some((0, 9)),
        default: Some(&["10.0.0.0/8"]),
        ..AT
    };
    const PROGRAM: Program = Program {
        params: &[AT, NETWORKS],
        listeners: &[Listener {
            address: Setting::Is(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7070)),
        }],
        admin: Some(Admin { address: Setting::Param(0), keep: None }),
        trusted_proxies: Some(TrustedProxies { proxies: Setting::Param(1), by: SaidBy::XForwardedFor }),
        ..Program::EMPTY
    };
    let check = |name: &str, text: &str| {
        let given =
            [Text { name: name.into(), text: text.into(), items: None, place: given::variable(name) }];
        let params = given::read(&PROGRAM, &given, |_, _| Err(String::new())).expect("it is right by itself");
        places(&PROGRAM, &Arc::new(params), &given)
    };
    assert_eq!(
        check("at", ":7070").unwrap_err(),
        "[::]:7070 is taken by 127.0.0.1:7070, where this gateway listens too: `at` is \":7070\" in `AT`"
    );
    assert!(check("at", "127.0.0.2:7070").is_ok());
    for everyone in ["0.0.0.0/0", "::/0", "10.0.0.0/8,::ffff:0.0.0.0/96"] {
        let said = check("balancers", everyone).unwrap_err();
        assert!(said.contains("is everybody") && said.contains("in `BALANCERS`"), "{said}");
    }
    for networks in ["", "192.168.0.0/16", "10.0.0.0/8,fd00::/8"] {
        assert!(check("balancers", networks).is_ok(), "{networks}");
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let said = check(&[("at", ":7070"), ("users_at", "https://a")]).unwrap_err();
    assert_eq!(said.matches("\nerror: ").count(), 1, "{said}");
}
