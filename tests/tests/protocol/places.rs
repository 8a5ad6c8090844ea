//! Servers and listeners that parameters give: what they are asked, and what is refused before any socket is opened.

use gatewright_runtime::generated::{Options, start};
use gatewright_runtime::params::given::Text;
use gatewright_tests::eventually;
use gatewright_tests::gate::{Gate, Setup};
use gatewright_tests::program::{self, DEAD, WRITTEN};
use gatewright_tests::server::Server;

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

fn url(server: &Server) -> String {
    format!("http://{}", server.address)
}

/// With these servers given, and another one at the address that is written.
fn gate(orders: &[&Server], spare: &Server, written: &Server) -> Gate {
    let orders: Vec<String> = orders.iter().map(|server| url(server)).collect();
    let setup = Setup { program: program::given(), ..Setup::app(written) };
    let setup = setup.place(WRITTEN, written.address);
    setup.give("orders_at", &orders.join(", ")).give("spare_at", &url(spare)).start()
}

#[test]
fn servers_that_start_up_gives_take_turns_and_are_called_by_their_own_names() {
    let (a, b, c) = (Server::ok(), Server::ok(), Server::ok());
    let gate = gate(&[&a, &b, &c], &Server::ok(), &Server::ok());
    for _ in 0..6 {
        assert_eq!(gate.ask(get("/orders")).status(), 200);
    }
    for server in [&a, &b, &c] {
        assert_eq!(server.requests().len(), 2);
        assert_eq!(server.requests()[0].field("host"), Some(server.address.to_string()));
    }
}

#[test]
fn a_weight_is_a_share_of_the_requests_for_each_server_that_is_given() {
    let (a, b, written) = (Server::ok(), Server::ok(), Server::ok());
    let gate = gate(&[&a, &b], &Server::ok(), &written);
    for _ in 0..14 {
        assert_eq!(gate.ask(get("/weighted")).status(), 200);
    }
    let counts = [&a, &b, &written].map(|server| server.requests().len());
    assert_eq!(counts, [6, 6, 2]);
}

#[test]
fn a_backup_is_asked_only_where_no_other_server_is_in() {
    let (own, spare) = (Server::ok(), Server::ok());
    let working = gate(&[&own], &spare, &Server::ok());
    for _ in 0..4 {
        assert_eq!(working.ask(get("/spared")).status(), 200);
    }
    assert_eq!((own.requests().len(), spare.requests().len()), (4, 0));

    let written = Server::ok();
    let setup = Setup { program: program::given(), ..Setup::app(&written) };
    let dead = setup.servers.iter().find(|(declared, _)| *declared == DEAD).expect("it is placed").1;
    let setup = setup.give("orders_at", &format!("http://{dead}")).give("spare_at", &url(&spare));
    let failing = setup.start();
    assert_eq!(failing.ask(get("/spared")).status(), 200);
    assert_eq!(spare.requests().len(), 1);
}

#[test]
fn servers_that_start_up_gives_are_asked_whether_they_are_well() {
    let ill = Server::always("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    let well = Server::ok();
    let gate = gate(&[&ill, &well], &Server::ok(), &Server::ok());
    let asked =
        |server: &Server| server.requests().iter().filter(|request| request.target() == "/healthz").count();
    gate.advance_until(std::time::Duration::from_millis(50), || asked(&ill) >= 2 && asked(&well) >= 2);
    eventually("only the one that is well is asked", || {
        (0..4).all(|_| gate.ask(get("/watched")).status() == 200)
    });
}

/// What a start says that is given these texts.
fn refused(texts: &[(&str, &str)]) -> String {
    let text = |(name, text): &(&str, &str)| Text {
        name: (*name).to_owned(),
        text: (*text).to_owned(),
        items: None,
        place: name.to_uppercase(),
    };
    let options = Options { given: texts.iter().map(text).collect(), workers: 1, ..Options::default() };
    start(program::given(), options).expect_err("it does not start")
}

#[test]
fn what_is_no_server_or_no_place_of_its_own_does_not_start() {
    for (texts, said) in [
        (
            &[("orders_at", "https://10.0.0.7")],
            "whose scheme is `https`, and no upstream of this gateway was compiled for it: `orders_at` is \"https://10.0.0.7\" in `ORDERS_AT`",
        ),
        (
            &[("spare_at", "http://orders.internal")],
            "the name `orders.internal` is not looked up, since the gateway block does not say `dns`: `spare_at` is",
        ),
        (
            &[("orders_at", "http://127.0.0.1:9032")],
            "the upstream `weighted` has 127.0.0.1:9032 twice: `orders_at` is",
        ),
        (
            &[("spare_at", "http://127.0.0.1:1")],
            "127.0.0.1:1 of `spared` is this gateway itself: `spare_at` is",
        ),
        (&[("listen_at", ":9039")], "by default, and `listen_at` is \":9039\" in `LISTEN_AT`"),
        (&[("listen_at", "127.0.0.1")], "`listen_at` must be addr, found \"127.0.0.1\" in `LISTEN_AT`"),
        (&[("orders_at", "")], "`orders_at` must be list<url>(1..3), found \"\" in `ORDERS_AT`"),
    ] {
        let found = refused(texts);
        assert!(found.contains(said), "{found}");
    }
}

#[test]
fn the_proxies_whose_word_is_believed_are_those_that_start_up_gives() {
    let server = Server::ok();
    let ask = |balancers: &str| {
        let setup = Setup { program: program::given(), ..Setup::app(&server) };
        let gate = setup.give("balancers", balancers).start();
        let answer = gate.ask("GET /who HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n");
        String::from_utf8(answer.body).unwrap()
    };
    assert_eq!(ask(""), "127.0.0.1");
    assert_eq!(ask("10.0.0.0/8"), "127.0.0.1");
    assert_eq!(ask("10.0.0.0/8, 127.0.0.1/32"), "192.0.2.9");
}

#[test]
fn operators_ask_where_start_up_says() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let given =
        Text { name: "admin_at".into(), text: address.clone(), items: None, place: "`--admin-at`".into() };
    let listen = vec!["127.0.0.1:0".parse().unwrap()];
    let options = Options { listen, given: vec![given], workers: 1, ..Options::default() };
    let said = start(program::given(), options).expect_err("the address is taken");
    assert!(said.contains(&address), "{said}");
}

#[test]
fn times_that_do_not_fit_do_not_start() {
    assert_eq!(
        refused(&[("patience", "5s")]),
        "3 times `each` of `timeout` is 6s, and its `total` 5s, for the route `GET /patient`: `each_for` is \"2s\" by default, and `patience` is \"5s\" in `PATIENCE`"
    );
    let said = refused(&[("each_for", "4001ms"), ("patience", "1m")]);
    assert_eq!(
        said,
        "`each` of `timeout` is 4.001s, and its `total` 4s, for the route `GET /once`: `each_for` is \"4001ms\" in `EACH_FOR`"
    );
    let both = refused(&[("each_for", "5s")]);
    assert_eq!(both.matches("\nerror: ").count(), 1, "each with a line of its own: {both}");
    let server = Server::ok();
    let setup = Setup { program: program::given(), ..Setup::app(&server) };
    drop(setup.give("each_for", "3333ms").start());
}
