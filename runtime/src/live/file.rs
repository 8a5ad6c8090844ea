//! Live values that files say: read before any socket is opened, and looked at again once a second, or at once when an operator
//! asks for it.
//!
//! What is no JSON of the declared type, half of a text included, is refused, and the last good value goes on to hold.

use std::io;
use std::sync::Arc;
use std::task::Poll;

use tokio::runtime::LocalOptions;
use tokio::sync::watch;

use super::{By, DEEPEST, Live, MOST, Refusal, value_of};
use crate::clock::Alarm;
use crate::json_tree;
use crate::params::{self, Param, Value};
use crate::serve::{Gateway, Order, say};
use crate::watched::{Moved, Watched, pause};

/// A file that says a live value.
#[derive(Debug)]
struct Said {
    number: usize,
    param: &'static Param,
    by: By,
    file: Watched,
}

/// The value that a file says.
fn read(param: &Param, file: &mut Watched) -> Result<Result<Value, Refusal>, io::Error> {
    let bytes = file.read(u64::try_from(MOST).unwrap_or(u64::MAX))?;
    if bytes.len() > MOST {
        return Ok(Err(Refusal::new("too_large", format!("it has more than {MOST} bytes"))));
    }
    let json = json_tree::read(&bytes, DEEPEST).map_err(|why| Refusal::new("not_json", why));
    Ok(json.and_then(|json| value_of(param, &json)))
}

/// The value of a live value that a file says, for the start.
///
/// # Errors
///
/// Why it cannot start with that file, in one line.
pub(crate) fn first(param: &Param, declared: &str, moved: &Moved) -> Result<Value, String> {
    let said = |why: &str| format!("`{}` cannot be read from {declared}: {why}", param.name);
    match read(param, &mut Watched::new(declared, moved)) {
        Err(error) => Err(format!(
            "{}\n  = help: write a JSON value of the type {} there",
            said(&error.to_string()),
            param.expected()
        )),
        Ok(Err(Refusal { detail, .. })) => Err(said(&detail)),
        Ok(Ok(value)) => Ok(value),
    }
}

/// Starts looking at the files, if there are any. It ends with the order to stop.
pub(crate) fn start(
    gateway: &Arc<Gateway>,
    moved: &Moved,
    orders: watch::Receiver<Order>,
) -> Result<Option<std::thread::JoinHandle<()>>, String> {
    let all: Vec<Said> = watched(gateway, moved);
    if all.is_empty() {
        return Ok(None);
    }
    let gateway = Arc::clone(gateway);
    let thread = std::thread::Builder::new().name("live".into()).spawn(move || work(&gateway, all, orders));
    thread
        .map(Some)
        .map_err(|error| format!("the thread that looks at live files cannot be started: {error}"))
}

fn watched(gateway: &Gateway, moved: &Moved) -> Vec<Said> {
    let all = gateway.program.params.iter().enumerate();
    let of = all.filter_map(|(number, param)| {
        let Some(params::Live::File(declared)) = param.live else { return None };
        let by = By::File(declared.to_owned());
        Some(Said { number, param, by, file: Watched::new(declared, moved) })
    });
    of.collect()
}

fn work(gateway: &Arc<Gateway>, mut all: Vec<Said>, mut orders: watch::Receiver<Order>) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = match builder.enable_io().build_local(LocalOptions::default()) {
        Ok(runtime) => runtime,
        Err(error) => return say(format_args!("error: live files cannot be looked at: {error}")),
    };
    let Some(live) = &gateway.shared.live else { return };
    runtime.block_on(async {
        let looking = async {
            let alarm = Alarm::new()?;
            loop {
                let is_asked = pause(&gateway.clock, &alarm, live.asked.notified()).await;
                for file in &mut all {
                    file.look(live, is_asked);
                }
            }
        };
        let stopping = async {
            // An error means that nobody is left to give orders.
            let _ = orders.wait_for(|order| *order != Order::Serve).await;
        };
        let (mut looking, mut stopping) = (std::pin::pin!(looking), std::pin::pin!(stopping));
        let ended: io::Result<()> = std::future::poll_fn(|cx| match stopping.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Ok(())),
            Poll::Pending => looking.as_mut().poll(cx),
        })
        .await;
        if let Err(error) = ended {
            say(format_args!("error: live files cannot be looked at: {error}"));
        }
    });
}

impl Said {
    fn look(&mut self, live: &Live, is_asked: bool) {
        if self.file.is_due(is_asked) {
            self.read(live);
        }
    }

    fn read(&mut self, live: &Live) {
        let name = self.param.name;
        let refusal = match read(self.param, &mut self.file) {
            Err(error) => Refusal::new("unreadable", error.to_string()),
            Ok(said) => {
                // A generation of values is not for what holds already.
                let present = live.now().1;
                let is_same = |value: &Value| {
                    u16::try_from(self.number).ok().and_then(|number| present.at(number)) == Some(value)
                };
                match said {
                    Ok(value) if is_same(&value) => return live.accept_file(self.number),
                    Ok(value) => match live.change(vec![(self.number, value)], &self.by) {
                        Ok(()) => return,
                        Err(refusals) => match refusals.into_iter().next() {
                            Some(refusal) => refusal,
                            None => return,
                        },
                    },
                    Err(refusal) => refusal,
                }
            }
        };
        live.refuse_file(self.number, name, &self.by, &refusal);
    }
}
