//! What the formats for programs share: values, places, commits and writers, with the same keys
//! everywhere. What is not known is left out, never empty or null.

use crate::{
    model::{
        finding::{Accepted, Certainty, CommitShown, Writer, Written},
        place::{Exactness, Place},
        problem::Problem,
        report::CoverageStatus,
        time::Timestamp,
        value::{Shown, Unread},
    },
    text::is_hidden,
};
use serde::Serialize;
use std::io;

/// Writes a structure as JSON that does nothing to a terminal.
pub(crate) fn write_json(what: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(what)?;
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

/// One of the keys `value`, `absent`, `redacted`, `opaque`, `unknown`.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ShownJson<'a> {
    Value(&'a str),
    Absent(bool),
    Redacted(bool),
    Opaque(&'a str),
    Unknown(&'a str),
}

impl<'a> ShownJson<'a> {
    pub(crate) fn of(shown: &'a Shown) -> ShownJson<'a> {
        match shown {
            Shown::Value(text) => ShownJson::Value(text),
            Shown::Absent => ShownJson::Absent(true),
            Shown::Redacted => ShownJson::Redacted(true),
            Shown::Opaque(why) => ShownJson::Opaque(why),
            Shown::Unknown(why) => ShownJson::Unknown(why),
        }
    }
}

/// What was read of a side, in a word, and why not all of it.
pub(crate) fn status(status: &CoverageStatus) -> (&'static str, Option<&Unread>) {
    match status {
        CoverageStatus::Read => ("read", None),
        CoverageStatus::Partial(why) => ("partial", Some(why)),
        CoverageStatus::Failed(why) => ("failed", Some(why)),
        CoverageStatus::NotInScope => ("not-in-scope", None),
    }
}

#[derive(Serialize)]
pub(crate) struct ProblemJson<'a> {
    #[serde(flatten)]
    place: Option<PlaceJson<'a>>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    blocks: bool,
}

impl<'a> ProblemJson<'a> {
    pub(crate) fn of(p: &'a Problem) -> ProblemJson<'a> {
        ProblemJson {
            place: p.place.as_ref().map(PlaceJson::of),
            message: &p.message,
            hint: p.hint.as_deref(),
            blocks: p.blocks,
        }
    }
}

#[derive(Serialize)]
pub(crate) struct PlaceJson<'a> {
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
    pub(crate) fn of(p: &'a Place) -> PlaceJson<'a> {
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

/// Where git has further text that a value is made of.
pub(crate) fn made_from(places: &[Place]) -> Vec<PlaceJson<'_>> {
    places.iter().map(PlaceJson::of).collect()
}

/// A commit of its own.
#[derive(Serialize)]
pub(crate) struct CommitJson<'a> {
    commit: &'a str,
    author: &'a str,
    time: Timestamp,
    summary: &'a str,
}

impl<'a> CommitJson<'a> {
    pub(crate) fn of(c: &'a CommitShown) -> CommitJson<'a> {
        CommitJson {
            commit: &c.id,
            author: &c.author,
            time: c.time,
            summary: &c.summary,
        }
    }
}

/// A commit beside the value that it gave.
#[derive(Serialize)]
pub(crate) struct ByJson<'a> {
    commit: &'a str,
    author: &'a str,
}

impl<'a> ByJson<'a> {
    pub(crate) fn of(c: &'a CommitShown) -> ByJson<'a> {
        ByJson {
            commit: &c.id,
            author: &c.author,
        }
    }
}

/// Who wrote a live value.
#[derive(Serialize)]
pub(crate) struct WrittenJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    writer: Option<&'a Writer>,
    /// Who else may have written it, newer evidence first.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    other_writers: &'a [Writer],
    #[serde(skip_serializing_if = "Option::is_none")]
    not_later_than: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_earlier_than: Option<Timestamp>,
    certainty: Certainty,
}

impl<'a> WrittenJson<'a> {
    pub(crate) fn of(w: &'a Written) -> WrittenJson<'a> {
        let (writer, other_writers) = match w.writers.as_slice() {
            [first, rest @ ..] => (Some(first), rest),
            [] => (None, [].as_slice()),
        };
        WrittenJson {
            writer,
            other_writers,
            not_later_than: w.not_later_than,
            not_earlier_than: w.not_earlier_than,
            certainty: w.certainty,
        }
    }
}

/// What accepted a finding.
#[derive(Serialize)]
pub(crate) struct AcceptedJson<'a> {
    by: &'static str,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Timestamp>,
    #[serde(flatten)]
    place: Option<PlaceJson<'a>>,
}

impl<'a> AcceptedJson<'a> {
    pub(crate) fn of(a: &'a Accepted) -> AcceptedJson<'a> {
        AcceptedJson {
            by: a.by,
            reason: &a.reason,
            owner: a.owner.as_deref(),
            expires: a.expires,
            place: a.place.as_ref().map(PlaceJson::of),
        }
    }
}
