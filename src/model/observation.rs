//! What was read from live systems: the one input of all comparing, whether it came from a
//! source a second ago or from a snapshot. `check(live) == check(snapshot(live))` holds because
//! both sides of the equation start here, and because sealing happens before this point.

mod fields;

use super::{
    secret::DigestKey,
    time::Timestamp,
    tree::{NodeRef, Sealing, Step, Tree},
    value::{AbsenceProof, Reading, Unread, UnreadCause},
};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, fmt, sync::Arc};

/// An object of a cluster. API versions of one kind are one identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectId {
    /// API group; empty for the core group.
    pub group: Box<str>,
    /// `Deployment`.
    pub kind: Box<str>,
    /// Absent for cluster-scoped kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Box<str>>,
    /// The object's name.
    pub name: Box<str>,
}

impl ObjectId {
    /// An object of a namespace.
    #[must_use]
    pub fn new(group: &str, kind: &str, namespace: Option<&str>, name: &str) -> ObjectId {
        ObjectId {
            group: group.into(),
            kind: kind.into(),
            namespace: namespace.map(Into::into),
            name: name.into(),
        }
    }

    /// Another object beside this one: same namespace, core group.
    #[must_use]
    pub fn core_sibling(&self, kind: &str, name: &str) -> ObjectId {
        ObjectId::new("", kind, self.namespace.as_deref(), name)
    }

    /// Whether it is of this group and kind.
    #[must_use]
    pub fn is(&self, group: &str, kind: &str) -> bool {
        &*self.group == group && &*self.kind == kind
    }
}

/// `Deployment/shop/api`, `ClusterRole/reader`: as in reports.
impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(ns) => write!(f, "{}/{ns}/{}", self.kind, self.name),
            None => write!(f, "{}/{}", self.kind, self.name),
        }
    }
}

/// What an item is called by its own system.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemId {
    /// An object of a cluster.
    Object(ObjectId),
    /// A value of its own: a parameter of a store, a variable of an environment.
    Parameter(Box<str>),
    /// A file of settings.
    Document(Box<str>),
    /// A fact that a comparison needs and that is no configuration: the server's version,
    /// the list topology of a custom resource (`topology example.io Widget`).
    Fact(Box<str>),
}

impl ItemId {
    /// The object, if it is one.
    #[must_use]
    pub fn object(&self) -> Option<&ObjectId> {
        match self {
            ItemId::Object(object) => Some(object),
            _ => None,
        }
    }
}

impl ItemId {
    /// With a word for what it is, where that is no object: `file /etc/api.yml`. Variables of a
    /// process and parameters of a store are told apart by their names: those of stores are paths.
    #[must_use]
    pub fn described(&self) -> String {
        match self {
            ItemId::Object(object) => object.to_string(),
            ItemId::Parameter(name) if name.contains('/') => format!("parameter {name}"),
            ItemId::Parameter(name) => format!("process environment, {name}"),
            ItemId::Document(name) => format!("file {name}"),
            ItemId::Fact(name) => name.to_string(),
        }
    }
}

impl From<ObjectId> for ItemId {
    fn from(object: ObjectId) -> ItemId {
        ItemId::Object(object)
    }
}

/// `Deployment/shop/api`, `/production/api/DB_TIMEOUT`, `config/production.yml`: as in reports.
impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ItemId::Object(object) => object.fmt(f),
            ItemId::Parameter(name) | ItemId::Document(name) | ItemId::Fact(name) => {
                f.write_str(name)
            }
        }
    }
}

/// Part of a system that can be read, or not, as a whole. Absence is decided per scope.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Scope {
    /// All objects of a kind, in one namespace or (without one) in the cluster.
    Kind {
        /// API group; empty for the core group.
        group: Box<str>,
        /// The kind.
        kind: Box<str>,
        /// One namespace, or all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace: Option<Box<str>>,
        /// Prefix of names left out on purpose (`sh.helm.release.v1.`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        except: Option<Box<str>>,
    },
    /// One item.
    Item(ItemId),
    /// All parameters whose names begin so: `/production/api/`.
    Prefix(Box<str>),
}

impl Scope {
    /// All objects of a kind.
    #[must_use]
    pub fn kind(group: &str, kind: &str, namespace: Option<&str>) -> Scope {
        Scope::Kind {
            group: group.into(),
            kind: kind.into(),
            namespace: namespace.map(Into::into),
            except: None,
        }
    }

    /// Whether a complete read of this scope would have found `id`.
    #[must_use]
    pub fn covers(&self, id: &ItemId) -> bool {
        match (self, id) {
            (
                Scope::Kind {
                    group,
                    kind,
                    namespace,
                    except,
                },
                ItemId::Object(o),
            ) => {
                *group == o.group
                    && *kind == o.kind
                    && (namespace.is_none() || *namespace == o.namespace)
                    && !except.as_ref().is_some_and(|p| o.name.starts_with(&**p))
            }
            (Scope::Item(a), b) => a == b,
            (Scope::Prefix(prefix), ItemId::Parameter(name)) => name.starts_with(&**prefix),
            _ => false,
        }
    }

    /// Whether something could be in both.
    #[must_use]
    pub fn meets(&self, other: &Scope) -> bool {
        match (self, other) {
            (Scope::Item(id), scope) | (scope, Scope::Item(id)) => scope.covers(id),
            (Scope::Prefix(a), Scope::Prefix(b)) => a.starts_with(&**b) || b.starts_with(&**a),
            (
                Scope::Kind {
                    group: group_a,
                    kind: kind_a,
                    namespace: a,
                    ..
                },
                Scope::Kind {
                    group: group_b,
                    kind: kind_b,
                    namespace: b,
                    ..
                },
            ) => group_a == group_b && kind_a == kind_b && (a.is_none() || b.is_none() || a == b),
            _ => false,
        }
    }
}

/// `ConfigMap in shop`, `Deployment`, `Namespace/shop`.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Kind {
                kind,
                namespace: Some(ns),
                ..
            } => write!(f, "{kind} in {ns}"),
            Scope::Kind { kind, .. } => f.write_str(kind),
            Scope::Item(item) => item.fmt(f),
            Scope::Prefix(prefix) => f.write_str(prefix),
        }
    }
}

/// One attempt to read one scope. Coverage is the list of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// What was asked for.
    pub scope: Scope,
    /// How it ended.
    pub outcome: Outcome,
    /// The list's resourceVersion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Box<str>>,
}

/// How reading a scope ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything in the scope was read: what was not found is absent.
    Complete,
    /// Something was read, something was not.
    Partial(Unread),
    /// Nothing was read.
    Failed(Unread),
    /// Asked for as a help only (Pods for restarts, the identity of the cluster): its failure
    /// costs evidence and is said, but makes nothing unknown.
    Skipped(Unread),
}

/// Who wrote which fields of an item, raw, as its system tells it. Interpreted for differences only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteRecord {
    /// Field manager, principal or person.
    pub writer: Arc<str>,
    /// What kind of name that is.
    pub kind: WriterKind,
    /// `scale`, `status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subresource: Option<Box<str>>,
    /// In which API version `fields` are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<Box<str>>,
    /// Absent wherever a server gives no time (`/scale` writes).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// `fieldsV1` as sent; equal texts are shared. Absent: the whole item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Arc<str>>,
}

/// What kind of name a writer's is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriterKind {
    /// Field manager of a server-side apply.
    ApplyManager,
    /// Field manager of any other write.
    UpdateManager,
    /// A role or service account.
    Principal,
    /// A person.
    Person,
}

/// One thing that was read: the whole of it, not only what git declares today.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its identity.
    pub id: ItemId,
    /// Its content, sealed.
    pub tree: Tree,
    /// Who wrote it.
    pub writes: Arc<[WriteRecord]>,
}

/// Decides which leaves are secret. One implementation (`classify`), handed to the builder, so
/// that no source can forget it.
pub trait Classifier: Sync {
    /// Whether, and how, `leaf` at `path` below the item's root is to be sealed.
    fn sealing(&self, id: &ItemId, path: &[Step<'_>], leaf: NodeRef<'_>) -> Sealing;

    /// Whether a text is a secret by its look alone, wherever it stands: for the values that
    /// `fieldsV1` repeats.
    fn looks_secret(&self, _text: &str) -> bool {
        false
    }
}

/// What one source yielded. Fields are private: only the builder makes one, and the builder seals.
/// A clone shares the items.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Observation {
    /// Identity of the system, not its address: the uid of the `kube-system` namespace.
    system: Option<Box<str>>,
    /// Sorted by scope: kinds, then single items.
    reads: Vec<Read>,
    /// Sorted by identity, each once.
    items: Arc<[Item]>,
}

/// Makes an [`Observation`]; seals whatever is handed to it.
pub struct ObservationBuilder<'a> {
    key: &'a DigestKey,
    classifier: &'a dyn Classifier,
    out: Observation,
    items: Vec<Item>,
    shared: FxHashSet<Arc<str>>,
}

impl<'a> ObservationBuilder<'a> {
    /// An observation of nothing yet.
    #[must_use]
    pub fn new(key: &'a DigestKey, classifier: &'a dyn Classifier) -> Self {
        ObservationBuilder {
            key,
            classifier,
            out: Observation::default(),
            items: Vec::new(),
            shared: FxHashSet::default(),
        }
    }

    /// Says which system answers.
    pub fn system(&mut self, identity: &str) {
        self.out.system = Some(identity.into());
    }

    /// Records how reading a scope ended.
    pub fn read(&mut self, read: Read) {
        self.out.reads.push(read);
    }

    /// Adds an item; its secrets are sealed, the `fieldsV1` texts shared. Of one identity the last
    /// counts.
    pub fn item(&mut self, id: ItemId, tree: Tree, writes: Vec<WriteRecord>) {
        let classifier = self.classifier;
        let tree = tree.seal(self.key, &|leaf, path| classifier.sealing(&id, path, leaf));
        let writes = writes
            .into_iter()
            .map(|mut w| {
                w.fields = w.fields.map(|f| self.share_fields(f));
                w.writer = self.share(w.writer);
                w
            })
            .collect();
        self.items.push(Item { id, tree, writes });
    }

    /// The text without the secrets that it repeats; only that is kept.
    fn share_fields(&mut self, text: Arc<str>) -> Arc<str> {
        if self.shared.contains(&text) {
            return self.share(text);
        }
        let classifier = self.classifier;
        match fields::without_secrets(&text, &|value| classifier.looks_secret(value)) {
            Some(clean) => self.share(clean.into()),
            None => self.share(text),
        }
    }

    fn share(&mut self, text: Arc<str>) -> Arc<str> {
        if let Some(known) = self.shared.get(&text) {
            return known.clone();
        }
        self.shared.insert(text.clone());
        text
    }

    /// The observation, reads sorted.
    #[must_use]
    pub fn finish(mut self) -> Observation {
        self.out.reads.sort_by(|a, b| a.scope.cmp(&b.scope));
        self.out.items = sorted(self.items);
        self.out
    }
}

/// By identity, of one identity the last.
fn sorted(mut items: Vec<Item>) -> Arc<[Item]> {
    items.sort_by(|a, b| a.id.cmp(&b.id));
    items.dedup_by(|later, earlier| {
        let same = later.id == earlier.id;
        if same {
            std::mem::swap(later, earlier);
        }
        same
    });
    items.into()
}

impl Observation {
    /// Identity of the system that answered, if it told.
    #[must_use]
    pub fn system(&self) -> Option<&str> {
        self.system.as_deref()
    }

    /// What was asked, and how it ended.
    #[must_use]
    pub fn reads(&self) -> &[Read] {
        &self.reads
    }

    /// All items, sorted by identity.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter()
    }

    /// All objects with their identity, sorted by it.
    pub fn objects(&self) -> impl Iterator<Item = (&ObjectId, &Item)> {
        self.items.iter().filter_map(|item| match &item.id {
            ItemId::Object(o) => Some((o, item)),
            _ => None,
        })
    }

    /// All objects of one kind with their identity, sorted by it; the others are not looked at.
    pub fn objects_of<'a>(
        &'a self,
        group: &'a str,
        kind: &'a str,
    ) -> impl Iterator<Item = (&'a ObjectId, &'a Item)> {
        let first = self.items.partition_point(|item| match &item.id {
            ItemId::Object(o) => (&*o.group, &*o.kind) < (group, kind),
            _ => false,
        });
        self.items[first..].iter().map_while(move |i| match &i.id {
            ItemId::Object(o) if o.is(group, kind) => Some((o, i)),
            _ => None,
        })
    }

    /// The item, or the proof that there is none, or why nobody knows. Asking for what was never
    /// in scope is the third.
    #[must_use]
    pub fn find(&self, id: &ItemId) -> Reading<&Item> {
        match self.items.binary_search_by(|item| item.id.cmp(id)) {
            Ok(at) => Reading::Present(&self.items[at]),
            Err(_) => self.not_found(id),
        }
    }

    fn not_found(&self, id: &ItemId) -> Reading<&Item> {
        let mut why = Unread::new(UnreadCause::NotAsked, "not part of what was read");
        let near = self.reads_of_kind(id).iter().chain(self.reads_of_item(id));
        let near = near.chain(self.reads_of_prefix(id));
        for read in near.filter(|r| r.scope.covers(id)) {
            match &read.outcome {
                Outcome::Complete => return Reading::Absent(AbsenceProof::new()),
                Outcome::Partial(u) | Outcome::Failed(u) | Outcome::Skipped(u) => why = u.clone(),
            }
        }
        Reading::Unknown(why)
    }

    /// The reads of whole kinds that could have found `id`: those of its kind.
    fn reads_of_kind(&self, id: &ItemId) -> &[Read] {
        let ItemId::Object(object) = id else {
            return &[];
        };
        let side = |r: &Read| match &r.scope {
            Scope::Kind { group, kind, .. } => (group, kind).cmp(&(&object.group, &object.kind)),
            Scope::Item(_) | Scope::Prefix(_) => Ordering::Greater,
        };
        self.reads_between(&side)
    }

    /// The reads of `id` alone.
    fn reads_of_item(&self, id: &ItemId) -> &[Read] {
        self.reads_between(&|r: &Read| match &r.scope {
            Scope::Kind { .. } => Ordering::Less,
            Scope::Item(item) => item.cmp(id),
            Scope::Prefix(_) => Ordering::Greater,
        })
    }

    /// The reads of parameters by prefix: few.
    fn reads_of_prefix(&self, id: &ItemId) -> &[Read] {
        match id {
            ItemId::Parameter(_) => self.reads_between(&|r: &Read| match &r.scope {
                Scope::Prefix(_) => Ordering::Equal,
                Scope::Kind { .. } | Scope::Item(_) => Ordering::Less,
            }),
            _ => &[],
        }
    }

    fn reads_between(&self, side: &dyn Fn(&Read) -> Ordering) -> &[Read] {
        let first = self.reads.partition_point(|r| side(r).is_lt());
        let behind = self.reads.partition_point(|r| side(r).is_le());
        &self.reads[first..behind]
    }

    /// [`Observation::find`] for an object.
    #[must_use]
    pub fn object(&self, id: &ObjectId) -> Reading<&Item> {
        let by_id = |item: &Item| match &item.id {
            ItemId::Object(o) => o.cmp(id),
            _ => Ordering::Greater,
        };
        match self.items.binary_search_by(by_id) {
            Ok(at) => Reading::Present(&self.items[at]),
            Err(_) => self.not_found(&ItemId::Object(id.clone())),
        }
    }

    /// A fact, if it was recorded.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<NodeRef<'_>> {
        let by_name = |item: &Item| match &item.id {
            ItemId::Fact(known) => (**known).cmp(name),
            _ => Ordering::Less,
        };
        let at = self.items.binary_search_by(by_name).ok()?;
        Some(self.items[at].tree.root())
    }

    /// From the parts of a snapshot, which were sealed when they were recorded.
    #[must_use]
    pub fn from_parts(
        system: Option<Box<str>>,
        mut reads: Vec<Read>,
        items: Vec<Item>,
    ) -> Observation {
        reads.sort_by(|a, b| a.scope.cmp(&b.scope));
        Observation {
            system,
            reads,
            items: sorted(items),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tree::Prune;

    struct NoSecrets;
    impl Classifier for NoSecrets {
        fn sealing(&self, _: &ItemId, _: &[Step<'_>], _: NodeRef<'_>) -> Sealing {
            Sealing::Keep
        }
    }

    fn id(kind: &str, name: &str) -> ItemId {
        ItemId::Object(ObjectId::new("", kind, Some("shop"), name))
    }

    #[test]
    fn absence_needs_a_complete_read() {
        let key = DigestKey::for_this_run(&[0; 32]);
        let mut b = ObservationBuilder::new(&key, &NoSecrets);
        b.read(Read {
            scope: Scope::kind("", "ConfigMap", Some("shop")),
            outcome: Outcome::Complete,
            revision: None,
        });
        b.read(Read {
            scope: Scope::kind("", "Service", Some("shop")),
            outcome: Outcome::Partial(Unread::new(UnreadCause::CutOff, "page 2 was cut off")),
            revision: None,
        });
        let tree = Tree::from_json(b"{}", Prune::NOTHING).expect("JSON");
        b.item(id("Service", "api"), tree, vec![]);
        let o = b.finish();
        assert!(matches!(o.find(&id("ConfigMap", "x")), Reading::Absent(_)));
        assert!(matches!(o.find(&id("Service", "api")), Reading::Present(_)));
        assert!(
            matches!(o.find(&id("Service", "x")), Reading::Unknown(u) if u.cause == UnreadCause::CutOff)
        );
        assert!(
            matches!(o.find(&id("Secret", "x")), Reading::Unknown(u) if u.cause == UnreadCause::NotAsked)
        );
    }

    #[test]
    fn a_read_of_one_item_proves_nothing_of_others() {
        let key = DigestKey::for_this_run(&[0; 32]);
        let mut b = ObservationBuilder::new(&key, &NoSecrets);
        let complete = |scope| Read {
            scope,
            outcome: Outcome::Complete,
            revision: None,
        };
        for name in ["c", "a", "b"] {
            b.read(complete(Scope::Item(id("ConfigMap", name))));
        }
        b.read(complete(Scope::kind("apps", "Deployment", None)));
        b.read(complete(Scope::kind("", "Service", Some("other"))));
        let o = b.finish();
        let deployment = ObjectId::new("apps", "Deployment", Some("shop"), "api");
        for absent in [
            id("ConfigMap", "a"),
            id("ConfigMap", "c"),
            ItemId::Object(deployment),
        ] {
            assert!(matches!(o.find(&absent), Reading::Absent(_)), "{absent:?}");
        }
        for unread in [id("ConfigMap", "d"), id("Service", "a")] {
            assert!(matches!(o.find(&unread), Reading::Unknown(_)), "{unread:?}");
        }
    }

    #[test]
    fn items_are_found_by_identity_and_by_kind() {
        let key = DigestKey::for_this_run(&[0; 32]);
        let mut b = ObservationBuilder::new(&key, &NoSecrets);
        let tree = |json: &str| Tree::from_json(json.as_bytes(), Prune::NOTHING).expect("JSON");
        b.item(ItemId::Fact("version".into()), tree(r#"{"v":1}"#), vec![]);
        b.item(id("Service", "api"), tree(r#"{"n":1}"#), vec![]);
        b.item(id("ConfigMap", "b"), tree("{}"), vec![]);
        b.item(id("Service", "api"), tree(r#"{"n":2}"#), vec![]);
        b.item(id("ConfigMap", "a"), tree("{}"), vec![]);
        let o = b.finish();
        assert_eq!(o.items().count(), 4);
        let names = |kind| -> Vec<&str> { o.objects_of("", kind).map(|(i, _)| &*i.name).collect() };
        assert_eq!(names("ConfigMap"), ["a", "b"]);
        assert_eq!(names("Service"), ["api"]);
        assert!(names("Config").is_empty() && names("Z").is_empty());
        let api = ObjectId::new("", "Service", Some("shop"), "api");
        let n = |i: &Item| i.tree.root().member("n").and_then(NodeRef::as_i64);
        assert_eq!(
            o.object(&api).present().and_then(|i| n(i)),
            Some(2),
            "the last"
        );
        assert!(o.fact("version").is_some() && o.fact("other").is_none());
    }

    #[test]
    fn names_left_out_on_purpose_are_not_absent() {
        let scope = Scope::Kind {
            group: "".into(),
            kind: "Secret".into(),
            namespace: Some("shop".into()),
            except: Some("sh.helm.release.v1.".into()),
        };
        assert!(scope.covers(&id("Secret", "api")));
        assert!(!scope.covers(&id("Secret", "sh.helm.release.v1.api.v3")));
    }
}
