//! Since when, and by whom: asked for the values that are shown, and for no others.

use super::{Asked, ReadPlace};
use crate::{
    kubernetes::ownership::Ownership,
    model::{
        entry::Origin,
        environments::{Class, Environments},
        finding::{SideShown, Written},
        report::SideName,
        value::Reading,
    },
    pipeline::{
        history::{self, Holder},
        inputs::Run,
        live,
    },
};
use std::sync::Arc;

/// Fills in commits and writers of the rows that differ.
pub(super) fn fill(runs: &[Run<'_>], read: &[ReadPlace], asked: &[Asked], out: &mut Environments) {
    for ((run, place), asked) in runs.iter().zip(read).zip(asked) {
        let mut questions: Vec<history::Written> = vec![];
        let mut waiting: Vec<&mut SideShown> = vec![];
        let differing = out.rows.iter_mut().filter(|r| r.class < Class::Documented);
        for row in differing {
            let Some(service) = row.services.first().cloned() else {
                continue;
            };
            let own = row
                .values
                .iter_mut()
                .filter(|v| v.environment == asked.name);
            for value in own {
                let Some(origin) = origin_of(value) else {
                    continue;
                };
                if value.side == SideName::Live {
                    value.written = written(place, &service, &origin);
                } else if let Some(question) = question(place, &service, value, &origin) {
                    questions.push(question);
                    waiting.push(value);
                }
            }
        }
        let commits = history::since(run, &place.analysis.revisions, questions);
        for (value, commit) in waiting.into_iter().zip(commits) {
            value.commit = commit;
        }
    }
}

/// Where a shown value stands.
fn origin_of(value: &SideShown) -> Option<Origin> {
    Some(Origin {
        item: value.object.clone()?,
        path: value.path.clone(),
        place: value.place.clone(),
    })
}

fn question(
    place: &ReadPlace,
    service: &Arc<str>,
    value: &SideShown,
    origin: &Origin,
) -> Option<history::Written> {
    let written = origin.place.as_ref().filter(|p| p.is_exact())?;
    let analysis = &place.analysis;
    let target = analysis
        .plan
        .targets
        .iter()
        .find(|t| t.id.service == *service)?;
    let layer = target.layers.iter().find(|l| l.layer.name == value.layer);
    // Neither another repository's history nor another branch's is head's.
    let elsewhere = layer.is_some_and(|l| l.layer.repository.is_some());
    if elsewhere || target.environment.tracks.is_some() || origin.path.0.is_empty() {
        return None;
    }
    let holder = match origin.object() {
        Some(object) => Holder::Object(object.clone()),
        None => history::file_holder(layer?, &written.file)?,
    };
    Some((written.file.clone(), holder, origin.path.clone()))
}

fn written(place: &ReadPlace, service: &Arc<str>, origin: &Origin) -> Option<Written> {
    let analysis = &place.analysis;
    let object = origin.object()?;
    let own = analysis
        .state
        .layers
        .iter()
        .filter(|l| analysis.plan.targets[l.target].id.service == *service);
    for layer in own {
        let Some(system) = live::system_of(&analysis.plan, &analysis.live, layer) else {
            continue;
        };
        if let Reading::Present(item) = system.observation.object(object) {
            let deployers = &analysis.plan.deployers;
            let ownership = Ownership::of(&item.writes, item.tree.root(), deployers);
            return Some(ownership.evidence(&origin.path));
        }
    }
    None
}
