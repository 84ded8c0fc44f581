//! The source against a server on loopback that replays recorded answers, and misbehaves on demand.
#![allow(clippy::panic, reason = "helpers of tests fail as tests do")]

mod access;
mod failures;
mod reading;
mod secrecy;
mod server;

use super::{ConnectOptions, connect};
use crate::{
    model::{
        observation::{Classifier, ItemId, ObjectId, Observation, Outcome, Read, Scope},
        secret::DigestKey,
        target::{KubernetesSpec, SecretsMode},
        tree::{NodeRef, Sealing, Step},
        value::UnreadCause,
    },
    source::{Diagnosis, ReadContext, Source, Wanted, WantedKind},
};
use server::{Reply, Server};
use std::{
    path::PathBuf,
    sync::Mutex,
    time::{Duration, Instant},
};

/// Seals a Secret's data, as the shipped classifier does.
struct SealsSecrets;

impl Classifier for SealsSecrets {
    fn sealing(&self, id: &ItemId, path: &[Step<'_>], _: NodeRef<'_>) -> Sealing {
        match (id, path) {
            (ItemId::Object(o), [Step::Member("data"), ..]) if o.is("", "Secret") => {
                Sealing::Base64
            }
            _ => Sealing::Keep,
        }
    }
}

/// A kubeconfig for one cluster, in a folder of its own.
struct Setup {
    folder: tempfile::TempDir,
    secrets: SecretsMode,
    limit: Duration,
    progress: Mutex<Vec<String>>,
}

impl Setup {
    fn new(url: &str, user: &str) -> Setup {
        let folder = tempfile::tempdir().expect("a folder");
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: prod-eu\n\
             clusters:\n- name: c\n  cluster: {{ server: \"{url}\" }}\n\
             contexts:\n- name: prod-eu\n  context: {{ cluster: c, user: u, namespace: shop }}\n- name: staging\n  context: {{ cluster: c, user: u }}\n\
             users:\n- name: u\n  user: {user}\n"
        );
        std::fs::write(folder.path().join("config"), text).expect("a kubeconfig");
        Setup {
            folder,
            secrets: SecretsMode::References,
            limit: Duration::from_secs(20),
            progress: Mutex::default(),
        }
    }

    fn of(server: &Server) -> Setup {
        Setup::new(&server.url(), "{ token: t0ken }")
    }

    fn within(mut self, limit: Duration) -> Setup {
        self.limit = limit;
        self
    }

    fn options(&self) -> ConnectOptions {
        ConnectOptions {
            kubeconfig: Some(self.kubeconfig()),
            ..ConnectOptions::default()
        }
    }

    fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    fn source(&self) -> Box<dyn Source> {
        let spec = KubernetesSpec {
            secrets: self.secrets,
            ..KubernetesSpec::default()
        };
        connect(&spec, &self.options()).expect("a context")
    }

    fn run<T>(&self, f: impl AsyncFnOnce(&dyn Source, &ReadContext<'_>) -> T) -> T {
        let key = DigestKey::for_this_run(&[7; 32]);
        let progress = |text: &str| self.progress.lock().expect("no panic").push(text.into());
        let cx = ReadContext {
            key: &key,
            classifier: &SealsSecrets,
            limit: self.limit,
            progress: &progress,
        };
        let source = self.source();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let out = runtime.block_on(f(&*source, &cx));
        runtime.shutdown_background();
        out
    }

    fn read(&self, wanted: &Wanted) -> Observation {
        let start = Instant::now();
        let out = self.run(async |source, cx| source.read(wanted, cx).await);
        let took = start.elapsed();
        assert!(took < self.limit + Duration::from_secs(30), "took {took:?}");
        out
    }

    fn inspect(&self, wanted: &Wanted) -> Diagnosis {
        self.run(async |source, cx| source.inspect(wanted, cx).await)
    }
}

fn kinds(kinds: &[(&str, &str, Option<&str>)]) -> Wanted {
    Wanted {
        kinds: kinds
            .iter()
            .map(|(g, k, n)| WantedKind::new(g, k, *n))
            .collect(),
        ..Wanted::default()
    }
}

fn config_maps() -> Wanted {
    kinds(&[("", "ConfigMap", Some("bulk"))])
}

fn outcome<'o>(o: &'o Observation, scope: &Scope) -> &'o Read {
    let found = o
        .reads()
        .iter()
        .filter(|r| r.scope == *scope)
        .collect::<Vec<_>>();
    assert_eq!(found.len(), 1, "{scope} in {:?}", o.reads());
    found[0]
}

/// The cause of a failure of the one list of ConfigMaps, and its words.
fn failure(o: &Observation) -> (&'static str, UnreadCause, String) {
    let read = outcome(o, &Scope::kind("", "ConfigMap", Some("bulk")));
    match &read.outcome {
        Outcome::Complete => panic!("nothing failed"),
        Outcome::Partial(u) => ("partial", u.cause, u.detail.to_string()),
        Outcome::Failed(u) => ("failed", u.cause, u.detail.to_string()),
        Outcome::Skipped(u) => ("skipped", u.cause, u.detail.to_string()),
    }
}

fn object(group: &str, kind: &str, namespace: Option<&str>, name: &str) -> ItemId {
    ItemId::Object(ObjectId::new(group, kind, namespace, name))
}
