//! Verifies passwords on threads of its own. Many requests with one password at a time cost one hash; a request that is no longer
//! waited for costs none.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::Hash;
use super::hash::Room;
use super::users::Users;
use crate::auth::Settled;
use crate::clock::Clock;
use crate::memory::Passwords;
use crate::reason::Reason;

/// By how much these threads give way to the workers.
const NICE: i32 = 5;

/// A password to verify.
pub(super) struct Job {
    /// Whose it may be.
    pub(super) users: Arc<Users>,
    /// Of name and password.
    pub(super) hash: Hash,
    pub(super) name: String,
    pub(super) password: String,
    /// Chooses whose hash is made where nobody has the name.
    pub(super) decoy: u64,
    pub(super) clock: Clock,
}

/// What has come of it; nothing yet.
type Over = watch::Receiver<Option<Settled>>;

/// The threads. They end with it.
#[derive(Debug)]
pub(super) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Mutex<Queue>,
    work: Condvar,
    /// So many may wait.
    most: usize,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(Job, watch::Sender<Option<Settled>>)>,
    /// Those that wait and those that are being verified.
    known: HashMap<Key, Over>,
    is_over: bool,
}

/// What tells jobs apart: the pair, and where the users are that it is held against. As long as a job is known, it has them.
type Key = (Hash, usize);

impl Job {
    fn key(&self) -> Key {
        (self.hash, Arc::as_ptr(&self.users).addr())
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("most", &self.most).finish_non_exhaustive()
    }
}

impl Pool {
    /// With so many threads, for which so many jobs may wait, and memory of this, where that is bounded.
    ///
    /// # Errors
    ///
    /// A sentence for the operator.
    pub(super) fn new(
        threads: usize,
        most: usize,
        passwords: Option<&Arc<Passwords>>,
    ) -> Result<Self, String> {
        let shared = Arc::new(Shared { queue: Mutex::default(), work: Condvar::new(), most });
        let pool = Self { shared };
        for number in 0..threads {
            let (shared, room) = (Arc::clone(&pool.shared), Room::new(passwords));
            let thread = std::thread::Builder::new().name(format!("passwords-{number}"));
            thread
                .spawn(move || shared.work(room))
                .map_err(|error| format!("a thread that verifies passwords cannot be started: {error}"))?;
        }
        Ok(pool)
    }

    /// Has a password verified. Nothing where too many wait.
    pub(super) fn verify(&self, job: Job) -> Option<Over> {
        let mut queue = self.shared.lock();
        if let Some(over) = queue.known.get(&job.key()) {
            return Some(over.clone());
        }
        if queue.waiting.len() >= self.shared.most {
            queue.forget_left();
        }
        if queue.waiting.len() >= self.shared.most {
            return None;
        }
        let (sender, over) = watch::channel(None);
        queue.known.insert(job.key(), over.clone());
        queue.waiting.push_back((job, sender));
        drop(queue);
        self.shared.work.notify_one();
        Some(over)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().is_over = true;
        self.shared.work.notify_all();
    }
}

impl Queue {
    /// Forgets what nobody waits for.
    fn forget_left(&mut self) {
        let Self { waiting, known, .. } = self;
        waiting.retain(|(job, sender)| {
            let is_left = is_left(sender);
            if is_left {
                known.remove(&job.key());
            }
            !is_left
        });
    }
}

/// Whether nobody waits for what is sent here: one receiver is that of the queue.
fn is_left(sender: &watch::Sender<Option<Settled>>) -> bool {
    sender.receiver_count() <= 1
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, mut room: Room) {
        // What cannot be had is not worth an error: the workers have the machine to themselves a little less.
        let _ = rustix::process::setpriority_process(None, NICE);
        let mut queue = self.lock();
        loop {
            if queue.is_over {
                return;
            }
            queue.forget_left();
            let Some((job, sender)) = queue.waiting.pop_front() else {
                // Nothing is kept for a time in which nobody comes.
                room.clear();
                queue = self.work.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            drop(queue);
            let settled = settle(&job, &mut room);
            room.make_way();
            queue = self.lock();
            queue.known.remove(&job.key());
            sender.send_replace(Some(settled));
        }
    }
}

/// Verifies a password.
fn settle(job: &Job, room: &mut Room) -> Settled {
    let Job { users, hash, name, password, decoy, clock } = job;
    let found = catch_unwind(AssertUnwindSafe(|| users.verify((name, password), *decoy, room)));
    match found {
        Ok(Some(who)) => {
            users.remember(*hash, &who, clock.now());
            Ok(who)
        }
        Ok(None) => Err(Reason::CREDENTIAL_INVALID.into()),
        // A bug: nobody is let in by it, and the thread goes on.
        Err(_) => Err(Reason::IDENTITY_UNAVAILABLE.into()),
    }
}

/// What comes of it.
pub(super) async fn settled(mut over: Over) -> Option<Settled> {
    // An error means that nothing will come.
    let settled = over.wait_for(Option::is_some).await.ok()?;
    settled.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(users: &Arc<Users>) -> Job {
        let (name, password) = ("ada".to_owned(), "secret".to_owned());
        Job { users: Arc::clone(users), hash: [1; 32], name, password, decoy: 0, clock: Clock::manual() }
    }

    #[test]
    fn other_users_drop_no_job_that_is_waited_for() {
        let pool = Pool::new(0, 2, None).unwrap();
        let (before, after) = (Arc::new(Users::default()), Arc::new(Users::default()));
        let first = pool.verify(job(&before)).unwrap();
        let second = pool.verify(job(&after)).unwrap();
        // Whoever comes with the same pair waits for the same job.
        assert!(pool.verify(job(&after)).unwrap().same_channel(&second));
        assert!(pool.verify(job(&before)).unwrap().same_channel(&first));
        pool.shared.lock().forget_left();
        assert_eq!(pool.shared.lock().waiting.len(), 2);
        // What nobody waits for takes no other job with it.
        drop(first);
        pool.shared.lock().forget_left();
        assert_eq!(pool.shared.lock().waiting.len(), 1);
        assert!(pool.verify(job(&after)).unwrap().same_channel(&second));
    }
}
