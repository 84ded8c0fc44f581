//! A real kube-apiserver with etcd on loopback, for tests: no kubelet, no controllers, so that
//! nothing changes by itself.
//!
//! `KUBEBUILDER_ASSETS` names the folder of `kube-apiserver` and `etcd` (as `setup-envtest` from the
//! Kubernetes project downloads them); `etcd` may also be in `PATH`. `openssl` makes the keys.

use driftgate::source::kubernetes::install_tls;
use serde_json::{Value, json};
use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, OnceLock, Weak},
    time::{Duration, Instant},
};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// May do everything.
    Admin,
    /// May do what its Roles say; `driftgate`, a user without a Role of its own at first.
    Reader,
}

impl User {
    /// The user name in the cluster, and the context in the kubeconfig.
    pub(crate) fn name(self) -> &'static str {
        match self {
            User::Admin => "admin",
            User::Reader => "reader",
        }
    }

    fn token(self) -> &'static str {
        match self {
            User::Admin => "admin-token-of-a-test",
            User::Reader => "reader-token-of-a-test",
        }
    }
}

/// A running cluster; stopped when dropped.
pub(crate) struct Cluster {
    folder: tempfile::TempDir,
    url: String,
    children: Vec<Child>,
    runtime: tokio::runtime::Runtime,
    admin: OnceLock<kube::Client>,
    reader: OnceLock<kube::Client>,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Cluster {
    /// The cluster that the tests of this process share; stopped when the last of them lets go.
    /// Tests keep apart by namespace.
    pub(crate) fn shared() -> Arc<Cluster> {
        static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(cluster) = shared.upgrade() {
            return cluster;
        }
        let cluster = Arc::new(Cluster::start().expect("a cluster"));
        *shared = Arc::downgrade(&cluster);
        cluster
    }

    /// Starts a cluster and waits until it is ready; a port that somebody else took in between is
    /// tried again.
    pub(crate) fn start() -> Result<Cluster, String> {
        let assets = std::env::var_os("KUBEBUILDER_ASSETS")
            .map(PathBuf::from)
            .ok_or("KUBEBUILDER_ASSETS is not set: name the folder of kube-apiserver and etcd")?;
        let mut last = String::new();
        for _ in 0..3 {
            match Self::try_start(&assets) {
                Ok(cluster) => return Ok(cluster),
                Err(e) => last = e,
            }
        }
        Err(last)
    }

    fn try_start(assets: &Path) -> Result<Cluster, String> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let [client, peer, secure] = free_ports()?;
        let at = |name: &str| folder.path().join(name).display().to_string();
        keys(folder.path())?;
        let etcd = spawn(
            assets,
            "etcd",
            folder.path(),
            &[
                format!("--data-dir={}", at("etcd")),
                format!("--listen-client-urls=http://127.0.0.1:{client}"),
                format!("--advertise-client-urls=http://127.0.0.1:{client}"),
                format!("--listen-peer-urls=http://127.0.0.1:{peer}"),
                "--unsafe-no-fsync=true".into(),
                "--log-level=error".into(),
            ],
        )?;
        let mut cluster = Cluster {
            url: format!("https://127.0.0.1:{secure}"),
            children: vec![etcd],
            folder,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|e| e.to_string())?,
            admin: OnceLock::new(),
            reader: OnceLock::new(),
        };
        cluster.write_kubeconfigs()?;
        let at = |name: &str| cluster.folder.path().join(name).display().to_string();
        let server = spawn(
            assets,
            "kube-apiserver",
            cluster.folder.path(),
            &[
                format!("--etcd-servers=http://127.0.0.1:{client}"),
                format!("--secure-port={secure}"),
                "--bind-address=127.0.0.1".into(),
                "--endpoint-reconciler-type=none".into(),
                "--service-cluster-ip-range=10.0.0.0/24".into(),
                format!("--cert-dir={}", at("certs")),
                format!("--token-auth-file={}", at("tokens.csv")),
                "--authorization-mode=RBAC".into(),
                // There is no controller that would make the accounts.
                "--disable-admission-plugins=ServiceAccount".into(),
                "--service-account-issuer=https://kubernetes.default.svc".into(),
                format!("--service-account-key-file={}", at("sa.key")),
                format!("--service-account-signing-key-file={}", at("sa.key")),
            ],
        )?;
        cluster.children.push(server);
        cluster.wait()?;
        Ok(cluster)
    }

    fn wait(&mut self) -> Result<(), String> {
        let end = Instant::now() + Duration::from_secs(60);
        let certificate = self.folder.path().join("certs/apiserver.crt");
        while Instant::now() < end {
            for child in &mut self.children {
                if let Ok(Some(status)) = child.try_wait() {
                    return Err(format!("a server ended with {status}:\n{}", self.logs()));
                }
            }
            // Roles are made after the server is ready; the namespace is the last to come.
            if certificate.exists()
                && self
                    .try_send(User::Admin, "GET", "/readyz", None)
                    .is_ok_and(|a| a.0 == 200)
                && self
                    .try_send(User::Admin, "GET", "/api/v1/namespaces/kube-system", None)
                    .is_ok_and(|a| a.0 == 200)
            {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err(format!(
            "the cluster was not ready within 60 s:\n{}",
            self.logs()
        ))
    }

    fn logs(&self) -> String {
        ["etcd.log", "kube-apiserver.log"]
            .iter()
            .map(|name| {
                let text =
                    std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
                let lines: Vec<&str> = text.lines().collect();
                format!(
                    "{name}:\n{}\n",
                    lines[lines.len().saturating_sub(15)..].join("\n")
                )
            })
            .collect()
    }

    /// The certificate of the server, which signs itself.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("certs/apiserver.crt")
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The token of a user.
    pub(crate) fn token(&self, user: User) -> &'static str {
        user.token()
    }

    /// A kubeconfig with one context per [`User`], named like it; the current one is `user`'s.
    pub(crate) fn kubeconfig(&self, user: User) -> PathBuf {
        self.folder
            .path()
            .join(format!("kubeconfig-{}", user.name()))
    }

    fn write_kubeconfigs(&self) -> Result<(), String> {
        let both = [User::Admin, User::Reader];
        let contexts = both.map(|u| json!({ "name": u.name(), "context": { "cluster": "test", "user": u.name(), "namespace": "default" } }));
        let users = both.map(|u| json!({ "name": u.name(), "user": { "token": u.token() } }));
        for user in both {
            let text = json!({
                "apiVersion": "v1", "kind": "Config", "current-context": user.name(),
                "clusters": [{ "name": "test", "cluster": {
                    "server": self.url,
                    "certificate-authority": self.folder.path().join("certs/apiserver.crt"),
                } }],
                "contexts": contexts,
                "users": users,
            });
            std::fs::write(self.kubeconfig(user), text.to_string()).map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    fn client(&self, user: User) -> Result<kube::Client, String> {
        let known = match user {
            User::Admin => &self.admin,
            User::Reader => &self.reader,
        };
        if let Some(client) = known.get() {
            return Ok(client.clone());
        }
        install_tls();
        let kubeconfig = kube::config::Kubeconfig::read_from(self.kubeconfig(user));
        let mut config = kube::Config::try_from(kubeconfig.map_err(|e| e.to_string())?)
            .map_err(|e| e.to_string())?;
        config.default_retry = false;
        config.proxy_url = None;
        let _in = self.runtime.enter();
        let client = kube::Client::try_from(config).map_err(|e| e.to_string())?;
        Ok(known.get_or_init(|| client).clone())
    }

    /// Sends a request as the admin; panics at anything but success.
    pub(crate) fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (code, answer) = self
            .try_send(User::Admin, method, path, body)
            .expect("the cluster answers");
        assert!(
            (200..300).contains(&code),
            "{method} {path}: {code} {answer}"
        );
        answer
    }

    /// Creates a namespace, once.
    pub(crate) fn namespace(&self, name: &str) {
        let path = format!("/api/v1/namespaces/{name}");
        let object =
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
        self.apply("test", &path, &object);
    }

    /// Server-side apply of `object` at `path` (`/apis/apps/v1/namespaces/shop/deployments/api`) by
    /// a field manager, with force.
    pub(crate) fn apply(&self, manager: &str, path: &str, object: &Value) -> Value {
        self.send(
            "APPLY",
            &format!("{path}?fieldManager={manager}&force=true"),
            Some(object),
        )
    }

    /// A JSON merge patch by a field manager: what `kubectl patch --type merge` sends, and `kubectl
    /// edit` and `kubectl set` where no list is touched.
    pub(crate) fn patch(&self, manager: &str, path: &str, patch: &Value) -> Value {
        self.send(
            "PATCH",
            &format!("{path}?fieldManager={manager}"),
            Some(patch),
        )
    }

    /// Sends a request and returns status and body.
    pub(crate) fn try_send(
        &self,
        user: User,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), String> {
        let body = body.map(Value::to_string).unwrap_or_default();
        self.try_send_text(user, method, path, body)
    }

    /// The same with a body as it is. `APPLY` is a server-side apply, of JSON or YAML; `PATCH` a
    /// merge patch; `STRATEGIC` the patch that knows how lists of built-in kinds merge.
    pub(crate) fn try_send_text(
        &self,
        user: User,
        method: &str,
        path: &str,
        body: String,
    ) -> Result<(u16, Value), String> {
        let client = self.client(user)?;
        let (verb, kind) = match method {
            "APPLY" => ("PATCH", "application/apply-patch+yaml"),
            "PATCH" => ("PATCH", "application/merge-patch+json"),
            "STRATEGIC" => ("PATCH", "application/strategic-merge-patch+json"),
            "POST-YAML" => ("POST", "application/yaml"),
            other => (other, "application/json"),
        };
        let body = body.into_bytes();
        let request = http::Request::builder()
            .method(verb)
            .uri(path)
            .header("content-type", kind)
            .body(kube::client::Body::from(body))
            .map_err(|e| e.to_string())?;
        self.runtime.block_on(async {
            let answer = client.send(request).await.map_err(|e| e.to_string())?;
            let code = answer.status().as_u16();
            let body = answer
                .into_body()
                .collect_bytes()
                .await
                .map_err(|e| e.to_string())?;
            let text = String::from_utf8_lossy(&body).into_owned();
            Ok((
                code,
                serde_json::from_str(&text).unwrap_or(Value::String(text)),
            ))
        })
    }
}

fn free_ports() -> Result<[u16; 3], String> {
    // All bound at a time, so that they differ.
    let listeners: Vec<TcpListener> = (0..3)
        .map(|_| TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string()))
        .collect::<Result<_, _>>()?;
    let mut ports = [0; 3];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        *port = listener.local_addr().map_err(|e| e.to_string())?.port();
    }
    Ok(ports)
}

fn keys(folder: &Path) -> Result<(), String> {
    let status = Command::new("openssl")
        .args(["genrsa", "-out"])
        .arg(folder.join("sa.key"))
        .arg("2048")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|e| format!("openssl: {e}"))?;
    if !status.success() {
        return Err(format!("openssl genrsa: {status}"));
    }
    let tokens = format!(
        "{},{},admin-uid,\"system:masters\"\n{},{},reader-uid\n",
        User::Admin.token(),
        User::Admin.name(),
        User::Reader.token(),
        User::Reader.name()
    );
    std::fs::write(folder.join("tokens.csv"), tokens).map_err(|e| e.to_string())
}

fn spawn(assets: &Path, name: &str, folder: &Path, args: &[String]) -> Result<Child, String> {
    let own = assets.join(name);
    let program = if own.exists() { own } else { name.into() };
    let log =
        std::fs::File::create(folder.join(format!("{name}.log"))).map_err(|e| e.to_string())?;
    let same = log.try_clone().map_err(|e| e.to_string())?;
    Command::new(&program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(same)
        .spawn()
        .map_err(|e| format!("{}: {e}", program.display()))
}
