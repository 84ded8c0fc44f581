//! From walked differences to entries: readings per side, places, states.

use super::{
    Compared, LayerInput,
    walk::{FieldDifference, Nodes},
};
use crate::{
    kubernetes::pairing::Pair,
    model::{
        desired::DesiredObject,
        entry::{Entry, EntryKey, Origin},
        observation::{Item, ObjectId},
        path::{KeyPath, Segment},
        place::Place,
        secret::Sameness,
        state::{Sides, State, classify},
        tree::NodeRef,
        value::{Reading, Value, ValueType},
    },
};

/// The live side of an object.
#[derive(Clone, Copy)]
pub(crate) struct LiveSide<'a> {
    /// Its content.
    pub(crate) root: NodeRef<'a>,
    /// What was read; absent where base stands in.
    pub(crate) item: Option<&'a Item>,
}

/// One object on its four sides.
pub(crate) struct ObjectSides<'a> {
    /// Its identity on each side.
    pub(crate) pair: &'a Pair,
    /// The identity that reports use: live's, else git's.
    pub(crate) id: ObjectId,
    /// In git.
    pub(crate) base: Reading<&'a DesiredObject>,
    /// In git.
    pub(crate) head: Reading<&'a DesiredObject>,
    /// In git.
    pub(crate) deployed: Reading<&'a DesiredObject>,
    /// Running; base stands in where the layer has no live side.
    pub(crate) live: Reading<LiveSide<'a>>,
    /// Whether base and head render it differently.
    pub(crate) written_by_change: bool,
}

impl<'a> ObjectSides<'a> {
    /// The roots that are there.
    pub(crate) fn roots(&self) -> Nodes<'a> {
        let git = |r: &Reading<&'a DesiredObject>| r.present().map(|o| o.tree.root());
        Sides {
            base: git(&self.base),
            head: git(&self.head),
            deployed: git(&self.deployed),
            live: self.live.present().map(|l| l.root),
        }
    }

    /// The roots for a walk: where git lacks the object on one side, another side of git stands
    /// in, so that only its difference from live shows, not every field of it.
    pub(crate) fn walk_roots(&self) -> Nodes<'a> {
        let roots = self.roots();
        let any = roots.head.or(roots.deployed).or(roots.base);
        Sides {
            base: roots.base.or(any),
            head: roots.head.or(any),
            deployed: roots.deployed.or(any),
            live: roots.live,
        }
    }

    fn object(&self, side: usize) -> Option<&'a DesiredObject> {
        [&self.base, &self.head, &self.deployed]
            .get(side)
            .and_then(|r| r.present().copied())
    }

    /// What a side says at a node: absent inside what was read whole, unknown where the object
    /// itself is.
    fn reading(&self, side: usize, node: Option<NodeRef<'a>>, path: &KeyPath) -> Reading<Entry> {
        let entry = |n: NodeRef<'a>, object: &ObjectId, place: Option<Place>| {
            let origin = Origin {
                item: object.clone().into(),
                path: path.clone(),
                place,
            };
            Entry::of(Value::of(n), origin)
        };
        if side == 3 {
            return match &self.live {
                Reading::Present(_) => {
                    Reading::within_whole(node.map(|n| entry(n, &self.id, None)))
                }
                Reading::Absent(p) => Reading::Absent(*p),
                Reading::Unknown(u) => Reading::Unknown(u.clone()),
            };
        }
        match [&self.base, &self.head, &self.deployed][side] {
            Reading::Present(o) => {
                Reading::within_whole(node.map(|n| entry(n, &o.id, Some(o.place_of(n)))))
            }
            Reading::Absent(p) => Reading::Absent(*p),
            Reading::Unknown(u) => Reading::Unknown(u.clone()),
        }
    }

    /// The four readings of a difference.
    pub(crate) fn readings(&self, nodes: &Nodes<'a>, path: &KeyPath) -> Sides<Reading<Entry>> {
        Sides {
            base: self.reading(0, nodes.base, path),
            head: self.reading(1, nodes.head, path),
            deployed: self.reading(2, nodes.deployed, path),
            live: self.reading(3, nodes.live, path),
        }
    }

    /// Presence of the object itself on each side, as a value that is equal to itself.
    pub(crate) fn presence(&self) -> Sides<Reading<Entry>> {
        let entry = |id: &ObjectId, place: Option<Place>| {
            Entry::of(
                Value::text("present"),
                Origin {
                    item: id.clone().into(),
                    path: KeyPath::default(),
                    place,
                },
            )
        };
        let git = |r: &Reading<&'a DesiredObject>| {
            r.as_ref().map(|o| entry(&o.id, Some(o.place.clone())))
        };
        Sides {
            base: git(&self.base),
            head: git(&self.head),
            deployed: git(&self.deployed),
            live: self.live.as_ref().map(|_| entry(&self.id, None)),
        }
    }

    /// The object as one entry.
    pub(crate) fn whole(&self, sides: Sides<Reading<Entry>>, state: State) -> Compared {
        Compared {
            written_by_change: self.written_by_change,
            ..Compared::new(EntryKey::Object, self.id.clone(), sides, state)
        }
    }

    /// Whether one of the sides calls the object so.
    pub(crate) fn is_called(&self, id: &ObjectId) -> bool {
        self.pair.each().into_iter().flatten().any(|own| own == id)
    }

    /// Git's newest word on the object.
    pub(crate) fn newest(&self) -> Option<&'a DesiredObject> {
        [1, 2, 0].into_iter().find_map(|side| self.object(side))
    }
}

/// The state of four readings.
#[must_use]
pub(crate) fn state_of(sides: &Sides<Reading<Entry>>, ty: ValueType) -> State {
    let values = sides.map(|r| r.as_ref().map(|e| &e.value));
    classify(&values, ty)
}

/// Whether two sides are known to say the same.
#[must_use]
pub(crate) fn same_reading(a: &Reading<Entry>, b: &Reading<Entry>, ty: ValueType) -> bool {
    match (a, b) {
        (Reading::Absent(_), Reading::Absent(_)) => true,
        (Reading::Present(a), Reading::Present(b)) => a.value.same(&b.value, ty) == Sameness::Equal,
        _ => false,
    }
}

/// An entry for a field difference.
pub(crate) fn entry_of<'a>(
    input: &LayerInput<'a>,
    object: &ObjectSides<'a>,
    difference: &FieldDifference<'a>,
) -> Compared {
    let sides = object.readings(&difference.nodes, &difference.path);
    let ty = difference.ty;
    let state = state_of(&sides, ty);
    let key = EntryKey::Field(difference.path.clone());
    Compared {
        ty,
        beside: difference.beside,
        written_by_change: object.written_by_change,
        deploy_time: is_deploy_time(input, &difference.path),
        ..Compared::new(key, object.id.clone(), sides, state)
    }
}

/// Whether the layer says that the pipeline sets a field: by its last member (`image`), by the
/// name of the list item around it (an environment variable), or by its whole path.
fn is_deploy_time(input: &LayerInput<'_>, path: &KeyPath) -> bool {
    let shown = path.to_string();
    input.layer.deploy_time.iter().any(|name| {
        shown == **name
            || match path.0.last() {
                Some(Segment::Member(m)) if m == name => true,
                Some(Segment::Member(m)) if &**m == "value" => {
                    matches!(path.0.iter().rev().nth(1), Some(Segment::Item(keys)) if keys.contains(name))
                }
                Some(Segment::Item(keys)) => keys.contains(name),
                _ => false,
            }
    })
}
