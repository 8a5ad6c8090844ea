//! The live page in a browser: Debian's Chromium, driven by `page.mjs` while traffic flows.
//!
//! The package that drives it comes as its lock file says, once, as crates do; it brings no browser of its own.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gatewright_tests::gate::{Gate, Setup};
use gatewright_tests::names::NameServer;
use gatewright_tests::program;
use gatewright_tests::server::{Connection, Server};

const LOCKED: [(&str, &str); 2] = [
    ("package.json", include_str!("package.json")),
    ("package-lock.json", include_str!("package-lock.json")),
];

/// Where the package is that drives the browser.
fn driver() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("browser");
        std::fs::create_dir_all(&folder).unwrap();
        let is_same = LOCKED
            .iter()
            .all(|(name, text)| std::fs::read_to_string(folder.join(name)).is_ok_and(|known| known == *text));
        if is_same && folder.join("node_modules/playwright-core/package.json").is_file() {
            return folder;
        }
        for (name, text) in LOCKED {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let installed = Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&folder)
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
            .status();
        let installed = installed.expect("npm is there: `apt-get install nodejs npm`");
        assert!(installed.success(), "npm ci failed in {}", folder.display());
        folder
    })
}

/// Answers after so long, and with this status for each n-th request.
fn server(after: Duration, status: u16, each: usize) -> Server {
    let count = std::sync::atomic::AtomicUsize::new(1);
    Server::new(move |connection: &mut Connection| {
        loop {
            let request = connection.request()?;
            let number = count.fetch_add(1, Ordering::Relaxed);
            // How slow a server is belongs to what is shown.
            std::thread::sleep(after * u32::try_from(number % 7).unwrap_or(1));
            let is_bad = number.is_multiple_of(each) && request.target() != "/healthz";
            let status = if is_bad { status } else { 200 };
            connection.write(format!("HTTP/1.1 {status} S\r\nContent-Length: 2\r\n\r\nok"))?;
        }
    })
}

/// A shop with traffic, until it is dropped.
struct Shop {
    gate: Gate,
    is_over: std::sync::Arc<AtomicBool>,
    clients: Vec<std::thread::JoinHandle<()>>,
}

impl Shop {
    fn open() -> Self {
        let local = |port: u16| std::net::SocketAddr::from(([127, 0, 0, 1], port));
        let named = |last: u8| std::net::SocketAddr::from(([127, 0, 1, last], 9051));
        let asked = NameServer::new();
        asked.set("orders.internal", 30, &["A 127.0.1.1", "A 127.0.1.2", "A 127.0.1.3"]);
        let quick = server(Duration::from_micros(300), 404, 50);
        let slow = server(Duration::from_millis(4), 503, 40);
        let failing = server(Duration::from_micros(200), 503, 2);
        let third = server(Duration::from_micros(900), 404, 50);
        let ill = Server::always("HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno");
        let setup =
            Setup { program: program::shop(), name_server: Some(asked.address), ..Setup::app(&quick) };
        let dead = setup.servers[1].1;
        let places = [
            (named(1), quick.address),
            (named(2), slow.address),
            (named(3), third.address),
            (local(9052), slow.address),
            (local(9053), dead),
            (local(9054), quick.address),
            (local(9055), failing.address),
            (local(9056), quick.address),
            (local(9057), slow.address),
            (local(9058), ill.address),
            (local(9059), slow.address),
        ];
        let setup = places.into_iter().fold(setup, |setup, (from, to)| setup.place(from, to));
        let gate = setup.real_time().start();
        let is_over = std::sync::Arc::new(AtomicBool::new(false));
        let clients = (0..3_usize).map(|number| {
            let (is_over, address) = (std::sync::Arc::clone(&is_over), gate.address);
            std::thread::spawn(move || browse(number, address, &is_over))
        });
        let clients = clients.collect();
        Self { gate, is_over, clients }
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        for client in self.clients.drain(..) {
            let _ = client.join();
        }
    }
}

const REQUESTS: &[&str] = &[
    "GET /products",
    "GET /products",
    "GET /products/TE-0042",
    "GET /orders/7",
    "GET /search?q=tea",
    "GET /",
    "GET /orders/8",
    "GET /users/7/cart",
    "POST /orders",
    "GET /status",
    "GET /products/CO-1000",
    "GET /users/9",
    "GET /nothing/here",
    "GET /orders/9",
    "GET /reports/2026/11/revenue-by-region",
    "GET /internal/keys",
    "POST /orders/7/payment",
    "GET /products/nothing",
];

/// Asks for one thing after the other, at most a thousand times a second.
fn browse(number: usize, address: std::net::SocketAddr, is_over: &AtomicBool) {
    let mut client = gatewright_tests::client::Client::connect(address);
    for step in (number * 7).. {
        if is_over.load(Ordering::Relaxed) {
            return;
        }
        let request = REQUESTS[step % REQUESTS.len()];
        let length = if request.starts_with("POST") { "Content-Length: 0\r\n" } else { "" };
        let answer = client.ask(format!("{request} HTTP/1.1\r\nHost: shop.example\r\n{length}\r\n"));
        if answer.field("connection").is_some() {
            client = gatewright_tests::client::Client::connect(address);
        }
        // It ebbs and flows, as traffic does.
        let pause = [2, 3, 5, 9, 14, 10, 6, 4, 3, 2][step / 1500 % 10];
        std::thread::sleep(Duration::from_millis(pause));
    }
}

/// Runs the claims of `page.mjs` of this name. Pictures of what was seen lie beside the package afterwards.
fn look(claims: &str) {
    let folder = driver();
    let shop = Shop::open();
    let address = format!("http://{}/", shop.gate.admin.unwrap());
    let output = Command::new("node")
        .args([concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/page.mjs"), claims, &address])
        .env("MODULES", folder)
        .output()
        .expect("node is there: `apt-get install nodejs`");
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    assert!(said.ends_with("all claims hold\n"), "{said}");
    println!("{said}");
}

#[test]
fn its_numbers_move_and_it_does_what_it_is_asked() {
    look("live");
}

#[test]
fn it_is_read_without_scripts() {
    look("still");
}

#[test]
fn it_fits_a_narrow_screen_and_a_dark_one() {
    look("fits");
}
