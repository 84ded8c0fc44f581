//! Child processes that may not do harm: helm, kustomize and git run with an empty environment,
//! without stdin, in a process group of their own, under limits of time, memory and output.
//! Never through a shell. What they say about a failure is scrubbed before anyone sees it.

mod limits;
mod scrub;
mod temp;

pub use limits::Limits;
pub use scrub::Stderr;
pub use temp::PrivateFolder;

use rustix::process::Pid;
use std::{
    ffi::{OsStr, OsString},
    io::{self, Read},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// What is to be run.
#[derive(Clone)]
pub struct Command<'a> {
    /// An absolute path, from [`find`].
    pub program: &'a Path,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Its current folder, its `HOME` and its `TMPDIR` are in here.
    pub home: &'a PrivateFolder,
    /// The value of `PATH`.
    pub path: OsString,
    /// Further variables. There are no others: no token, no kubeconfig, no key of ours.
    pub variables: Vec<(&'static str, OsString)>,
    /// Whether it may open connections.
    pub network: bool,
    /// How long, how much.
    pub limits: Limits,
}

/// What a child that ended well wrote.
pub struct Output {
    /// Its standard output, whole.
    pub stdout: Vec<u8>,
    /// What may be shown of its standard error.
    pub stderr: Stderr,
}

/// Why there is no output. Holds nothing of the child's standard output, and of its standard
/// error only what [`Stderr`] lets through.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// No such program in `PATH`.
    #[error("{program} is not installed: no {program} in PATH ({install})")]
    Missing {
        /// Its name.
        program: String,
        /// How to get it.
        install: &'static str,
    },
    /// The system refuses to start it.
    #[error("{program} could not be started: {kind}")]
    NotStarted {
        /// Its name.
        program: String,
        /// Why.
        kind: io::ErrorKind,
    },
    /// It ended with an error.
    #[error("{program} failed ({status}){stderr}")]
    Failed {
        /// Its name.
        program: String,
        /// `exit code 1`, `signal 9`.
        status: String,
        /// What it said, scrubbed.
        stderr: Stderr,
    },
    /// It took longer than allowed, and was killed with all its children.
    #[error("{program} did not end within {seconds} s and was killed")]
    TimedOut {
        /// Its name.
        program: String,
        /// The limit.
        seconds: u64,
    },
    /// It wrote more than allowed, and was killed.
    #[error("{program} wrote more than {mebibytes} MiB and was killed")]
    TooMuchOutput {
        /// Its name.
        program: String,
        /// The limit.
        mebibytes: u64,
    },
    /// It wanted more memory than allowed.
    #[error("{program} needed more than {mebibytes} MiB of memory")]
    OutOfMemory {
        /// Its name.
        program: String,
        /// The limit.
        mebibytes: u64,
    },
    /// Our own temporary folder could not be made.
    #[error("no temporary folder could be made: {0}")]
    Temp(io::ErrorKind),
}

/// Looks a program up in `path` (the value of `PATH`; entries that are not absolute do not count:
/// the current folder may be the repository under review).
///
/// # Errors
/// [`ProcessError::Missing`], with `install` as what to do.
pub fn find(program: &str, path: &OsStr, install: &'static str) -> Result<PathBuf, ProcessError> {
    std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(program))
        .find(|file| limits::is_executable(file))
        .ok_or_else(|| ProcessError::Missing {
            program: program.to_owned(),
            install,
        })
}

/// Runs a command to its end.
///
/// # Errors
/// [`ProcessError`]; whatever happens, no process of its group is left behind.
pub fn run(command: &Command<'_>) -> Result<Output, ProcessError> {
    let program = name(command.program);
    let mut child = start(command, &program)?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    limits::restrict(group, &command.limits);
    let stdout = reader(child.stdout.take(), command.limits.stdout, Some(group));
    let stderr = reader(child.stderr.take(), command.limits.stderr, None);
    let status = wait(&mut child, command.limits.time);
    // Its children hold the pipes open: readers end when the whole group is gone.
    kill(group);
    let _ = child.wait();
    // A grandchild that left the group may hold a pipe for ever: nobody waits for that.
    let taken = |from: &mpsc::Receiver<Taken>| from.recv_timeout(Duration::from_secs(2)).ok();
    let (Some(status), Some(stdout), Some(stderr)) = (status, taken(&stdout), taken(&stderr))
    else {
        return Err(ProcessError::TimedOut {
            program,
            seconds: command.limits.time.as_secs(),
        });
    };
    if stdout.cut {
        return Err(ProcessError::TooMuchOutput {
            program,
            mebibytes: command.limits.stdout as u64 >> 20,
        });
    }
    if !status.success() {
        return Err(failed(program, status, &stderr.bytes, &command.limits));
    }
    Ok(Output {
        stdout: stdout.bytes,
        stderr: Stderr::of(&stderr.bytes),
    })
}

fn name(program: &Path) -> String {
    program
        .file_name()
        .map_or_else(|| "program".into(), |n| n.to_string_lossy().into_owned())
}

fn failed(program: String, status: ExitStatus, stderr: &[u8], limits: &Limits) -> ProcessError {
    // Go's runtime says so on its way out, followed by pages of stack traces.
    if stderr.windows(13).take(4096).any(|w| w == b"out of memory") {
        return ProcessError::OutOfMemory {
            program,
            mebibytes: limits.memory >> 20,
        };
    }
    let status = match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "no exit code".to_owned(),
    };
    ProcessError::Failed {
        program,
        status,
        stderr: Stderr::of(stderr),
    }
}

fn start(command: &Command<'_>, program: &str) -> Result<Child, ProcessError> {
    let mut child = std::process::Command::new(command.program);
    child
        .args(&command.arguments)
        .current_dir(command.home.path())
        .env_clear()
        .env("PATH", &command.path)
        .env("HOME", command.home.path())
        .env("TMPDIR", command.home.path())
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    if !command.network {
        no_network(&mut child);
    }
    for (name, value) in &command.variables {
        child.env(name, value);
    }
    // A program that was just written may still be open for writing in a child of another thread
    // between its fork and exec ("text file busy"): that passes.
    for _ in 0..20 {
        match child.spawn() {
            Err(e) if e.kind() == io::ErrorKind::ExecutableFileBusy => {
                thread::sleep(Duration::from_millis(10));
            }
            other => {
                return other.map_err(|e| ProcessError::NotStarted {
                    program: program.to_owned(),
                    kind: e.kind(),
                });
            }
        }
    }
    Err(ProcessError::NotStarted {
        program: program.to_owned(),
        kind: io::ErrorKind::ExecutableFileBusy,
    })
}

/// Everything that goes through a proxy goes to a port where nobody listens; git knows no
/// protocol. A second line of defence: what is remote is refused before a renderer runs.
fn no_network(child: &mut std::process::Command) {
    for name in [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ] {
        child.env(name, "http://127.0.0.1:9");
    }
    child
        .env("GIT_ALLOW_PROTOCOL", "none")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null");
}

/// The status, or nothing when time is up. Polls, because waiting with a limit needs signals.
fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if start.elapsed() < limit => {
                thread::sleep(pause.min(limit.saturating_sub(start.elapsed())));
                pause = (pause * 2).min(Duration::from_millis(10));
            }
            Ok(None) | Err(_) => return None,
        }
    }
}

/// Kills a whole process group.
fn kill(group: Option<Pid>) {
    if let Some(pid) = group {
        // Gone already is what is wanted.
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
}

#[derive(Default)]
struct Taken {
    bytes: Vec<u8>,
    cut: bool,
}

/// Reads up to `limit` bytes in a thread. What comes then is dropped, or, with `group`, the end of
/// that group.
fn reader<R: Read + Send + 'static>(
    pipe: Option<R>,
    limit: usize,
    group: Option<Option<Pid>>,
) -> mpsc::Receiver<Taken> {
    let (done, taken) = mpsc::channel();
    thread::spawn(move || {
        // Nobody may be waiting any more.
        let _ = done.send(read(pipe, limit, group));
    });
    taken
}

fn read<R: Read>(pipe: Option<R>, limit: usize, group: Option<Option<Pid>>) -> Taken {
    let mut taken = Taken::default();
    let Some(mut pipe) = pipe else { return taken };
    let mut chunk = vec![0; 64 << 10];
    loop {
        match pipe.read(&mut chunk) {
            Ok(0) => return taken,
            Ok(n) => {
                let keep = n.min(limit - taken.bytes.len());
                taken.bytes.extend_from_slice(&chunk[..keep]);
                taken.cut |= keep < n;
                if let (true, Some(group)) = (taken.cut, group) {
                    kill(group);
                    return taken;
                }
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return taken,
        }
    }
}

#[cfg(test)]
mod tests;
