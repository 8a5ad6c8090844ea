//! The processors that threads of a gateway may use, and which of them a worker keeps to.
//!
//! All of it is a hint: where it fails, the kernel chooses.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Processors that a thread may use. Whatever it starts, thread or process, may use the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Processors(Option<CpuSet>);

impl Processors {
    /// Those of this thread.
    pub(super) fn of_this_thread() -> Self {
        Self(sched_getaffinity(None).ok())
    }

    /// Whether there is one for each worker and none beside. Where a quota lets a process have less than it sees, the kernel finds the ones
    /// that are free; else every gateway of a machine would crowd on the first of them.
    pub(super) fn are_for(self, workers: usize) -> bool {
        workers > 1 && self.0.is_some_and(|all| usize::try_from(all.count()).is_ok_and(|it| it <= workers))
    }

    /// Has this thread use all of them.
    pub(super) fn take(self) {
        if let Some(all) = self.0 {
            let _ = sched_setaffinity(None, &all);
        }
    }

    /// Keeps this thread on the n-th of them.
    pub(super) fn pin(self, index: usize) {
        let all = self.0.into_iter();
        let processors: Vec<usize> =
            all.flat_map(|all| (0..CpuSet::MAX_CPU).filter(move |cpu| all.is_set(*cpu))).collect();
        if let Some(processor) = processors.get(index % processors.len().max(1)) {
            let mut one = CpuSet::new();
            one.set(*processor);
            Self(Some(one)).take();
        }
    }
}

/// How many workers there are: as many as processors, where nothing is said.
pub(super) fn workers(wanted: usize) -> usize {
    if wanted > 0 {
        return wanted;
    }
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(processors: &[usize]) -> Processors {
        let mut all = CpuSet::new();
        for cpu in processors {
            all.set(*cpu);
        }
        Processors(Some(all))
    }

    #[test]
    fn workers_have_one_each_only_where_that_is_all_of_them() {
        assert!(of(&[0, 1]).are_for(2) && of(&[2, 5, 7]).are_for(3));
        // A generation has as many as the one before had sockets.
        assert!(of(&[0]).are_for(2));
        // One needs no place, and of many that a quota allows only in part none is better than another.
        assert!(!of(&[0]).are_for(1) && !of(&[0, 1, 2, 3]).are_for(2));
        assert!(!Processors(None).are_for(2));
    }

    #[test]
    fn what_a_pinned_thread_starts_may_have_all_of_them_again() {
        let mask = || Processors::of_this_thread().0.unwrap();
        std::thread::spawn(move || {
            let all = Processors::of_this_thread();
            all.pin(1);
            assert_eq!(mask().count(), 1);
            all.take();
            assert_eq!(mask(), all.0.unwrap());
        })
        .join()
        .unwrap();
    }
}
