//! Expressions, as requests see them.

use gatewright_tests::gate::{Gate, Setup};
use gatewright_tests::program;
use gatewright_tests::server::Server;
use gatewright_tests::wire::Message;
use serde_json::{Value, json};

/// A gateway whose answers are expressions, with this for the parameter that has no default.
fn gate(shop: &str) -> Gate {
    let setup = Setup::app(&Server::ok()).give("shop", shop);
    Setup { program: program::expressions(), ..setup }.start()
}

fn answer(gate: &Gate, target: &str, fields: &str) -> Message {
    let answer = gate.client().ask(format!("GET {target} HTTP/1.1\r\nHost: App.Example:80\r\n{fields}\r\n"));
    assert_eq!(answer.status(), 200, "{target}");
    answer
}

fn ask(gate: &Gate, target: &str, fields: &str) -> String {
    answer(gate, target, fields).text()
}

fn json(gate: &Gate, target: &str, fields: &str) -> Value {
    answer(gate, target, fields).json()
}

#[test]
fn texts_hold_what_is_put_into_them() {
    let gate = gate("the shop");
    assert_eq!(ask(&gate, "/text/a%20b/-7", ""), "a b -7 stranger the shop");
    assert_eq!(ask(&gate, "/text/{}/0", "X-Name: Ada\r\nX-Name: Bob\r\n"), "{} 0 Ada, Bob the shop");
}

#[test]
fn a_request_is_read_as_it_was_received() {
    let gate = gate("s");
    let expected = json!({
        "method": "GET", "path": "/request", "host": "app.example", "ip": "127.0.0.1",
        "query": "x y\"é", "header": "1", "cookie": "2",
    });
    let fields = "X-A: 1\r\nCookie: b=1; c=2; c=3\r\n";
    assert_eq!(json(&gate, "/%72equest?p=0&q=x+y%22%C3%A9&q=2", fields), expected);
    let bare = json(&gate, "/request", "");
    assert_eq!([&bare["query"], &bare["header"], &bare["cookie"]], ["none", "none", "none"]);
    // What is no text cannot break the JSON.
    assert_eq!(json(&gate, "/request?q=a%ffb", "")["query"], "a\u{fffd}b");
}

#[test]
fn captures_have_the_type_that_they_are_declared_with() {
    let gate = gate("s");
    let id = "6f1c0d6e-2f63-4c11-9c54-0c8a3f1f7a10";
    let expected = json!({
        "n": 15, "id": id, "day": "2025-12-31", "rest": "a/b c", "next": 16, "before": -85, "is_small": true,
        "is_early": true, "is_this": true, "in_range": true, "in_list": false,
    });
    assert_eq!(json(&gate, &format!("/typed/15/{id}/2025-12-31/a/b%20c"), ""), expected);
    let other = json(&gate, "/typed/50/00000000-0000-0000-0000-000000000000/2026-01-01/", "");
    assert_eq!(other["in_list"], true);
    for name in ["is_small", "is_early", "is_this", "in_range"] {
        assert_eq!(other[name], false, "{name}");
    }
}

#[test]
fn parameters_are_what_start_up_says() {
    let declared = json!({
        "most": 20, "plans": ["free"], "usual": "free", "office": ["127.0.0.0/8"], "slow": "250ms",
        "longer": "1250ms", "shorter": "0s", "since": "2026-01-01", "price": 9.95, "sum": 29.95, "is_sold": true,
        "has_pro": false, "is_near": true, "is_there": false, "shop": "é", "count": 1, "letters": 1,
    });
    assert_eq!(json(&gate("é"), "/params", ""), declared);
    let setup = Setup::app(&Server::ok()).give("shop", "s").give("plans", "pro, free").give("usual", "pro");
    let setup = setup.give("office", "10.0.0.0/8,192.0.2.0/24").give("price", "0.05").give("most", "50");
    let given = Setup { program: program::expressions(), ..setup }.start();
    let given = json(&given, "/params", "");
    assert_eq!(given["plans"], json!(["pro", "free"]));
    assert_eq!(given["sum"], json!(50.05));
    assert_eq!([&given["is_sold"], &given["has_pro"], &given["is_near"]], [true, true, false]);
}

#[test]
fn what_is_absent_is_handled_as_it_is_written() {
    let gate = gate("s");
    let check = |query: &str, expected: Value| {
        assert_eq!(json(&gate, &format!("/optional?{query}"), ""), expected, "{query}");
    };
    check(
        "",
        json!({
            "is_set": false, "is_not_set": true, "equal": false, "other": true, "same": false, "member": false,
            "chain": "c", "chosen": "none",
        }),
    );
    check(
        "a=1&b=1",
        json!({
            "is_set": true, "is_not_set": false, "equal": true, "other": false, "same": true, "member": true,
            "chain": "1", "chosen": "one",
        }),
    );
    check(
        "b=2",
        json!({
            "is_set": false, "is_not_set": true, "equal": false, "other": true, "same": false, "member": false,
            "chain": "2", "chosen": "b",
        }),
    );
    assert_eq!(json(&gate, "/optional?a", "")["chain"], "", "what is empty is there");
}

#[test]
fn texts_answer_what_they_are_asked() {
    let gate = gate("s");
    let check = |text: &str, expected: Value| {
        assert_eq!(json(&gate, &format!("/methods/{text}"), ""), expected, "{text}");
    };
    check(
        "abMNyz",
        json!({
            "starts": true, "ends": true, "contains": false, "lower": "abmnyz", "upper": "ABMNYZ", "length": 6,
            "quoted": "<abMNyz> 20", "both": true, "matches": false,
        }),
    );
    check(
        "%C3%84mn",
        json!({
            "starts": false, "ends": false, "contains": true, "lower": "Ämn", "upper": "ÄMN", "length": 3,
            "quoted": "<Ämn> 20", "both": false, "matches": false,
        }),
    );
    assert_eq!(json(&gate, "/methods/ok", "")["both"], true);
    let matches = |text: &str| json(&gate, &format!("/methods/{text}"), "")["matches"] == true;
    assert_eq!(["abc", "AB", "ABC", "ok", "a%20b"].map(matches), [true, true, false, false, false]);
}
