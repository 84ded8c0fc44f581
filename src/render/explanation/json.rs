//! `json`: the explanation for programs, versioned; its schema is
//! `schemas/explanation-v1.schema.json`. The keys are those of reports.

use super::ExplanationFormat;
use crate::{
    model::{
        explanation::{
            Agreement, Asked, ExplainedKey, ExplainedSide, ExplainedTarget, ExplainedValue,
            Explanation, FindingShown, Gap, GapKind, Outcome, PolicyShown,
        },
        finding::{Disposition, Severity},
        value::UnreadCause,
    },
    render::{
        Style, message,
        parts::{AcceptedJson, ByJson, PlaceJson, ShownJson, WrittenJson, made_from, write_json},
    },
};
use serde::Serialize;
use std::{io, sync::Arc};

/// The format.
pub(super) static FORMAT: ExplanationFormat = ExplanationFormat {
    name: "json",
    summary: "for programs; schemas/explanation-v1.schema.json",
    write,
};

fn write(e: &Explanation, _: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    write_json(&ExplanationJson::of(e), out)
}

#[derive(Serialize)]
struct ExplanationJson<'a> {
    schema: &'static str,
    asked: AskedJson<'a>,
    complete: bool,
    /// Full ids; null for a work tree or outside git, the names say which.
    base: Option<&'a str>,
    head: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_name: Option<&'a str>,
    head_name: &'a str,
    notes: Vec<String>,
    keys: Vec<KeyJson<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum AskedJson<'a> {
    Key { key: &'a str },
    Line { file: &'a str, line: u32 },
}

impl<'a> ExplanationJson<'a> {
    fn of(e: &'a Explanation) -> ExplanationJson<'a> {
        ExplanationJson {
            schema: "driftgate/explanation/v1",
            asked: match &e.asked {
                Asked::Key(key) => AskedJson::Key { key },
                Asked::Line { file, line } => AskedJson::Line { file, line: *line },
            },
            complete: e.is_complete(),
            base: e.base.as_ref().and_then(|b| b.id.as_deref()),
            head: e.head.id.as_deref(),
            base_name: e.base.as_ref().map(|b| &*b.name),
            head_name: &e.head.name,
            notes: e.notes.iter().map(message).collect(),
            keys: e.keys.iter().map(KeyJson::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct KeyJson<'a> {
    key: &'a str,
    answer: String,
    targets: Vec<TargetJson<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    not_in: &'a [Arc<str>],
}

impl<'a> KeyJson<'a> {
    fn of(k: &'a ExplainedKey) -> KeyJson<'a> {
        KeyJson {
            key: &k.name,
            answer: message(&k.answer),
            targets: k.targets.iter().map(TargetJson::of).collect(),
            not_in: &k.not_in,
        }
    }
}

#[derive(Serialize)]
struct TargetJson<'a> {
    service: &'a str,
    environment: &'a str,
    git: SideJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<SideJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<SideJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<FindingJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    policies: Vec<PolicyJson<'a>>,
}

impl<'a> TargetJson<'a> {
    fn of(t: &'a ExplainedTarget) -> TargetJson<'a> {
        TargetJson {
            service: &t.service,
            environment: &t.environment,
            git: SideJson::of(&t.git),
            base: t.base.as_ref().map(SideJson::of),
            live: t.live.as_ref().map(SideJson::of),
            agreement: t.agreement.as_ref().map(|a| match a {
                Agreement::Same => "same",
                Agreement::Differs => "differs",
                Agreement::NotCompared => "not-compared",
                Agreement::Unknown(_) => "unknown",
            }),
            agreement_reason: t.agreement.as_ref().and_then(|a| match a {
                Agreement::Unknown(why) => Some(&**why),
                _ => None,
            }),
            findings: t.findings.iter().map(FindingJson::of).collect(),
            policies: t.policies.iter().map(PolicyJson::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct SideJson<'a> {
    outcome: &'static str,
    /// Why the outcome is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// Highest precedence first.
    values: Vec<ValueJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gaps: Vec<GapJson<'a>>,
}

impl<'a> SideJson<'a> {
    fn of(s: &'a ExplainedSide) -> SideJson<'a> {
        SideJson {
            outcome: match s.outcome() {
                Outcome::Known => "known",
                Outcome::Absent => "absent",
                Outcome::ByContainer => "by-container",
                Outcome::Unknown => "unknown",
            },
            reason: s.unknown.as_ref().map(|u| &*u.detail),
            values: s.values.iter().map(ValueJson::of).collect(),
            gaps: s.gaps.iter().map(GapJson::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct ValueJson<'a> {
    standing: &'static str,
    layer: &'a str,
    /// Higher ones win.
    precedence: usize,
    /// As the layer spells the key.
    name: &'a str,
    #[serde(flatten)]
    value: ShownJson<'a>,
    #[serde(flatten)]
    place: Option<PlaceJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    made_from: Vec<PlaceJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(flatten)]
    by: Option<ByJson<'a>>,
    #[serde(flatten)]
    written: Option<WrittenJson<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    seen_by: &'a [Box<str>],
    /// The layer's other side stands in.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    borrowed: bool,
    /// It stands on the line that was asked for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    asked: bool,
}

impl<'a> ValueJson<'a> {
    fn of(v: &'a ExplainedValue) -> ValueJson<'a> {
        let origin = v.origin.as_ref();
        let field = origin.map(|o| o.path.to_string());
        ValueJson {
            standing: v.standing.name(),
            layer: &v.layer,
            precedence: v.precedence,
            name: &v.name,
            value: ShownJson::of(&v.value),
            place: origin.and_then(|o| o.place.as_ref()).map(PlaceJson::of),
            made_from: made_from(&v.made_from),
            object: origin.map(|o| o.item.to_string()),
            field: field.filter(|f| !f.is_empty()),
            by: v.commit.as_ref().map(ByJson::of),
            written: v.written.as_ref().map(WrittenJson::of),
            seen_by: &v.seen_by,
            borrowed: v.borrowed,
            asked: v.asked,
        }
    }
}

#[derive(Serialize)]
struct GapJson<'a> {
    layer: &'a str,
    precedence: usize,
    #[serde(flatten)]
    why: GapKindJson<'a>,
    may_win: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum GapKindJson<'a> {
    Outside { outside: &'a str },
    Unread { unread: &'a str, cause: UnreadCause },
    Imports { imports: &'a [Box<str>] },
    KeysNotRead { may_hold: &'a str },
}

impl<'a> GapJson<'a> {
    fn of(g: &'a Gap) -> GapJson<'a> {
        GapJson {
            layer: &g.layer,
            precedence: g.precedence,
            why: match &g.why {
                GapKind::Outside(what) => GapKindJson::Outside { outside: what },
                GapKind::Unread(why) => GapKindJson::Unread {
                    unread: &why.detail,
                    cause: why.cause,
                },
                GapKind::Imports(what) => GapKindJson::Imports { imports: what },
                GapKind::KeysNotRead(secret) => GapKindJson::KeysNotRead { may_hold: secret },
            },
            may_win: g.may_win,
        }
    }
}

#[derive(Serialize)]
struct FindingJson<'a> {
    rule: &'static str,
    severity: Severity,
    disposition: Disposition,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<AcceptedJson<'a>>,
    message: String,
}

impl<'a> FindingJson<'a> {
    fn of(f: &'a FindingShown) -> FindingJson<'a> {
        FindingJson {
            rule: f.rule,
            severity: f.severity,
            disposition: f.disposition,
            accepted: f.accepted.as_ref().map(AcceptedJson::of),
            message: message(&f.message),
        }
    }
}

#[derive(Serialize)]
struct PolicyJson<'a> {
    #[serde(flatten)]
    entry: AcceptedJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'a str>,
}

impl<'a> PolicyJson<'a> {
    fn of(p: &'a PolicyShown) -> PolicyJson<'a> {
        PolicyJson {
            entry: AcceptedJson::of(&p.entry),
            rule: p.rule.as_deref(),
            expected: p.expected.as_deref(),
        }
    }
}
