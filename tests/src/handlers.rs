//! Functions that the gateway of `gateways/handled.gw` calls.

#![allow(
    clippy::unused_async,
    clippy::needless_pass_by_value,
    reason = "a gateway waits for each of them, and hands it values of its own"
)]

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Response;
use serde_json::{Value, json};

use crate::Cue;

/// What is still waited for.
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// Calls of [`slow`] that are under way.
pub fn waiting() -> usize {
    WAITING.load(Ordering::SeqCst)
}

/// The body.
#[derive(Debug)]
pub struct Order {
    /// Text.
    pub sku: String,
    /// A number.
    pub quantity: i64,
    /// Digits.
    pub total: String,
    /// Perhaps.
    pub gift_note: Option<Note>,
    /// Several.
    pub lines: Vec<Line>,
    /// By name.
    pub tags: BTreeMap<String, i64>,
}

/// A part of it.
#[derive(Debug)]
pub struct Note {
    /// Text.
    pub r#type: String,
}

/// A part of it.
#[derive(Debug)]
pub struct Line {
    /// An id.
    pub id: [u8; 16],
}

fn answer(value: &Value) -> Response<String> {
    Response::builder()
        .header("content-type", "application/json")
        .header("x-own", "yes")
        .body(value.to_string())
        .unwrap()
}

/// Shows values of a head.
#[allow(clippy::too_many_arguments, reason = "a value of each kind")]
pub async fn head(
    id: i64,
    page: Option<i64>,
    tags: Vec<String>,
    agent: String,
    ip: IpAddr,
    on: bool,
) -> Response<String> {
    answer(&json!({ "id": id, "page": page, "tags": tags, "agent": agent, "ip": ip.to_string(), "on": on }))
}

/// Shows a body.
pub async fn body(order: Order, skus: Vec<String>, first: Option<String>) -> Response<String> {
    let lines: Vec<String> = order.lines.iter().map(|line| format!("{:02x}", line.id[0])).collect();
    answer(&json!({
        "sku": order.sku, "quantity": order.quantity, "total": order.total, "note": order.gift_note.map(|note| note.r#type),
        "lines": lines, "tags": order.tags, "skus": skus, "first": first,
    }))
}

/// Text.
pub async fn text() -> &'static str {
    "hello"
}

/// Nothing.
pub async fn nothing() {}

/// An answer with a status of its own.
pub async fn teapot() -> Result<Response<Vec<u8>>, String> {
    Ok(Response::builder().status(418).body(b"short and stout".to_vec()).unwrap())
}

/// A status without a body, with one.
pub async fn unchanged() -> Response<&'static str> {
    Response::builder().status(304).header("etag", "\"1\"").body("never sent").unwrap()
}

/// No answer.
pub async fn fails(why: String) -> Result<(), String> {
    Err(why)
}

/// An answer that cannot be sent.
pub async fn smuggles() -> Response<String> {
    Response::builder().header("transfer-encoding", "chunked").body("0\r\n\r\n".to_owned()).unwrap()
}

/// A bug before the first wait, or behind it.
pub async fn panics(late: bool) -> String {
    if late {
        yields().await;
    }
    panic!("a bug of the operator's")
}

/// A wait that another task's turn ends.
async fn yields() {
    let mut is_over = false;
    std::future::poll_fn(|cx| {
        if is_over {
            return std::task::Poll::Ready(());
        }
        is_over = true;
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

/// Waits by tokio's clock, which is nobody's to set.
pub async fn naps() -> String {
    tokio::time::sleep(Duration::from_millis(1)).await;
    let late = tokio::time::timeout(Duration::from_millis(1), std::future::pending::<()>()).await;
    late.map_or_else(|late| late.to_string(), |()| "never".to_owned())
}

/// How many processors a thread for what blocks may use.
pub async fn spread() -> Result<String, tokio::task::JoinError> {
    let count = || rustix::thread::sched_getaffinity(None).map_or(0, |all| all.count());
    tokio::task::spawn_blocking(count).await.map(|count| count.to_string())
}

/// An answer for which nobody waits: where it runs, and on how many processors it may.
pub fn plain(name: String) -> Response<String> {
    let thread = std::thread::current().name().map(str::to_owned);
    let count = rustix::thread::sched_getaffinity(None).map_or(0, |all| all.count());
    answer(&json!({ "name": name, "thread": thread, "processors": count }))
}

/// One that need not be sent to another thread, and may be none.
pub fn plainly_fails(why: Option<String>) -> Result<&'static str, Box<dyn std::error::Error>> {
    match why.as_deref() {
        Some("bug") => panic!("a bug of the operator's"),
        Some(why) => Err(why.into()),
        None => Ok("fine"),
    }
}

/// Blocks without a word of it, until it may go on.
pub fn plainly_blocks() -> String {
    WAITING.fetch_add(1, Ordering::SeqCst);
    let said = HELD.wait();
    WAITING.fetch_sub(1, Ordering::SeqCst);
    format!("{said:?}")
}

/// Whoever may go on that [`blocks`] has blocked.
static HELD: LazyLock<Cue> = LazyLock::new(Cue::default);

/// Lets one go on.
pub fn release() {
    HELD.give();
}

/// Blocks a thread until it may go on.
pub async fn blocks() -> Result<String, tokio::task::JoinError> {
    WAITING.fetch_add(1, Ordering::SeqCst);
    let held = || {
        let said = HELD.wait();
        WAITING.fetch_sub(1, Ordering::SeqCst);
        format!("{said:?}")
    };
    tokio::task::spawn_blocking(held).await
}

/// Never answers.
pub async fn slow() -> String {
    struct Waiting;
    impl Drop for Waiting {
        fn drop(&mut self) {
            WAITING.fetch_sub(1, Ordering::SeqCst);
        }
    }
    WAITING.fetch_add(1, Ordering::SeqCst);
    let _waiting = Waiting;
    std::future::pending().await
}
