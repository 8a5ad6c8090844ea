//! The live page, and the events that keep it up to date (HTML standard, section 9.2): one each second, for a few readers, for as long as
//! the gateway is not told to stop. Whoever does not read in time is dropped, and a browser comes again by itself.

use std::io;
use std::task::Poll;
use std::time::Duration;

use tokio::net::TcpStream;

use super::answer::{self, Answer};
use super::view::{Filter, View};
use super::{Desk, Place, fill, page, send, within};
use crate::clock::{Alarm, micros};

/// Where events are.
pub(super) const PATH: &[u8] = b"/events";
/// Readers at once.
const MOST: usize = 8;
/// Between events. The moment of the next is a full second, so that readers of two gateways see the same one.
const STEP: Duration = Duration::from_secs(1);
/// How long a reader may leave an event unread.
const UNREAD: Duration = Duration::from_secs(5);
/// Bytes that wait for a reader in the kernel, about: what it would be shown later than that is of no use to it.
const BUFFER: usize = 128 * 1024;
/// After how many milliseconds a browser comes again.
const AGAIN: &str = "retry: 1000\n";

/// The page, if that is what a path names.
pub(super) fn page(desk: &Desk, path: &[u8], query: Option<&[u8]>) -> Option<Answer> {
    match path {
        b"/" => Some(Answer::of(answer::HTML, page::html(&View::of(desk, &Filter::of(query))))),
        // Only HEAD comes here.
        PATH => Some(Answer::of(answer::EVENTS, String::new())),
        _ => None,
    }
}

/// Takes a place among the readers, or says why there is none.
pub(super) fn enter(desk: &Desk) -> Result<Place<'_>, Answer> {
    if *desk.stopping.borrow() {
        return Err(Answer::plain(503, "draining"));
    }
    if desk.live.get() >= MOST {
        return Err(Answer::plain(503, "there are 8 readers already"));
    }
    desk.live.set(desk.live.get() + 1);
    Ok(Place(&desk.live))
}

/// Sends events until the reader goes, does not read, or the gateway stops.
pub(super) async fn serve(
    desk: &Desk,
    place: Place<'_>,
    stream: &TcpStream,
    alarm: &Alarm,
    query: Option<&[u8]>,
) -> io::Result<()> {
    // Only a hint.
    let _ = socket2::SockRef::from(stream).set_send_buffer_size(BUFFER);
    let filter = Filter::of(query);
    let events = events(desk, stream, alarm, &filter);
    let mut stopping = desk.stopping.subscribe();
    let stopping = async {
        // It has no error: the desk is here.
        let _ = stopping.wait_for(|is_stopping| *is_stopping).await;
    };
    // What a reader sends is read and dropped, to learn when it goes.
    let gone = async {
        let mut room = [0; 512];
        while matches!(fill(stream, &mut room).await, Ok(1..)) {}
    };
    let (mut events, mut stopping, mut gone) =
        (std::pin::pin!(events), std::pin::pin!(stopping), std::pin::pin!(gone));
    let ended = std::future::poll_fn(|cx| {
        if stopping.as_mut().poll(cx).is_ready() || gone.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        events.as_mut().poll(cx)
    })
    .await;
    drop(place);
    ended
}

async fn events(desk: &Desk, stream: &TcpStream, alarm: &Alarm, filter: &Filter) -> io::Result<()> {
    let clock = &desk.gateway.clock;
    let mut text = answer::endless(answer::EVENTS);
    text.push_str(AGAIN);
    loop {
        text.push_str("data: ");
        text.push_str(&View::of(desk, filter).json());
        text.push_str("\n\n");
        within(clock, alarm, UNREAD, send(stream, text.as_bytes())).await?;
        text.clear();
        let next = (clock.now() / micros(STEP) + 1) * micros(STEP);
        while clock.now() < next {
            clock.until(alarm, next).await;
        }
    }
}
