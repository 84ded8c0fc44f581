//! `json`: the report for programs, versioned; its schema is `schemas/report-v1.schema.json`.
//!
//! Own structures, so that internal types can move. Keys are stable and in a fixed order; what is
//! not known is left out, never empty or null, except `base` and `head`.

use super::{Format, Style, message};
use crate::{
    model::{
        entry::EntryKey,
        finding::{
            Certainty, Change, CommitShown, DesiredShown, Disposition, Finding, InGit, LiveShown,
            Resolution, Severity, Subject, Writer,
        },
        place::{Exactness, Place},
        problem::Problem,
        report::{
            Coverage, CoverageStatus, Deployed, Occasion, Report, SideName, Summary, Verdict,
        },
        state::State,
        time::Timestamp,
        value::{Shown, Unread, UnreadCause},
    },
    text::{is_hidden, shell_line},
};
use serde::Serialize;
use std::io;

/// The format.
pub(super) static FORMAT: Format = Format {
    name: "json",
    summary: "for programs; schemas/report-v1.schema.json",
    write,
};

fn write(report: &Report, _: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(&ReportJson::of(report))?;
    // JSON is ASCII outside of strings, and in a string \u is the same character: what acts on a
    // terminal (C1, DEL, bidi) does not do so here either.
    let mut rest = text.as_str();
    while let Some((at, c)) = rest
        .char_indices()
        .find(|(_, c)| *c != '\n' && is_hidden(*c))
    {
        out.write_all(&rest.as_bytes()[..at])?;
        for unit in c.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}")?;
        }
        rest = &rest[at + c.len_utf8()..];
    }
    out.write_all(rest.as_bytes())?;
    out.write_all(b"\n")
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
        let (status, unread): (_, Option<&Unread>) = match &c.status {
            CoverageStatus::Read => ("read", None),
            CoverageStatus::Partial(why) => ("partial", Some(why)),
            CoverageStatus::Failed(why) => ("failed", Some(why)),
            CoverageStatus::NotInScope => ("not-in-scope", None),
        };
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
struct CommitJson<'a> {
    commit: &'a str,
    author: &'a str,
    time: Timestamp,
    summary: &'a str,
}

impl<'a> CommitJson<'a> {
    fn of(c: &'a CommitShown) -> CommitJson<'a> {
        CommitJson {
            commit: &c.id,
            author: &c.author,
            time: c.time,
            summary: &c.summary,
        }
    }
}

#[derive(Serialize)]
struct PlaceJson<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    /// How the place is known, where it is not the entry's own line.
    #[serde(skip_serializing_if = "Option::is_none")]
    approximate: Option<&'static str>,
}

impl<'a> PlaceJson<'a> {
    fn of(p: &'a Place) -> PlaceJson<'a> {
        let known = |n: u32| Some(n).filter(|n| *n > 0);
        PlaceJson {
            file: &p.file,
            line: p.span.and_then(|s| known(s.line)),
            column: p.span.and_then(|s| known(s.line).and(known(s.column))),
            approximate: match p.exact {
                Exactness::Exact => None,
                Exactness::Approximate(how) => Some(how),
            },
        }
    }
}

#[derive(Serialize)]
struct ProblemJson<'a> {
    #[serde(flatten)]
    place: Option<PlaceJson<'a>>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    blocks: bool,
}

impl<'a> ProblemJson<'a> {
    fn of(p: &'a Problem) -> ProblemJson<'a> {
        ProblemJson {
            place: p.place.as_ref().map(PlaceJson::of),
            message: &p.message,
            hint: p.hint.as_deref(),
            blocks: p.blocks,
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
    base: Option<DesiredJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    desired: Option<DesiredJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployed: Option<DesiredJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<LiveJson<'a>>,
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
            effective: (kind == "setting").then_some(true),
            base: s.base.as_ref().map(DesiredJson::of),
            desired: s.desired.as_ref().map(DesiredJson::of),
            deployed: s.deployed.as_ref().map(DesiredJson::of),
            live: s.live.as_ref().map(LiveJson::of),
            affects: &s.affects,
            explains: &s.explains,
            cause: s.cause.as_deref(),
            resolve: s.resolve.iter().map(ResolveJson::of).collect(),
        }
    }
}

/// One of the keys `value`, `absent`, `redacted`, `opaque`, `unknown`.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum ShownJson<'a> {
    Value(&'a str),
    Absent(bool),
    Redacted(bool),
    Opaque(&'a str),
    Unknown(&'a str),
}

impl<'a> ShownJson<'a> {
    fn of(shown: &'a Shown) -> ShownJson<'a> {
        match shown {
            Shown::Value(text) => ShownJson::Value(text),
            Shown::Absent => ShownJson::Absent(true),
            Shown::Redacted => ShownJson::Redacted(true),
            Shown::Opaque(why) => ShownJson::Opaque(why),
            Shown::Unknown(why) => ShownJson::Unknown(why),
        }
    }
}

#[derive(Serialize)]
struct DesiredJson<'a> {
    #[serde(flatten)]
    value: ShownJson<'a>,
    #[serde(flatten)]
    place: Option<PlaceJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<&'a str>,
}

impl<'a> DesiredJson<'a> {
    fn of(d: &'a DesiredShown) -> DesiredJson<'a> {
        DesiredJson {
            value: ShownJson::of(&d.value),
            place: d.place.as_ref().map(PlaceJson::of),
            commit: d.commit.as_ref().map(|c| &*c.id),
            author: d.commit.as_ref().map(|c| &*c.author),
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
    #[serde(skip_serializing_if = "Option::is_none")]
    writer: Option<&'a Writer>,
    /// Who else may have written it, newer evidence first.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    other_writers: &'a [Writer],
    #[serde(skip_serializing_if = "Option::is_none")]
    not_later_than: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_earlier_than: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certainty: Option<Certainty>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_git: Option<InGitJson<'a>>,
}

impl<'a> LiveJson<'a> {
    fn of(l: &'a LiveShown) -> LiveJson<'a> {
        let w = l.written.as_ref();
        let (writer, other_writers) = match w.map(|w| w.writers.as_slice()) {
            Some([first, rest @ ..]) => (Some(first), rest),
            _ => (None, [].as_slice()),
        };
        LiveJson {
            value: ShownJson::of(&l.value),
            object: l.object.as_ref().map(ToString::to_string),
            field: l.field.as_deref(),
            writer,
            other_writers,
            not_later_than: w.and_then(|w| w.not_later_than),
            not_earlier_than: w.and_then(|w| w.not_earlier_than),
            certainty: w.map(|w| w.certainty),
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
    why: &'static str,
    /// Quoted for a POSIX shell; left out when the resolution is an edit.
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
}

impl ResolveJson {
    fn of(r: &Resolution) -> ResolveJson {
        ResolveJson {
            why: r.why,
            command: (!r.argv.is_empty()).then(|| shell_line(&r.argv)),
        }
    }
}
