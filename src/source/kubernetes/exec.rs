//! Exec plugins (`aws eks get-token`, `kubelogin`): run once, bounded, and never quoted.
//!
//! The client would run them itself: twice per connection, without a time limit, with our whole
//! environment and our standard input, and with their output in its error. Protocol:
//! <https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins>.

use super::kubeconfig::Access;
use crate::model::time::Timestamp;
use base64::Engine;
use kube::config::{AuthInfo, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use std::{
    io::Read,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use zeroize::Zeroizing;

/// More than this is no credential.
const MAX_OUTPUT: u64 = 1 << 20;

/// What a plugin prints.
#[derive(Deserialize)]
struct Answer {
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    expiration_timestamp: Option<String>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// Runs the plugin on a thread of its own and puts its credentials into `auth`.
///
/// # Errors
/// A sentence without anything that the plugin printed.
pub(super) async fn log_in(
    access: &Access,
    exec: &ExecConfig,
    auth: &mut AuthInfo,
    limit: Duration,
) -> Result<(), Box<str>> {
    let plugin = Plugin {
        exec: exec.clone(),
        name: name_of(exec),
        who: access.who.clone(),
        interactive: access.interactive,
        drop_env: access.drop_env.clone(),
    };
    let (done, answer) = futures::channel::oneshot::channel();
    std::thread::spawn(move || {
        let result = plugin.run(limit);
        let _ = done.send(result);
    });
    let status = answer
        .await
        .unwrap_or_else(|_| Err("the exec plugin's thread ended".into()))?;
    fill(status, auth);
    Ok(())
}

fn fill(status: Status, auth: &mut AuthInfo) {
    let base64 = |pem: &str| base64::engine::general_purpose::STANDARD.encode(pem);
    if let Some(token) = status.token {
        auth.token = Some(token.into());
    }
    if let (Some(certificate), Some(key)) = (status.client_certificate_data, status.client_key_data)
    {
        auth.client_certificate_data = Some(base64(&certificate));
        auth.client_key_data = Some(base64(&Zeroizing::new(key)).into());
    }
}

/// The program's name without its folder; arguments may hold secrets.
fn name_of(exec: &ExecConfig) -> Box<str> {
    let command = exec.command.as_deref().unwrap_or("");
    command.rsplit(['/', '\\']).next().unwrap_or("").into()
}

struct Plugin {
    exec: ExecConfig,
    name: Box<str>,
    who: Box<str>,
    interactive: bool,
    drop_env: Vec<Box<str>>,
}

impl Plugin {
    fn fail<T>(&self, why: &str) -> Result<T, Box<str>> {
        Err(format!("the exec plugin `{}` of {} {why}", self.name, self.who).into())
    }

    fn run(&self, limit: Duration) -> Result<Status, Box<str>> {
        let mode = self.exec.interactive_mode.as_ref();
        let interactive = self.interactive && mode != Some(&ExecInteractiveMode::Never);
        if !interactive && mode == Some(&ExecInteractiveMode::Always) {
            return self.fail(
                "wants to ask somebody at a terminal, and there is none: log in by hand first",
            );
        }
        let mut command = self.command(interactive)?;
        let child = match command.spawn() {
            Ok(child) => child,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return self.fail("is not installed here, or not in PATH");
            }
            Err(_) => return self.fail("cannot be started"),
        };
        let (code, output) = match wait(child, limit, !interactive) {
            Some(end) => end,
            None => {
                return self.fail("did not end in time and was stopped; run it by hand to see why");
            }
        };
        if code != Some(0) {
            let code = code.map_or("a signal".into(), |c| format!("status {c}"));
            return self.fail(&format!(
                "failed ({code}): run it by hand to see why, or log in again (its output may hold credentials and is not shown)"
            ));
        }
        self.parse(&output)
    }

    fn command(&self, interactive: bool) -> Result<Command, Box<str>> {
        let exec = &self.exec;
        let Some(program) = exec.command.as_deref().filter(|c| !c.is_empty()) else {
            return self.fail("has no `command` in the kubeconfig");
        };
        let mut command = Command::new(program);
        command.args(exec.args.iter().flatten());
        for variable in exec.env.iter().flatten() {
            if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
                command.env(name, value);
            }
        }
        for name in &self.drop_env {
            command.env_remove(&**name);
        }
        command.env("KUBERNETES_EXEC_INFO", self.exec_info(interactive));
        command.stdout(Stdio::piped());
        if interactive {
            command.stdin(Stdio::inherit()).stderr(Stdio::inherit());
        } else {
            command.stdin(Stdio::null()).stderr(Stdio::null());
            #[cfg(unix)]
            std::os::unix::process::CommandExt::process_group(&mut command, 0);
        }
        Ok(command)
    }

    fn exec_info(&self, interactive: bool) -> String {
        let mut spec = serde_json::Map::new();
        spec.insert("interactive".into(), interactive.into());
        if let Some(cluster) = &self.exec.cluster
            && let Ok(cluster) = serde_json::to_value(cluster)
        {
            spec.insert("cluster".into(), cluster);
        }
        serde_json::json!({
            "apiVersion": self.exec.api_version,
            "kind": "ExecCredential",
            "spec": spec,
        })
        .to_string()
    }

    fn parse(&self, output: &[u8]) -> Result<Status, Box<str>> {
        // client-go accepts YAML as well, and some plugins print it.
        let answer: Option<Answer> = serde_yaml::from_slice(output).ok();
        let Some(status) = answer.and_then(|a| a.status) else {
            return self.fail("printed no ExecCredential with a `status`");
        };
        if status.token.is_none()
            && (status.client_certificate_data.is_none() || status.client_key_data.is_none())
        {
            return self.fail("printed neither a token nor a client certificate with its key");
        }
        let expires = status.expiration_timestamp.as_deref();
        if let Some(expires) = expires.and_then(|t| t.parse::<Timestamp>().ok())
            && expires <= Timestamp::now()
        {
            return self.fail("gave credentials that have already expired: log in again");
        }
        Ok(status)
    }
}

/// Waits for the end, or ends it. Output beyond the limit is dropped, which makes it unreadable.
fn wait(
    mut child: Child,
    limit: Duration,
    own_group: bool,
) -> Option<(Option<i32>, Zeroizing<Vec<u8>>)> {
    let stdout = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut out = Zeroizing::new(Vec::new());
        if let Some(stdout) = stdout {
            let _ = stdout.take(MAX_OUTPUT).read_to_end(&mut out);
        }
        out
    });
    let end = Instant::now() + limit;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(10)),
            _ => {
                stop(&mut child, own_group);
                return None;
            }
        }
    };
    // A grandchild may hold the pipe open: what it would still print is not waited for.
    while !reader.is_finished() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
    if !reader.is_finished() {
        return None;
    }
    Some((status.code(), reader.join().unwrap_or_default()))
}

fn stop(child: &mut Child, own_group: bool) {
    #[cfg(unix)]
    if own_group
        && let Some(pid) = i32::try_from(child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw)
    {
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
    #[cfg(not(unix))]
    let _ = own_group;
    let _ = child.kill();
    let _ = child.wait();
}
