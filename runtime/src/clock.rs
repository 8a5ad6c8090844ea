//! The one source of time: microseconds since the gateway started, and the date of the day.
//!
//! Nothing else in this crate reads a clock or sets a timer. A manual clock stands still until a test moves it.
//!
//! Timers are descriptors that the reactor watches: the wheel that comes with it would be turned at every wait, though
//! all deadlines sit in the worker's sweep.

#![allow(clippy::disallowed_methods, reason = "this is the clock")]

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::Notify;

/// Microseconds since the gateway started.
pub type Micros = u64;

/// A source of time. Clones tell the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    Real(Instant),
    Manual(Arc<Manual>),
    /// The machine's, ahead by as much as it was moved.
    #[cfg(feature = "tested")]
    Ahead(Instant, Arc<Manual>),
}

/// By how many seconds the time of the day is ahead: of the one gateway that is tested in this process.
#[cfg(feature = "tested")]
static AHEAD: AtomicU64 = AtomicU64::new(0);

#[derive(Debug)]
struct Manual {
    now: AtomicU64,
    moved: Notify,
}

impl Clock {
    /// The machine's monotonic clock, beginning now.
    #[must_use]
    pub fn real() -> Self {
        Self { source: Source::Real(Instant::now()) }
    }

    /// A clock that begins at 0 and moves only when told to.
    #[must_use]
    pub fn manual() -> Self {
        Self { source: Source::Manual(Arc::new(Manual { now: AtomicU64::new(0), moved: Notify::new() })) }
    }

    /// The machine's clock, beginning now, which goes on by itself and can be moved forward as well. The time of the day goes with it.
    #[cfg(feature = "tested")]
    #[must_use]
    pub(crate) fn ahead() -> Self {
        let manual = Manual { now: AtomicU64::new(0), moved: Notify::new() };
        Self { source: Source::Ahead(Instant::now(), Arc::new(manual)) }
    }

    /// Microseconds since the beginning.
    #[must_use]
    pub fn now(&self) -> Micros {
        match &self.source {
            Source::Real(origin) => micros(origin.elapsed()),
            Source::Manual(manual) => manual.now.load(Ordering::Acquire),
            #[cfg(feature = "tested")]
            Source::Ahead(origin, by) => {
                micros(origin.elapsed()).saturating_add(by.now.load(Ordering::Acquire))
            }
        }
    }

    /// Moves a manual clock forward and wakes whoever waits for it; a real clock ignores it.
    pub fn advance(&self, by: Duration) {
        #[cfg(feature = "tested")]
        if let Source::Ahead(_, ahead) = &self.source {
            ahead.now.fetch_add(micros(by), Ordering::AcqRel);
            AHEAD.fetch_add(by.as_secs(), Ordering::AcqRel);
            ahead.moved.notify_waiters();
        }
        if let Source::Manual(manual) = &self.source {
            manual.now.fetch_add(micros(by), Ordering::AcqRel);
            manual.moved.notify_waiters();
        }
    }

    /// Waits for real time, whatever the clock, and answers what the clock then says: for pauses between two looks at
    /// something that no clock governs.
    pub(crate) async fn wait(&self, alarm: &Alarm, pause: Duration) -> Micros {
        alarm.after(pause).await;
        self.now()
    }

    /// Blocks the thread for real time.
    pub(crate) fn block(pause: Duration) {
        std::thread::sleep(pause);
    }

    /// Waits until `at`, or, with a manual clock, until it is moved the next time.
    pub(crate) async fn until(&self, alarm: &Alarm, at: Micros) {
        match &self.source {
            Source::Real(_) => alarm.after(Duration::from_micros(at.saturating_sub(self.now()))).await,
            Source::Manual(manual) => {
                let moved = manual.moved.notified();
                if manual.now.load(Ordering::Acquire) < at {
                    moved.await;
                }
            }
            #[cfg(feature = "tested")]
            Source::Ahead(_, ahead) => {
                use std::future::Future;
                use std::task::Poll;
                let mut moved = std::pin::pin!(ahead.moved.notified());
                moved.as_mut().enable();
                let left = Duration::from_micros(at.saturating_sub(self.now()));
                let mut over = std::pin::pin!(alarm.after(left));
                std::future::poll_fn(|cx| match moved.as_mut().poll(cx) {
                    Poll::Ready(()) => Poll::Ready(()),
                    Poll::Pending => over.as_mut().poll(cx),
                })
                .await;
            }
        }
    }

    /// Ends work that takes too long: `None`.
    pub(crate) async fn within<T>(
        &self,
        alarm: &Alarm,
        time: Micros,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let end = self.now().saturating_add(time);
        let late = async {
            while self.now() < end {
                self.until(alarm, end).await;
            }
        };
        let (mut late, mut work) = (std::pin::pin!(late), std::pin::pin!(work));
        std::future::poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => late.as_mut().poll(cx).map(|()| None),
        })
        .await
    }
}

/// A timer for one who waits. It is made before it is needed, since a pause may be needed because descriptors are short.
#[derive(Debug)]
pub(crate) struct Alarm {
    timer: AsyncFd<OwnedFd>,
}

impl Alarm {
    /// A timer that is not set; only within a reactor.
    pub(crate) fn new() -> io::Result<Self> {
        let timer =
            timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        #[allow(
            deprecated,
            reason = "its successor only asks for a descriptor that stays open, as an owned one does"
        )]
        let timer = AsyncFd::with_interest(timer, Interest::READABLE)?;
        Ok(Self { timer })
    }

    /// Waits.
    async fn after(&self, pause: Duration) {
        // Zero would unset the timer. Longer than the machine can count is for ever.
        let pause = pause.max(Duration::from_nanos(1));
        let once = Timespec::try_from(pause).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 });
        let never = Timespec { tv_sec: 0, tv_nsec: 0 };
        let set = Itimerspec { it_interval: never, it_value: once };
        // It fails for no valid descriptor and time. The one before is forgotten.
        let _ = timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &set);
        let read = |timer: &OwnedFd| Ok(rustix::io::read(timer, &mut [0_u8; 8])?);
        // What was due before may still be told: then the read finds nothing, and the wait goes on. An error means that
        // the reactor is being shut down.
        let _ = self.timer.async_io(Interest::READABLE, read).await;
    }
}

/// A duration in microseconds, at most [`u64::MAX`].
#[must_use]
pub fn micros(duration: Duration) -> Micros {
    duration.as_secs().saturating_mul(1_000_000).saturating_add(u64::from(duration.subsec_micros()))
}

/// Seconds since the Unix epoch.
#[must_use]
pub fn unix_seconds() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    #[cfg(feature = "tested")]
    let now = now.saturating_add(AHEAD.load(Ordering::Acquire));
    now
}

/// Nanoseconds since the Unix epoch.
#[cfg(feature = "trace")]
#[must_use]
pub(crate) fn unix_nanos() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

/// The year, month and day of a number of days since the Unix epoch (proleptic Gregorian calendar; years from 1970).
#[must_use]
pub fn civil(days: u64) -> (u64, u64, u64) {
    // Days are counted from 1 March of year 0, so that a leap day is the last of its year; 146,097 days are 400 years.
    let day = days + 719_468;
    let era = day / 146_097;
    let of_era = day % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
#[must_use]
pub fn http_date(unix: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, second) = (unix / 86_400, unix % 86_400);
    let (year, month, day) = civil(days);
    let name =
        |table: &[&'static str], at: u64| usize::try_from(at).ok().and_then(|at| table.get(at)).copied();
    format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        name(&DAYS, days % 7).unwrap_or(""),
        name(&MONTHS, month - 1).unwrap_or(""),
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// `2026-11-20T19:04:05Z` (RFC 3339).
#[must_use]
pub fn timestamp(unix: u64) -> String {
    let (year, month, day) = civil(unix / 86_400);
    let second = unix % 86_400;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_dates_as_the_rfc_shows_them() {
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(951_782_400), "Tue, 29 Feb 2000 00:00:00 GMT");
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(timestamp(1_709_164_800), "2024-02-29T00:00:00Z");
    }

    #[test]
    fn a_manual_clock_moves_only_when_told_to() {
        let clock = Clock::manual();
        assert_eq!(clock.now(), 0);
        clock.advance(Duration::from_millis(3));
        assert_eq!(clock.clone().now(), 3_000);
    }
}
