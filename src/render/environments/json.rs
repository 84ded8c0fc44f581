//! `json`: for programs, versioned; its schema is `schemas/environments-v1.schema.json`. The keys
//! are those of reports.

use super::EnvironmentsFormat;
use crate::{
    model::{
        entry::EntryKey,
        environments::{
            ComparedPlace, EnvironmentCounts, EnvironmentRow, Environments, PartialService,
        },
        finding::SideShown,
        report::{Coverage, SideName},
        time::Timestamp,
        value::UnreadCause,
    },
    render::{
        Style, message,
        parts::{
            ByJson, PlaceJson, ProblemJson, ShownJson, WrittenJson, made_from, status, write_json,
        },
    },
};
use serde::Serialize;
use std::{io, sync::Arc};

/// The format.
pub(super) static FORMAT: EnvironmentsFormat = EnvironmentsFormat {
    name: "json",
    summary: "for programs; schemas/environments-v1.schema.json",
    write,
};

fn write(e: &Environments, _: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    write_json(&EnvironmentsJson::of(e), out)
}

#[derive(Serialize)]
struct EnvironmentsJson<'a> {
    schema: &'static str,
    verdict: &'static str,
    places: Vec<PlaceOfJson<'a>>,
    sides: &'a [SideName],
    summary: SummaryJson,
    notes: Vec<String>,
    coverage: Vec<CoverageJson<'a>>,
    problems: Vec<ProblemJson<'a>>,
    services: &'a [Arc<str>],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    services_not_everywhere: Vec<PartialJson<'a>>,
    rows: Vec<RowJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown: Vec<UnknownJson<'a>>,
}

impl<'a> EnvironmentsJson<'a> {
    fn of(e: &'a Environments) -> EnvironmentsJson<'a> {
        EnvironmentsJson {
            schema: "driftgate/environments/v1",
            verdict: e.verdict(),
            places: e.places.iter().map(PlaceOfJson::of).collect(),
            sides: &e.sides,
            summary: SummaryJson::of(&e.counts),
            notes: e.notes.iter().map(message).collect(),
            coverage: e.coverage.iter().map(CoverageJson::of).collect(),
            problems: e.problems.iter().map(ProblemJson::of).collect(),
            services: &e.services,
            services_not_everywhere: e.partial.iter().map(PartialJson::of).collect(),
            rows: e.rows.iter().map(RowJson::of).collect(),
            unknown: e
                .unread
                .iter()
                .map(|u| UnknownJson {
                    cause: u.cause,
                    reason: &u.detail,
                })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct PlaceOfJson<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
    from: &'a str,
}

impl<'a> PlaceOfJson<'a> {
    fn of(p: &'a ComparedPlace) -> PlaceOfJson<'a> {
        PlaceOfJson {
            name: &p.name,
            environment: p.environment.as_deref(),
            from: &p.from,
        }
    }
}

#[derive(Serialize)]
struct SummaryJson {
    differences: usize,
    documented: usize,
    compared: u64,
    equal_by_names: u64,
    opaque: u64,
    unknown: u64,
}

impl SummaryJson {
    fn of(c: &EnvironmentCounts) -> SummaryJson {
        SummaryJson {
            differences: c.differences,
            documented: c.documented,
            compared: c.compared,
            equal_by_names: c.by_names,
            opaque: c.opaque,
            unknown: c.unknown,
        }
    }
}

#[derive(Serialize)]
struct CoverageJson<'a> {
    service: &'a str,
    place: &'a str,
    layer: &'a str,
    side: SideName,
    source: &'static str,
    from: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    taken: Option<Timestamp>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<UnreadCause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> CoverageJson<'a> {
    fn of(c: &'a Coverage) -> CoverageJson<'a> {
        let (status, unread) = status(&c.status);
        CoverageJson {
            service: &c.service,
            place: &c.environment,
            layer: &c.layer,
            side: c.side,
            source: c.source,
            from: &c.from,
            taken: c.taken,
            status,
            cause: unread.map(|u| u.cause),
            reason: unread.map(|u| &*u.detail),
        }
    }
}

#[derive(Serialize)]
struct PartialJson<'a> {
    service: &'a str,
    places: &'a [Arc<str>],
}

impl<'a> PartialJson<'a> {
    fn of(p: &'a PartialService) -> PartialJson<'a> {
        PartialJson {
            service: &p.service,
            places: &p.places,
        }
    }
}

#[derive(Serialize)]
struct UnknownJson<'a> {
    cause: UnreadCause,
    reason: &'a str,
}

#[derive(Serialize)]
struct RowJson<'a> {
    class: &'static str,
    services: &'a [Arc<str>],
    kind: &'static str,
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    holder: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'a str>,
    sides: &'a [SideName],
    values: Vec<ValueJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    documented: Option<DocumentedJson<'a>>,
}

impl<'a> RowJson<'a> {
    fn of(r: &'a EnvironmentRow) -> RowJson<'a> {
        RowJson {
            class: r.class.name(),
            services: &r.services,
            kind: match r.key {
                EntryKey::Setting(_) => "setting",
                EntryKey::Field(_) => "field",
                EntryKey::Object => "object",
            },
            key: r.key.to_string(),
            holder: r.holder.as_deref(),
            container: r.container.as_deref(),
            sides: &r.sides,
            values: r.values.iter().map(ValueJson::of).collect(),
            documented: r.documented.as_ref().map(|(reason, place)| DocumentedJson {
                reason,
                place: place.as_ref().map(PlaceJson::of),
            }),
        }
    }
}

#[derive(Serialize)]
struct DocumentedJson<'a> {
    reason: &'a str,
    #[serde(flatten)]
    place: Option<PlaceJson<'a>>,
}

#[derive(Serialize)]
struct ValueJson<'a> {
    place: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    layer: &'a str,
    side: SideName,
    #[serde(flatten)]
    value: ShownJson<'a>,
    #[serde(flatten)]
    written_at: Option<PlaceJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    made_from: Vec<PlaceJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    #[serde(flatten)]
    by: Option<ByJson<'a>>,
    #[serde(flatten)]
    written: Option<WrittenJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl<'a> ValueJson<'a> {
    fn of(v: &'a SideShown) -> ValueJson<'a> {
        ValueJson {
            place: &v.environment,
            layer: &v.layer,
            side: v.side,
            value: ShownJson::of(&v.value),
            written_at: v.place.as_ref().map(PlaceJson::of),
            made_from: made_from(&v.made_from),
            object: v.object.as_ref().map(ToString::to_string),
            by: v.commit.as_ref().map(ByJson::of),
            written: v.written.as_ref().map(WrittenJson::of),
            note: v.note.as_ref().map(message),
        }
    }
}
