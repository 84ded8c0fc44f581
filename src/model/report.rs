//! All that a format sees.

use super::{
    finding::{Change, CommitShown, Disposition, Finding, Message, Severity},
    problem::Problem,
    time::Timestamp,
    value::Unread,
};
use serde::Serialize;
use std::sync::Arc;

/// When a check runs, which decides what an old drift is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// Before a merge: what the change writes counts.
    Review,
    /// Before a deploy: what the deploy overwrites counts.
    Deploy,
    /// On a schedule: everything counts.
    Audit,
}

impl Occasion {
    /// `review`, `deploy`, `audit`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Occasion::Review => "review",
            Occasion::Deploy => "deploy",
            Occasion::Audit => "audit",
        }
    }
}

/// The first seven digits of a commit's id, as everything shows it; what is no id is shown whole.
#[must_use]
pub fn short_id(id: &str) -> &str {
    if id.len() >= 40 && id.bytes().all(|b| b.is_ascii_hexdigit()) {
        &id[..7]
    } else {
        id
    }
}

/// The end of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything was read, and nothing reaches the gate's threshold.
    Pass,
    /// Everything was read, and something reaches it.
    Fail,
    /// Something could not be read: nobody knows what else is wrong.
    Incomplete,
}

impl Verdict {
    /// The only way to a verdict. No coverage is incomplete; incomplete beats fail, and failures
    /// are still listed.
    #[must_use]
    pub fn of(findings: &[Finding], coverage: &[Coverage], fail_on: FailOn) -> Verdict {
        if coverage.is_empty() || coverage.iter().any(Coverage::blocks) {
            return Verdict::Incomplete;
        }
        let threshold = match fail_on {
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
            FailOn::Info => Severity::Info,
            FailOn::Never => return Verdict::Pass,
        };
        let fails = findings
            .iter()
            .any(|f| f.disposition == Disposition::Active && f.severity >= threshold);
        if fails { Verdict::Fail } else { Verdict::Pass }
    }

    /// 0, 1 or 2.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Verdict::Pass => 0,
            Verdict::Fail => 1,
            Verdict::Incomplete => 2,
        }
    }

    /// `pass`, `fail`, `incomplete`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Incomplete => "incomplete",
        }
    }
}

/// From which severity on a finding fails the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FailOn {
    /// Errors.
    #[default]
    Error,
    /// Warnings and errors.
    Warning,
    /// Everything.
    Info,
    /// Findings never fail; an incomplete run still does.
    Never,
}

/// Which side of a layer was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SideName {
    /// From git.
    Desired,
    /// From the running system, or a snapshot of it.
    Live,
}

/// How reading a side ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CoverageStatus {
    /// Completely.
    Read,
    /// Something is missing.
    Partial(Unread),
    /// Nothing was read.
    Failed(Unread),
    /// Not looked at on purpose: the change does not touch the target.
    NotInScope,
}

/// What was read for a layer's side: every report starts with this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The service.
    pub service: Arc<str>,
    /// The environment.
    pub environment: Arc<str>,
    /// The layer.
    pub layer: Arc<str>,
    /// Which side.
    pub side: SideName,
    /// `kubernetes`, `snapshot`, `manifests`, `kustomize`, `helm`, `rendered`.
    pub source: &'static str,
    /// Where exactly: context and namespace, snapshot file, folder and revision.
    pub from: Box<str>,
    /// How it ended.
    pub status: CoverageStatus,
    /// Whether it holds settings and no objects.
    pub is_settings: bool,
    /// Objects read.
    pub objects: u64,
    /// Settings and fields compared; of a side that holds settings, those that it has.
    pub entries: u64,
    /// Of them, present but not comparable from here.
    pub opaque: u64,
    /// When it was captured; for snapshots.
    pub taken: Option<Timestamp>,
    /// What was asked as a help and not granted: costs evidence, blocks nothing.
    pub without: Vec<Box<str>>,
}

impl Coverage {
    /// Whether the verdict can't rest on it.
    #[must_use]
    pub fn blocks(&self) -> bool {
        matches!(
            self.status,
            CoverageStatus::Partial(_) | CoverageStatus::Failed(_)
        )
    }
}

/// The revision that the deployer applied last to an environment, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// The service.
    pub service: Arc<str>,
    /// The environment.
    pub environment: Arc<str>,
    /// The revision; absent when it is not known.
    pub revision: Option<Box<str>>,
    /// `flux`, `argo-cd`, `ref`, `annotation`, `estimated`, `assumed base`.
    pub how: &'static str,
    /// What people must know: suspended, failing, auto-sync off.
    pub warnings: Vec<Message>,
    /// The commits between deployed and head that touch what the layer reads, newest first.
    pub commits: Vec<CommitShown>,
}

/// A revision as people know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionShown {
    /// What was asked for (`HEAD`, `origin/main`, `the work tree`).
    pub name: Box<str>,
    /// Full hexadecimal id; absent for a work tree and outside git.
    pub id: Option<Box<str>>,
}

/// How many findings of each kind there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Active errors.
    pub error: usize,
    /// Active warnings.
    pub warning: usize,
    /// Active infos.
    pub info: usize,
    /// Accepted by a waiver.
    pub waived: usize,
    /// Known from the baseline.
    pub baselined: usize,
    /// Covered by a lasting rule about live.
    pub ignored: usize,
}

impl Summary {
    /// Counts.
    #[must_use]
    pub fn of(findings: &[Finding]) -> Summary {
        let mut s = Summary::default();
        for f in findings {
            let n = match (f.disposition, f.severity) {
                (Disposition::Waived, _) => &mut s.waived,
                (Disposition::Baselined, _) => &mut s.baselined,
                (Disposition::Ignored, _) => &mut s.ignored,
                (Disposition::Active, Severity::Error) => &mut s.error,
                (Disposition::Active, Severity::Warning) => &mut s.warning,
                (Disposition::Active, Severity::Info) => &mut s.info,
            };
            *n += 1;
        }
        s
    }
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The verdict.
    pub verdict: Verdict,
    /// The occasion.
    pub occasion: Occasion,
    /// Before the change.
    pub base: Option<RevisionShown>,
    /// After the change.
    pub head: RevisionShown,
    /// What people must know first: not a git repository, the work tree differs, a merge conflict.
    pub notes: Vec<Message>,
    /// What was read, what not, and why.
    pub coverage: Vec<Coverage>,
    /// What the environments run.
    pub deployed: Vec<Deployed>,
    /// Problems in the files that were read.
    pub problems: Vec<Problem>,
    /// Findings, sorted: environment, service, worst first.
    pub findings: Vec<Finding>,
    /// What merging or deploying will do.
    pub changes: Vec<Change>,
    /// Rules whose silence means nothing in this run, and why.
    pub not_evaluated: Vec<NotEvaluated>,
}

/// A rule that did not see what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotEvaluated {
    /// Its id.
    pub rule: &'static str,
    /// Why.
    pub why: Box<str>,
}

impl Report {
    /// Counts of the findings.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::of(&self.findings)
    }
}
