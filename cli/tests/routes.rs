//! `gw routes` and `gw explain METHOD PATH` as an operator asks them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod common;

use common::Folder;
use serde_json::Value;

const SHOP: &str = "gateway shop { listen http :8080 }
upstream orders { server \"http://127.0.0.1:9001\" }
route GET /orders/{id: int} -> orders /v2/orders/{id} { timeout 2s }
route GET /orders/{name} -> orders
route POST /orders/{id: int} -> orders
route GET /status respond 200 json { ok: true }
";

fn document(folder: &Folder, verb: &str, words: &[&str]) -> Value {
    let ran = folder.gw(&[&[verb], words, &["--json"]].concat());
    assert_eq!(ran.err, "");
    let document = serde_json::from_str(&ran.out).unwrap();
    common::schema::validate(verb, &document);
    document
}

#[test]
fn routes_are_listed_in_order_of_precedence_wherever_they_stand() {
    let folder = Folder::with(&[("gateway.gw", SHOP)]);
    let ran = folder.gw(&["routes"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    let names: Vec<&str> =
        ran.out.lines().filter(|line| line.contains(" /") && !line.starts_with(' ')).collect();
    assert_eq!(
        names,
        ["GET /orders/{id: int}", "POST /orders/{id: int}", "GET /orders/{name}", "GET /status"]
    );
    assert!(ran.out.contains("    timeout total 2s connect "), "{ran:?}");
    assert!(ran.out.ends_with("\nGET /status\n    respond 200 json {\"ok\":true}\n"), "{ran:?}");

    // The same lines in another order.
    let mut lines: Vec<&str> = SHOP.lines().collect();
    lines[1..].reverse();
    folder.write("gateway.gw", &(lines.join("\n") + "\n"));
    assert_eq!(folder.gw(&["routes"]).out, ran.out);

    let listed = document(&folder, "routes", &[]);
    assert_eq!(listed["result"]["routes"][0]["terminal"], "-> orders /v2/orders/{id}");
    assert_eq!(
        (&listed["result"]["routes"][0]["line"], &listed["result"]["gateway"]),
        (&5.into(), &"shop".into())
    );
}

#[test]
fn a_request_is_explained_with_what_wins_and_what_does_not() {
    let folder = Folder::with(&[("shop.gw", SHOP)]);
    let ran = folder.gw(&["explain", "GET", "/orders/%37?x=1", "--file", "shop.gw"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    for shown in [
        "GET /orders/%37?x=1\n  path     /orders/7\n  segment  orders: literal\n  segment  7: int\n  method   GET\n",
        "\nGET /orders/{id: int} wins (shop.gw:3)\n",
        "    timeout total 2s connect 1s idle 30s\n        timeout 2s (shop.gw:3)\n",
        "    -> orders /v2/orders/7\n",
        "\nPOST /orders/{id: int} does not (shop.gw:5)\n    here it takes POST\n",
        "\nGET /orders/{name} does not (shop.gw:4)\n    it is less specific\n",
    ] {
        assert!(ran.out.contains(shown), "{shown}: {ran:?}");
    }
    let explained = document(&folder, "explain", &["GET", "/orders/7", "--file", "shop.gw"]);
    assert_eq!(explained["result"]["route"]["pattern"], "/orders/{id: int}");
    let refused = document(&folder, "explain", &["PUT", "/orders/7", "--file", "shop.gw"]);
    assert_eq!(refused["result"]["answer"]["reason"], "method_not_allowed");
    let ran = folder.gw(&["explain", "PUT", "/orders/7", "--file", "shop.gw"]);
    assert!(
        ran.out.contains("the gateway answers 405: method_not_allowed\n    allowed: GET, HEAD, POST\n"),
        "{ran:?}"
    );
}

#[test]
fn a_program_with_problems_is_neither_listed_nor_explained() {
    let folder = Folder::with(&[("gateway.gw", &SHOP.replace("{id}", "{ie}"))]);
    for (verb, words) in [("routes", &[][..]), ("explain", &["GET", "/orders/7"])] {
        let ran = folder.gw(&[&[verb], words].concat());
        assert!(ran.code == 1 && ran.out.is_empty() && ran.err.contains("error[unknown_capture]"), "{ran:?}");
        let document = document(&folder, verb, words);
        assert_eq!((&document["ok"], &document["result"]), (&Value::Bool(false), &Value::Null));
    }
    let ran = folder.gw(&["explain", "GET", "http:///orders"]);
    assert!(ran.code == 2 && ran.err.starts_with("error: `/orders` is no path\n"), "{ran:?}");
    let ran = folder.gw(&["explain", "GET", "orders"]);
    assert!(ran.code == 2 && ran.err.starts_with("error: `orders` is no path\n"), "{ran:?}");
}

/// Groups, policies and imports leave their trace.
const NESTED: [(&str, &str); 2] = [
    (
        "gateway.gw",
        "gateway shop { listen http :8080 }
upstream orders { server \"http://127.0.0.1:9001\" }
policy patient { timeout 3s }
group /api {
  use patient
  import \"teams/orders.gw\"
}
route * /{rest: path} -> orders
",
    ),
    ("teams/orders.gw", "route GET /orders/{id: int} -> orders\n"),
];

#[test]
fn an_explanation_says_where_each_setting_came_from() {
    let folder = Folder::with(&NESTED);
    let ran = folder.gw(&["explain", "GET", "/api/orders/7"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    assert!(ran.out.contains("GET /api/orders/{id: int} wins (teams/orders.gw:1)\n"), "{ran:?}");
    let came =
        "        timeout 3s (gateway.gw:3) in use patient (gateway.gw:5) in group /api (gateway.gw:4)\n";
    assert!(ran.out.contains(came), "{ran:?}");
    // A misspelt path of a group never falls out to a route outside of it.
    let ran = folder.gw(&["explain", "GET", "http://shop.example.com/api/order/7"]);
    assert!(
        ran.out.starts_with(
            "GET shop.example.com/api/order/7\n  client   127.0.0.1\n\nthe gateway answers 404: not_found\n"
        ),
        "{ran:?}"
    );
    assert!(
        ran.out.contains("    the group or host ends here: nothing less specific is looked at\n"),
        "{ran:?}"
    );
    let explained = document(&folder, "explain", &["GET", "/api/orders/7"]);
    let steps = explained["result"]["route"]["steps"].as_array().unwrap();
    let from: Vec<&Value> = steps.iter().flat_map(|step| step["from"].as_array().unwrap()).collect();
    assert_eq!((from.len(), &from[0]["through"][1]["text"]), (1, &"use patient".into()), "{from:?}");
}

#[test]
fn the_example_of_several_teams_is_explained_as_its_page_shows() {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/teams");
    let read = |name: &str| std::fs::read_to_string(examples.join(name)).unwrap();
    let folder = Folder::with(&[]);
    for name in ["gateway.gw", "teams/sales.gw", "teams/search.gw", "teams/shops.gw"] {
        folder.write(name, &read(name));
    }
    let ran = folder.gw(&["explain", "GET", "http://api.example.com/sales/orders/7"]);
    let shown = format!("$ gw explain GET http://api.example.com/sales/orders/7\n{}```", ran.out);
    let page = read("README.md");
    let at = page.find("$ gw explain").unwrap();
    assert!(page[at..].starts_with(&shown), "{}", ran.out);

    let routes = folder.gw(&["routes"]).out;
    assert!(routes.contains("GET /{rest: path} on {string}.shops.example.com\n"), "{routes}");
    let ran = folder.gw(&["explain", "GET", "http://tea.shops.example.com:80/a/b"]);
    assert!(ran.out.contains("    -> shops /tea/a/b\n"), "{ran:?}");
}

const ASKING: &str = "gateway shop { listen http :8080 }
param level: string
route GET /a when request.header(\"x-plan\") == level respond 200 { query page: int }
route GET /a respond 201 { only ip 10.0.0.0/8 }
host shop.example { route GET /a when request.cookie(\"c\") == \"x\" respond 202 }
";

#[test]
fn fields_client_and_parameters_decide_which_route_wins() {
    let folder = Folder::with(&[("gateway.gw", ASKING)]);
    let pro = ["explain", "GET", "/a?page=x", "--param", "level=pro", "-H", "X-Plan:  pro"];
    let ran = folder.gw(&pro);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    for shown in [
        "\n  client   127.0.0.1\n",
        "\n        answers 400: wrong_fields\n            query page is wrong\n    respond 200\n",
        "\nthe answer will be 400: wrong_fields\n",
    ] {
        assert!(ran.out.contains(shown), "{shown}: {ran:?}");
    }
    let ran = folder.gw(&["explain", "GET", "/a", "--param", "level=pro", "--client", "10.0.0.9"]);
    for shown in [
        "\n  client   10.0.0.9\n",
        "    its condition does not hold: request.header(\"x-plan\") == level\n",
        "    respond 201\n",
    ] {
        assert!(ran.out.contains(shown), "{shown}: {ran:?}");
    }
    assert!(!ran.out.contains("the answer will be"), "{ran:?}");

    let words = [
        "GET",
        "http://other.example/a",
        "-H",
        "host: shop.example",
        "-H",
        "cookie: c=x",
        "--param",
        "level=a",
    ];
    let explained = document(&folder, "explain", &words);
    let result = &explained["result"];
    assert_eq!(
        (&result["route"]["terminal"], &result["host"]),
        (&"respond 202".into(), &"shop.example".into())
    );
    assert_eq!(result["headers"][0]["name"], "cookie");
    assert_eq!(result["others"][0]["why"], "condition");
    let explained = document(&folder, "explain", &["GET", "/a", "--param", "level=pro"]);
    assert_eq!(explained["result"]["verdicts"][0]["reason"], "not_allowed");
}

#[test]
fn what_cannot_be_sent_or_started_is_status_2() {
    let folder = Folder::with(&[("gateway.gw", ASKING)]);
    for (words, said) in [
        (&["-H", "x plan: pro"][..], "`x plan: pro` is no field"),
        (&["-H", "x-plan"], "`x-plan` is no field"),
        (&["-H", "host: a", "-H", "Host: b"], "`Host` is written twice"),
        (&["--param", "level"], "`level` gives nothing"),
        (&["--param", "lvel=a"], "there is no parameter or live value `lvel`"),
        (&[], "a condition asks `level`, which has no default"),
    ] {
        let ran = folder.gw(&[&["explain", "GET", "/a"], words].concat());
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
        assert!(ran.err.contains(said), "{said}: {ran:?}");
        let ran = folder.gw(&[&["explain", "GET", "/a", "--json"], words].concat());
        common::schema::validate("explain", &serde_json::from_str(&ran.out).unwrap());
    }
    let ran = folder.gw(&["explain", "GET", "/a", "--client", "home"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
}

#[test]
fn a_path_that_is_taken_in_both_forms_says_so_and_who_says_it() {
    let either = "gateway shop { listen http :8080; slash either }
route GET / respond 200
route GET /orders/{id: int} respond 200 { slash strict }
group /api { route GET / respond 200; route GET /{rest: path} respond 404 }
";
    let folder = Folder::with(&[("gateway.gw", either)]);
    let routes = folder.gw(&["routes"]);
    let shown = "GET /\n    respond 200\n\nGET /api/\n    also /api\n    respond 200\n\nGET /api/{rest: path}\n    respond 404\n\n\
                 GET /orders/{id: int}\n    respond 200\n";
    assert_eq!((routes.code, routes.out.as_str()), (0, shown), "{routes:?}");
    let ran = folder.gw(&["explain", "GET", "/api"]);
    let shown = "GET /api/ wins (gateway.gw:4)\n    also /api\n        slash either (gateway.gw:1)\n    respond 200\n";
    assert!(ran.out.ends_with(shown), "{ran:?}");
    let explained = document(&folder, "explain", &["GET", "/api"]);
    assert_eq!(explained["result"]["route"]["also"]["pattern"], "/api");
    let listed = document(&folder, "routes", &[]);
    assert_eq!(listed["result"]["routes"][3]["also"], Value::Null);
}

#[test]
fn what_an_upstream_says_is_shown_below_each_route_that_leads_to_it() {
    let folder = Folder::with(&[(
        "gateway.gw",
        "gateway shop { listen http :8080 }
upstream orders {
  server \"http://127.0.0.1:9001\", \"http://127.0.0.1:9002\"
  balance hash by request.header(\"x-user\") ?? \"\"
  health GET /healthz
  eject after 3
  concurrency 200 queue 50 within 250ms
  breaker share 20% on 5xx
}
upstream users { server \"http://127.0.0.1:9003\" }
route GET /orders/{id: int} -> orders
route GET /users -> users
route GET /status respond 200
",
    )]);
    let words = ["balance", "health", "eject", "concurrency", "breaker"];
    let ran = folder.gw(&["routes"]);
    let below = ran.out.split("    -> orders\n").nth(1).unwrap().split("\n\n").next().unwrap().to_owned();
    let shown: Vec<&str> = below.lines().map(|line| line.trim().split(' ').next().unwrap()).collect();
    assert_eq!(shown, words, "{ran:?}");
    assert!(below.contains("        concurrency most 200 queue 50 within 250ms\n"), "{below}");
    assert!(ran.out.ends_with("    -> users\n"), "what holds by itself is not said of each route: {ran:?}");

    let ran = folder.gw(&["explain", "GET", "/orders/7"]);
    let from = "            breaker share 20% on 5xx (gateway.gw:8) in upstream orders (gateway.gw:2)\n";
    assert!(ran.out.contains(from), "{ran:?}");

    let listed = document(&folder, "routes", &[]);
    let of = |path: &str| {
        let routes = listed["result"]["routes"].as_array().unwrap();
        routes.iter().find(|route| route["pattern"] == path).unwrap()["upstream"].clone()
    };
    let orders = of("/orders/{id: int}");
    assert_eq!(orders["name"], "orders");
    let lines: Vec<_> =
        orders["parts"].as_array().unwrap().iter().map(|part| &part["from"][0]["line"]).collect();
    assert_eq!(lines, [4, 5, 6, 7, 8]);
    let users = of("/users");
    assert_eq!(users["parts"].as_array().unwrap().len(), 1, "the balance that holds by itself: {users}");
    assert_eq!(users["parts"][0]["from"], serde_json::json!([]));
    assert!(of("/status").is_null());
    document(&folder, "explain", &["GET", "/orders/7"]);
}
