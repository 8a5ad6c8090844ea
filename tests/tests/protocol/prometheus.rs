//! What a gateway tells of itself, read by Prometheus, which has nothing to say against names, helps and kinds.

use std::io::Write;
use std::process::{Command, Stdio};

use gatewright_tests::client::Client;
use gatewright_tests::gate::Setup;
use gatewright_tests::program;
use gatewright_tests::server::Server;

#[test]
fn prometheus_accepts_what_it_would_scrape() {
    let gate = Setup { program: program::traffic(), ..Setup::app(&Server::ok()) }.start();
    let mut client = gate.client();
    for _ in 0..3 {
        client.ask("GET /app/x HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    let text = Client::connect(gate.admin.unwrap()).ask("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").body;
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`cargo xtask test` installs promtool");
    promtool.stdin.take().unwrap().write_all(&text).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}
