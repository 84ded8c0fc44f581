//! What git says, for every layer of every target: base and head, each distinct specification
//! read once.

use super::{inputs::Run, repositories, revisions::Revisions};
use crate::{
    desired::{self, DesiredContext},
    git::Files,
    model::{
        desired::DesiredWorld,
        observation::ObjectId,
        report::Occasion,
        secret::Sameness,
        setting::SettingEntry,
        target::DesiredSpec,
        value::{Shown, Unread, UnreadCause, ValueType},
    },
    plan::{LayerPlan, Plan, TargetPlan},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

/// What git says of all layers.
pub(crate) struct State {
    /// One per layer of each target, in the plan's order.
    pub(crate) layers: Vec<LayerState>,
    /// Nothing live is read, because nobody wants it.
    pub(crate) git_only: bool,
}

/// One layer of one target.
#[derive(Clone)]
pub(crate) struct LayerState {
    /// Index into the plan's targets.
    pub(crate) target: usize,
    /// Index into the target's layers.
    pub(crate) layer: usize,
    /// Where objects without a namespace of their own live.
    pub(crate) namespace: Option<Box<str>>,
    /// Before the change.
    pub(crate) base: Arc<DesiredWorld>,
    /// After it.
    pub(crate) head: Arc<DesiredWorld>,
    /// What was applied last; base until that is learnt.
    pub(crate) deployed: Arc<DesiredWorld>,
    /// Whether live is read for it.
    pub(crate) in_scope: bool,
}

/// Reads base and head of everything that is planned.
pub(crate) fn read(run: &Run<'_>, plan: &Plan, revisions: &Revisions) -> State {
    let reader = Reader::new(run, plan);
    let others = repositories::open(run, plan, revisions);
    let mut layers = Vec::new();
    for (t, target) in plan.targets.iter().enumerate() {
        let own = files_of(run, target, revisions);
        for (l, layer) in target.layers.iter().enumerate() {
            let other = layer
                .layer
                .repository
                .as_ref()
                .map(|name| match &others[name] {
                    Ok(files) => Sides::Read(Box::new((files.clone(), files.clone()))),
                    Err(why) => Sides::Unread(why.clone()),
                });
            let files = other.as_ref().unwrap_or(&own);
            let namespace = reader.namespace(layer);
            let world = |spec: Option<&DesiredSpec>, files: &Files| {
                reader.world(spec, files, namespace.as_deref())
            };
            let (base, head) = match files {
                Sides::Unread(why) => {
                    let unread = Arc::new(DesiredWorld::unread(why.clone()));
                    (unread.clone(), unread)
                }
                Sides::Read(files) => {
                    let (base, head) = (&files.0, &files.1);
                    let after = world(layer.head.as_ref(), head);
                    let before = match &layer.base {
                        _ if (revisions.base_shown.is_none() || other.is_some())
                            && layer.base == layer.head =>
                        {
                            after.clone()
                        }
                        // The first adoption, or a new folder: base has nothing there.
                        Some(spec) if is_new(plan, spec, base) => Arc::default(),
                        spec => world(spec.as_ref(), base),
                    };
                    (before, after)
                }
            };
            layers.push(LayerState {
                target: t,
                layer: l,
                deployed: base.clone(),
                base,
                head,
                namespace,
                in_scope: true,
            });
        }
    }
    State {
        layers,
        git_only: false,
    }
}

/// Whether head's configuration stands in for base's, and base provably has nothing at its place.
fn is_new(plan: &Plan, spec: &DesiredSpec, base: &Files) -> bool {
    plan.adopted && matches!(desired::is_there(spec, base), Ok(false))
}

/// The files of one target.
enum Sides {
    /// Base and head.
    Read(Box<(Files, Files)>),
    /// The ref that the environment tracks can't be read.
    Unread(Unread),
}

/// Base and head of one target: an environment that tracks a ref of its own is not touched by the
/// change under review.
fn files_of(run: &Run<'_>, target: &TargetPlan, revisions: &Revisions) -> Sides {
    let both = || Sides::Read(Box::new((revisions.base.clone(), revisions.head.clone())));
    let (Some(tracked), Some(repository), false) = (
        &target.environment.tracks,
        &run.repository,
        revisions.work_tree,
    ) else {
        return both();
    };
    // What the server has counts, not a local branch that may be old.
    let resolved = repository
        .resolve(&format!("origin/{tracked}"))
        .or_else(|_| repository.resolve(tracked));
    let files = match resolved {
        // The change is made on the branch that the environment follows.
        Ok(r) if revisions.base_commit.as_ref().is_some_and(|b| b.id == r.id) => return both(),
        Ok(r) => repository.files_at(&r),
        Err(e) => Err(e),
    };
    match files {
        Ok(files) => Sides::Read(Box::new((files.clone(), files))),
        Err(e) => Sides::Unread(Unread::new(
            UnreadCause::MissingObject,
            format!(
                "{} tracks {tracked}, which can't be read here: {e}",
                target.id.environment
            ),
        )),
    }
}

/// Reads desired worlds, each distinct one once.
pub(crate) struct Reader<'r> {
    run: &'r Run<'r>,
    plan: &'r Plan,
    known: Mutex<BTreeMap<String, Arc<DesiredWorld>>>,
}

impl<'r> Reader<'r> {
    pub(crate) fn new(run: &'r Run<'r>, plan: &'r Plan) -> Reader<'r> {
        Reader {
            run,
            plan,
            known: Mutex::default(),
        }
    }

    /// Where objects without a namespace live: as configured, else as the credentials say.
    fn namespace(&self, layer: &LayerPlan) -> Option<Box<str>> {
        let live = layer.layer.live.as_ref()?;
        layer
            .kubernetes()?
            .namespace
            .clone()
            .or_else(|| super::live::connect(self.run, live).ok()?.namespace())
            .or_else(|| Some("default".into()))
    }

    /// The world that `spec` describes in `files`; an absent one is empty.
    pub(crate) fn world(
        &self,
        spec: Option<&DesiredSpec>,
        files: &Files,
        namespace: Option<&str>,
    ) -> Arc<DesiredWorld> {
        let Some(spec) = spec else {
            return Arc::default();
        };
        let key = format!("{:?} {:?} {namespace:?}", spec, files.describe());
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&key) {
            return known.clone();
        }
        let cx = DesiredContext {
            key: &self.run.key,
            classifier: &self.run.classifier,
            default_namespace: namespace,
            cluster_scoped: &desired::is_cluster_scoped,
            render: &self.plan.render,
            rendered: &self.run.inputs.rendered,
            cache_folder: self.run.inputs.cache.as_deref(),
            program_path: &self.run.inputs.program_path,
            cache: &self.run.parsed,
        };
        let world = Arc::new(desired::read(spec, files, &cx));
        lock().insert(key, world.clone());
        world
    }
}

impl State {
    /// A review reads live only for targets that the change writes; who asks for git's side only
    /// reads none.
    pub(crate) fn choose_scope(&mut self, run: &Run<'_>, occasion: Occasion) {
        if run.inputs.git_only {
            self.git_only = true;
            for layer in &mut self.layers {
                layer.in_scope = false;
            }
            return;
        }
        if occasion != Occasion::Review {
            return;
        }
        let written: BTreeSet<usize> = self
            .layers
            .iter()
            .filter(|l| differ(&l.base, &l.head))
            .map(|l| l.target)
            .collect();
        for layer in &mut self.layers {
            layer.in_scope = written.contains(&layer.target);
        }
    }

    /// Objects that git has in any target of an environment.
    pub(crate) fn claimed(&self, plan: &Plan, environment: &str) -> BTreeSet<ObjectId> {
        self.layers
            .iter()
            .filter(|l| &*plan.targets[l.target].id.environment == environment)
            .flat_map(|l| [&l.base, &l.head, &l.deployed])
            .flat_map(|w| w.objects.keys().cloned())
            .collect()
    }

    /// All files that were read at head, sorted.
    pub(crate) fn inputs(&self) -> Vec<Arc<str>> {
        let mut all: Vec<Arc<str>> = self
            .layers
            .iter()
            .flat_map(|l| l.head.inputs.iter().cloned())
            .collect();
        all.sort();
        all.dedup();
        all
    }
}

/// Whether the change renders anything differently. What could not be read may differ.
fn differ(base: &Arc<DesiredWorld>, head: &Arc<DesiredWorld>) -> bool {
    if Arc::ptr_eq(base, head) {
        return false;
    }
    base.incomplete.is_some()
        || head.incomplete.is_some()
        || base.objects.len() != head.objects.len()
        || base.objects.iter().any(|(id, b)| {
            head.objects
                .get(id)
                .is_none_or(|h| !Arc::ptr_eq(b, h) && !b.tree.root().same(h.tree.root()))
        })
        || base.settings.len() != head.settings.len()
        || base
            .settings
            .iter()
            .zip(&head.settings)
            .any(|(b, h)| !same_setting(b, h))
}

/// Whether two revisions say the same of a setting; what can't be compared is the same where it
/// looks the same.
fn same_setting(base: &SettingEntry, head: &SettingEntry) -> bool {
    let (b, h) = (&base.entry.value, &head.entry.value);
    base.name == head.name
        && match b.same(h, ValueType::Text) {
            Sameness::Equal => true,
            Sameness::Different => false,
            Sameness::NotComparable(_) => Shown::from(b) == Shown::from(h),
        }
}
