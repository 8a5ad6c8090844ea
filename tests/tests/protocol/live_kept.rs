//! Live values that are kept: what operators have said holds after a stop and a start, too.

use std::net::SocketAddr;
use std::path::Path;

use gatewright_tests::client::Client;
use gatewright_tests::process::{Process, command, inheriting, run};
use gatewright_tests::server::Server;
use gatewright_tests::wire::Message;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::live::get;
use super::live_files::admin_at;

const BINARY: &str = env!("CARGO_BIN_EXE_tested");

fn kept(server: &Server, folder: &Path) -> std::process::Command {
    let file = folder.join("office.json");
    std::fs::write(&file, "[]").unwrap();
    let mut command = command(BINARY, server.address);
    command.env("LIVE", &file).env("KEPT", folder.join("live.json"));
    command
}

fn tell(admin: SocketAddr, method: &str, name: &str, value: &str) -> Message {
    let media = if value.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    let length = value.len();
    Client::connect(admin).ask(format!(
        "{method} /live/{name} HTTP/1.1\r\nHost: 127.0.0.1\r\n{media}Content-Length: {length}\r\n\r\n{value}"
    ))
}

fn text(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("live.json")).unwrap()
}

fn one(answer: &Message) -> Value {
    assert_eq!(answer.status(), 200, "{answer:?}");
    answer.json()["values"][0].clone()
}

#[test]
fn what_an_operator_has_said_holds_after_a_process_is_killed() {
    let server = Server::ok();
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start(&mut kept(&server, folder.path()));
    let asking = admin_at(&mut process);
    assert_eq!(tell(asking, "PUT", "mode", "\"green\"").status(), 200);
    assert_eq!(tell(asking, "PUT", "calls", "\"500/s\"").status(), 200);
    assert_eq!(text(folder.path()), "{\"calls\":\"500/s\",\"mode\":\"green\"}\n");
    kill_process(process.pid(), Signal::KILL).unwrap();
    drop(process);
    // What this program has not, or not so, is told and left at its default.
    std::fs::write(
        folder.path().join("live.json"),
        "{\"calls\":\"5000/s\",\"mode\":\"green\",\"gone\":1,\"office\":[]}",
    )
    .unwrap();
    let (mut process, said) = Process::start_saying(&mut kept(&server, folder.path()));
    let said = said.concat();
    let asking = admin_at(&mut process);
    for told in [
        "live calls is not changed: out_of_bounds: ",
        "live gone is not changed: unknown_name: ",
        "live office is not changed: comes_from_file: ",
        "live mode: \"blue\" -> \"green\", by kept file ",
    ] {
        assert!(said.contains(told), "{said}");
    }
    assert_eq!(process.client().ask(get("/mode")).text(), "green");
    // Given back to the program, it is kept no longer.
    let mode = one(&tell(asking, "DELETE", "mode", ""));
    assert_eq!((&mode["value"], &mode["by"]), (&"blue".into(), &"default".into()), "{mode}");
    assert_eq!(process.client().ask(get("/mode")).text(), "blue");
    assert!(process.says().contains("live mode: \"green\" -> \"blue\", by peer 127.0.0.1:"));
    assert_eq!(text(folder.path()), "{}\n");
    assert_eq!(tell(asking, "DELETE", "nothing", "").status(), 404);
    assert_eq!(tell(asking, "DELETE", "office", "").status(), 409);
    assert_eq!(tell(asking, "DELETE", "mode", "1").status(), 413);
}

#[test]
fn what_cannot_be_kept_does_not_hold() {
    let server = Server::ok();
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start(&mut kept(&server, folder.path()));
    let asking = admin_at(&mut process);
    // Nobody can write beside a folder of that name, root included.
    std::fs::create_dir(folder.path().join("live.json.new")).unwrap();
    let answer = tell(asking, "PUT", "mode", "\"green\"");
    super::live::is_refused(&answer, 500, "not_kept");
    assert_eq!(process.client().ask(get("/mode")).text(), "blue");
    std::fs::remove_dir(folder.path().join("live.json.new")).unwrap();
    assert_eq!(tell(asking, "PUT", "mode", "\"green\"").status(), 200);
    assert_eq!(process.client().ask(get("/mode")).text(), "green");
}

#[test]
fn the_next_generation_goes_on_to_keep_what_holds() {
    let server = Server::ok();
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start(&mut kept(&server, folder.path()));
    let asking = admin_at(&mut process);
    assert_eq!(tell(asking, "PUT", "mode", "\"green\"").status(), 200);
    // What somebody else writes meanwhile does not hold.
    std::fs::write(folder.path().join("live.json"), "{\"calls\":\"7/s\"}").unwrap();
    kill_process(process.pid(), Signal::USR2).unwrap();
    let mut said = String::new();
    while !said.contains("has stopped") {
        let line = process.says();
        assert!(!line.is_empty(), "{said}");
        said.push_str(&line);
    }
    let next = said.lines().find(|line| line.contains("as its next generation")).unwrap();
    let next: i32 = next.split(' ').find_map(|word| word.parse().ok()).unwrap();
    assert_eq!(process.client().ask(get("/mode")).text(), "green");
    assert_eq!(text(folder.path()), "{\"mode\":\"green\"}\n");
    kill_process(Pid::from_raw(next).unwrap(), Signal::KILL).unwrap();
}

#[test]
fn a_file_in_which_nothing_can_be_kept_starts_nothing() {
    let server = Server::ok();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.json");
    for (content, why) in [("[1]", "it is no object of JSON"), ("{\"mode\":", "it is no object of JSON")] {
        std::fs::write(&path, content).unwrap();
        for check in [&["--check"][..], &[]] {
            let (code, _, said) = run(kept(&server, folder.path()).args(check));
            assert_eq!(code, Some(2), "{said}");
            assert!(said.contains("live values cannot be kept in ") && said.contains(why), "{said}");
            assert!(said.contains("= help: write a JSON object"), "{said}");
        }
    }
    std::fs::remove_file(&path).unwrap();
    let nowhere = folder.path().join("no/live.json");
    let (code, _, said) = run(kept(&server, folder.path()).env("KEPT", &nowhere).arg("--check"));
    assert!(code == Some(2) && said.contains("= help: make its folder"), "{said}");
    let (code, _, said) = run(kept(&server, folder.path()).arg("--check"));
    assert!(code == Some(0), "{said}");
    assert!(!path.exists());
}

#[test]
fn sockets_of_somebody_else_are_no_generation_before() {
    let server = Server::ok();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("office.json");
    std::fs::write(&file, "[]").unwrap();
    std::fs::write(folder.path().join("live.json"), "{\"mode\":\"green\"}").unwrap();
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = inheriting(BINARY, server.address, std::slice::from_ref(&socket), None);
    command.env("LIVE", &file).env("KEPT", folder.path().join("live.json"));
    command.env("LISTEN", socket.local_addr().unwrap().to_string());
    let (mut process, said) = Process::start_saying(&mut command);
    assert!(said.concat().contains("live mode: \"blue\" -> \"green\", by kept file "), "{said:?}");
    assert_eq!(process.client().ask(get("/mode")).text(), "green");
    assert_eq!(text(folder.path()), "{\"mode\":\"green\"}");
    // And it takes changes.
    let asking = admin_at(&mut process);
    assert_eq!(tell(asking, "PUT", "mode", "\"blue\"").status(), 200);
}

#[test]
fn what_does_not_go_together_any_more_drops_nothing_else() {
    let server = Server::ok();
    let folder = tempfile::tempdir().unwrap();
    // Two tries more of 9 s each do not fit into a second.
    std::fs::write(
        folder.path().join("live.json"),
        "{\"mode\":\"green\",\"patience\":\"1s\",\"try_for\":\"9s\"}",
    )
    .unwrap();
    let (process, said) = Process::start_saying(&mut kept(&server, folder.path()));
    let said = said.concat();
    assert!(said.contains("live mode: \"blue\" -> \"green\", by kept file "), "{said}");
    assert!(said.contains("is not changed: does_not_fit: "), "{said}");
    assert_eq!(process.client().ask(get("/mode")).text(), "green");
}

#[test]
fn a_link_to_the_file_stays_one() {
    let server = Server::ok();
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().join("real.json");
    std::fs::write(&real, "{}").unwrap();
    std::os::unix::fs::symlink(&real, folder.path().join("live.json")).unwrap();
    let mut process = Process::start(&mut kept(&server, folder.path()));
    let asking = admin_at(&mut process);
    assert_eq!(tell(asking, "PUT", "mode", "\"green\"").status(), 200);
    assert!(folder.path().join("live.json").is_symlink());
    assert_eq!(std::fs::read_to_string(&real).unwrap(), "{\"mode\":\"green\"}\n");
}
