//! What a browser may do with the live page, and that nothing in it becomes markup.

use gatewright_runtime::generated::{Label, Program, Route, Upstream};
use gatewright_tests::gate::Setup;
use gatewright_tests::program;
use gatewright_tests::server::Server;
use gatewright_tests::wire::Message;

use super::events::{Reader, cells};
use super::{admin, counted, get, page, setup};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

fn is_guarded(answer: &Message) {
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("connection", "close"),
    ] {
        // Values are shown escaped.
        assert_eq!(answer.field(name).map(|it| it.replace('\\', "")).as_deref(), Some(value), "{answer:#?}");
    }
}

#[test]
fn every_answer_says_what_a_browser_may_do_with_it() {
    let gate = setup(&Server::ok()).start();
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/page.css", "text/css; charset=utf-8"),
        ("/page.js", "text/javascript; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
        ("/metrics", "text/plain; version=0.0.4; charset=utf-8"),
        ("/build", "application/json"),
        ("/healthz", "text/plain; charset=utf-8"),
    ] {
        let answer = admin(&gate).ask(get(path));
        is_guarded(&answer);
        assert_eq!((answer.status(), answer.field("content-type").as_deref()), (200, Some(kind)));
        let mut client = admin(&gate);
        client.send(get(path).replace("GET", "HEAD"));
        let head = client.answer_to_head();
        is_guarded(&head);
        assert!(head.body.is_empty() && client.ends_in_order());
        let refused = admin(&gate).ask(get(path).replace("GET", "POST"));
        is_guarded(&refused);
        assert_eq!((refused.status(), refused.field("allow").as_deref()), (405, Some("GET, HEAD")));
    }
    for request in [get("/other"), "\0\r\n\r\n".into(), "GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n".into()]
    {
        is_guarded(&admin(&gate).ask(request));
    }
    // Nothing in the page is run or styled that is not a file of its own.
    let shown = page(&gate, "/");
    let handles = |rest: &str| rest.trim_start_matches(char::is_alphanumeric).starts_with('=');
    assert!(
        !shown.contains("<style") && !shown.contains(" style=") && !shown.split(" on").skip(1).any(handles)
    );
    assert_eq!(shown.matches("<script").count(), 1);
    assert!(shown.contains("<script src=\"/page.js\" defer></script>"));
    let mut head = admin(&gate);
    head.send("HEAD /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(head.answer_to_head().field("content-type").as_deref(), Some("text/event-stream"));
}

#[test]
fn a_name_of_somebody_elses_is_answered_nothing_in_a_browser() {
    let gate = setup(&Server::ok()).start();
    let ask = |path: &str, host: &str, more: &str| {
        admin(&gate).ask(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n"))
    };
    for path in ["/", "/events", "/?q=a"] {
        let refused = ask(path, "rebound.example:9900", "");
        assert_eq!(refused.status(), 421, "{path}");
        assert!(refused.text().starts_with("a browser may ask only by an address"));
    }
    // Tools call it as they like; a browser's script cannot pass for one.
    assert_eq!(ask("/metrics", "rebound.example", "").status(), 200);
    assert_eq!(ask("/metrics", "rebound.example", "Accept-Language: en\r\n").status(), 421);
    assert_eq!(ask("/metrics", "127.0.0.1:9900", "Accept-Language: en\r\n").status(), 200);
    // The target may name the host (RFC 9112 section 3.2.2).
    assert_eq!(
        admin(&gate).ask("GET http://rebound.example/ HTTP/1.1\r\nHost: rebound.example\r\n\r\n").status(),
        421
    );
    assert_eq!(ask("/", "localhost:9900", "").status(), 200);
}

/// A text in the place of every name that a program has.
const MARKUP: &str = "</script><script>alert('1')</script><img src=x onerror=\"alert(2)\">&amp;";

#[test]
fn nothing_that_stands_in_a_program_or_a_request_becomes_markup() {
    let program = program::traffic();
    let text: &'static str = Box::leak(format!("{}{MARKUP}", program.text).into_boxed_str());
    let label = Label {
        start: u32::try_from(program.text.len()).unwrap(),
        len: u16::try_from(MARKUP.len()).unwrap(),
    };
    let routes: Vec<Route> = program.routes.iter().map(|route| Route { label, ..*route }).collect();
    let upstreams: Vec<Upstream> =
        program.upstreams.iter().map(|it| Upstream { name: MARKUP, ..*it }).collect();
    let program = Program {
        name: MARKUP,
        text,
        routes: routes.leak(),
        upstreams: upstreams.leak(),
        files: vec![label].leak(),
        ..*program
    };
    let gate = Setup { program: Box::leak(Box::new(program)), ..Setup::app(&Server::ok()) }.start();
    let attack = "%3C/script%3E%3Cscript%3Ealert(3)%3C/script%3E";
    gate.ask(format!("GET /dead?{attack} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: <script>alert(4)</script>\r\nX-Forwarded-For: <script>alert(5)</script>\r\n\r\n"));
    gate.ask(format!(
        "GET /dead?{attack} HTTP/1.1\r\nHost: 127.0.0.1\r\nReferer: <script>alert(4)</script>\r\n\r\n"
    ));
    gate.ask(get(&format!("/{attack}")));
    counted(&gate, 3);
    for path in
        ["/".to_owned(), format!("/?q={attack}"), "/?q=%22%3E%3Cimg%20src=x%20onerror=alert(6)%3E".to_owned()]
    {
        let shown = page(&gate, &path);
        assert_eq!(shown.matches("<script").count(), 1, "{path}");
        assert!(
            !shown.contains("<img") && !shown.contains("alert(4)") && !shown.contains("alert(5)"),
            "{path}"
        );
        assert!(path != "/" || shown.contains("<h1>&lt;/script&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&lt;img src=x onerror=&quot;alert(2)&quot;&gt;&amp;amp; "));
        let event = Reader::open(&gate, &path.replacen('/', "/events", 1)).next();
        if path == "/" {
            assert_eq!(cells(&event, "latest", "upstream_refused")[4], MARKUP);
        }
    }
}
