//! What git says should run: the objects, or the settings, of one layer at one revision.

use super::{
    observation::ObjectId,
    place::Place,
    problem::Problem,
    setting::{Beyond, SettingEntry},
    tree::Tree,
    value::{AbsenceProof, Reading, Unread},
};
use std::{collections::BTreeMap, sync::Arc};

/// An object as git has it at one revision, sealed.
#[derive(Clone, Debug)]
pub struct DesiredObject {
    /// Its identity; the namespace filled in where the manifest leaves it out.
    pub id: ObjectId,
    /// `apps/v1`.
    pub api_version: Box<str>,
    /// The whole object. Spans point into [`DesiredObject::place`]'s file when that is exact.
    pub tree: Tree,
    /// The file, and where the object begins in it.
    pub place: Place,
}

impl DesiredObject {
    /// Where a node of [`DesiredObject::tree`] is written: its own line when the object was read
    /// as it is written, else the object's place.
    #[must_use]
    pub fn place_of(&self, node: super::tree::NodeRef<'_>) -> Place {
        match node.span().or_else(|| node.key_span()) {
            Some(span) if self.place.is_exact() => {
                Place::exact(self.place.file.clone(), Some(span))
            }
            _ => self.place.clone(),
        }
    }

    /// The same, pointing at the member's key.
    #[must_use]
    pub fn place_of_key(&self, node: super::tree::NodeRef<'_>) -> Place {
        match node.key_span().or_else(|| node.span()) {
            Some(span) if self.place.is_exact() => {
                Place::exact(self.place.file.clone(), Some(span))
            }
            _ => self.place.clone(),
        }
    }
}

/// All objects or settings of one layer at one revision, and what went wrong while reading them.
#[derive(Clone, Debug, Default)]
pub struct DesiredWorld {
    /// By identity.
    pub objects: BTreeMap<ObjectId, Arc<DesiredObject>>,
    /// The settings of a layer that has no objects (`file`, `spring`, `compose`), in their order:
    /// of one name the last wins, and those before it are kept.
    pub settings: Vec<SettingEntry>,
    /// What the layer imports from where driftgate does not look.
    pub beyond: Vec<Beyond>,
    /// How many of them, from the last one on, certainly come after all that could not be read.
    pub certain: usize,
    /// What could not be read or was read with doubts, with its place.
    pub problems: Vec<Problem>,
    /// Why some objects may be missing from `objects`: a file that could not be parsed, a
    /// renderer that failed. Then nothing is provably absent.
    pub incomplete: Option<Unread>,
    /// The files it was read from, sorted: for saying that the work tree differs, and for history.
    pub inputs: Vec<Arc<str>>,
}

impl DesiredWorld {
    /// A world that could not be read at all.
    #[must_use]
    pub fn unread(why: Unread) -> DesiredWorld {
        DesiredWorld {
            incomplete: Some(why),
            ..DesiredWorld::default()
        }
    }

    /// The object, the proof that git has none, or why nobody knows.
    #[must_use]
    pub fn find(&self, id: &ObjectId) -> Reading<&DesiredObject> {
        match (self.objects.get(id), &self.incomplete) {
            (Some(o), _) => Reading::Present(o),
            (None, Some(why)) => Reading::Unknown(why.clone()),
            (None, None) => Reading::Absent(AbsenceProof::new()),
        }
    }
}
