//! Findings and changes: what a check says about one entry.

use super::{
    entry::EntryKey, observation::ItemId, path::KeyPath, place::Place, report::SideName,
    state::State, time::Timestamp, value::Shown,
};
use serde::Serialize;
use std::sync::Arc;

/// A kind of problem. Declared once, in the file of the check that finds it.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable, kebab-case.
    pub id: &'static str,
    /// One line for people.
    pub summary: &'static str,
    /// What the rule must have seen before its silence means anything.
    pub needs: Needs,
}

/// What a rule must have seen before its silence means anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// One service in one environment.
    OneTarget,
    /// The whole run: every target, unfiltered.
    TheWholeRun,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Should be looked at.
    Warning,
    /// Stops the gate.
    Error,
}

impl Severity {
    /// `error`, `warning`, `info`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// What policy made of a finding. Findings are never dropped, only given a disposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disposition {
    /// Counts.
    #[default]
    Active,
    /// Accepted by a waiver.
    Waived,
    /// Known from the baseline.
    Baselined,
    /// Covered by a lasting rule about live.
    Ignored,
}

/// A sentence with its dynamic parts still apart, so that each format escapes them and none
/// prints a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message(pub Vec<Piece>);

/// A part of a [`Message`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Our own words.
    Words(&'static str),
    /// A key or path.
    Key(Box<str>),
    /// A value, or what may be shown of it.
    Value(Shown),
    /// A name of a person, manager, object, file, revision.
    Name(Box<str>),
    /// A time.
    Time(Timestamp),
    /// A number.
    Count(u64),
}

impl From<&'static str> for Message {
    fn from(words: &'static str) -> Message {
        Message::words(words)
    }
}

impl Message {
    /// Our own words only.
    #[must_use]
    pub fn words(words: &'static str) -> Message {
        Message(vec![Piece::Words(words)])
    }

    /// Appends our own words.
    #[must_use]
    pub fn and(mut self, words: &'static str) -> Message {
        self.0.push(Piece::Words(words));
        self
    }

    /// Appends a name.
    #[must_use]
    pub fn name(mut self, name: impl Into<Box<str>>) -> Message {
        self.0.push(Piece::Name(name.into()));
        self
    }

    /// Appends a key.
    #[must_use]
    pub fn key(mut self, key: impl Into<Box<str>>) -> Message {
        self.0.push(Piece::Key(key.into()));
        self
    }

    /// Appends a value.
    #[must_use]
    pub fn value(mut self, value: Shown) -> Message {
        self.0.push(Piece::Value(value));
        self
    }

    /// Appends a time.
    #[must_use]
    pub fn time(mut self, time: Timestamp) -> Message {
        self.0.push(Piece::Time(time));
        self
    }

    /// Appends a number.
    #[must_use]
    pub fn count(mut self, n: usize) -> Message {
        self.0.push(Piece::Count(n as u64));
        self
    }
}

/// A command that resolves a finding, as arguments: the renderer quotes. A live value inside a
/// copied shell line is somebody else's input, so none is ever put here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// What it does, for people.
    pub why: Message,
    /// The command; empty when the resolution is an edit (`why` says which).
    pub argv: Vec<Box<str>>,
}

/// The desired (or base, or deployed) side of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredShown {
    /// The value.
    pub value: Shown,
    /// Where it is written.
    pub place: Option<Place>,
    /// Who wrote this value last, as far as history tells.
    pub commit: Option<CommitShown>,
}

/// A commit, for people: no e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CommitShown {
    /// Full hexadecimal id.
    pub id: Box<str>,
    /// Author's name.
    pub author: Box<str>,
    /// Author's time.
    pub time: Timestamp,
    /// First line of the message.
    pub summary: Box<str>,
}

/// The live side of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveShown {
    /// The value.
    pub value: Shown,
    /// The object, file or parameter that holds it.
    pub object: Option<ItemId>,
    /// Where in it.
    pub field: Option<Box<str>>,
    /// Who wrote it, with words no stronger than what the server knows.
    pub written: Option<Written>,
    /// Whether git ever had this value here.
    pub in_git: Option<InGit>,
}

/// Evidence for who wrote a live field, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Managers, newest evidence first; empty when nobody knows.
    pub writers: Vec<Writer>,
    /// The change is not later than this.
    pub not_later_than: Option<Timestamp>,
    /// The change is not earlier than this.
    pub not_earlier_than: Option<Timestamp>,
    /// What the evidence is, or why there is none.
    pub certainty: Certainty,
}

/// A writer of a live field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Writer {
    /// The name as the server has it (`kubectl-set`).
    pub name: Arc<str>,
    /// What kind of name it is.
    pub kind: super::observation::WriterKind,
    /// What is known of this name.
    pub class: WriterClass,
}

/// What is known of a writer's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WriterClass {
    /// Applies what git says.
    Deployer,
    /// A controller, autoscaler, injector or operator.
    Controller,
    /// A tool in a person's hand (`kubectl edit`, a console).
    Person,
    /// Nothing is known of it.
    Other,
}

/// What the evidence for a write is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// The writer's record covers nothing else: its time is the time of this change.
    Exact,
    /// The writer's record covers more: this change is not later.
    NotLaterThan,
    /// The server gives no time (`/scale`).
    NoTime,
    /// A removal leaves no trace.
    Removal,
    /// Ownership was wiped or never recorded.
    Unattributed,
}

/// Whether git ever had a live value at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InGit {
    /// Never, back to the first commit of the file.
    Never,
    /// Not in the last so many commits; the walk was cut there.
    NotInLast(u32),
    /// The newest commit that had it.
    Last(CommitShown),
    /// Nobody can tell from here; why.
    Unknown(Box<str>),
}

/// What findings and changes have in common: the entry, its sides, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The state, for the state rules and changes.
    pub state: Option<State>,
    /// The service.
    pub service: Arc<str>,
    /// The environment.
    pub environment: Arc<str>,
    /// The layer.
    pub layer: Arc<str>,
    /// What it is about.
    pub key: EntryKey,
    /// The object, file or parameter that holds it: the live one, else the desired one.
    pub object: Option<ItemId>,
    /// A sentence that stands alone.
    pub message: Message,
    /// Before the change; present when it differs from `desired`.
    pub base: Option<DesiredShown>,
    /// What git says after the change.
    pub desired: Option<DesiredShown>,
    /// What was deployed; present when it differs from `base` and `desired`.
    pub deployed: Option<DesiredShown>,
    /// What is running.
    pub live: Option<LiveShown>,
    /// Several values of one entry, for what is about several environments or layers; then there
    /// is neither `desired` nor `live`.
    pub sides: Vec<SideShown>,
    /// Further services that have the same, for what is about several environments.
    pub also_in: Vec<Arc<str>>,
    /// Further environments of the service that have the same, for what is told once for all.
    pub also_in_environments: Vec<Arc<str>>,
    /// The higher layer that hides a setting: the application does not see this one.
    pub hidden_by: Option<Arc<str>>,
    /// Who sees it: `Deployment/shop/api container api`.
    pub affects: Vec<Box<str>>,
    /// Fields whose difference is this one, seen from elsewhere.
    pub explains: Vec<Box<str>>,
    /// The setting whose change brings this one along through `$(VAR)`.
    pub cause: Option<Box<str>>,
    /// Whether the change under review writes the object (renders it differently).
    pub written_by_change: bool,
    /// What resolves it.
    pub resolve: Vec<Resolution>,
}

impl Subject {
    /// About an entry, with nothing known of its sides.
    #[must_use]
    pub fn new(service: Arc<str>, environment: Arc<str>, layer: Arc<str>, key: EntryKey) -> Self {
        Subject {
            state: None,
            service,
            environment,
            layer,
            key,
            object: None,
            message: Message::default(),
            base: None,
            desired: None,
            deployed: None,
            live: None,
            sides: vec![],
            also_in: vec![],
            also_in_environments: vec![],
            hidden_by: None,
            affects: vec![],
            explains: vec![],
            cause: None,
            written_by_change: false,
            resolve: vec![],
        }
    }
}

/// One of several values of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideShown {
    /// The environment.
    pub environment: Arc<str>,
    /// The layer that it is from.
    pub layer: Arc<str>,
    /// Git's value, or the live one.
    pub side: SideName,
    /// The value.
    pub value: Shown,
    /// Where it is written in git.
    pub place: Option<Place>,
    /// Where git has further text that it is made of.
    pub made_from: Vec<Place>,
    /// The live object, file or parameter that holds it.
    pub object: Option<ItemId>,
    /// Where in it; empty when that is not known.
    pub path: KeyPath,
    /// Who wrote git's value last, as far as history tells.
    pub commit: Option<CommitShown>,
    /// Who wrote the live value.
    pub written: Option<Written>,
    /// What makes this side special: `wins`, `hidden`, `expected "db-eu.example.com"`.
    pub note: Option<Message>,
}

/// What accepted a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// `waiver`, `ignore`, `baseline`, `argo-cd ignoreDifferences`, `flux drift ignore`.
    pub by: &'static str,
    /// The reason that it gives.
    pub reason: Box<str>,
    /// Who answers for it; of a waiver.
    pub owner: Option<Box<str>>,
    /// Until when; of a waiver.
    pub expires: Option<Timestamp>,
    /// Where it is written.
    pub place: Option<Place>,
}

/// One instance of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// After policy.
    pub severity: Severity,
    /// After policy.
    pub disposition: Disposition,
    /// What gave it that disposition; absent while it is active.
    pub accepted: Option<Accepted>,
    /// The entry.
    pub subject: Subject,
}

impl Finding {
    /// An active finding.
    #[must_use]
    pub fn new(rule: &'static Rule, severity: Severity, subject: Subject) -> Finding {
        Finding {
            rule,
            severity,
            disposition: Disposition::Active,
            accepted: None,
            subject,
        }
    }

    /// Names the problem, not its values: the same while only a value changes, and no digest of one.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut h = blake3::Hasher::new_derive_key("driftgate v1 fingerprint");
        let mut part = |s: &str| {
            h.update(&(s.len() as u64).to_le_bytes());
            h.update(s.as_bytes());
        };
        let s = &self.subject;
        part(self.rule.id);
        part(&s.service);
        // Between environments it is one problem, whichever of them deviate today.
        let between = s
            .sides
            .iter()
            .any(|o| o.environment != s.sides[0].environment);
        part(if between { "" } else { &s.environment });
        part(if between { "" } else { &s.layer });
        part(match &s.key {
            EntryKey::Setting(_) => "setting",
            EntryKey::Field(_) => "field",
            EntryKey::Object => "object",
        });
        part(&s.key.to_string());
        // A setting is one problem wherever it is seen; a field belongs to its object.
        if between {
        } else if !matches!(s.key, EntryKey::Setting(_)) || s.affects.is_empty() {
            part(
                &s.object
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            );
        } else {
            part(&s.affects[0]);
        }
        h.finalize().to_hex()[..32].into()
    }
}

/// What merging or deploying will do to one entry; not a problem by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The entry.
    pub subject: Subject,
}
