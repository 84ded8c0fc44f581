//! Which value wins, what it hides, and who wrote each of them: what `explain` says of a setting.

use super::{
    entry::Origin,
    finding::{Accepted, CommitShown, Disposition, Message, Severity, Written},
    place::Place,
    report::RevisionShown,
    value::{Shown, Unread},
};
use std::sync::Arc;

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What was asked.
    pub asked: Asked,
    /// Before the change under review, where there is one.
    pub base: Option<RevisionShown>,
    /// The revision whose values are explained.
    pub head: RevisionShown,
    /// What people must know first.
    pub notes: Vec<Message>,
    /// The settings that were asked for, sorted by name.
    pub keys: Vec<ExplainedKey>,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A setting, by its name in any spelling.
    Key(Box<str>),
    /// Whatever is set on a line of a file.
    Line {
        /// From the repository's root.
        file: Box<str>,
        /// From 1.
        line: u32,
    },
}

/// A setting, in every target of the services that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedKey {
    /// The name that people know.
    pub name: Arc<str>,
    /// The answer in one sentence.
    pub answer: Message,
    /// Sorted by service, then environment.
    pub targets: Vec<ExplainedTarget>,
    /// Services of the run that do not have it.
    pub not_in: Vec<Arc<str>>,
}

/// A setting in one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedTarget {
    /// The service.
    pub service: Arc<str>,
    /// The environment.
    pub environment: Arc<str>,
    /// What git says.
    pub git: ExplainedSide,
    /// What git said before the change; absent where it said the same.
    pub base: Option<ExplainedSide>,
    /// What is running; absent where nothing live was read.
    pub live: Option<ExplainedSide>,
    /// Whether live has the value that git says; absent without a live side.
    pub agreement: Option<Agreement>,
    /// Findings about it.
    pub findings: Vec<FindingShown>,
    /// What driftgate.yaml says of it by name: waivers, ignores, documented differences.
    pub policies: Vec<PolicyShown>,
}

/// Whether two sides have one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// They do.
    Same,
    /// They don't.
    Differs,
    /// There is nothing to compare: what wins is read from one side only.
    NotCompared,
    /// Nobody can tell; why.
    Unknown(Box<str>),
}

/// A setting on one side of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExplainedSide {
    /// What layers say, highest precedence first, what wins before everything else of its layer.
    pub values: Vec<ExplainedValue>,
    /// Layers of which nobody knows what they say, highest precedence first.
    pub gaps: Vec<Gap>,
    /// Why nobody knows what wins.
    pub unknown: Option<Unread>,
}

/// What a side says of a setting as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// One value wins.
    Known,
    /// There is none.
    Absent,
    /// Containers see different values.
    ByContainer,
    /// Nobody knows what wins.
    Unknown,
}

/// What one layer says of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedValue {
    /// The layer.
    pub layer: Arc<str>,
    /// Position of the layer; higher ones win.
    pub precedence: usize,
    /// How the layer spells the name.
    pub name: Arc<str>,
    /// The value.
    pub value: Shown,
    /// What becomes of it.
    pub standing: Standing,
    /// Where it is from; with its place in git.
    pub origin: Option<Origin>,
    /// Where git has further text that it is made of.
    pub made_from: Vec<Place>,
    /// Who gave git this value.
    pub commit: Option<CommitShown>,
    /// Who wrote the live value.
    pub written: Option<Written>,
    /// The containers that see it; empty: whatever reads the layer.
    pub seen_by: Vec<Box<str>>,
    /// Not this side's own: the layer's other side stands in.
    pub borrowed: bool,
    /// Whether it stands on the line that was asked for.
    pub asked: bool,
}

/// What becomes of a layer's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The application sees it.
    Wins,
    /// It is what the application sees, said a second time for another container.
    Agrees,
    /// It takes the setting away.
    Removes,
    /// A higher value is seen instead.
    Hidden,
}

impl Standing {
    /// `wins`, `agrees`, `removes`, `hidden`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Standing::Wins => "wins",
            Standing::Agrees => "agrees",
            Standing::Removes => "removes",
            Standing::Hidden => "hidden",
        }
    }
}

/// A layer of which nobody knows what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The layer.
    pub layer: Arc<str>,
    /// Its position; higher ones win.
    pub precedence: usize,
    /// Why.
    pub why: GapKind,
    /// Whether a value in it would win over everything that is known.
    pub may_win: bool,
}

/// Why nobody knows what a layer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GapKind {
    /// driftgate can't see it; what it is.
    Outside(Box<str>),
    /// It should have been readable.
    Unread(Unread),
    /// It was read, and imports these, which driftgate does not read.
    Imports(Vec<Box<str>>),
    /// A Secret of the layer that may hold it; its keys are not read.
    KeysNotRead(Box<str>),
}

impl GapKind {
    /// What is imported, in words: `a and b`, `a, b, c, d and 3 more`.
    #[must_use]
    pub fn imported(all: &[Box<str>]) -> String {
        const NAMED: usize = 4;
        match all {
            [] => String::new(),
            [one] => one.to_string(),
            [first @ .., last] if all.len() <= NAMED => format!("{} and {last}", first.join(", ")),
            _ => format!("{} and {} more", all[..NAMED].join(", "), all.len() - NAMED),
        }
    }
}

/// A finding, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingShown {
    /// The rule's id.
    pub rule: &'static str,
    /// After policy.
    pub severity: Severity,
    /// After policy.
    pub disposition: Disposition,
    /// What it says.
    pub message: Message,
    /// What gave it that disposition.
    pub accepted: Option<Accepted>,
}

/// An entry of driftgate.yaml that names the setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyShown {
    /// `waiver`, `ignore`, `difference`, with its reason and place.
    pub entry: Accepted,
    /// The rule that it is about; absent: any.
    pub rule: Option<Box<str>>,
    /// The value that a documented difference expects here.
    pub expected: Option<Box<str>>,
}

impl Explanation {
    /// Whether everything that might win was read.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let sides = |t: &ExplainedTarget| {
            let live = t.live.as_ref();
            t.git.unknown.is_none() && live.is_none_or(|l| l.unknown.is_none())
        };
        self.keys.iter().flat_map(|k| &k.targets).all(sides)
    }
}

impl ExplainedSide {
    /// What it says as a whole.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match (&self.unknown, self.winners().count()) {
            (Some(_), _) => Outcome::Unknown,
            (None, 0) => Outcome::Absent,
            (None, 1) => Outcome::Known,
            (None, _) => Outcome::ByContainer,
        }
    }

    /// What the application sees.
    pub fn winners(&self) -> impl Iterator<Item = &ExplainedValue> {
        self.values.iter().filter(|v| v.standing == Standing::Wins)
    }

    /// What is hidden, highest precedence first.
    pub fn hidden(&self) -> impl Iterator<Item = &ExplainedValue> {
        self.values
            .iter()
            .filter(|v| v.standing == Standing::Hidden)
    }

    /// The one value, or why there is none.
    #[must_use]
    pub fn shown(&self) -> Option<Shown> {
        match self.outcome() {
            Outcome::Known => self.winners().next().map(|v| v.value.clone()),
            Outcome::Absent => Some(Shown::Absent),
            Outcome::Unknown => self
                .unknown
                .as_ref()
                .map(|u| Shown::Unknown(u.detail.clone())),
            Outcome::ByContainer => None,
        }
    }
}
