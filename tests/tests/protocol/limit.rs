//! Limits in a whole gateway: exact over workers and connections, and what clients are told.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use gatewright_runtime::generated::{
    Chain, Exchange, Flow, Forward, NewState, Program, Setting, Slot, Target, new_state, policy,
};
use gatewright_tests::gate::{Gate, Setup, refused};
use gatewright_tests::program;
use gatewright_tests::server::Server;
use policy::limit::{Config, State};

const TIMEOUT: policy::timeout::Config = policy::timeout::Config {
    total: Setting::Is(Duration::from_secs(30)),
    each: None,
    connect: Setting::Is(Duration::from_secs(1)),
    idle: Setting::Is(Duration::from_secs(30)),
    forward: None,
};
const APP: Forward = Forward { upstream: 0, target: Target::Same };

/// So many in so long, for each value of the field `x-key`.
const fn limit(state: u32, count: u64, seconds: u64) -> Config {
    Config {
        rate: Setting::Is((count, Duration::from_secs(seconds))),
        burst: None,
        per: Some(|x, out| out.extend_from_slice(x.head().field("x-key").next().unwrap_or_default())),
        counting: None,
        ban: None,
        dry_run: false,
        keys: Setting::Is(1_000),
        state: Slot(state),
    }
}

/// A gateway of which every route has these steps in front.
fn gate(server: &Server, request: fn(&mut Exchange, u32) -> Flow, change: impl FnOnce(&mut Setup)) -> Gate {
    let original = program::program();
    let response = |x: &mut Exchange, _: u32| FAILURES.response(x);
    let chain = Chain { request, body: None, response: Some(response), own: None, log: None };
    let chains = vec![chain; original.chains.len()].leak();
    let states: &[NewState] =
        &[new_state::<State>, new_state::<State>, new_state::<State>, new_state::<State>];
    let program = Program { chains, states, outside: None, ..*original };
    let mut setup = Setup::app(server);
    setup.program = Box::leak(Box::new(program));
    change(&mut setup);
    setup.start()
}

static TEN: Config = limit(0, 10, 1);
static THREE: Config = Config { per: None, ..limit(1, 3, 60) };
static TRIED: Config = Config { dry_run: true, ..limit(2, 1, 60) };
static FAILURES: Config = Config {
    per: Some(|x, out| out.extend_from_slice(x.client_ip().to_string().as_bytes())),
    counting: Some(|x| (400..500).contains(&x.answer_status())),
    ban: Some(Setting::Is(Duration::from_mins(5))),
    ..limit(3, 2, 60)
};

fn end(x: &mut Exchange, flow: Flow) -> Flow {
    let Flow::Next = flow else { return flow };
    let body = &policy::body::Config { max: Setting::Is(1 << 20) };
    let _ = (TIMEOUT.request(x), body.request(x));
    Flow::Forward(&APP)
}

const ASK: &str = "GET /app/x HTTP/1.1\r\nHost: a\r\nX-Key: k\r\n\r\n";

#[test]
fn a_client_is_told_where_it_stands_and_when_to_come_back() {
    let server = Server::ok();
    let gate = gate(
        &server,
        |x, _| {
            let flow = TEN.request(x);
            end(x, flow)
        },
        |_| {},
    );
    let mut client = gate.client();
    for left in (0..10).rev() {
        let answer = client.ask(ASK);
        assert_eq!(answer.status(), 200);
        let told = answer.field("ratelimit").unwrap().replace('\\', "");
        assert_eq!(told, format!("\"limit-0\";r={left};t=1"));
        let policy = answer.field("ratelimit-policy").unwrap().replace('\\', "");
        assert_eq!(policy, "\"limit-0\";q=10;w=1");
        assert_eq!(answer.field("retry-after"), None);
    }
    let answer = client.ask(ASK);
    refused(&answer, 429, "limited");
    assert_eq!(answer.field("retry-after").as_deref(), Some("1"));
    assert!(answer.field("ratelimit").unwrap().ends_with(";r=0;t=1"));
    assert_eq!(client.ask(ASK.replace(": k", ": other")).status(), 200, "each key has its own budget");
    gate.clock.advance(Duration::from_millis(100));
    assert_eq!(client.ask(ASK).status(), 200);
    refused(&client.ask(ASK), 429, "limited");
    assert_eq!(server.requests().len(), 12, "what is refused reaches no server");
}

#[test]
fn what_one_limit_refuses_no_other_counts() {
    let server = Server::ok();
    let steps: fn(&mut Exchange, u32) -> Flow = |x, _| {
        let flow = match TEN.request(x) {
            Flow::Next => THREE.request(x),
            flow => flow,
        };
        end(x, flow)
    };
    let gate = gate(&server, steps, |_| {});
    let mut client = gate.client();
    for _ in 0..3 {
        assert_eq!(client.ask(ASK).status(), 200);
    }
    for _ in 0..20 {
        refused(&client.ask(ASK), 429, "limited");
    }
    // The first limit has counted three, not 23: seven more fit before it refuses by itself.
    gate.clock.advance(Duration::from_secs(20));
    let answer = client.ask(ASK);
    assert_eq!(answer.status(), 200);
    assert!(answer.all("ratelimit")[0].ends_with(";r=9;t=1"), "{:?}", answer.all("ratelimit"));
}

#[test]
fn a_dry_run_refuses_nobody_and_says_in_the_log_what_it_would_have() {
    let server = Server::ok();
    let gate = gate(
        &server,
        |x, _| {
            let flow = TRIED.request(x);
            end(x, flow)
        },
        |_| {},
    );
    let mut client = gate.client();
    for _ in 0..3 {
        let answer = client.ask(ASK);
        assert_eq!((answer.status(), answer.field("ratelimit")), (200, None));
    }
    let lines = gate.log(3);
    assert_eq!(lines[0].get("dry_run"), None);
    assert_eq!(lines[1]["dry_run"], "limited");
    assert_eq!(lines[2]["dry_run"], "limited");
}

#[test]
fn who_fails_too_often_is_banned_for_a_time() {
    let server = Server::always("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    let gate = gate(
        &server,
        |x, _| {
            let flow = FAILURES.request(x);
            end(x, flow)
        },
        |_| {},
    );
    for _ in 0..2 {
        assert_eq!(gate.ask(ASK).status(), 404);
    }
    let answer = gate.ask(ASK);
    refused(&answer, 429, "banned");
    assert_eq!(answer.field("retry-after").as_deref(), Some("300"));
    gate.clock.advance(Duration::from_secs(299));
    let answer = gate.ask(ASK);
    refused(&answer, 429, "banned");
    assert_eq!(answer.field("retry-after").as_deref(), Some("1"));
    assert_eq!(server.requests().len(), 2);
    gate.clock.advance(Duration::from_secs(1));
    assert_eq!(gate.ask(ASK).status(), 404);
}

#[test]
fn eight_clients_at_once_are_admitted_no_more_than_one_by_two_workers() {
    static RATE: Config = Config { burst: Some(Setting::Is(50)), per: None, ..limit(0, 100, 1) };
    let server = Server::ok();
    let gate = gate(
        &server,
        |x, _| {
            let flow = RATE.request(x);
            end(x, flow)
        },
        |setup| {
            setup.workers = 2;
            setup.clock = gatewright_runtime::clock::Clock::real();
        },
    );
    let admitted = AtomicU32::new(0);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                // Several connections, so that both workers have some.
                for _ in 0..5 {
                    let mut client = gate.client();
                    for _ in 0..40 {
                        match client.ask(ASK).status() {
                            200 => admitted.fetch_add(1, Ordering::Relaxed),
                            429 => 0,
                            other => panic!("{other}"),
                        };
                    }
                }
            });
        }
    });
    // It has run for less time than this, so it may have admitted this much at most.
    let most = 50.0 + 100.0 * began.elapsed().as_secs_f64();
    let admitted = admitted.into_inner();
    assert!(admitted >= 50 && f64::from(admitted) <= most, "{admitted} of at most {most}");
    assert_eq!(server.requests().len(), admitted as usize);
}
