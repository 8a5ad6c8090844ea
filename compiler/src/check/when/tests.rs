//! Conditions of clients, held against each other: by what is said of two routes, and by `gw diff`.

use gatewright_dsl::{Catalogue, Source};

use crate::diff::{self, Class};

fn source(items: &str) -> [Source; 1] {
    [Source::new("gateway.gw", format!("gateway g {{ listen http :8080 }}\n{items}\n"))]
}

/// What is wrong with two routes of one path, of which the first has a condition and the second that or none.
fn beside(first: &str, second: &str) -> Vec<String> {
    let text = format!("route GET /z {first} respond 201\nroute GET /z {second} respond 202");
    let problems = crate::check(&source(&text), &Catalogue::standard()).err().unwrap_or_default();
    problems.iter().map(|problem| problem.name.to_owned()).collect()
}

fn class(before: &str, after: &str) -> Vec<Class> {
    let meaning = |when: &str| {
        let text = format!("route GET /z {when} respond 201");
        crate::meaning(&source(&text), &Catalogue::standard()).unwrap()
    };
    let changes = diff::diff(&meaning(before), &meaning(after), &Catalogue::standard());
    changes.iter().map(|change| change.class).collect()
}

#[test]
fn no_ipv6_network_has_an_ipv4_client() {
    const FINE: [&str; 0] = [];
    for wide in ["::/0", "::/64", "[::/1, 8000::/1]"] {
        assert_eq!(beside(&format!("when client.ip in {wide}"), ""), FINE, "{wide}");
        assert_eq!(beside(&format!("when client.ip not in {wide}"), ""), FINE, "{wide}");
    }
    assert_eq!(beside("when client.ip in ::/0", "when client.ip in 0.0.0.0/0"), FINE);
    assert_eq!(beside("when client.ip in [::/0, 0.0.0.0/0]", ""), ["duplicate_route"]);
    assert_eq!(beside("when client.ip not in ::/0", "when client.ip in 0.0.0.0/0"), ["duplicate_route"]);
    assert!(class("when client.ip in ::/0", "").contains(&Class::Widening));
}

#[test]
fn an_ipv4_network_in_the_form_of_an_ipv6_one_is_the_ipv4_one() {
    let (mapped, plain) = ("when client.ip in ::ffff:127.0.0.0/104", "when client.ip in 127.0.0.0/8");
    assert_eq!(beside(mapped, plain), ["duplicate_route"]);
    assert_eq!(class(mapped, plain), []);
}

#[test]
fn two_addresses_have_no_client_in_common() {
    const FINE: [&str; 0] = [];
    assert_eq!(beside("when client.ip == 1.2.3.4", "when client.ip == 1.2.3.5"), FINE);
    assert_eq!(beside("when client.ip == 1.2.3.4", "when 1.2.3.4 != client.ip"), FINE);
    assert_eq!(beside("when client.ip == 1.2.3.4", "when client.ip in 1.2.3.0/24"), FINE);
    assert_eq!(beside("when client.ip == 1.2.3.4", "when client.ip in 1.2.3.4/32"), ["duplicate_route"]);
}
