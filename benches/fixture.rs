//! Writes a repository and the snapshot of its cluster, for measuring whole processes:
//!
//! `cargo bench --bench fixture -- --write FOLDER --objects 50000 [--services N]
//! [--environments N] [--namespace NAME]`
//!
//! With `--services` the apps are shared out among so many services in so many environments
//! (`--environments`, default one), with one snapshot per environment. With `--namespace` all
//! objects are in that one, and of kinds that every cluster serves. Without `--write` it does
//! nothing, so that `cargo bench` passes by.
//!
//! `cargo bench --bench fixture -- --write FOLDER --settings SERVICES [--environments N]` writes a
//! repository of settings instead: a values file for each of at most four environments, with so
//! many applications in it.

mod support;

use driftgate::{
    model::{observation::Observation, secret::DigestKey},
    snapshot::{self, Section, SourceName},
};
use std::{fmt::Write as _, fs, path::Path};
use support::{Shape, applications};

type Anyhow<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Anyhow<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|a| a == name)?;
        arguments.get(at + 1).cloned()
    };
    let number = |name: &str, default: usize| match value(name) {
        Some(text) => text.parse(),
        None => Ok(default),
    };
    let Some(folder) = value("--write") else {
        return Ok(());
    };
    let folder = Path::new(&folder);
    if value("--settings").is_some() {
        let (services, environments) = (number("--settings", 60)?, number("--environments", 4)?);
        return settings(folder, services, environments);
    }
    let namespace = value("--namespace");
    let shape = Shape {
        objects: number("--objects", 1_000)?,
        custom: namespace.is_none(),
        namespace: namespace.map(|n| &*n.leak()),
    };
    let (services, environments) = (number("--services", 1)?, number("--environments", 1)?);
    fs::create_dir_all(folder.join("live"))?;
    manifests(folder, shape, services)?;
    let names: Vec<String> = (0..environments).map(|e| format!("env-{e}")).collect();
    configuration(folder, services, &names)?;
    let key = DigestKey::for_this_run(&[7; 32]);
    let live = support::live(shape, &key);
    for name in &names {
        record(folder, name, &live, &key)?;
    }
    Ok(())
}

fn settings(folder: &Path, services: usize, environments: usize) -> Anyhow<()> {
    let all = applications::ENVIRONMENTS;
    let environments = all.get(..environments).ok_or("at most four environments")?;
    fs::create_dir_all(folder)?;
    for environment in environments {
        let text = applications::values(environment, services);
        fs::write(folder.join(format!("values-{environment}.yaml")), text)?;
    }
    let text = applications::configuration(environments);
    fs::write(folder.join("driftgate.yaml"), text)?;
    Ok(())
}

/// One file per two apps, in the folder of their service.
fn manifests(folder: &Path, shape: Shape, services: usize) -> Anyhow<()> {
    for (g, group) in shape.groups().enumerate() {
        let home = folder.join(format!("deploy/service-{}", g % services));
        fs::create_dir_all(&home)?;
        let mut text = String::new();
        for object in group {
            text.push_str("---\n");
            text.push_str(&serde_yaml::to_string(&object.desired)?);
        }
        fs::write(home.join(format!("apps-{g}.yaml")), text)?;
    }
    Ok(())
}

fn configuration(folder: &Path, services: usize, environments: &[String]) -> Anyhow<()> {
    let mut text = String::from("version: 1\nservices:\n");
    for s in 0..services {
        writeln!(
            text,
            "  service-{s}:\n    layers:\n      - name: workload\n        desired: {{ manifests: deploy/service-{s} }}\n        live: {{ kubernetes: {{ context: \"${{environment}}\" }} }}"
        )?;
    }
    text.push_str("environments:\n");
    for name in environments {
        writeln!(text, "  {name}: {{ tier: production }}")?;
    }
    text.push_str("gate:\n  snapshot-max-age: 36500d\n");
    fs::write(folder.join("driftgate.yaml"), text)?;
    Ok(())
}

fn record(folder: &Path, environment: &str, live: &Observation, key: &DigestKey) -> Anyhow<()> {
    let source = SourceName {
        name: "kubernetes".into(),
        describe: format!("context {environment}").into(),
    };
    let time: driftgate::model::time::Timestamp = "2026-11-21T07:00:00Z".parse()?;
    let section = Section {
        environment: Some(environment),
        source: &source,
        taken: Some((time, time)),
        observation: live,
    };
    let path = folder.join(format!("live/{environment}.jsonl"));
    snapshot::write_file(&path, &[section], key)?;
    Ok(())
}
