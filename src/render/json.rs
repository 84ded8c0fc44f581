//! `json`: the report for programs, versioned; its schema is `schemas/report-v1.schema.json`.
//!
//! Own structures, so that internal types can move. Keys are stable and in a fixed order; what is
//! not known is left out, never empty or null, except `base` and `head`.

mod sides;

use super::{
    Format, Style, message,
    parts::{
        AcceptedJson, ByJson, CommitJson, PlaceJson, ProblemJson, ShownJson, WrittenJson, status,
        write_json,
    },
};
use crate::{
    model::{
        entry::EntryKey,
        finding::{
            Change, DesiredShown, Disposition, Finding, InGit, LiveShown, Resolution, Severity,
            Subject,
        },
        report::{Coverage, Deployed, NotEvaluated, Occasion, Report, SideName, Summary, Verdict},
        state::State,
        time::Timestamp,
        value::UnreadCause,
    },
    text::shell_line,
};
use serde::Serialize;
use sides::SideJson;
use std::{io, sync::Arc};

/// The format.
pub(super) static FORMAT: Format = Format {
    name: "json",
    summary: "for programs; schemas/report-v1.schema.json",
    write,
};

fn write(report: &Report, _: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    write_json(&ReportJson::of(report), out)
}

#[derive(Serialize)]
struct ReportJson<'a> {
    schema: &'static str,
    verdict: Verdict,
    occasion: Occasion,
    /// Full ids; null for a work tree or outside git, the names say which.
    base: Option<&'a str>,
    head: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_name: Option<&'a str>,
    head_name: &'a str,
    summary: Summary,
    notes: Vec<String>,
    coverage: Vec<CoverageJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_evaluated: Vec<NotEvaluatedJson<'a>>,
    deployed: Vec<DeployedJson<'a>>,
    problems: Vec<ProblemJson<'a>>,
    findings: Vec<FindingJson<'a>>,
    changes: Vec<ChangeJson<'a>>,
}

impl<'a> ReportJson<'a> {
    fn of(r: &'a Report) -> ReportJson<'a> {
        ReportJson {
            schema: "driftgate/report/v1",
            verdict: r.verdict,
            occasion: r.occasion,
            base: r.base.as_ref().and_then(|b| b.id.as_deref()),
            head: r.head.id.as_deref(),
            base_name: r.base.as_ref().map(|b| &*b.name),
            head_name: &r.head.name,
            summary: r.summary(),
            notes: r.notes.iter().map(message).collect(),
            coverage: r.coverage.iter().map(CoverageJson::of).collect(),
            not_evaluated: r.not_evaluated.iter().map(NotEvaluatedJson::of).collect(),
            deployed: r.deployed.iter().map(DeployedJson::of).collect(),
            problems: r.problems.iter().map(ProblemJson::of).collect(),
            findings: r.findings.iter().map(FindingJson::of).collect(),
            changes: r.changes.iter().map(ChangeJson::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct CoverageJson<'a> {
    service: &'a str,
    environment: &'a str,
    layer: &'a str,
    side: SideName,
    source: &'static str,
    from: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<UnreadCause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    objects: u64,
    entries: u64,
    opaque: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    taken: Option<Timestamp>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    without: &'a [Box<str>],
}

impl<'a> CoverageJson<'a> {
    fn of(c: &'a Coverage) -> CoverageJson<'a> {
        let (status, unread) = status(&c.status);
        CoverageJson {
            service: &c.service,
            environment: &c.environment,
            layer: &c.layer,
            side: c.side,
            source: c.source,
            from: &c.from,
            status,
            cause: unread.map(|u| u.cause),
            reason: unread.map(|u| &*u.detail),
            objects: c.objects,
            entries: c.entries,
            opaque: c.opaque,
            taken: c.taken,
            without: &c.without,
        }
    }
}

/// A rule whose silence means nothing in this run.
#[derive(Serialize)]
struct NotEvaluatedJson<'a> {
    rule: &'static str,
    why: &'a str,
}

impl<'a> NotEvaluatedJson<'a> {
    fn of(n: &'a NotEvaluated) -> NotEvaluatedJson<'a> {
        NotEvaluatedJson {
            rule: n.rule,
            why: &n.why,
        }
    }
}

#[derive(Serialize)]
struct DeployedJson<'a> {
    service: &'a str,
    environment: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<&'a str>,
    how: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    commits: Vec<CommitJson<'a>>,
}

impl<'a> DeployedJson<'a> {
    fn of(d: &'a Deployed) -> DeployedJson<'a> {
        DeployedJson {
            service: &d.service,
            environment: &d.environment,
            revision: d.revision.as_deref(),
            how: d.how,
            warnings: d.warnings.iter().map(message).collect(),
            commits: d.commits.iter().map(CommitJson::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct FindingJson<'a> {
    rule: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<State>,
    severity: Severity,
    disposition: Disposition,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<AcceptedJson<'a>>,
    fingerprint: String,
    #[serde(flatten)]
    subject: SubjectJson<'a>,
}

impl<'a> FindingJson<'a> {
    fn of(f: &'a Finding) -> FindingJson<'a> {
        FindingJson {
            rule: f.rule.id,
            state: f.subject.state,
            severity: f.severity,
            disposition: f.disposition,
            accepted: f.accepted.as_ref().map(AcceptedJson::of),
            fingerprint: f.fingerprint(),
            subject: SubjectJson::of(&f.subject),
        }
    }
}

#[derive(Serialize)]
struct ChangeJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<State>,
    #[serde(flatten)]
    subject: SubjectJson<'a>,
}

impl<'a> ChangeJson<'a> {
    fn of(Change { subject }: &'a Change) -> ChangeJson<'a> {
        ChangeJson {
            state: subject.state,
            subject: SubjectJson::of(subject),
        }
    }
}

#[derive(Serialize)]
struct SubjectJson<'a> {
    service: &'a str,
    environment: &'a str,
    layer: &'a str,
    kind: &'static str,
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    message: String,
    /// Of settings: what is no container's effective value is no setting, but a field.
    #[serde(skip_serializing_if = "Option::is_none")]
    effective: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<DesiredJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    desired: Option<DesiredJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployed: Option<DesiredJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<LiveJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sides: Vec<SideJson<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    also_in: &'a [Arc<str>],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    also_in_environments: &'a [Arc<str>],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    affects: &'a [Box<str>],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    explains: &'a [Box<str>],
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resolve: Vec<ResolveJson>,
}

impl<'a> SubjectJson<'a> {
    fn of(s: &'a Subject) -> SubjectJson<'a> {
        let object = s.object.as_ref().map(ToString::to_string);
        let (kind, key) = match &s.key {
            EntryKey::Setting(name) => ("setting", name.to_string()),
            EntryKey::Field(path) => ("field", path.to_string()),
            EntryKey::Object => ("object", object.clone().unwrap_or_default()),
        };
        SubjectJson {
            service: &s.service,
            environment: &s.environment,
            layer: &s.layer,
            kind,
            key,
            object,
            message: message(&s.message),
            effective: (kind == "setting").then_some(s.hidden_by.is_none()),
            hidden_by: s.hidden_by.as_deref(),
            base: s.base.as_ref().map(DesiredJson::of),
            desired: s.desired.as_ref().map(DesiredJson::of),
            deployed: s.deployed.as_ref().map(DesiredJson::of),
            live: s.live.as_ref().map(LiveJson::of),
            sides: s.sides.iter().map(SideJson::of).collect(),
            also_in: &s.also_in,
            also_in_environments: &s.also_in_environments,
            affects: &s.affects,
            explains: &s.explains,
            cause: s.cause.as_deref(),
            resolve: s.resolve.iter().map(ResolveJson::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct DesiredJson<'a> {
    #[serde(flatten)]
    value: ShownJson<'a>,
    #[serde(flatten)]
    place: Option<PlaceJson<'a>>,
    #[serde(flatten)]
    by: Option<ByJson<'a>>,
}

impl<'a> DesiredJson<'a> {
    fn of(d: &'a DesiredShown) -> DesiredJson<'a> {
        DesiredJson {
            value: ShownJson::of(&d.value),
            place: d.place.as_ref().map(PlaceJson::of),
            by: d.commit.as_ref().map(ByJson::of),
        }
    }
}

#[derive(Serialize)]
struct LiveJson<'a> {
    #[serde(flatten)]
    value: ShownJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(flatten)]
    written: Option<WrittenJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_git: Option<InGitJson<'a>>,
}

impl<'a> LiveJson<'a> {
    fn of(l: &'a LiveShown) -> LiveJson<'a> {
        LiveJson {
            value: ShownJson::of(&l.value),
            object: l.object.as_ref().map(ToString::to_string),
            field: l.field.as_deref(),
            written: l.written.as_ref().map(WrittenJson::of),
            in_git: l.in_git.as_ref().map(|g| match g {
                InGit::Never => InGitJson::Never,
                InGit::NotInLast(n) => InGitJson::NotInLast(*n),
                InGit::Unknown(why) => InGitJson::Unknown(why),
                InGit::Last(c) => InGitJson::Last(CommitJson::of(c)),
            }),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum InGitJson<'a> {
    Never,
    NotInLast(u32),
    Unknown(&'a str),
    #[serde(untagged)]
    Last(CommitJson<'a>),
}

#[derive(Serialize)]
struct ResolveJson {
    why: String,
    /// Quoted for a POSIX shell; left out when the resolution is an edit.
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
}

impl ResolveJson {
    fn of(r: &Resolution) -> ResolveJson {
        ResolveJson {
            why: message(&r.why),
            command: (!r.argv.is_empty()).then(|| shell_line(&r.argv)),
        }
    }
}
