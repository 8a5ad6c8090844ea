//! Where a gateway listens and where its servers are, as far as start-up says it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail")]

use gatewright_compiler::{Listener, Output, compile};
use gatewright_dsl::Catalogue;
use gatewright_dsl::page::sources;
use gatewright_dsl::problem::render::{Colour, text};

fn compiled(program: &str) -> Output {
    let sources = sources("gateway.gw", program);
    let compiled = compile(&sources, &Catalogue::standard());
    compiled.unwrap_or_else(|problems| panic!("{}", text(&problems, &sources, Colour::Off)))
}

#[test]
fn a_gateway_asks_only_for_the_servers_to_which_its_routes_lead() {
    for (used, other) in [("orders", "users"), ("users", "orders")] {
        let entry = |upstream: &str| {
            format!("import \"shared.gw\"\ngateway g {{ listen http :8080 }}\nroute GET / -> {upstream}\n")
        };
        let program = format!(
            "{}// file: shared.gw\nparam orders_at: url\nparam users_at: url\n\
             upstream orders {{ server orders_at }}\nupstream users {{ server users_at }}\n\
             // file: other.gw\n{}",
            entry(used),
            entry(other)
        );
        let rust = compiled(&program).rust;
        assert!(rust.contains(&format!("\"{used}_at\"")), "{rust}");
        assert!(!rust.contains(&format!("\"{other}_at\"")), "{rust}");
    }
}

#[test]
fn a_listener_that_start_up_places_is_known_by_its_parameter_and_its_default() {
    let program = "gateway g { listen http :8080; listen http at; listen http other }\n\
        param at: addr = :8081\nparam other: addr\nroute GET / respond 200\n";
    let found = compiled(program).summary.listeners;
    let param = |name: &str, default: Option<&str>| Listener::Param {
        name: name.to_owned(),
        default: default.map(|it| it.parse().unwrap()),
    };
    let written = Listener::Is("[::]:8080".parse().unwrap());
    assert_eq!(found, [written, param("at", Some("[::]:8081")), param("other", None)]);
}
