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

/// An assertion of a file holds for each gateway that imports it, and means what the names stand for there.
#[test]
fn an_assertion_of_a_shared_file_is_proved_for_each_gateway() {
    let program = |route: &str| {
        format!(
            "import \"team.gw\" as team\ngateway g {{ listen http :8080 plaintext \"a test\" }}\n{route}\n\
             // file: team.gw\nupstream orders {{ server \"http://127.0.0.1:9001\" }}\n\
             auth staff api_key {{ key \"a\" sha256 \"62249369389075490555a758353aec61500c6218fa597252d52dc4bd0148f12d\" }}\n\
             route GET /own require staff -> orders\n\
             assert \"closed\" every route to orders requires staff\n"
        )
    };
    compiled(&program("route GET / public respond 200"));
    let program = program("route GET / public -> team_orders");
    let sources = sources("gateway.gw", &program);
    let problems = compile(&sources, &Catalogue::standard()).unwrap_err();
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!((problem.name, problem.witness.as_deref()), ("assertion_fails", Some("GET /")));
    let files: Vec<u32> = problem.labels.iter().map(|label| label.span.file).collect();
    assert_eq!(files, [1, 0]);
}
