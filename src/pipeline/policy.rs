//! What findings are judged by, from the base revision: the configuration's policy, the baseline,
//! and the ignore rules of Argo CD and Flux that git has.

use super::{Analysis, BaselineFrom, desired_state::Reader, inputs::Run};
use crate::{
    git::{FileError, Files},
    model::{
        desired::DesiredObject,
        finding::Message,
        observation::ObjectId,
        report::{CoverageStatus, Occasion, Report},
        target::{DeployedSpec, DesiredSpec, TargetId},
    },
    policy::{
        self, Policy, Scope,
        baseline::Baseline,
        gitops::{self, Gitops},
        selector::Tiers,
    },
};
use anyhow::{Context, anyhow, bail};
use std::{collections::BTreeMap, path::Path, sync::Arc};

/// What was read for judging.
pub(crate) struct Given {
    baseline: Option<Baseline>,
}

/// A baseline larger than this is none.
const MAX_BASELINE: u64 = 64 << 20;

impl Given {
    /// Reads it.
    ///
    /// # Errors
    /// A baseline that was asked for and can't be read.
    pub(crate) fn read(
        run: &Run<'_>,
        analysis: &Analysis,
        from: &BaselineFrom,
    ) -> anyhow::Result<Given> {
        Ok(Given {
            baseline: baseline(run, analysis, from)?,
        })
    }

    /// Gives every finding its severity and disposition, and adds what there is to say of the
    /// policy itself.
    pub(crate) fn apply(&self, run: &Run<'_>, analysis: &Analysis, report: &mut Report) {
        let judge = &analysis.plan.judge;
        let tiers: Tiers = judge
            .environments
            .iter()
            .map(|(name, e)| (name.clone(), e.tier))
            .collect();
        let lookup = Lookup::of(analysis);
        let object_of = |service: &str, environment: &str, id: &ObjectId| {
            lookup.object(analysis, service, environment, id)
        };
        let deployed_by =
            |service: &str, environment: &str| lookup.deployed(analysis, service, environment);
        // Nobody waits for them where there is nothing that they could be about.
        let is_wanted = report.findings.iter().any(|f| {
            let s = &f.subject;
            gitops::may_be_about(f, deployed_by(&s.service, &s.environment))
        });
        let gitops = if is_wanted {
            deployers_rules(run, analysis)
        } else {
            gitops::Found::default()
        };
        let policy = Policy {
            severities: &judge.severities,
            ignore: &judge.ignore,
            gitops: Some(Gitops {
                rules: &gitops.rules,
                object_of: &object_of,
                deployed_by: &deployed_by,
            }),
            waivers: &judge.waivers,
            baseline: self.baseline.as_ref(),
            tiers: &tiers,
            occasion: analysis.revisions.occasion,
            now: run.now,
            key: &run.key,
        };
        let applied = policy::apply(&mut report.findings, &policy);
        let targets: Vec<TargetId> = analysis.plan.targets.iter().map(|t| t.id.clone()).collect();
        let everything = |r: &Report| {
            !r.coverage
                .iter()
                .any(|c| c.blocks() || c.status == CoverageStatus::NotInScope)
        };
        let itself = policy::judge(
            &policy,
            &applied,
            &Scope {
                whole: analysis.plan.whole
                    && analysis.revisions.occasion != Occasion::Review
                    && everything(report),
                targets: &targets,
            },
        );
        report.findings.extend(itself.findings);
        report.notes.extend(itself.notes);
        report.notes.extend(not_understood(&gitops));
        report.not_evaluated.extend(itself.not_evaluated);
    }
}

/// Finds targets by their names.
struct Lookup<'a>(BTreeMap<&'a str, BTreeMap<&'a str, Vec<usize>>>);

impl<'a> Lookup<'a> {
    fn of(analysis: &'a Analysis) -> Lookup<'a> {
        let mut out: BTreeMap<_, BTreeMap<_, Vec<usize>>> = BTreeMap::new();
        for (i, layer) in analysis.state.layers.iter().enumerate() {
            let id = &analysis.plan.targets[layer.target].id;
            out.entry(&*id.service)
                .or_default()
                .entry(&*id.environment)
                .or_default()
                .push(i);
        }
        Lookup(out)
    }

    fn layers(&self, service: &str, environment: &str) -> &[usize] {
        self.0
            .get(service)
            .and_then(|of| of.get(environment))
            .map_or(&[], Vec::as_slice)
    }

    fn object<'b>(
        &self,
        analysis: &'b Analysis,
        service: &str,
        environment: &str,
        id: &ObjectId,
    ) -> Option<&'b DesiredObject> {
        self.layers(service, environment)
            .iter()
            .find_map(|i| analysis.state.layers[*i].base.objects.get(id))
            .map(Arc::as_ref)
    }

    fn deployed<'b>(
        &self,
        analysis: &'b Analysis,
        service: &str,
        environment: &str,
    ) -> Option<&'b DeployedSpec> {
        let first = self.layers(service, environment).first()?;
        let target = analysis.state.layers[*first].target;
        analysis.plan.targets[target].environment.deployed.as_ref()
    }
}

/// The revision that judges.
fn judging(analysis: &Analysis) -> &Files {
    // Head's configuration stands in for base's: what it names does, too.
    if analysis.plan.adopted {
        &analysis.revisions.head
    } else {
        &analysis.revisions.base
    }
}

/// The rules of Argo CD and Flux: those among the objects of the run, and those that lie anywhere
/// in the repository. What can't be read accepts nothing.
fn deployers_rules(run: &Run<'_>, analysis: &Analysis) -> gitops::Found {
    let files = judging(analysis);
    let is_yaml = |path: &str| path.ends_with(".yaml") || path.ends_with(".yml");
    let reader = Reader::new(run, &analysis.plan);
    let worlds: Vec<_> = (files.walk_all("").unwrap_or_default().files.iter())
        .filter(|path| is_yaml(path))
        .filter(|path| files.read(path).is_ok_and(|f| gitops::may_hold(&f.bytes)))
        .map(|path| {
            // One by one: of one name there may be several.
            let spec = DesiredSpec::Manifests {
                paths: vec![path.as_ref().into()],
            };
            reader.world(Some(&spec), files, None)
        })
        .collect();
    let of_run = analysis.state.layers.iter().map(|l| &l.base);
    let objects = of_run.chain(&worlds).flat_map(|w| w.objects.values());
    gitops::from_objects(objects.map(AsRef::as_ref))
}

/// Reads a baseline from the disk; `name` is for messages.
///
/// # Errors
/// When it is anything else.
pub(crate) fn read_baseline(path: &Path, name: &str) -> anyhow::Result<Baseline> {
    let unreadable = || format!("the baseline {name} can't be read");
    let meta = std::fs::metadata(path).with_context(unreadable)?;
    if meta.is_dir() {
        bail!(
            "the baseline {name} is a folder: expected the file that `driftgate baseline write` made"
        );
    }
    if !meta.is_file() || meta.len() > MAX_BASELINE {
        bail!("the baseline {name} is no file of a baseline's size");
    }
    let bytes = std::fs::read(path).with_context(unreadable)?;
    Ok(Baseline::parse(&bytes, name)?)
}

fn baseline(
    run: &Run<'_>,
    analysis: &Analysis,
    from: &BaselineFrom,
) -> anyhow::Result<Option<Baseline>> {
    match from {
        BaselineFrom::Nowhere => Ok(None),
        BaselineFrom::File(path) => {
            let name = path.display().to_string();
            read_baseline(&run.path(path), &name).map(Some)
        }
        BaselineFrom::Configuration => {
            let Some(path) = &analysis.plan.judge.baseline else {
                return Ok(None);
            };
            let files = judging(analysis);
            let found = files.read(path).map_err(|e| match e {
                FileError::NotFound { .. } => anyhow!(
                    "driftgate.yaml says `baseline: {path}`, which does not exist {}: `driftgate baseline write` makes it; commit it",
                    files.at()
                ),
                other => anyhow!(other).context(format!("the baseline {path} can't be read")),
            })?;
            Ok(Some(Baseline::parse(&found.bytes, path)?))
        }
    }
}

/// Rules of deployers that are not honoured because nobody here understands them.
fn not_understood(found: &gitops::Found) -> Option<Message> {
    let (place, what) = found.not_understood.first()?;
    let n = found.not_understood.len();
    Some(
        Message(vec![])
            .count(n)
            .and(if n == 1 {
                " ignore rule of Argo CD or Flux is not understood and not honoured: "
            } else {
                " ignore rules of Argo CD or Flux are not understood and not honoured, first: "
            })
            .name(what.clone())
            .and(" in ")
            .name(place.to_string()),
    )
}
