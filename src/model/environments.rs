//! What `compare` says: the same services in several places, side by side.

use super::{
    entry::EntryKey,
    finding::{Message, SideShown},
    place::Place,
    problem::Problem,
    report::{Coverage, SideName},
    value::Unread,
};
use std::sync::Arc;

/// Several places side by side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environments {
    /// What was compared, as it was asked for.
    pub places: Vec<ComparedPlace>,
    /// Which sides were compared.
    pub sides: Vec<SideName>,
    /// What people must know first.
    pub notes: Vec<Message>,
    /// What was read; `environment` is the place's name.
    pub coverage: Vec<Coverage>,
    /// Problems in the files that were read.
    pub problems: Vec<Problem>,
    /// Services that were compared.
    pub services: Vec<Arc<str>>,
    /// Services, or files of folders, that not all places have although nothing says why: each is a
    /// difference.
    pub partial: Vec<PartialService>,
    /// What differs, and (when asked for) what does not: in the order of [`Class`], then by name.
    pub rows: Vec<EnvironmentRow>,
    /// How much was compared.
    pub counts: EnvironmentCounts,
    /// Why something is unknown, each reason once.
    pub unread: Vec<Unread>,
}

/// A place that settings are in: an environment, or files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparedPlace {
    /// As it was asked for: `production`, `production@before.snapshot`, `b.yaml`.
    pub name: Arc<str>,
    /// The environment; absent for files.
    pub environment: Option<Arc<str>>,
    /// Where it was read, in words: the revision, and of live the source, the snapshot and its time.
    pub from: Box<str>,
}

/// A service, or a file of folders, that not all places have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartialService {
    /// Its name.
    pub service: Arc<str>,
    /// Names of the places that have it.
    pub places: Vec<Arc<str>>,
}

/// What kind of row it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Some places have it, the others lack it.
    OnlyIn,
    /// The values differ.
    Different,
    /// One value in several spellings.
    Spelling,
    /// A documented difference covers it, and holds.
    Documented,
    /// All places agree.
    Equal,
    /// They agree when the environments' own names are taken out.
    EqualByNames,
    /// Several places have it, and what it is can't be compared: a secret, or opaque.
    NotComparable,
    /// Some place could not be read there; what was read is the same.
    Unknown,
}

impl Class {
    /// As in JSON: `only-in`, `equal-by-names`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Class::OnlyIn => "only-in",
            Class::Different => "different",
            Class::Spelling => "spelling",
            Class::Documented => "documented",
            Class::Equal => "equal",
            Class::EqualByNames => "equal-by-names",
            Class::NotComparable => "not-comparable",
            Class::Unknown => "unknown",
        }
    }

    /// Whether nobody gave a reason for it.
    #[must_use]
    pub fn counts(self) -> bool {
        self <= Class::Spelling
    }
}

/// An entry in all places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentRow {
    /// What kind of row it is.
    pub class: Class,
    /// The services in which it is so, sorted; the values are the first one's.
    pub services: Vec<Arc<str>>,
    /// What it is about.
    pub key: EntryKey,
    /// Kind and name of the object, for fields and objects.
    pub holder: Option<Arc<str>>,
    /// The container that sees it so, where containers see different values.
    pub container: Option<Box<str>>,
    /// The sides on which it is so.
    pub sides: Vec<SideName>,
    /// One per place; `environment` is the place's name.
    pub values: Vec<SideShown>,
    /// The reason of the documented difference, and where it is written.
    pub documented: Option<(Box<str>, Option<Place>)>,
}

/// How much was compared: settings and fields, each counted once per service however many sides
/// it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentCounts {
    /// Settings and fields looked at.
    pub compared: u64,
    /// Of them, fields and objects.
    pub fields: u64,
    /// Present in several places and not comparable.
    pub opaque: u64,
    /// Equal only because the environments' own names were taken out.
    pub by_names: u64,
    /// Not to be told, because a place could not be read there.
    pub unknown: u64,
    /// Rows, services and files that nobody gave a reason for.
    pub differences: usize,
    /// Documented differences that hold.
    pub documented: usize,
}

impl Environments {
    /// Whether everything that was asked for was read.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        // Files of one folder only are told without being read.
        (!self.coverage.is_empty() || !self.partial.is_empty())
            && (!self.services.is_empty() || !self.partial.is_empty())
            && !self.coverage.iter().any(Coverage::blocks)
            && !self.problems.iter().any(|p| p.blocks)
            && self.counts.unknown == 0
    }

    /// 0: no difference without a reason; 1: some; 2: not everything could be compared.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match (self.is_complete(), self.counts.differences) {
            (false, _) => 2,
            (true, 0) => 0,
            (true, _) => 1,
        }
    }

    /// `agree`, `differ`, `incomplete`.
    #[must_use]
    pub fn verdict(&self) -> &'static str {
        ["agree", "differ", "incomplete"][usize::from(self.exit_code())]
    }
}
