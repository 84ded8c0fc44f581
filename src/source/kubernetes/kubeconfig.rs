//! Which credentials: a kubeconfig's context, or those of the pod.
//!
//! Order: `--kubeconfig`, `KUBECONFIG`, the pod's own (unless a context is named), `~/.kube/config`.
//! Never a path from driftgate.yaml, and never a file inside the repository.

use super::{ConnectError, ConnectOptions};
use crate::model::target::KubernetesSpec;
use kube::{
    Config,
    config::{ExecConfig, Kubeconfig, KubeconfigError},
};
use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Everything that a client is made of. No `Debug`: it holds credentials.
pub(super) struct Access {
    /// For the client; without an exec plugin.
    pub(super) config: Config,
    /// The exec plugin whose credentials are still to be had.
    pub(super) exec: Option<ExecConfig>,
    /// `context prod-eu`, `this pod`: for sentences.
    pub(super) who: Box<str>,
    /// Where objects without a namespace of their own live.
    pub(super) namespace: Box<str>,
    /// Whether an exec plugin may ask the person at the terminal.
    pub(super) interactive: bool,
    /// What no exec plugin gets to see.
    pub(super) drop_env: Vec<Box<str>>,
}

/// The environment, as a function: nothing here reads the process's own.
pub(super) type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;

const POD_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// Finds and reads the credentials.
pub(super) fn load(
    spec: &KubernetesSpec,
    options: &ConnectOptions,
    env: Env<'_>,
) -> Result<Access, ConnectError> {
    let files = match (&options.kubeconfig, files_of_env(env)) {
        (Some(file), _) => vec![file.clone()],
        (None, Some(files)) => files,
        (None, None) if spec.context.is_none() && in_pod(env) => return pod(spec, options),
        (None, None) => home(env).into_iter().collect(),
    };
    let (kubeconfig, shown) = read_all(&files, options)?;
    from_kubeconfig(kubeconfig, &shown, spec, options)
}

fn files_of_env(env: Env<'_>) -> Option<Vec<PathBuf>> {
    let value = env("KUBECONFIG")?;
    let files: Vec<PathBuf> = std::env::split_paths(&value)
        .filter(|p| !p.as_os_str().is_empty())
        .collect();
    (!files.is_empty()).then_some(files)
}

fn in_pod(env: Env<'_>) -> bool {
    ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"]
        .iter()
        .all(|v| env(v).is_some())
        && Path::new(POD_TOKEN).exists()
}

fn home(env: Env<'_>) -> Option<PathBuf> {
    let home = env("HOME").or_else(|| env("USERPROFILE"))?;
    Some(Path::new(&home).join(".kube").join("config"))
}

fn pod(spec: &KubernetesSpec, options: &ConnectOptions) -> Result<Access, ConnectError> {
    let config = Config::incluster().map_err(|_| ConnectError::Unusable {
        context: "of this pod".into(),
        why: "the service account's files below /var/run/secrets/kubernetes.io/serviceaccount cannot be read".into(),
    })?;
    Ok(finish(config, "this pod".into(), spec, options))
}

fn read_all(
    files: &[PathBuf],
    options: &ConnectOptions,
) -> Result<(Kubeconfig, String), ConnectError> {
    let mut merged: Option<Kubeconfig> = None;
    let mut shown = Vec::new();
    for file in files {
        // kubectl skips files of the list that do not exist.
        if !file.exists() && options.kubeconfig.is_none() {
            continue;
        }
        let path: Box<str> = file.display().to_string().into();
        refuse_inside(file, options, &path)?;
        let next = Kubeconfig::read_from(file).map_err(|e| of_file(&e, &path))?;
        shown.push(path.to_string());
        merged = Some(match merged {
            None => next,
            Some(first) => first.merge(next).map_err(|e| ConnectError::Malformed {
                path,
                place: "".into(),
                why: words(&e).into(),
            })?,
        });
    }
    match merged {
        Some(kubeconfig) => Ok((kubeconfig, shown.join(", "))),
        None => Err(ConnectError::NoKubeconfig {
            looked: list(files.iter().map(|f| f.display().to_string())),
        }),
    }
}

/// Refuses a file whose own place, or whose target, is in the repository.
fn refuse_inside(file: &Path, options: &ConnectOptions, path: &str) -> Result<(), ConnectError> {
    let Some(root) = &options.forbid_inside else {
        return Ok(());
    };
    let root = root.canonicalize().unwrap_or_else(|_| root.clone());
    let target = file.canonicalize().ok();
    let folder = match file.parent().filter(|p| !p.as_os_str().is_empty()) {
        Some(folder) => folder.canonicalize().ok(),
        None => Path::new(".").canonicalize().ok(),
    };
    if [target, folder]
        .iter()
        .flatten()
        .any(|p| p.starts_with(&root))
    {
        return Err(ConnectError::Inside { path: path.into() });
    }
    Ok(())
}

fn of_file(e: &KubeconfigError, path: &str) -> ConnectError {
    match e {
        KubeconfigError::ReadConfig(io, _) => ConnectError::Unreadable {
            path: path.into(),
            why: io_words(io).into(),
        },
        KubeconfigError::Parse(e) => ConnectError::Malformed {
            path: path.into(),
            place: e
                .location()
                .map(|l| format!(":{}:{}", l.line(), l.column()))
                .unwrap_or_default()
                .into(),
            why: "expected YAML with `clusters`, `contexts` and `users`".into(),
        },
        e => ConnectError::Malformed {
            path: path.into(),
            place: "".into(),
            why: words(e).into(),
        },
    }
}

fn io_words(e: &io::Error) -> &'static str {
    match e.kind() {
        io::ErrorKind::NotFound => "it does not exist",
        io::ErrorKind::PermissionDenied => "permission denied",
        io::ErrorKind::IsADirectory => "it is a folder",
        io::ErrorKind::InvalidData => "it is not UTF-8 text",
        _ => "the file system fails",
    }
}

/// The client's words for a kubeconfig, in ours: its own quote the file.
pub(super) fn words(e: &KubeconfigError) -> String {
    use KubeconfigError as K;
    match e {
        K::CurrentContextNotSet => "it has no current context".into(),
        K::KindMismatch | K::ApiVersionMismatch => {
            "the files of KUBECONFIG are of different kinds or versions".into()
        }
        K::LoadContext(_) => "the context has no `context`".into(),
        K::LoadClusterOfContext(name) => format!("its cluster `{name}` is not in the kubeconfig"),
        K::FindPath => "there is no home folder to look for a kubeconfig in".into(),
        K::ReadConfig(..) => "a file cannot be read".into(),
        K::Parse(_) => "it is no YAML of a kubeconfig".into(),
        K::MissingClusterUrl => "its cluster has no `server`".into(),
        K::ParseClusterUrl(_) => "its cluster's `server` is no URL".into(),
        K::ParseProxyUrl(_) => "the proxy's URL (`proxy-url`, or HTTPS_PROXY) is no URL".into(),
        K::LoadCertificateAuthority(_) => {
            "its `certificate-authority` cannot be read: no such file, or no base64".into()
        }
        K::LoadClientCertificate(_) => {
            "its `client-certificate` cannot be read: no such file, or no base64".into()
        }
        K::LoadClientKey(_) => "its `client-key` cannot be read: no such file, or no base64".into(),
        K::ParseCertificates(_) => "its `certificate-authority` is no certificate in PEM".into(),
        K::ParseNoProxy(_) => "NO_PROXY cannot be read".into(),
    }
}

fn from_kubeconfig(
    mut kubeconfig: Kubeconfig,
    shown: &str,
    spec: &KubernetesSpec,
    options: &ConnectOptions,
) -> Result<Access, ConnectError> {
    let mut known: Vec<String> = kubeconfig.contexts.iter().map(|c| c.name.clone()).collect();
    known.sort();
    let current = kubeconfig
        .current_context
        .as_deref()
        .filter(|c| !c.is_empty());
    let Some(context) = spec.context.as_deref().or(current).map(Box::<str>::from) else {
        return Err(ConnectError::NoContext {
            path: shown.into(),
            known: list(known.into_iter()),
        });
    };
    if !known.iter().any(|k| **k == *context) {
        return Err(ConnectError::UnknownContext {
            path: shown.into(),
            hint: nearest(&context, &known)
                .map(|n| format!(", did you mean `{n}`?"))
                .unwrap_or_default()
                .into(),
            known: list(known.into_iter()),
            context,
        });
    }
    kubeconfig.current_context = Some(context.to_string());
    let unusable = |why: String| ConnectError::Unusable {
        context: context.clone(),
        why: why.into(),
    };
    let own_proxy = has_own_proxy(&kubeconfig, &context);
    let mut config = Config::try_from(kubeconfig).map_err(|e| unusable(words(&e)))?;
    if !own_proxy && goes_direct(&config.cluster_url) {
        config.proxy_url = None;
    }
    if let Some(provider) = &config.auth_info.auth_provider
        && provider.name != "oidc"
    {
        return Err(unusable(
            "its `auth-provider` was removed in Kubernetes 1.26: use an exec plugin (gke-gcloud-auth-plugin, kubelogin)".into(),
        ));
    }
    let who = format!("context {context}").into();
    Ok(finish(config, who, spec, options))
}

fn has_own_proxy(kubeconfig: &Kubeconfig, context: &str) -> bool {
    let cluster = kubeconfig
        .contexts
        .iter()
        .find(|c| c.name == context)
        .and_then(|c| c.context.as_ref())
        .map(|c| c.cluster.as_str());
    kubeconfig
        .clusters
        .iter()
        .filter(|c| Some(c.name.as_str()) == cluster)
        .filter_map(|c| c.cluster.as_ref())
        .any(|c| c.proxy_url.is_some())
}

/// As Go's `http.ProxyFromEnvironment`, which kubectl uses: HTTPS_PROXY is for https, and never for
/// this machine.
fn goes_direct(url: &http::Uri) -> bool {
    let host = url.host().unwrap_or("").trim_matches(['[', ']']);
    let local = host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback());
    local || url.scheme_str() != Some("https")
}

fn finish(
    mut config: Config,
    who: Box<str>,
    spec: &KubernetesSpec,
    options: &ConnectOptions,
) -> Access {
    // The client would retry 15 times, obey any Retry-After, and wait for ever for an answer.
    config.default_retry = false;
    config.connect_timeout = Some(Duration::from_secs(10));
    config.read_timeout = Some(Duration::from_secs(30));
    config.reset_reader_on_write = true;
    config.headers.push((
        http::header::USER_AGENT,
        http::HeaderValue::from_static(concat!("driftgate/", env!("CARGO_PKG_VERSION"))),
    ));
    let auth = &mut config.auth_info;
    let has_other = auth.token.is_some() || auth.token_file.is_some() || auth.username.is_some();
    let exec = auth.exec.take().filter(|_| !has_other);
    let namespace = spec
        .namespace
        .clone()
        .unwrap_or_else(|| config.default_namespace.as_str().into());
    Access {
        config,
        exec,
        who,
        namespace,
        interactive: options.interactive,
        drop_env: options.drop_env.clone(),
    }
}

/// `a, b and 3 more`.
fn list(names: impl Iterator<Item = String>) -> Box<str> {
    const SHOWN: usize = 20;
    let names: Vec<String> = names.map(|n| format!("`{n}`")).collect();
    match names.len() {
        0 => "none".into(),
        n if n <= SHOWN => names.join(", ").into(),
        n => format!("{} and {} more", names[..SHOWN].join(", "), n - SHOWN).into(),
    }
}

/// The known name that takes the fewest edits, if they are few.
fn nearest<'a>(asked: &str, known: &'a [String]) -> Option<&'a str> {
    known
        .iter()
        .map(|k| (edits(asked, k), k.as_str()))
        .min()
        .filter(|(n, k)| {
            *n <= 2.max(asked.chars().count() / 3) || k.contains(asked) || asked.contains(k)
        })
        .map(|(_, k)| k)
}

/// Levenshtein distance.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let swap = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = swap.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
