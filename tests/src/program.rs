//! The gateway under test, as the compiler would emit it.

use std::sync::OnceLock;
use std::time::Duration;

use gatewright_runtime::generated::{
    AccessLog, Chain, Exchange, Flow, Forward, Ipv4Addr, Label, Listener, Piece, Program, Redirect, Respond,
    Route, Server, SocketAddr, SocketAddrV4, Target, Upstream, method, policy,
};

/// The declared address of the app.
pub const APP: SocketAddr = local(1);
/// The declared address of a server that is not there.
pub const DEAD: SocketAddr = local(2);
/// The declared addresses of two servers that answer alike.
pub const PAIR: [SocketAddr; 2] = [local(3), local(4)];

const fn local(port: u16) -> SocketAddr {
    SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))
}

static UPSTREAMS: [Upstream; 3] = [
    Upstream { name: "app", servers: &[Server { address: APP, authority: "app.internal:9000" }] },
    Upstream { name: "dead", servers: &[Server { address: DEAD, authority: "dead.internal" }] },
    Upstream {
        name: "pair",
        servers: &[
            Server { address: PAIR[0], authority: "one.internal" },
            Server { address: PAIR[1], authority: "two.internal" },
        ],
    },
];

/// A route and its record.
struct Record {
    methods: u16,
    pattern: &'static str,
    timeout: policy::timeout::Config,
    body: policy::body::Config,
    end: End,
}

enum End {
    Forward(Forward),
    Respond(Respond),
    Redirect(Redirect),
    Panic,
}

/// The waits of every route but the tight one.
const USUAL: policy::timeout::Config = policy::timeout::Config {
    total: Duration::from_secs(30),
    connect: Duration::from_secs(1),
    idle: Duration::from_secs(30),
};
const TIGHT: policy::timeout::Config = policy::timeout::Config {
    total: Duration::from_secs(2),
    connect: Duration::from_millis(500),
    idle: Duration::from_secs(1),
};
const ANY_SIZE: policy::body::Config = policy::body::Config { max: 1 << 40 };
const SMALL: policy::body::Config = policy::body::Config { max: 1024 };
const HEADED: u16 = method::GET | method::HEAD;

const fn route(methods: u16, pattern: &'static str, end: End) -> Record {
    Record { methods, pattern, timeout: USUAL, body: ANY_SIZE, end }
}

const fn forward(upstream: u16) -> End {
    End::Forward(Forward { upstream, target: Target::Same })
}

static RECORDS: [Record; 13] = [
    route(
        HEADED,
        "/hello",
        End::Respond(Respond { status: 200, content_type: "text/plain; charset=utf-8", body: "hello\n" }),
    ),
    route(
        method::PUT,
        "/hello",
        End::Respond(Respond { status: 201, content_type: "application/json", body: "{}" }),
    ),
    route(method::ANY, "/nothing", End::Respond(Respond { status: 204, content_type: "", body: "" })),
    Record { body: SMALL, ..route(method::POST, "/small", forward(0)) },
    Record { timeout: TIGHT, ..route(method::ANY, "/tight", forward(0)) },
    Record { timeout: TIGHT, ..route(method::ANY, "/tight/pair", forward(2)) },
    route(
        HEADED,
        "/old/{rest: path}",
        End::Redirect(Redirect { status: 308, location: &[Piece::Text("/new/"), Piece::Capture(0)] }),
    ),
    route(
        HEADED | method::DELETE,
        "/orders/{id}/lines/{line}",
        End::Forward(Forward {
            upstream: 0,
            target: Target::Template(&[
                Piece::Text("/v2/"),
                Piece::Capture(1),
                Piece::Text("/of/"),
                Piece::Capture(0),
            ]),
        }),
    ),
    route(method::ANY, "/pair/{rest: path}", forward(2)),
    route(method::ANY, "/dead", forward(1)),
    route(method::ANY, "/panic", End::Panic),
    route(method::ANY, "/app/{rest: path}", forward(0)),
    route(method::POST, "/app", forward(0)),
];

fn run(x: &mut Exchange, record: u32) -> Flow {
    let record = &RECORDS[record as usize];
    let _ = record.timeout.request(x);
    let _ = record.body.request(x);
    match &record.end {
        End::Forward(to) => to.request(x),
        End::Respond(respond) => respond.request(x),
        End::Redirect(to) => to.request(x),
        End::Panic => panic!("as the route says"),
    }
}

/// The gateway under test, named `tested`.
pub fn program() -> &'static Program {
    static PROGRAM: OnceLock<Program> = OnceLock::new();
    PROGRAM.get_or_init(|| listening(local(0)))
}

/// The same at another address.
pub fn listening(address: SocketAddr) -> Program {
    let patterns: Vec<_> = RECORDS.iter().map(|record| (record.methods, record.pattern)).collect();
    let (router, mut text) = crate::trie::router(&patterns);
    let mut label = |words: &str| {
        let start = u32::try_from(text.len()).unwrap();
        text.push_str(words);
        Label { start, len: u16::try_from(words.len()).unwrap() }
    };
    let file = label("tested.gw");
    let mut line = 0;
    let routes: Vec<_> = RECORDS
        .iter()
        .map(|record| {
            line += 1;
            Route { label: label(record.pattern), file, line, chain: 0, record: line - 1 }
        })
        .collect();
    Program {
        name: "tested",
        source_hash: "0",
        listeners: vec![Listener { address }].leak(),
        upstreams: &UPSTREAMS,
        router,
        routes: routes.leak(),
        chains: &[Chain { request: run }],
        text: text.leak(),
        access_log: AccessLog::On,
    }
}
