//! How a function is called, by what it gives: one that waits runs in the task of the client's connection, and one that does not may
//! block, so it runs on a thread beside the worker.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::task::JoinHandle;

use super::{Answer, Called, Failed, IntoAnswer};

/// Of an `async fn`: it gives what has an answer in the end.
#[derive(Debug)]
pub enum Waits {}

/// Of any other `fn`: it gives its answer.
#[derive(Debug)]
pub enum Blocks {}

/// What a function may give, in one of these ways; rustc finds out which.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing that a handler can answer",
    note = "a handler answers with `()`, `String`, `&'static str`, `http::Response<…>` of bytes or text, or a `Result` of these \
            whose error can be displayed; an `async fn` gives that when it is over"
)]
pub trait Gives<Way>: Sized {
    /// Calls the function.
    fn call(function: impl FnOnce() -> Self + Send + 'static) -> Called;
}

impl<F> Gives<Waits> for F
where
    F: Future<Output: IntoAnswer> + 'static,
{
    fn call(function: impl FnOnce() -> Self + Send + 'static) -> Called {
        let running = function();
        Box::pin(async move { running.await.into_answer() })
    }
}

impl<T: IntoAnswer + 'static> Gives<Blocks> for T {
    fn call(function: impl FnOnce() -> Self + Send + 'static) -> Called {
        // What it gives need not leave the thread, and only the answer does.
        Box::pin(Beside(tokio::task::spawn_blocking(move || function().into_answer())))
    }
}

/// A function on a thread. Where nobody waits for it any more, it does not begin; one that has begun goes on.
struct Beside(JoinHandle<Result<Answer, Failed>>);

impl Future for Beside {
    type Output = Result<Answer, Failed>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context) -> Poll<Self::Output> {
        Poll::Ready(match ready!(Pin::new(&mut self.0).poll(cx)) {
            Ok(answer) => answer,
            Err(error) => match error.try_into_panic() {
                // As if it had happened here, where it ends its exchange and nothing else.
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Failed("it has not begun: the gateway stops".to_owned())),
            },
        })
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.0.abort();
    }
}
