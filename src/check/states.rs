//! `drifted`, `conflicting`, `unmanaged`, `missing`: the states that someone must act on, and the
//! changes that merging or deploying brings.

use super::CheckContext;
use crate::{
    compare::{Compared, Comparison},
    model::{
        entry::{Entry, EntryKey},
        finding::{
            Change, DesiredShown, Finding, LiveShown, Message, Needs, Resolution, Rule, Subject,
            Writer, WriterClass,
        },
        observation::ObjectId,
        path::{KeyPath, Segment},
        place::Place,
        report::Occasion,
        state::State,
        value::{Plain, Reading, Shown, Value},
    },
    policy::severity::{self, Circumstances},
};
use std::{collections::BTreeSet, sync::Arc};

/// Live was changed outside git.
pub static DRIFTED: Rule = Rule {
    id: "drifted",
    summary: "live was changed outside git; the next deploy puts it back",
    needs: Needs::OneTarget,
};
/// The change edits what live changed too.
pub static CONFLICTING: Rule = Rule {
    id: "conflicting",
    summary: "the change edits, adds or removes what live changed too",
    needs: Needs::OneTarget,
};
/// Live only.
pub static UNMANAGED: Rule = Rule {
    id: "unmanaged",
    summary: "live has it, git has not",
    needs: Needs::OneTarget,
};
/// In git only.
pub static MISSING: Rule = Rule {
    id: "missing",
    summary: "git has it, live has not",
    needs: Needs::OneTarget,
};

/// Findings and changes of one layer.
#[must_use]
pub fn run(cx: &CheckContext<'_>, comparison: &Comparison) -> (Vec<Finding>, Vec<Change>) {
    let (mut findings, mut changes) = (Vec::new(), Vec::new());
    let placeholders = placeholders(comparison);
    for entry in &comparison.entries {
        let rule = match entry.state {
            _ if entry.deploy_time => None,
            State::Drifted => Some(&DRIFTED),
            State::Conflicting => Some(&CONFLICTING),
            State::Unmanaged => Some(&UNMANAGED),
            State::Missing => Some(&MISSING),
            _ => None,
        };
        let subject = subject(cx, entry, &placeholders);
        match rule {
            Some(rule) => {
                let severity = severity::of(&circumstances(cx, entry));
                findings.push(Finding::new(rule, severity, subject));
            }
            None => changes.push(Change { subject }),
        }
    }
    (findings, changes)
}

/// The files of git that hold placeholders for what the pipeline sets: applying one as it is
/// would put the placeholders live.
fn placeholders(comparison: &Comparison) -> BTreeSet<Arc<str>> {
    let set_by_pipeline = comparison.entries.iter().filter(|e| e.deploy_time);
    set_by_pipeline
        .filter_map(|e| Some(exact_place(e)?.file))
        .collect()
}

/// Where git says it at head, when that is known exactly.
fn exact_place(entry: &Compared) -> Option<Place> {
    let place = entry.sides.head.present()?.origin()?.place.clone();
    place.filter(Place::is_exact)
}

fn circumstances(cx: &CheckContext<'_>, entry: &Compared) -> Circumstances {
    let writer = first_writer(entry).map(|w| w.class);
    let age = entry
        .written
        .as_ref()
        .and_then(|w| w.not_later_than)
        .map(|t| cx.now.0 - t.0);
    Circumstances {
        state: entry.state,
        occasion: cx.occasion,
        written_by_change: entry.written_by_change,
        writer,
        required: entry.required,
        deploys_later: cx.environment.deploys_later,
        settling: writer == Some(WriterClass::Deployer)
            && age.is_some_and(|a| a < cx.environment.settle),
    }
}

fn first_writer(entry: &Compared) -> Option<&Writer> {
    entry.written.as_ref().and_then(|w| w.writers.first())
}

fn subject(cx: &CheckContext<'_>, entry: &Compared, placeholders: &BTreeSet<Arc<str>>) -> Subject {
    let sides = &entry.sides;
    let how = Showing::of(entry);
    let desired = desired(&sides.head, how).map(|d| DesiredShown {
        // Nobody put a name into git that was never there.
        commit: entry
            .since
            .clone()
            .filter(|_| entry.state != State::Unmanaged),
        ..d
    });
    // A line that only moved is no other value.
    let differs = |other: &DesiredShown| desired.as_ref().is_none_or(|d| d.value != other.value);
    let base = self::desired(&sides.base, how).filter(|b| differs(b));
    let deployed = self::desired(&sides.deployed, how)
        .filter(|d| differs(d) && base.as_ref().is_none_or(|b| b.value != d.value));
    Subject {
        state: Some(entry.state),
        object: Some(entry.object.clone()),
        message: message(cx, entry),
        base,
        deployed,
        desired,
        live: live(entry),
        affects: entry.affects.clone(),
        explains: entry.explains.clone(),
        cause: entry.cause.clone(),
        written_by_change: entry.written_by_change,
        resolve: resolve(cx, entry, placeholders),
        ..cx.subject(entry.key.clone())
    }
}

/// How values of an entry are shown.
#[derive(Clone, Copy)]
struct Showing {
    /// Objects are there or not.
    object: bool,
    /// Git and live differ in their type only (`8080` and `"8080"`): texts are quoted.
    quoted: bool,
}

impl Showing {
    fn of(entry: &Compared) -> Showing {
        let plain = |r: &Reading<Entry>| match r.present().map(|e| &e.value) {
            Some(Value::Plain(plain)) => Some(plain.clone()),
            _ => None,
        };
        let sides = [&entry.sides.head, &entry.sides.live].map(plain);
        let quoted = matches!(&sides, [Some(git), Some(live)]
            if git != live && git.text() == live.text());
        Showing {
            object: entry.key == EntryKey::Object,
            quoted,
        }
    }
}

/// What may be shown of a reading.
fn shown(reading: &Reading<Entry>, how: Showing) -> Shown {
    match reading {
        Reading::Present(_) if how.object => Shown::Value("present".into()),
        Reading::Present(e) if how.quoted => match &e.value {
            Value::Plain(Plain::Text(text)) => Shown::Value(format!("{text:?}").into()),
            other => Shown::from(other),
        },
        Reading::Present(e) => Shown::from(&e.value),
        Reading::Absent(_) => Shown::Absent,
        Reading::Unknown(u) => Shown::Unknown(u.detail.clone()),
    }
}

fn desired(reading: &Reading<Entry>, how: Showing) -> Option<DesiredShown> {
    Some(DesiredShown {
        value: shown(reading, how),
        place: reading.present().and_then(|e| e.origin()?.place.clone()),
        commit: None,
    })
}

fn live(entry: &Compared) -> Option<LiveShown> {
    let origin = entry.sides.live.present().and_then(|e| e.origin());
    Some(LiveShown {
        value: shown(&entry.sides.live, Showing::of(entry)),
        object: Some(origin.map_or_else(|| entry.object.clone(), |o| o.item.clone())),
        field: origin
            .map(|o| Box::<str>::from(o.path.to_string()))
            .filter(|f| !str::is_empty(f)),
        written: entry.written.clone(),
        in_git: entry.in_git.clone(),
    })
}

/// `DB_TIMEOUT`, `Deployment/shop/api`, `spec.replicas of Deployment/shop/api`.
fn named(entry: &Compared) -> Message {
    match &entry.key {
        EntryKey::Setting(name) => Message(vec![]).key(&**name),
        EntryKey::Field(path) => Message(vec![])
            .key(path.to_string())
            .and(" of ")
            .name(entry.object.to_string()),
        EntryKey::Object => Message(vec![]).name(entry.object.to_string()),
    }
}

fn message(cx: &CheckContext<'_>, entry: &Compared) -> Message {
    let message = what_it_is(entry);
    match (entry.state, cx.keeps_live_only) {
        (State::Unmanaged, Some(keeps)) => {
            let prunes = entry.key == EntryKey::Object && cx.environment.deployed.is_some();
            message
                .and(". ")
                .and(deploying(cx.occasion))
                .and(match keeps {
                    true if prunes => " keeps it, unless the deployer prunes.",
                    true => " keeps it.",
                    false => " removes it.",
                })
        }
        _ => message,
    }
}

fn deploying(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Review => "Deploying this branch",
        Occasion::Deploy => "This deploy",
        Occasion::Audit => "The next deploy",
    }
}

fn what_it_is(entry: &Compared) -> Message {
    let how = Showing::of(entry);
    let object = how.object;
    let value = |r: &Reading<Entry>| shown(r, how);
    let (head, live) = (value(&entry.sides.head), value(&entry.sides.live));
    let name = named(entry);
    if let (true, Some(missing)) = (entry.required, entry.explains.first()) {
        return name
            .and(" needs ")
            .name(missing.clone())
            .and(" to start the container, and live lacks it");
    }
    let long = |v: &Shown| matches!(v, Shown::Value(text) if text.contains('\n'));
    if entry.state == State::Drifted && long(&head) && long(&live) {
        return name.and(" differs between git and live");
    }
    match (entry.state, object) {
        (State::Missing, true) => name.and(" is in git and does not exist live"),
        (State::Unmanaged, true) => name.and(" is live, not in git"),
        (State::Pending, true) if live == Shown::Absent => name.and(" will be created"),
        (State::Pending, true) => name.and(" is removed from git"),
        (State::Behind, true) => name.and(" was merged and is not deployed yet"),
        (State::Adopted, true) => name.and(" exists live already; git takes it up"),
        (State::Unmanaged, _) => name.and(" is ").value(live).and(" live, not in git"),
        (State::Pending, _) => name.and(" goes from ").value(live).and(" to ").value(head),
        (State::Adopted, _) => name
            .and(" is ")
            .value(live)
            .and(" live already; git takes it up"),
        (State::Behind, _) => name
            .and(" is ")
            .value(head)
            .and(" in git, merged and not deployed yet; live is ")
            .value(live),
        _ => name
            .and(" is ")
            .value(live)
            .and(" live, ")
            .value(head)
            .and(" in git"),
    }
}

fn resolve(
    cx: &CheckContext<'_>,
    entry: &Compared,
    placeholders: &BTreeSet<Arc<str>>,
) -> Vec<Resolution> {
    if !entry.state.is_problem() || entry.deploy_time {
        return vec![];
    }
    let edit = |why: &'static str| Resolution {
        why: why.into(),
        argv: vec![],
    };
    let mut out = Vec::new();
    match entry.state {
        _ if entry.required => out.push(edit(
            "create what is referred to, or mark the reference optional",
        )),
        State::Missing => out.push(edit(
            "to have it, deploy; to give it up, remove it from git",
        )),
        State::Unmanaged => out.push(edit("to keep it, write it into git")),
        _ => out.push(edit("to keep what is live, write it into git")),
    }
    out.extend(undo(cx, entry, placeholders));
    out
}

/// The command that takes live back to git, where one says so without naming a live value.
fn undo(
    cx: &CheckContext<'_>,
    entry: &Compared,
    placeholders: &BTreeSet<Arc<str>>,
) -> Option<Resolution> {
    let kubectl = |object: &ObjectId, rest: &[&str]| -> Vec<Box<str>> {
        let mut argv: Vec<Box<str>> = vec!["kubectl".into()];
        if let Some(context) = cx.kubernetes_context {
            argv.extend(["--context".into(), context.into()]);
        }
        if let Some(ns) = &object.namespace {
            argv.extend(["--namespace".into(), ns.clone()]);
        }
        argv.extend(rest.iter().map(|r| (*r).into()));
        argv
    };
    let live = entry.sides.live.present().and_then(|e| e.origin());
    if entry.state == State::Unmanaged
        && let Some(origin) = live
        && let Some(object) = origin.object()
        && let Some(patch) = without_key(object, &origin.path)
    {
        let command = [
            "patch",
            "configmap",
            &object.name,
            "--type=json",
            "--patch",
            &patch,
        ];
        return Some(Resolution {
            why: "to drop it".into(),
            argv: kubectl(object, &command),
        });
    }
    if let (State::Unmanaged, EntryKey::Setting(name), Some(origin)) =
        (entry.state, &entry.key, live)
    {
        let object = origin.object()?;
        let items: Vec<&str> = origin
            .path
            .0
            .iter()
            .filter_map(|s| match s {
                Segment::Item(keys) => keys.first().map(|k| &**k),
                _ => None,
            })
            .collect();
        // Without the container, kubectl would take git's own variable of that name from others.
        let [container, variable] = items.as_slice() else {
            return None;
        };
        let workload = format!("{}/{}", object.kind.to_lowercase(), object.name);
        let drop = format!("{name}-");
        let command = ["set", "env", &workload, "--containers", container, &drop];
        return (*variable == &**name).then(|| Resolution {
            why: "to drop it".into(),
            argv: kubectl(object, &command),
        });
    }
    let place = exact_place(entry)?;
    let putting_back = matches!(entry.state, State::Drifted | State::Missing);
    if !putting_back || entry.required {
        return None;
    }
    if placeholders.contains(&place.file) {
        return Some(Resolution {
            why: "to put git's back, deploy: its file holds placeholders of the pipeline".into(),
            argv: vec![],
        });
    }
    Some(Resolution {
        why: "to put git's back".into(),
        argv: kubectl(
            entry.object.object()?,
            &[
                "apply",
                "--server-side",
                "--force-conflicts",
                "--filename",
                &place.file,
            ],
        ),
    })
}

/// A JSON patch that takes a whole key out of a ConfigMap: the name of a key, and no value.
fn without_key(object: &ObjectId, path: &KeyPath) -> Option<String> {
    let [Segment::Member(map), Segment::Member(key)] = path.0.as_slice() else {
        return None;
    };
    let is_one = object.group.is_empty() && &*object.kind == "ConfigMap";
    if !is_one || !matches!(&**map, "data" | "binaryData") {
        return None;
    }
    let key = key.replace('~', "~0").replace('/', "~1");
    let path = serde_json::Value::from(format!("/{map}/{key}"));
    Some(format!(r#"[{{"op":"remove","path":{path}}}]"#))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        entry::Origin,
        state::Sides,
        target::{Environment, TargetId, Tier},
        time::Timestamp,
        tree::Span,
        value::Value,
    };
    use std::collections::BTreeMap;

    fn api() -> ObjectId {
        ObjectId::new("apps", "Deployment", Some("shop"), "api")
    }

    /// A reading of `containers[<container>].<rest>` of the Deployment, in git at `file`.
    fn reading(value: &str, container: &str, rest: &str, file: Option<&str>) -> Reading<Entry> {
        let mut path = KeyPath::members(&["spec", "template", "spec", "containers"]);
        path.0.push(Segment::Item(vec![container.into()]));
        match rest.strip_prefix("env.") {
            Some(variable) => {
                path = path.join("env");
                path.0.push(Segment::Item(vec![variable.into()]));
                path = path.join("value");
            }
            None => path = path.join(rest),
        }
        let origin = Origin {
            item: api().into(),
            path,
            place: file.map(|f| Place::exact(f.into(), Some(Span::default()))),
        };
        Reading::Present(Entry::of(Value::text(value), origin))
    }

    fn entry(key: EntryKey, git: Reading<Entry>, live: Reading<Entry>, state: State) -> Compared {
        let sides = Sides {
            base: git.clone(),
            head: git.clone(),
            deployed: git,
            live,
        };
        Compared::new(key, api(), sides, state)
    }

    /// The resolutions of the findings, as commands; an edit is its words.
    fn resolutions(entries: Vec<Compared>) -> Vec<Vec<String>> {
        let environment = Environment {
            name: "production".into(),
            tier: Tier::Production,
            names: vec![],
            deployed: None,
            deploys_within: None,
            settle: 0,
            tracks: None,
            deploys_later: false,
            variables: BTreeMap::new(),
        };
        let target = TargetId {
            service: Arc::from("shop"),
            environment: Arc::from("production"),
        };
        let cx = CheckContext {
            target: &target,
            environment: &environment,
            layer: "workload",
            occasion: Occasion::Audit,
            now: Timestamp(0),
            kubernetes_context: None,
            keeps_live_only: Some(true),
        };
        let comparison = Comparison {
            entries,
            ..Comparison::default()
        };
        let shown = |r: &Resolution| match r.argv.is_empty() {
            true => crate::render::message(&r.why),
            false => r.argv.join(" "),
        };
        let (findings, _) = run(&cx, &comparison);
        findings
            .iter()
            .map(|f| f.subject.resolve.iter().map(shown).collect())
            .collect()
    }

    #[test]
    fn a_variable_is_dropped_from_its_own_container() {
        let live = reading("us", "exporter", "env.REGION", None);
        let key = EntryKey::Setting("REGION".into());
        let absent = Reading::within_whole(None);
        let found = resolutions(vec![entry(key, absent, live, State::Unmanaged)]);
        assert_eq!(
            found[0][1],
            "kubectl --namespace shop set env deployment/api --containers exporter REGION-"
        );
    }

    #[test]
    fn a_key_of_a_config_map_is_dropped_by_its_name() {
        let map = ObjectId::new("", "ConfigMap", Some("shop"), "settings");
        let key = |key: &str| KeyPath::members(&["data", key]);
        assert_eq!(
            without_key(&map, &key("a/b~c\"")).as_deref(),
            Some(r#"[{"op":"remove","path":"/data/a~1b~0c\""}]"#)
        );
        assert_eq!(without_key(&map, &key("app.yml").join("pool")), None);
        assert_eq!(without_key(&api(), &key("MODE")), None);
    }

    #[test]
    fn a_file_with_placeholders_is_not_to_be_applied_by_hand() {
        let timeout = |file| {
            entry(
                EntryKey::Setting("DB_TIMEOUT".into()),
                reading("10s", "api", "env.DB_TIMEOUT", Some(file)),
                reading("60s", "api", "env.DB_TIMEOUT", None),
                State::Drifted,
            )
        };
        let image = Compared {
            deploy_time: true,
            ..entry(
                EntryKey::Object,
                reading("api:0.0.0", "api", "image", Some("deploy/api.yaml")),
                reading("api:1.4.2", "api", "image", None),
                State::Drifted,
            )
        };
        let found = resolutions(vec![
            timeout("deploy/api.yaml"),
            image,
            timeout("deploy/worker.yaml"),
        ]);
        assert_eq!(found.len(), 2, "what the pipeline sets is no finding");
        assert!(found[0][1].contains("deploy: its file holds placeholders"));
        assert!(
            found[1][1].ends_with("--filename deploy/worker.yaml"),
            "{found:?}"
        );
    }
}
