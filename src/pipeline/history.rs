//! Since when git has a value, and whether it ever had the live one: what comparing wants to know
//! of history, answered one walk per file.

use super::{Analysis, desired_state::State, inputs::Run, revisions::Revisions};
use crate::{
    compare::Compared,
    desired,
    document::{self, Dialect, Format, Parsed},
    history::{Answer, FileHistory, Limits, Question},
    model::{
        entry::Origin,
        finding::CommitShown,
        observation::ObjectId,
        path::{KeyPath, Segment},
        place::Place,
        report::Report,
        target::DesiredSpec,
        tree::{Kind, NodeRef},
        value::{Plain, Value},
    },
    plan::{LayerPlan, Plan},
};
use std::{collections::BTreeMap, sync::Arc, time::Instant};

/// Entries beyond this many are not asked about.
const QUESTIONS: usize = 500;

/// A value in a version of a file, absent where it is not there.
type Picked = Option<Arc<str>>;
/// Takes it out of a version.
type Pick<'a> = Box<dyn Fn(Option<&Parsed>) -> Option<Picked> + 'a>;

/// What is asked about one entry.
struct Asked {
    layer: usize,
    entry: usize,
    holder: Holder,
    path: KeyPath,
    live: Option<Arc<str>>,
}

/// What holds an entry in its file.
pub(super) enum Holder {
    /// One of the objects in it.
    Object(ObjectId),
    /// The file itself, read as this format.
    File(Format),
}

/// Fills in `since` and `in_git` of all entries whose place in git is known.
pub(crate) fn fill(run: &Run<'_>, analysis: &mut Analysis) {
    let Analysis {
        revisions,
        plan,
        state,
        compared,
        ..
    } = analysis;
    let (Some(repository), Some(commit)) = (&run.repository, &revisions.head_commit) else {
        return;
    };
    let mut by_file: BTreeMap<Arc<str>, Vec<Asked>> = BTreeMap::new();
    let mut n = 0;
    'all: for (l, comparison) in compared.iter().enumerate() {
        for (e, entry) in comparison.iter().flat_map(|c| c.entries.iter().enumerate()) {
            let Some((place, holder, path)) = place_in_git(plan, state, l, entry) else {
                continue;
            };
            n += 1;
            if n > QUESTIONS {
                break 'all;
            }
            by_file.entry(place.file).or_default().push(Asked {
                layer: l,
                entry: e,
                holder,
                path,
                live: live_text(entry),
            });
        }
    }
    for (file, asked) in by_file {
        let limits = Limits::default();
        let answers = match FileHistory::of(repository, commit, &file, limits, &Instant::now) {
            Ok(history) => ask(&history, &file, &asked),
            Err(_) => continue,
        };
        for (question, answer) in asked.iter().zip(answers) {
            let Some(entry) = compared[question.layer]
                .as_mut()
                .and_then(|c| c.entries.get_mut(question.entry))
            else {
                continue;
            };
            if !revisions.work_tree {
                entry.since = answer.since.commit().cloned();
            }
            entry.in_git = answer.in_git.filter(|_| entry.state.is_problem());
        }
    }
}

/// An entry that [`since`] is asked about: its file, what holds it there, and where.
pub(super) type Written = (Arc<str>, Holder, KeyPath);

/// Fills in who gave the sides of findings between environments or layers their value in git.
pub(super) fn fill_sides(run: &Run<'_>, analysis: &Analysis, report: &mut Report) {
    let (mut asked, mut sides) = (Vec::new(), Vec::new());
    for finding in &mut report.findings {
        let service = finding.subject.service.clone();
        for side in &mut finding.subject.sides {
            let origin = Origin {
                item: match &side.object {
                    Some(item) => item.clone(),
                    None => continue,
                },
                path: side.path.clone(),
                place: side.place.clone(),
            };
            let target = (&*service, &*side.environment);
            if let Some(written) = written(analysis, target, &side.layer, &origin) {
                asked.push(written);
                sides.push(side);
            }
        }
    }
    for (side, commit) in sides
        .into_iter()
        .zip(since(run, &analysis.revisions, asked))
    {
        side.commit = commit;
    }
}

/// Where an entry of a layer is in git's history; nothing where that is not head's. Without a
/// layer's name any layer of the target will do.
pub(super) fn written(
    analysis: &Analysis,
    (service, environment): (&str, &str),
    layer: &str,
    origin: &Origin,
) -> Option<Written> {
    let place = origin.place.as_ref().filter(|p| p.is_exact())?;
    let at = analysis.layer_at((service, environment), layer)?;
    let of = &analysis.state.layers[at];
    let target = &analysis.plan.targets[of.target];
    let planned = &target.layers[of.layer];
    // Neither another repository's history nor another branch's is head's.
    if planned.layer.repository.is_some() || target.environment.tracks.is_some() {
        return None;
    }
    if origin.path.0.is_empty() {
        return None;
    }
    let holder = match origin.object() {
        Some(object) => Holder::Object(object.clone()),
        None => file_holder(planned, &place.file)?,
    };
    Some((place.file.clone(), holder, origin.path.clone()))
}

/// The commit that gave each of these entries its value, as far as history tells.
pub(super) fn since(
    run: &Run<'_>,
    revisions: &Revisions,
    entries: Vec<Written>,
) -> Vec<Option<CommitShown>> {
    let mut out = vec![None; entries.len()];
    let (Some(repository), Some(commit), false) =
        (&run.repository, &revisions.head_commit, revisions.work_tree)
    else {
        return out;
    };
    let mut by_file: BTreeMap<Arc<str>, Vec<Asked>> = BTreeMap::new();
    for (entry, (file, holder, path)) in entries.into_iter().enumerate().take(QUESTIONS) {
        by_file.entry(file).or_default().push(Asked {
            layer: 0,
            entry,
            holder,
            path,
            live: None,
        });
    }
    for (file, asked) in by_file {
        let limits = Limits::default();
        let answers = match FileHistory::of(repository, commit, &file, limits, &Instant::now) {
            Ok(history) => ask(&history, &file, &asked),
            Err(_) => continue,
        };
        for (question, answer) in asked.iter().zip(answers) {
            out[question.entry] = answer.since.commit().cloned();
        }
    }
    out
}

/// The file, object and path that an entry has in git: where it is written, or where the object
/// is that lacks it.
fn place_in_git(
    plan: &Plan,
    state: &State,
    layer: usize,
    entry: &Compared,
) -> Option<(Place, Holder, KeyPath)> {
    let of = &state.layers[layer];
    let planned = &plan.targets[of.target].layers[of.layer];
    // Another repository's history is not this one's.
    if planned.layer.repository.is_some() {
        return None;
    }
    let s = &entry.sides;
    let written = [&s.head, &s.base, &s.deployed]
        .into_iter()
        .find_map(|r| r.present()?.origin());
    let (place, holder, path) = match written {
        Some(origin) => {
            let place = origin.place.clone()?;
            let holder = match origin.object() {
                Some(object) => Holder::Object(object.clone()),
                None => file_holder(planned, &place.file)?,
            };
            (place, holder, origin.path.clone())
        }
        None => {
            let origin = s.live.present()?.origin()?;
            let object = of.head.objects.get(origin.object()?)?;
            let holder = Holder::Object(object.id.clone());
            (object.place.clone(), holder, origin.path.clone())
        }
    };
    (place.is_exact() && !path.0.is_empty()).then_some((place, holder, path))
}

/// How the file of a layer of settings is read.
pub(super) fn file_holder(planned: &LayerPlan, file: &str) -> Option<Holder> {
    let said = match planned.head.as_ref().or(planned.base.as_ref())? {
        DesiredSpec::File(spec) => {
            let part = spec.parts.iter().find(|p| &*p.file == file);
            part.and_then(|p| p.format)
        }
        _ => None,
    };
    desired::format_of_file(file, said).map(Holder::File)
}

fn live_text(entry: &Compared) -> Option<Arc<str>> {
    match &entry.sides.live.present()?.value {
        Value::Plain(plain) => Some(plain.text()),
        _ => None,
    }
}

fn ask(history: &FileHistory<'_>, file: &str, asked: &[Asked]) -> Vec<Answer> {
    let of_file = asked.iter().find_map(|a| match a.holder {
        Holder::File(format) => Some(format),
        Holder::Object(_) => None,
    });
    let format = of_file
        .or_else(|| document::format_of(file, Dialect::K8s))
        .unwrap_or(Format::Yaml(Dialect::K8s));
    let parse = |bytes: &[u8]| -> Option<Parsed> {
        let parsed = document::parse(bytes, format);
        (!parsed.problems.iter().any(|p| p.blocks)).then_some(parsed)
    };
    let picks: Vec<Pick<'_>> = asked
        .iter()
        .map(|a| {
            let pick: Pick<'_> = Box::new(move |version| pick(version, a));
            pick
        })
        .collect();
    let questions: Vec<Question<'_, Parsed, Picked>> = asked
        .iter()
        .zip(&picks)
        .map(|(a, pick)| Question {
            pick: &**pick,
            had: a.live.clone().map(Some),
        })
        .collect();
    history.answer(&parse, &questions)
}

/// The value of an entry in one version of its file; absent where the object or the entry is.
fn pick(version: Option<&Parsed>, asked: &Asked) -> Option<Option<Arc<str>>> {
    let Some(version) = version else {
        return Some(None);
    };
    let roots = version.documents.iter().map(|d| d.tree.root());
    Some(match &asked.holder {
        Holder::Object(object) => roots
            .flat_map(unfold)
            .find(|root| same_object(*root, object))
            .and_then(|root| text_at(root, &asked.path.0, "")),
        // Of several documents (Spring's), a later one wins.
        Holder::File(_) => roots
            .rev()
            .find_map(|root| text_at(root, &asked.path.0, "")),
    })
}

/// Whether a document is the object, whatever version of its API it is written in.
fn same_object(root: NodeRef<'_>, id: &ObjectId) -> bool {
    let api = root.text_at(&["apiVersion"]).unwrap_or_default();
    let group = api.split_once('/').map_or("", |(group, _)| group);
    let namespace = root.text_at(&["metadata", "namespace"]);
    group == &*id.group
        && root.text_at(&["kind"]) == Some(&id.kind)
        && root.text_at(&["metadata", "name"]) == Some(&id.name)
        && namespace.is_none_or(|ns| id.namespace.as_deref() == Some(ns))
}

/// The items of a `List`, else the document itself.
fn unfold(root: NodeRef<'_>) -> Vec<NodeRef<'_>> {
    match root.member("items") {
        Some(items) if items.kind() == Kind::List && root.text_at(&["kind"]) == Some("List") => {
            items.children().collect()
        }
        _ => vec![root],
    }
}

/// The text of the value at a path; a path that leads into a file inside a ConfigMap is followed.
fn text_at(node: NodeRef<'_>, path: &[Segment], key: &str) -> Option<Arc<str>> {
    let Some((segment, rest)) = path.split_first() else {
        return Some(match Value::of(node) {
            Value::Plain(Plain::Null) => "null".into(),
            Value::Plain(plain) => plain.text(),
            Value::Opaque(symbol) => (*symbol).into(),
            _ => return None,
        });
    };
    if node.kind() == Kind::Text {
        let inner = document::embedded(key, node.text())?;
        return text_at(inner.root(), path, key);
    }
    let child = crate::compare::lookup(node, &KeyPath(vec![segment.clone()]))?;
    let name = child.key().as_str();
    text_at(child, rest, name)
}
