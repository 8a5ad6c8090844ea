//! The gateway as a process, for what one process cannot do to itself: signals, limits, pipes, memory.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};

use command_fds::{CommandFdExt, FdMapping};
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::client::Client;
use crate::{PATIENCE, eventually};

/// A started gateway; it is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Lines of standard error, its own and those of processes that it has started.
    said: Receiver<String>,
    /// Where it listens.
    pub address: SocketAddr,
}

/// A command that starts `program` in front of `app`.
pub fn command(program: &str, app: SocketAddr) -> Command {
    let mut command = Command::new(program);
    command.env("APP", app.to_string()).env_remove("LISTEN").env_remove("LOG").env_remove("ADMIN");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The same with sockets that are passed on to it. Only it can know its own number, so a shell says it that becomes it.
pub fn inheriting(program: &str, app: SocketAddr, sockets: &[TcpListener], names: Option<&str>) -> Command {
    let mut command = command("sh", app);
    let passed = sockets
        .iter()
        .zip(3..)
        .map(|(socket, child_fd)| FdMapping { parent_fd: socket.try_clone().unwrap().into(), child_fd });
    command.args(["-c", "LISTEN_PID=$$ exec \"$0\"", program]);
    command.env("LISTEN_FDS", sockets.len().to_string());
    match names {
        Some(names) => command.env("LISTEN_FDNAMES", names),
        None => command.env_remove("LISTEN_FDNAMES"),
    };
    command.fd_mappings(passed.collect()).unwrap();
    command
}

/// Starts a program, which may just have been written: another test that starts one in that moment holds the file open for as long as
/// its child takes to become a program, and until then it cannot be run.
fn spawn(command: &mut Command) -> Child {
    let mut child = None;
    crate::eventually("the program can be started", || {
        child = match command.spawn() {
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => None,
            started => Some(started.unwrap()),
        };
        child.is_some()
    });
    child.unwrap()
}

impl Process {
    /// Starts it, and waits until it has said where it listens.
    pub fn start(command: &mut Command) -> Self {
        let (process, before) = Self::start_saying(command);
        assert_eq!(before, Vec::<String>::new());
        process
    }

    /// Starts one that may have more to say before that.
    pub fn start_saying(command: &mut Command) -> (Self, Vec<String>) {
        let mut child = spawn(command);
        let said = lines(child.stderr.take().unwrap());
        let mut before = Vec::new();
        loop {
            let line =
                said.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it does not listen: {before:?}"));
            match line.trim().strip_prefix("tested listens on http://") {
                Some(address) => break (Self { address: address.parse().unwrap(), child, said }, before),
                None => before.push(line),
            }
        }
    }

    /// The same on one processor, so that one worker has all connections.
    pub fn start_alone(command: &mut Command) -> Self {
        // A process has the processors of the thread that starts it.
        std::thread::scope(|scope| {
            let started = scope.spawn(|| {
                let allowed = sched_getaffinity(None).unwrap();
                let first = (0..CpuSet::MAX_CPU).find(|cpu| allowed.is_set(*cpu)).unwrap();
                let mut one = CpuSet::new();
                one.set(first);
                sched_setaffinity(None, &one).unwrap();
                Self::start(command)
            });
            started.join().unwrap()
        })
    }

    /// A new connection to it.
    pub fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// Its number.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Tells it that nobody is left at its terminal, or that its log was renamed.
    pub fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    /// Keeps it from running, and waits until it does not.
    pub fn suspend(&self) {
        self.signal(Signal::STOP);
        let path = format!("/proc/{}/stat", self.child.id());
        eventually("it is suspended", || std::fs::read_to_string(&path).unwrap().contains(") T "));
    }

    /// Lets it run again.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// The next line of standard error; empty where there is none in time.
    pub fn says(&mut self) -> String {
        self.said.recv_timeout(PATIENCE).unwrap_or_default()
    }

    /// Descriptors that it has open.
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Closes its standard output.
    pub fn close_stdout(&mut self) {
        self.child.stdout = None;
    }

    /// Waits until it has ended: whether well, what it wrote to standard output, and the rest of standard error.
    pub fn end(mut self) -> (bool, String, String) {
        let mut out = String::new();
        if let Some(stdout) = &mut self.child.stdout {
            stdout.read_to_string(&mut out).unwrap();
        }
        let mut status = None;
        eventually("the process ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        (status.unwrap().success(), out, self.said.iter().collect())
    }

    /// Whether it has ended.
    pub fn ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Resident memory, in KiB.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whatever is said, line by line, until nobody is left to say anything.
fn lines(stderr: ChildStderr) -> Receiver<String> {
    let (send, said) = channel();
    std::thread::spawn(move || {
        let mut stderr = BufReader::new(stderr);
        loop {
            let mut line = String::new();
            let read = stderr.read_line(&mut line);
            if !matches!(read, Ok(1..)) || send.send(line).is_err() {
                return;
            }
        }
    });
    said
}

/// Runs to its end what is expected to end by itself: its exit code and what it said on both streams.
pub fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}
