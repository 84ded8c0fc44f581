//! One object on four sides, walked once: every field that git has on any side, and live-only
//! members of maps and lists whose members count. What git does not say is otherwise not
//! compared, as server-side apply would have it. A path exists only where sides differ.

use crate::{
    kubernetes::{
        defaults::{Tolerance, is_default, is_dropped, same_but_defaults},
        ignored,
        pairing::same_generated,
        topology::{ListKind, Topology, field_type, identity},
    },
    model::{
        name::Name,
        observation::ObjectId,
        path::{KeyPath, Segment},
        secret::Sameness,
        state::Sides,
        tree::{Kind, NodeRef},
        value::{Value, ValueType},
    },
};
use rustc_hash::FxHashMap;

/// A node on each side that has it.
pub type Nodes<'a> = Sides<Option<NodeRef<'a>>>;

/// A field whose sides are not all the same.
#[derive(Clone, Debug)]
pub struct FieldDifference<'a> {
    /// Where, by identity of list items.
    pub path: KeyPath,
    /// The nodes.
    pub nodes: Nodes<'a>,
    /// How values compare.
    pub ty: ValueType,
    /// In live only, in a place that git says nothing about: a finding only if a person wrote it.
    pub beside: bool,
}

/// What a walk needs to know of its object.
pub struct WalkContext<'c, 'a> {
    /// The object.
    pub id: &'c ObjectId,
    /// How its lists and maps merge.
    pub topology: Topology<'a>,
    /// Whether git has all members of the maps it governs.
    pub closed: bool,
    /// Git and live are of different API versions: fields that live lacks may only be called
    /// something else there.
    pub other_version: bool,
    /// Whether the content of Secrets is read: else a generated name is all that tells it.
    pub follows_secrets: bool,
    /// Whether the deployer still owns the live value at a path.
    pub deployer_owns: &'c dyn Fn(&KeyPath) -> bool,
}

/// What a walk found.
#[derive(Default)]
pub struct Walked<'a> {
    /// In the order of the walk.
    pub differences: Vec<FieldDifference<'a>>,
    /// Fields looked at.
    pub compared: u64,
    /// Of them, not comparable because git and live are of different API versions.
    pub opaque: u64,
}

enum Step<'a> {
    Member(Name),
    Item(Vec<std::borrow::Cow<'a, str>>),
}

struct Walker<'c, 'a> {
    cx: &'c WalkContext<'c, 'a>,
    names: Vec<Name>,
    steps: Vec<Step<'a>>,
    out: Walked<'a>,
}

/// Walks an object whose sides are `roots`.
#[must_use]
pub fn walk<'a>(roots: Nodes<'a>, cx: &WalkContext<'_, 'a>) -> Walked<'a> {
    let mut walker = Walker {
        cx,
        names: Vec::with_capacity(16),
        steps: Vec::with_capacity(16),
        out: Walked::default(),
    };
    walker.map(roots);
    walker.out
}

fn all<'a>(n: &Nodes<'a>) -> [Option<NodeRef<'a>>; 4] {
    [n.base, n.head, n.deployed, n.live]
}

/// `null` is absent, as the server stores it.
fn without_null(n: Option<NodeRef<'_>>) -> Option<NodeRef<'_>> {
    n.filter(|n| n.kind() != Kind::Null)
}

/// The members of a map by name: linear for small maps, an index for large ones.
#[derive(Default)]
enum Members<'a> {
    #[default]
    None,
    Few(NodeRef<'a>),
    Many(FxHashMap<Name, NodeRef<'a>>),
}

impl<'a> Members<'a> {
    fn of(node: Option<NodeRef<'a>>) -> Members<'a> {
        match node {
            Some(n) if n.kind() == Kind::Map => {
                if n.children().take(25).count() == 25 {
                    Members::Many(n.children().map(|c| (c.key(), c)).collect())
                } else {
                    Members::Few(n)
                }
            }
            _ => Members::None,
        }
    }

    fn get(&self, name: Name) -> Option<NodeRef<'a>> {
        without_null(match self {
            Members::None => None,
            Members::Few(n) => n.get(name),
            Members::Many(index) => index.get(&name).copied(),
        })
    }
}

/// Whether two sides are the very same node of the very same tree.
fn identical(a: Option<NodeRef<'_>>, b: Option<NodeRef<'_>>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => a.is_same_node(b),
        _ => false,
    }
}

impl<'a> Walker<'_, 'a> {
    fn node(&mut self, nodes: Nodes<'a>) {
        let present: Vec<NodeRef<'a>> = all(&nodes).into_iter().flatten().collect();
        let every = |kind| present.iter().all(|n| n.kind() == kind);
        if every(Kind::Map) && !self.cx.topology.is_atomic_map(&self.names) {
            // Removed as a whole: one difference, not one for each field of it.
            let kept = [nodes.base, nodes.head, nodes.deployed]
                .iter()
                .all(Option::is_some);
            let granular = self.cx.topology.is_granular_map(&self.names);
            if kept && nodes.live.is_none() && !granular {
                self.out.compared += 1;
                return self.emit_if_different(nodes, ValueType::Text);
            }
            self.map(nodes);
        } else if every(Kind::List) {
            self.list(nodes, &present);
        } else {
            self.leaf(nodes);
        }
    }

    fn map(&mut self, nodes: Nodes<'a>) {
        let members = nodes.map(|n| Members::of(*n));
        let mut names: Vec<Name> = Vec::new();
        let git = [nodes.base, nodes.head, nodes.deployed];
        for (i, side) in git.iter().enumerate() {
            if git[..i].iter().any(|before| identical(*before, *side)) {
                continue;
            }
            for child in side.iter().flat_map(|n| n.children()) {
                let known = i > 0 && git_has(&members, child.key(), i);
                if !known && child.kind() != Kind::Null {
                    names.push(child.key());
                }
            }
        }
        for name in names {
            self.names.push(name);
            self.steps.push(Step::Member(name));
            if !ignored::always(&self.names) {
                self.node(members.map(|m| m.get(name)));
            }
            self.steps.pop();
            self.names.pop();
        }
        self.live_only(&nodes, &members);
    }

    /// Members that only live has.
    fn live_only(&mut self, nodes: &Nodes<'a>, members: &Sides<Members<'a>>) {
        let Some(live) = nodes.live else { return };
        let granular = self.cx.topology.is_granular_map(&self.names);
        for child in live.children() {
            if child.kind() == Kind::Null || git_has(members, child.key(), 3) {
                continue;
            }
            self.names.push(child.key());
            self.steps.push(Step::Member(child.key()));
            if !ignored::always(&self.names) {
                self.live_only_member(child, live, granular);
            }
            self.steps.pop();
            self.names.pop();
        }
    }

    fn live_only_member(&mut self, child: NodeRef<'a>, live: NodeRef<'a>, granular: bool) {
        let only_live = Sides {
            live: Some(child),
            ..Sides::default()
        };
        if granular {
            if self.cx.closed && !ignored::unless_desired(self.cx.id, &self.names) {
                self.emit(only_live, ValueType::Text, false);
            }
        } else if self.cx.topology.leads_on(child.key()) {
            match child.kind() {
                Kind::Map => self.live_only(&only_live, &Sides::default()),
                Kind::List => {
                    let items: Vec<NodeRef<'a>> = child.children().collect();
                    match self.cx.topology.list(&self.names, items.first().copied()) {
                        ListKind::Keyed(_) => self.list(only_live, &[child]),
                        _ if !child.is_empty() => self.emit(only_live, ValueType::Text, false),
                        _ => {}
                    }
                }
                _ => self.emit(only_live, ValueType::Text, true),
            }
        } else if !is_default(child) && !child.is_hollow() && !is_own_port(child, live) {
            self.emit(only_live, ValueType::Text, true);
        }
    }

    fn list(&mut self, nodes: Nodes<'a>, present: &[NodeRef<'a>]) {
        let sample = present.iter().find_map(|l| l.children().next());
        match self.cx.topology.list(&self.names, sample) {
            ListKind::Keyed(keys) => {
                let indexed = nodes.map(|n| index(*n, &keys));
                // Duplicates have no identity: the list is compared as one value.
                if indexed.each().iter().any(|i| i.is_err()) {
                    return self.atomic(nodes);
                }
                self.keyed(nodes, &indexed.map(|i| i.as_ref().ok()), &keys);
            }
            ListKind::Set => self.set(nodes),
            ListKind::Atomic => self.atomic(nodes),
        }
    }

    fn keyed(&mut self, nodes: Nodes<'a>, indexed: &Sides<Option<&Index<'a>>>, keys: &[Name]) {
        let mut seen: Vec<Vec<std::borrow::Cow<'a, str>>> = Vec::new();
        for list in all(&nodes).into_iter().flatten() {
            for item in list.children() {
                if let Some(id) = identity(item, keys) {
                    seen.push(id);
                }
            }
        }
        seen.sort();
        seen.dedup();
        for id in seen {
            let item = indexed.map(|i| i.and_then(|i| i.get(&id).copied()));
            self.steps.push(Step::Item(id));
            let in_git = item.base.is_some() || item.head.is_some() || item.deployed.is_some();
            if !in_git {
                if self.cx.closed && item.live.is_some_and(|l| !l.is_hollow()) {
                    self.emit(item, ValueType::Text, false);
                }
            } else if all(&item).iter().all(Option::is_some) && !self.other_source(&item) {
                self.node(item);
            } else {
                self.atomic(item);
            }
            self.steps.pop();
        }
    }

    /// A variable with `value` on one side and `valueFrom` on another is one value.
    fn other_source(&self, item: &Nodes<'a>) -> bool {
        let mut sources = all(item)
            .into_iter()
            .flatten()
            .map(|i| i.member("valueFrom").is_some());
        let first = sources.next();
        self.names.last().is_some_and(|l| l.as_str() == "env") && sources.any(|s| Some(s) != first)
    }

    fn set(&mut self, nodes: Nodes<'a>) {
        let sorted = |n: Option<NodeRef<'a>>| {
            n.map(|l| {
                let mut texts: Vec<_> = l.children().map(NodeRef::scalar_text).collect();
                texts.sort();
                texts
            })
        };
        let sets = nodes.map(|n| sorted(*n));
        self.out.compared += 1;
        // Finalizers are added by controllers.
        let open = self
            .names
            .last()
            .is_some_and(|n| n.as_str() == "finalizers");
        let all_same = [&sets.base, &sets.deployed, &sets.live]
            .into_iter()
            .all(|s| *s == sets.head);
        let extra_only = open
            && sets.live.as_ref().is_some_and(|live| {
                [&sets.base, &sets.head, &sets.deployed]
                    .into_iter()
                    .flatten()
                    .all(|g| g.iter().all(|x| live.contains(x)))
            });
        if !extra_only && !all_same {
            self.emit(nodes, ValueType::Text, false);
        }
    }

    /// A list or map that is one value: equal when all that git says is there, and all else is
    /// defaulting.
    fn atomic(&mut self, nodes: Nodes<'a>) {
        self.out.compared += 1;
        let Some(live) = nodes.live else {
            return self.emit_if_different(nodes, ValueType::Text);
        };
        let path = std::cell::OnceCell::new();
        let exact = Tolerance {
            lenient: false,
            exact_secrets: !self.cx.follows_secrets,
            parent: self.names.len().checked_sub(2).map(|i| self.names[i]),
        };
        let lenient = Tolerance {
            lenient: true,
            ..exact
        };
        let same = |git: Option<NodeRef<'a>>| {
            git.is_some_and(|g| {
                same_but_defaults(g, live, exact)
                    || (same_but_defaults(g, live, lenient)
                        && *path.get_or_init(|| (self.cx.deployer_owns)(&self.path())))
            })
        };
        let git = [nodes.head, nodes.base, nodes.deployed];
        if git.iter().all(|g| same(*g)) {
            return;
        }
        // Live counts as git's own spelling on the first side that it is the same as.
        let spelled = git.into_iter().find(|g| same(*g)).flatten();
        let live = spelled.or(nodes.live);
        let nodes = Sides { live, ..nodes };
        self.emit_if_different(nodes, ValueType::Text);
    }

    fn leaf(&mut self, nodes: Nodes<'a>) {
        let ty = field_type(self.cx.topology.is_built_in(), &self.names);
        if all(&nodes)
            .iter()
            .flatten()
            .any(|n| matches!(n.kind(), Kind::Map | Kind::List))
        {
            return self.atomic(nodes);
        }
        self.out.compared += 1;
        self.emit_if_different(nodes, ty);
    }

    fn emit_if_different(&mut self, nodes: Nodes<'a>, ty: ValueType) {
        let present: Vec<NodeRef<'a>> = all(&nodes).into_iter().flatten().collect();
        // The server drops what is empty.
        let granular = self
            .cx
            .topology
            .is_granular_map(&self.names[..self.names.len() - 1]);
        if nodes.live.is_none() && present.iter().all(|n| is_dropped(*n, granular)) {
            return;
        }
        let first = present[0];
        let same = all(&nodes).iter().all(|n| n.is_some())
            && present[1..]
                .iter()
                .all(|n| n.is_same_node(first) || self.same_leaf(first, *n, ty));
        if !same {
            self.emit(nodes, ty, false);
        }
    }

    fn same_leaf(&self, a: NodeRef<'a>, b: NodeRef<'a>, ty: ValueType) -> bool {
        if a.kind() == Kind::Text && b.kind() == Kind::Text {
            return a.text() == b.text()
                || same_encoded(&self.names, a.text(), b.text())
                || (matches!(
                    self.names.last().map(|n| n.as_str()),
                    Some("name" | "secretName")
                ) && self.names.len() > 2
                    && (self.cx.follows_secrets || !self.refers_to_secret())
                    && same_generated(a.text(), b.text()))
                || (ty != ValueType::Text
                    && Value::of(a).same(&Value::of(b), ty) == Sameness::Equal);
        }
        Value::of(a).same(&Value::of(b), ty) == Sameness::Equal
    }

    /// Whether the name at hand is that of a Secret.
    fn refers_to_secret(&self) -> bool {
        let [.., parent, last] = self.names.as_slice() else {
            return false;
        };
        last.as_str() == "secretName"
            || matches!(parent.as_str(), "secretRef" | "secretKeyRef" | "secret")
    }

    fn emit(&mut self, nodes: Nodes<'a>, ty: ValueType, beside: bool) {
        let in_git = nodes.base.is_some() || nodes.head.is_some() || nodes.deployed.is_some();
        // Another API version may call it something else: present in git, not comparable.
        if self.cx.other_version && nodes.live.is_none() && in_git {
            self.out.opaque += 1;
            return;
        }
        if beside && self.cx.other_version {
            return;
        }
        self.out.differences.push(FieldDifference {
            path: self.path(),
            nodes,
            ty,
            beside,
        });
    }

    fn path(&self) -> KeyPath {
        KeyPath(
            self.steps
                .iter()
                .map(|s| match s {
                    Step::Member(n) => Segment::Member(n.as_str().into()),
                    Step::Item(keys) => {
                        Segment::Item(keys.iter().map(|k| k.as_ref().into()).collect())
                    }
                })
                .collect(),
        )
    }
}

type Index<'a> = FxHashMap<Vec<std::borrow::Cow<'a, str>>, NodeRef<'a>>;

/// Items by identity; an error when two share one, or one has none.
fn index<'a>(list: Option<NodeRef<'a>>, keys: &[Name]) -> Result<Index<'a>, ()> {
    let mut out = Index::default();
    for item in list.iter().flat_map(|l| l.children()) {
        let id = identity(item, keys).ok_or(())?;
        if out.insert(id, item).is_some() {
            return Err(());
        }
    }
    Ok(out)
}

/// Base64 has no line breaks on the server; a placeholder for a certificate authority is filled in.
fn same_encoded(names: &[Name], a: &str, b: &str) -> bool {
    let last = names.last().map_or("", |n| n.as_str());
    let encoded = last == "caBundle" || names.iter().any(|n| n.as_str() == "binaryData");
    let bare = |t: &str| -> String { t.chars().filter(|c| !c.is_whitespace()).collect() };
    encoded && bare(a) == bare(b)
        || (last == "caBundle"
            && [a, b]
                .iter()
                .any(|t| matches!(bare(t).as_str(), "" | "Cg==")))
}

/// A Service's `targetPort` is its `port` unless somebody says otherwise.
fn is_own_port(child: NodeRef<'_>, item: NodeRef<'_>) -> bool {
    child.key().as_str() == "targetPort"
        && item
            .member("port")
            .is_some_and(|p| p.text() == child.text())
}

/// Whether the first `sides` git sides have a member.
fn git_has(members: &Sides<Members<'_>>, name: Name, sides: usize) -> bool {
    [&members.base, &members.head, &members.deployed][..sides]
        .iter()
        .any(|m| m.get(name).is_some())
}
