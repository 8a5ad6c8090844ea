//! What the machine says of this process. What cannot be read is left out.

use std::fs;

use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

/// What is known of the process.
#[derive(Debug, Default)]
pub(super) struct Process {
    /// Processor time of all threads, in microseconds.
    pub(super) processor: u64,
    /// Bytes of memory that are resident.
    pub(super) resident: Option<u64>,
    pub(super) open_files: Option<u64>,
    pub(super) most_files: Option<u64>,
}

/// Processor time of all threads, in microseconds, to a hundredth of a second. The clock of the process would be more precise, and
/// ends a program that valgrind runs; this is read each second, so also there.
pub(super) fn spent() -> u64 {
    ticks(&fs::read_to_string("/proc/self/stat").unwrap_or_default()).unwrap_or(0) * TICK
}

/// Microseconds of the unit that processor time is told in (proc(5)): the same on every Linux.
const TICK: u64 = 10_000;

/// The fields 14 and 15 of such a line. A program's name, which is the second, may hold anything.
fn ticks(line: &str) -> Option<u64> {
    let (_, rest) = line.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11).map(str::parse::<u64>);
    Some(fields.next()?.ok()? + fields.next()?.ok()?)
}

/// Bytes of memory that are resident.
pub(crate) fn memory() -> Option<u64> {
    resident(&fs::read_to_string("/proc/self/status").unwrap_or_default())
}

impl Process {
    pub(super) fn read() -> Self {
        let spent = clock_gettime(ClockId::ProcessCPUTime);
        let seconds = u64::try_from(spent.tv_sec).unwrap_or(0);
        let micros = u64::try_from(spent.tv_nsec / 1_000).unwrap_or(0);
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        // One of them is the look itself.
        let files = fs::read_dir("/proc/self/fd").ok().map(|files| files.count().saturating_sub(1) as u64);
        Self {
            processor: seconds * 1_000_000 + micros,
            resident: resident(&status),
            open_files: files,
            most_files: getrlimit(Resource::Nofile).current,
        }
    }
}

/// The line `VmRSS:     1234 kB`.
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_resident_memory() {
        assert_eq!(resident("Name:\tg\nVmRSS:\t    1234 kB\nThreads: 1\n"), Some(1234 * 1024));
        assert_eq!(resident("Name:\tg\n"), None);
    }

    #[test]
    fn reads_the_time_that_was_spent() {
        let line = "7 (a) b (c)) S 1 7 7 0 -1 4194560 2055 0 1 0 123 45 0 0 20 0 3 0 8888 1000 200";
        assert_eq!((ticks(line), ticks("7 (a) S 1"), ticks("")), (Some(168), None, None));
        let told = spent();
        let (after, slack) = (Process::read().processor, 2 * TICK);
        assert!(told <= after + slack, "{told} {after}");
    }

    #[test]
    fn this_process_has_memory_and_files() {
        let process = Process::read();
        assert!(process.resident.is_some_and(|bytes| bytes > 100_000), "{process:?}");
        assert!(process.open_files.is_some_and(|files| files >= 3), "{process:?}");
        assert!(process.most_files >= process.open_files, "{process:?}");
    }
}
