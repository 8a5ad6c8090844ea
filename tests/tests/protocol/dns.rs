//! Servers that have names: a name server that the test starts says where they are, and changes its mind.

use std::net::SocketAddr;
use std::time::Duration;

use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::names::{DENIES, Mood, NameServer};
use gatewright_tests::server::{Connection, Server};
use gatewright_tests::{client::Client, eventually, program};

/// Where the name server says that servers are; where they really are the test says.
const A: &str = "127.0.1.1";
const B: &str = "127.0.1.2";
const C: &str = "fd00::3";

const SECOND: Duration = Duration::from_secs(1);

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

fn at(ip: &str, port: u16) -> SocketAddr {
    SocketAddr::new(ip.parse().unwrap(), port)
}

/// With three servers behind the three addresses, and a name server that says what `orders.internal` has.
fn setup(names: &NameServer, servers: [&Server; 3]) -> Setup {
    let setup = Setup::app(servers[0]);
    let setup = Setup { program: program::names(), name_server: Some(names.address), ..setup };
    let placed = [A, B, C].into_iter().zip(servers);
    placed.fold(setup, |setup, (ip, server)| setup.place(at(ip, 9041), server.address))
}

fn names(records: &[&str]) -> NameServer {
    let names = NameServer::new();
    names.set("orders.internal", 10, records);
    names
}

fn counts(servers: [&Server; 3]) -> [usize; 3] {
    servers.map(|server| server.requests().len())
}

fn ask(gate: &Gate, path: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(gate.ask(get(path)).status(), 200);
    }
}

/// A number of the metrics, found by its name and labels.
fn metric(gate: &Gate, name: &str) -> String {
    let answer = Client::connect(gate.admin.unwrap()).ask(get("/metrics"));
    let text = String::from_utf8(answer.body).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} is not told")).to_owned()
}

fn lookups(gate: &Gate, result: &str) -> usize {
    let labels = format!("upstream=\"orders\",server=\"orders.internal:9041\",result=\"{result}\"");
    metric(gate, &format!("gatewright_dns_lookups_total{{{labels}}}")).parse().unwrap()
}

/// Moves the clock once, and waits until every name has been looked up again.
fn looked_up(gate: &Gate, by: Duration, result: &str) {
    let before = lookups(gate, result);
    gate.clock.advance(by);
    eventually("the name is looked up again", || lookups(gate, result) > before);
}

#[test]
fn all_addresses_of_a_name_take_turns_and_are_called_by_the_name() {
    let servers = [&Server::ok(), &Server::ok(), &Server::ok()];
    let names = names(&[&format!("A {A}"), &format!("A {B}"), &format!("AAAA {C}")]);
    let gate = setup(&names, servers).start();
    ask(&gate, "/orders", 9);
    assert_eq!(counts(servers), [3, 3, 3]);
    for server in servers {
        assert_eq!(server.requests()[0].field("host").as_deref(), Some("orders.internal:9041"));
    }
    assert_eq!(
        metric(&gate, "gatewright_upstream_in{upstream=\"orders\",server=\"orders.internal:9041\"}"),
        "3"
    );
    assert_eq!(
        metric(&gate, "gatewright_upstream_tries_total{upstream=\"orders\",server=\"orders.internal:9041\"}"),
        "9"
    );
}

#[test]
fn an_alias_leads_to_the_addresses_of_another_name() {
    let servers = [&Server::ok(), &Server::ok(), &Server::ok()];
    let names = names(&["CNAME b.internal"]);
    names.set("b.internal", 10, &["CNAME c.internal"]);
    names.set("c.internal", 10, &[&format!("A {B}"), &format!("AAAA {C}")]);
    let gate = setup(&names, servers).start();
    ask(&gate, "/orders", 4);
    assert_eq!(counts(servers), [0, 2, 2]);
}

#[test]
fn a_name_is_looked_up_again_when_its_time_is_over_and_not_before() {
    let servers = [&Server::ok(), &Server::ok(), &Server::ok()];
    let names = names(&[&format!("A {A}")]);
    let gate = setup(&names, servers).start();
    let first = names.asked("orders.internal");
    names.set("orders.internal", 10, &[&format!("A {B}")]);
    // A tenth of the time is chance.
    gate.clock.advance(Duration::from_secs(8));
    ask(&gate, "/orders", 2);
    assert_eq!((names.asked("orders.internal"), counts(servers)), (first, [2, 0, 0]));
    looked_up(&gate, Duration::from_secs(2), "found");
    eventually("the other server is asked", || {
        ask(&gate, "/orders", 1);
        counts(servers)[1] > 0
    });
    let before = counts(servers);
    ask(&gate, "/orders", 3);
    assert_eq!(counts(servers), [before[0], before[1] + 3, 0]);
}

#[test]
fn the_time_is_bounded_on_both_sides() {
    let servers = [&Server::ok(), &Server::ok(), &Server::ok()];
    let names = names(&[]);
    names.set("orders.internal", 0, &[&format!("A {A}")]);
    let gate = setup(&names, servers).start();
    let first = names.asked("orders.internal");
    gate.clock.advance(Duration::from_millis(800));
    ask(&gate, "/orders", 1);
    assert_eq!(names.asked("orders.internal"), first, "not before `min_ttl`");
    names.set("orders.internal", 86_400, &[&format!("A {A}")]);
    looked_up(&gate, SECOND, "found");
    looked_up(&gate, Duration::from_mins(1), "found");
}

/// Keeps its connections open, and answers.
fn keeps() -> Server {
    Server::always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
}

#[test]
fn who_stays_keeps_its_connections_and_who_goes_has_them_closed() {
    let (a, b, c) = (keeps(), keeps(), keeps());
    let servers = [&a, &b, &c];
    let names = names(&[&format!("A {A}"), &format!("A {B}")]);
    let gate = setup(&names, servers).start();
    ask(&gate, "/orders", 4);
    assert_eq!([a.connections(), b.connections(), c.connections()], [1, 1, 0]);
    names.set("orders.internal", 10, &[&format!("A {B}"), &format!("AAAA {C}")]);
    looked_up(&gate, Duration::from_secs(10), "found");
    eventually("the newcomer is asked", || {
        ask(&gate, "/orders", 1);
        counts(servers)[2] > 0
    });
    let before = counts(servers);
    ask(&gate, "/orders", 4);
    let [_, of_b, of_c] = counts(servers);
    assert_eq!([counts(servers)[0], of_b, of_c], [before[0], before[1] + 2, before[2] + 2]);
    assert_eq!([a.connections(), b.connections(), c.connections()], [1, 1, 1]);
    a.over(0);
    assert!(!b.is_over(0) && !c.is_over(0));
}

#[test]
fn a_request_under_way_to_an_address_that_goes_is_finished() {
    let (cue, seen) = (gatewright_tests::Cue::default(), gatewright_tests::Cue::default());
    let (waited, tells) = (cue.clone(), seen.clone());
    let slow = Server::new(move |connection: &mut Connection| {
        loop {
            connection.request()?;
            tells.give();
            waited.wait()?;
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow")?;
        }
    });
    let fast = Server::ok();
    let names = names(&[&format!("A {A}")]);
    let gate = setup(&names, [&slow, &fast, &fast]).start();
    let mut client = gate.client();
    client.send(get("/orders"));
    seen.wait().unwrap();
    names.set("orders.internal", 10, &[&format!("A {B}")]);
    looked_up(&gate, Duration::from_secs(10), "found");
    eventually("others are asked", || gate.ask(get("/orders")).body == b"ok");
    cue.give();
    assert_eq!(client.answer().body, b"slow");
    slow.over(0);
}

#[test]
fn where_nobody_answers_the_last_addresses_stay_for_a_bounded_time() {
    for mood in [Mood::Fails, Mood::Silent, Mood::Garbage] {
        let servers = [&Server::ok(), &Server::ok(), &Server::ok()];
        let names = names(&[&format!("A {A}")]);
        let gate = setup(&names, servers).start();
        names.be(mood);
        looked_up(&gate, Duration::from_secs(10), "failed");
        ask(&gate, "/orders", 1);
        names.be(Mood::Right);
        looked_up(&gate, SECOND, "found");
        ask(&gate, "/orders", 1);
        names.be(mood);
        looked_up(&gate, Duration::from_secs(10), "failed");
        looked_up(&gate, Duration::from_secs(589), "failed");
        ask(&gate, "/orders", 1);
        // `stale 10m`
        looked_up(&gate, Duration::from_secs(31), "failed");
        eventually("the addresses are too old", || gate.ask(get("/orders")).status() != 200);
        refused(&gate.ask(get("/orders")), 502, "upstream_unresolved");
        names.be(Mood::Right);
        looked_up(&gate, Duration::from_secs(30), "found");
        eventually("it is found again", || gate.ask(get("/orders")).status() == 200);
    }
}

#[test]
fn a_part_of_an_answer_takes_nothing_away() {
    let servers = [&Server::ok(), &Server::ok(), &Server::ok()];
    let names = names(&[&format!("A {A}"), &format!("AAAA {C}")]);
    let gate = setup(&names, servers).start();
    names.be(Mood::FailsForSix);
    names.set("orders.internal", 10, &[&format!("A {A}"), &format!("A {B}")]);
    looked_up(&gate, Duration::from_secs(10), "failed");
    eventually("the newcomer is asked", || {
        ask(&gate, "/orders", 1);
        counts(servers)[1] > 0
    });
    let before = counts(servers);
    ask(&gate, "/orders", 6);
    assert_eq!(counts(servers), before.map(|count| count + 2));
}

#[test]
fn that_a_name_is_gone_is_believed_when_it_is_said_twice() {
    let servers = [&Server::ok(), &Server::ok(), &Server::ok()];
    // The second time the name is there, with records of another kind: that is the same.
    for gone in [None, Some("SRV 0 0 1 a.internal")] {
        let names = names(&[&format!("A {A}")]);
        let gate = setup(&names, servers).start();
        match gone {
            None => names.forget("orders.internal"),
            Some(other) => names.set("orders.internal", 10, &[other]),
        }
        looked_up(&gate, Duration::from_secs(10), "denied");
        ask(&gate, "/orders", 1);
        // `min_ttl`
        looked_up(&gate, SECOND, "denied");
        eventually("no server is left", || gate.ask(get("/orders")).status() == 502);
        refused(&gate.ask(get("/orders")), 502, "upstream_unresolved");
        let labels = "{upstream=\"orders\",server=\"orders.internal:9041\"}";
        assert_eq!(metric(&gate, &format!("gatewright_dns_addresses{labels}")), "0");
        assert_eq!(metric(&gate, &format!("gatewright_dns_age_seconds{labels}")), "11.000000");
        names.set("orders.internal", 10, &[&format!("A {A}")]);
        let asked = names.asked("orders.internal");
        gate.clock.advance(Duration::from_secs(u64::from(DENIES) - 1));
        refused(&gate.ask(get("/orders")), 502, "upstream_unresolved");
        assert_eq!(names.asked("orders.internal"), asked, "not before the time of the denial is over");
        looked_up(&gate, SECOND, "found");
        eventually("it is found again", || gate.ask(get("/orders")).status() == 200);
    }
}

#[test]
fn without_its_name_a_gateway_does_not_start() {
    let server = Server::ok();
    let servers = [&server; 3];
    let said = setup(&NameServer::new(), servers).try_start().expect_err("no name is known");
    assert!(
        said.contains("`orders.internal:9041` of the upstream `orders` has no address: the name servers know none\n  = help: "),
        "{said}"
    );
    assert!(!said.contains("late.internal") && !said.contains("_orders._tcp"), "{said}");
    let silent = names(&[&format!("A {A}")]);
    silent.be(Mood::Silent);
    let said = setup(&silent, servers).try_start().expect_err("nobody answers");
    assert!(said.contains(&format!("has no address: {} says nothing: timed out", silent.address)), "{said}");
    assert_eq!(said.matches("\nerror: ").count(), 3, "each upstream has its own: {said}");
    silent.be(Mood::Fails);
    let said = setup(&silent, servers).try_start().expect_err("it fails");
    assert!(said.contains("says SERVFAIL"), "{said}");
}

#[test]
fn with_a_word_it_starts_without_and_finds_it_later() {
    let server = Server::ok();
    let names = names(&[&format!("A {A}")]);
    let gate = setup(&names, [&server; 3]).place(at(A, 80), server.address).start();
    refused(&gate.ask(get("/late")), 502, "upstream_unresolved");
    let said = gate.ask(get("/said"));
    assert_eq!((said.status(), said.body.as_slice()), (503, b"later".as_slice()));
    names.set("late.internal", 10, &[&format!("A {A}")]);
    let found = gate.advance_until(SECOND, || gate.ask(get("/late")).status() == 200);
    assert!(found <= Duration::from_secs(2 * u64::from(DENIES)), "{found:?}");
    assert_eq!(server.requests().last().unwrap().field("host").as_deref(), Some("late.internal"));
}

#[test]
fn srv_records_say_where_and_how_often_and_who_is_asked_first() {
    let servers = [&Server::ok(), &Server::ok(), &Server::ok()];
    let names = names(&[&format!("A {A}")]);
    let records = ["SRV 20 9 9041 c.internal", "SRV 10 3 9041 a.internal", "SRV 10 1 9041 b.internal"];
    names.set("_orders._tcp.internal", 10, &records);
    names.set("a.internal", 10, &[&format!("A {A}")]);
    names.set("b.internal", 10, &[&format!("A {B}")]);
    names.set("c.internal", 10, &[&format!("AAAA {C}")]);
    let gate = setup(&names, servers).start();
    ask(&gate, "/service", 8);
    assert_eq!(counts(servers), [6, 2, 0]);
    assert_eq!(servers[0].requests()[0].field("host").as_deref(), Some("_orders._tcp.internal"));
    // Those that are asked first have gone: the next are.
    names.forget("a.internal");
    names.forget("b.internal");
    gate.advance_until(SECOND, || {
        ask(&gate, "/service", 1);
        counts(servers)[2] > 0
    });
    let before = counts(servers);
    ask(&gate, "/service", 2);
    assert_eq!(counts(servers), [before[0], before[1], before[2] + 2]);
    // RFC 2782: there is no such service.
    names.set("_orders._tcp.internal", 10, &["SRV 0 0 0 ."]);
    gate.advance_until(SECOND, || gate.ask(get("/service")).status() == 502);
    refused(&gate.ask(get("/service")), 502, "upstream_unresolved");
}

#[test]
fn targets_of_a_higher_priority_are_asked_where_the_first_refuse() {
    let server = Server::ok();
    let names = names(&[&format!("A {A}")]);
    names.set("_orders._tcp.internal", 10, &["SRV 5 0 9041 a.internal", "SRV 6 0 9041 b.internal"]);
    names.set("a.internal", 10, &[&format!("A {A}")]);
    names.set("b.internal", 10, &[&format!("A {B}")]);
    let setup = setup(&names, [&server; 3]);
    let dead = setup.servers.iter().find(|(it, _)| *it == program::DEAD).unwrap().1;
    let gate = setup.place(at(A, 9041), dead).start();
    ask(&gate, "/service", 3);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn an_answer_that_does_not_fit_a_datagram_comes_over_tcp_and_is_bounded() {
    let servers = [&Server::ok(), &Server::ok(), &Server::ok()];
    let many: Vec<String> = (1..=200).map(|last| format!("A 127.0.1.{last}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let names = names(&many);
    let gate = setup(&names, servers).start();
    assert!(names.over_tcp() > 0);
    let labels = "{upstream=\"orders\",server=\"orders.internal:9041\"}";
    assert_eq!(metric(&gate, &format!("gatewright_dns_addresses{labels}")), "64");
}

#[test]
fn an_answer_with_another_number_is_passed_over() {
    let server = Server::ok();
    let names = names(&[&format!("A {A}")]);
    names.be(Mood::Forged);
    let gate = setup(&names, [&server; 3]).start();
    ask(&gate, "/orders", 1);
}

#[test]
fn an_answer_does_not_lead_to_the_gateway_itself_or_to_nobody() {
    let server = Server::ok();
    let names = names(&[&format!("A {A}"), "A 0.0.0.0", "AAAA ::", "A 255.255.255.255", "A 224.0.0.1"]);
    // Declared listeners, of clients and of operators.
    for (service, port) in [("_orders._tcp.internal", 1), ("given.internal", 2)] {
        names.set(service, 10, &[&format!("SRV 0 0 {port} self.internal")]);
    }
    names.set("self.internal", 10, &["A 127.0.0.1"]);
    let gate = setup(&names, [&server; 3]).start();
    ask(&gate, "/orders", 4);
    assert_eq!(server.requests().len(), 4);
    let labels = "{upstream=\"orders\",server=\"orders.internal:9041\"}";
    assert_eq!(metric(&gate, &format!("gatewright_dns_addresses{labels}")), "1");
    refused(&gate.ask(get("/service")), 502, "upstream_unresolved");
}

#[test]
fn who_is_left_out_stays_so_when_others_come() {
    let bad = Server::always("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
    let (b, c) = (Server::ok(), Server::ok());
    let names = names(&[&format!("A {A}"), &format!("A {B}")]);
    let gate = setup(&names, [&bad, &b, &c]).start();
    eventually("the bad one is asked once", || {
        gate.ask(get("/strict"));
        bad.requests().len() == 1
    });
    ask(&gate, "/strict", 4);
    names.set("orders.internal", 10, &[&format!("A {A}"), &format!("A {B}"), &format!("AAAA {C}")]);
    looked_up(&gate, Duration::from_secs(10), "found");
    eventually("the newcomer is asked", || {
        ask(&gate, "/strict", 1);
        !c.requests().is_empty()
    });
    ask(&gate, "/strict", 6);
    assert_eq!(bad.requests().len(), 1);
}

#[test]
fn a_newcomer_gets_less_at_first_where_that_is_wanted() {
    let servers = [&Server::ok(), &Server::ok(), &Server::ok()];
    let names = names(&[&format!("A {A}")]);
    let gate = setup(&names, servers).start();
    ask(&gate, "/gentle", 1);
    names.set("orders.internal", 60, &[&format!("A {A}"), &format!("A {B}")]);
    let found = "gatewright_dns_addresses{upstream=\"gentle\",server=\"orders.internal:9041\"}";
    // In small steps: what it is asked at first is over after ten seconds.
    gate.advance_until(Duration::from_secs(1), || metric(&gate, found) == "2");
    ask(&gate, "/gentle", 22);
    let [of_a, of_b, _] = counts(servers);
    assert!((1..=4).contains(&of_b) && of_a + of_b == 23, "a tenth of its share: {of_a} and {of_b}");
    gate.clock.advance(Duration::from_secs(10));
    ask(&gate, "/gentle", 20);
    let [then_a, then_b, _] = counts(servers);
    assert!((9..=11).contains(&(then_b - of_b)) && then_a + then_b == 43, "all of it: {then_a} and {then_b}");
}

#[test]
fn newcomers_are_asked_whether_they_are_well_and_who_goes_is_not_any_longer() {
    let checks = |server: &Server| server.requests().iter().filter(|it| it.target() == "/healthz").count();
    let servers = [&Server::ok(), &Server::ok(), &Server::ok()];
    let names = names(&[&format!("A {A}")]);
    names.set("watched.internal", 10, &[&format!("A {A}")]);
    let setup = setup(&names, servers).place(at(A, 9043), servers[0].address);
    let gate = setup.place(at(B, 9043), servers[1].address).start();
    gate.advance_until(Duration::from_millis(500), || checks(servers[0]) > 0);
    assert_eq!(servers[0].requests()[0].field("host").as_deref(), Some("watched.internal:9043"));
    names.set("watched.internal", 10, &[&format!("A {B}")]);
    gate.advance_until(Duration::from_millis(500), || checks(servers[1]) > 0);
    let before = [checks(servers[0]), checks(servers[1])];
    gate.advance_until(Duration::from_millis(500), || checks(servers[1]) > before[1] + 3);
    assert!(checks(servers[0]) <= before[0] + 1, "one may have been on its way");
}

#[test]
fn a_key_stays_with_its_address_whatever_else_a_name_has() {
    let servers = [&Server::ok(), &Server::ok(), &Server::ok()];
    let names = names(&[&format!("A {A}"), &format!("A {B}"), &format!("AAAA {C}")]);
    let gate = setup(&names, servers).start();
    let asked = |key: usize| {
        let before = counts(servers);
        let request = format!("GET /sticky HTTP/1.1\r\nHost: a\r\nX-User: {key}\r\n\r\n");
        assert_eq!(gate.ask(request).status(), 200);
        let after = counts(servers);
        (0..3).find(|at| after[*at] > before[*at]).expect("one of them was asked")
    };
    let before: Vec<usize> = (0..40).map(asked).collect();
    assert!((0..3).all(|at| before.contains(&at)));
    names.set("orders.internal", 10, &[&format!("AAAA {C}"), &format!("A {A}")]);
    looked_up(&gate, Duration::from_secs(10), "found");
    eventually("the change has come", || before.iter().position(|at| *at == 1).map(asked) != Some(1));
    for (key, server) in before.iter().enumerate() {
        let now = asked(key);
        assert!(now == *server || *server == 1, "key {key} was at {server} and is at {now}");
    }
}

#[test]
fn names_that_a_parameter_gives_are_looked_up_and_may_be_wrong() {
    let servers = [&Server::ok(), &Server::ok(), &Server::ok()];
    let names = names(&[&format!("A {A}")]);
    names.set("b.internal", 10, &[&format!("A {B}")]);
    let gate = setup(&names, servers).give("given_at", "http://B.internal:9041").start();
    ask(&gate, "/given", 2);
    assert_eq!(counts(servers), [0, 2, 0]);
    assert_eq!(servers[1].requests()[0].field("host").as_deref(), Some("b.internal:9041"));
    for (url, why) in [
        ("http://localhost:9041", "and `localhost` is this machine"),
        ("http+srv://_orders._tcp.internal", "must be list<url>(1..2)"),
        ("http://b.internal,http://B.internal:80", "the upstream `given` has b.internal twice"),
    ] {
        let said = setup(&names, servers).give("given_at", url).try_start().expect_err(url);
        assert!(said.contains(why), "{url}: {said}");
    }
}

#[test]
fn an_address_and_a_name_stand_side_by_side() {
    let (own, spare) = (Server::ok(), Server::ok());
    let names = names(&[&format!("A {A}")]);
    let setup = setup(&names, [&spare; 3]).place(at("127.0.0.1", 9042), own.address);
    let gate = setup.start();
    ask(&gate, "/mixed", 3);
    names.set("late.internal", 10, &[&format!("A {A}")]);
    let found = "gatewright_dns_addresses{upstream=\"mixed\",server=\"late.internal:9041\"}";
    gate.advance_until(SECOND, || metric(&gate, found) == "1");
    ask(&gate, "/mixed", 3);
    assert_eq!((own.requests().len(), spare.requests().len()), (6, 0));
}
