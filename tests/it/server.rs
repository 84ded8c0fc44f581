//! A small API server on loopback: it discovers, lists and pages the objects it is given, or
//! answers every request in one way.

use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// How the server behaves.
pub(crate) enum Behaviour {
    /// Serves these objects; a page holds at most this many.
    Objects(Vec<Value>, usize),
    /// Answers everything with this status and body.
    Always(u16, String),
    /// Takes requests and never answers.
    Hangs,
}

pub(crate) struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    log: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn start(behaviour: Behaviour) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let server = Server {
            address: listener.local_addr().expect("bound"),
            stop: Arc::default(),
            log: Arc::default(),
        };
        let (stop, log) = (server.stop.clone(), server.log.clone());
        let behaviour = Arc::new(behaviour);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (stop, log, behaviour) = (stop.clone(), log.clone(), behaviour.clone());
                std::thread::spawn(move || _ = serve(stream, &behaviour, &stop, &log));
            }
        });
        server
    }

    /// What was asked for, in order: method and target.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().expect("no panic").clone()
    }

    /// Writes a kubeconfig whose context `production` is this server.
    pub(crate) fn kubeconfig(&self, path: &Path, token: &str) {
        write_kubeconfig(path, &format!("http://{}", self.address), token);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        _ = TcpStream::connect(self.address);
    }
}

/// A kubeconfig with the contexts `production` and `staging` of one server.
pub(crate) fn write_kubeconfig(path: &Path, server: &str, token: &str) {
    let context = |name: &str| json!({ "name": name, "context": { "cluster": "c", "user": "u", "namespace": "shop" } });
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "production",
        "clusters": [{ "name": "c", "cluster": { "server": server } }],
        "users": [{ "name": "u", "user": { "token": token } }],
        "contexts": [context("production"), context("staging")],
    });
    std::fs::write(path, config.to_string()).expect("a writable file");
}

fn serve(
    mut stream: TcpStream,
    behaviour: &Behaviour,
    stop: &AtomicBool,
    log: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split(' ');
        let (method, target) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        );
        log.lock()
            .expect("no panic")
            .push(format!("{method} {target}"));
        let target = target.to_owned();
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            match header.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().unwrap_or(0);
                }
                Some(_) => {}
                None => break,
            }
        }
        reader.read_exact(&mut vec![0; length])?;
        let (code, body) = match behaviour {
            Behaviour::Objects(objects, page) => answer(&target, objects, *page),
            Behaviour::Always(code, body) => (*code, body.clone()),
            Behaviour::Hangs => {
                while !stop.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(10));
                }
                return Ok(());
            }
        };
        write!(
            stream,
            "HTTP/1.1 {code} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
    }
}

/// Kind, resource, group and version of what is served.
const KINDS: &[(&str, &str, &str, &str)] = &[
    ("Namespace", "namespaces", "", "v1"),
    ("ConfigMap", "configmaps", "", "v1"),
    ("Secret", "secrets", "", "v1"),
    ("Service", "services", "", "v1"),
    ("Pod", "pods", "", "v1"),
    ("Deployment", "deployments", "apps", "v1"),
    ("ReplicaSet", "replicasets", "apps", "v1"),
    (
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
        "autoscaling",
        "v2",
    ),
];

fn answer(target: &str, objects: &[Value], page: usize) -> (u16, String) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query: BTreeMap<&str, &str> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .collect();
    let ok = |body: Value| (200, body.to_string());
    match path {
        "/version" => return ok(json!({ "major": "1", "minor": "36", "gitVersion": "v1.36.2" })),
        "/api" => return ok(discovery(true)),
        "/apis" => return ok(discovery(false)),
        "/openapi/v3" => return ok(json!({ "paths": {} })),
        _ => {}
    }
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (group, version, rest) = match &parts[..] {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return not_found(path),
    };
    let (namespace, resource, name) = match rest {
        ["namespaces", name] => (None, "namespaces", Some(*name)),
        ["namespaces", namespace, resource] => (Some(*namespace), *resource, None),
        ["namespaces", namespace, resource, name] => (Some(*namespace), *resource, Some(*name)),
        [resource] => (None, *resource, None),
        _ => return not_found(path),
    };
    let Some((kind, ..)) = KINDS
        .iter()
        .find(|k| (k.1, k.2, k.3) == (resource, group, version))
    else {
        return not_found(path);
    };
    let of_kind: Vec<&Value> = objects
        .iter()
        .filter(|o| o["kind"] == *kind && namespace.is_none_or(|n| o["metadata"]["namespace"] == n))
        .collect();
    if let Some(name) = name {
        return match of_kind.iter().find(|o| o["metadata"]["name"] == name) {
            Some(object) => ok((*object).clone()),
            None if *kind == "Namespace" => ok(json!({ "kind": "Namespace", "apiVersion": "v1",
                "metadata": { "name": name, "uid": format!("uid-of-{name}") } })),
            None => not_found(path),
        };
    }
    let start: usize = query
        .get("continue")
        .and_then(|c| c.parse().ok())
        .unwrap_or(0);
    let end = (start + page).min(of_kind.len());
    let more = if end < of_kind.len() {
        end.to_string()
    } else {
        String::new()
    };
    let api_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    ok(
        json!({ "kind": format!("{kind}List"), "apiVersion": api_version,
        "metadata": { "resourceVersion": "7", "continue": more },
        "items": &of_kind[start.min(end)..end] }),
    )
}

fn not_found(path: &str) -> (u16, String) {
    let status = json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": format!("{path} not found"), "reason": "NotFound", "code": 404 });
    (404, status.to_string())
}

fn discovery(core: bool) -> Value {
    let mut groups: BTreeMap<(&str, &str), Vec<Value>> = BTreeMap::new();
    for (kind, resource, group, version) in KINDS.iter().filter(|k| k.2.is_empty() == core) {
        let scope = if *kind == "Namespace" {
            "Cluster"
        } else {
            "Namespaced"
        };
        groups.entry((group, version)).or_default().push(json!({
            "resource": resource, "singularResource": kind.to_lowercase(), "scope": scope,
            "responseKind": { "group": "", "version": "", "kind": kind },
            "verbs": ["get", "list", "watch"] }));
    }
    let items: Vec<Value> = groups
        .into_iter()
        .map(|((group, version), resources)| {
            let metadata = if core { json!({}) } else { json!({ "name": group }) };
            json!({ "metadata": metadata,
                "versions": [{ "version": version, "resources": resources, "freshness": "Current" }] })
        })
        .collect();
    json!({ "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {}, "items": items })
}
