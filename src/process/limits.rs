//! How long, how much.

use rustix::process::Pid;
use std::{os::unix::fs::PermissionsExt, path::Path, time::Duration};

/// Limits of one child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Wall clock.
    pub time: Duration,
    /// Bytes of address space. Go reserves about 700 MiB before it does anything (measured with
    /// helm 3.19 and kustomize 5.7), so less than 1 GiB runs nothing.
    pub memory: u64,
    /// Bytes of standard output; more is an error.
    pub stdout: usize,
    /// Bytes of standard error; the rest is dropped.
    pub stderr: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            time: Duration::from_secs(60),
            memory: 4 << 30,
            stdout: 64 << 20,
            stderr: 64 << 10,
        }
    }
}

/// Sets the system's limits of a child that has just started. Where the system knows no limits
/// of other processes, those of time and output remain.
#[cfg(target_os = "linux")]
pub(super) fn restrict(child: Option<Pid>, limits: &Limits) {
    use rustix::process::{Resource, Rlimit, prlimit};
    let set = |resource, most: u64| {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        // A child that is gone needs no limit.
        let _ = prlimit(child, resource, limit);
    };
    // Without a process id these would be our own limits.
    if child.is_some() {
        set(Resource::As, limits.memory);
        // No core file with a secret in it, no full disk.
        set(Resource::Core, 0);
        set(Resource::Fsize, 1 << 30);
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn restrict(_child: Option<Pid>, _limits: &Limits) {}

/// Whether it is a file that may be run.
pub(super) fn is_executable(file: &Path) -> bool {
    file.metadata()
        .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}
