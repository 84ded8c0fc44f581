//! Known findings, kept in a file: what there was when the gate was introduced does not stop
//! anybody, what comes after does.
//!
//! An entry names a finding by its fingerprint and the value that it had by a digest, so that a
//! second change of a known key shows again. Of secrets there is no digest: their findings are
//! known by the fingerprint alone.

use crate::model::{
    entry::EntryKey,
    finding::{Accepted, Disposition, Finding, Message, Subject},
    report::SideName,
    secret::{DigestKey, hex},
    state::State,
    value::Shown,
};
use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, collections::BTreeMap};

mod update;

pub use update::{Update, prune, replace};

/// What the file says it is.
pub const SCHEMA: &str = "driftgate/baseline/v1";

/// The file's schema.
pub const JSON_SCHEMA: &str = include_str!("../../schemas/baseline-v1.schema.json");

/// Larger files are refused.
const MAX_BYTES: usize = 64 << 20;

/// Known findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The file.
    name: Box<str>,
    /// The id of the key that its digests were made under; absent: none.
    key: Option<Box<str>>,
    /// In the file's order.
    entries: Vec<Entry>,
    /// By fingerprint.
    index: BTreeMap<Box<str>, Vec<usize>>,
}

/// A known finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Names the finding.
    pub fingerprint: Box<str>,
    /// The rule; for people.
    pub rule: Box<str>,
    /// The service; for people.
    pub service: Box<str>,
    /// The environment; for people.
    pub environment: Box<str>,
    /// The setting, the field and its object, or the object; for people.
    pub key: Box<str>,
    /// Digest of the values that the finding is about; absent where there is none, and for
    /// secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "schema")]
    _schema: Box<str>,
    #[serde(default)]
    key: Option<Box<str>>,
    findings: Vec<Entry>,
}

/// Why a file is no baseline. Quotes nothing of its values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaselineError {
    /// Another version of driftgate wrote it.
    #[error(
        "{name} is a baseline of another version (`{schema}`; this driftgate reads `{SCHEMA}`): use the driftgate that wrote it, or write it again with `driftgate baseline write`"
    )]
    Version {
        /// The file.
        name: Box<str>,
        /// What it says it is.
        schema: Box<str>,
    },
    /// Something else.
    #[error(
        "{name} is no baseline: {why}; expected a file that `driftgate baseline write` made (its `schema` is `{SCHEMA}`)"
    )]
    Foreign {
        /// The file.
        name: Box<str>,
        /// What is wrong with it.
        why: Box<str>,
    },
}

impl Baseline {
    /// Reads a file that [`replace`] or [`prune`] made. `name` is for messages.
    ///
    /// # Errors
    /// When it is anything else: a baseline that can't be read is never an empty one.
    pub fn parse(bytes: &[u8], name: &str) -> Result<Baseline, BaselineError> {
        let foreign = |why: String| BaselineError::Foreign {
            name: name.into(),
            why: why.into(),
        };
        if bytes.len() > MAX_BYTES {
            return Err(foreign(format!("it is larger than {MAX_BYTES} bytes")));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(foreign("it is empty".into()));
        }
        let json: serde_json::Value =
            serde_json::from_slice(bytes).map_err(|e| foreign(not_json(&e)))?;
        let schema = json.get("schema").and_then(serde_json::Value::as_str);
        match schema {
            Some(SCHEMA) => {}
            Some(other) if other.starts_with("driftgate/baseline/") => {
                return Err(BaselineError::Version {
                    name: name.into(),
                    schema: other.chars().take(60).collect::<String>().into(),
                });
            }
            Some(_) => return Err(foreign("its `schema` is another one".into())),
            None => return Err(foreign("it has no `schema`".into())),
        }
        // From the text, so that what is twice is an error.
        let file: File = serde_json::from_slice(bytes).map_err(|e| {
            let (line, column) = (e.line(), e.column());
            foreign(format!(
                "line {line}, column {column} is not what its schema asks for (`driftgate schema print baseline`)"
            ))
        })?;
        if let Some(bad) = file.findings.iter().position(|e| !is_whole(e)) {
            return Err(foreign(format!(
                "finding {} has a fingerprint or value that is not 32 hexadecimal digits",
                bad + 1
            )));
        }
        Ok(Baseline::new(name, file.key, file.findings))
    }

    fn new(name: &str, key: Option<Box<str>>, entries: Vec<Entry>) -> Baseline {
        let mut index: BTreeMap<Box<str>, Vec<usize>> = BTreeMap::new();
        for (i, entry) in entries.iter().enumerate() {
            index.entry(entry.fingerprint.clone()).or_default().push(i);
        }
        Baseline {
            name: name.into(),
            key,
            entries,
            index,
        }
    }

    /// The file that it was read from.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many findings it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Its entries, in the file's order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry that holds this finding with the value that it has now.
    #[must_use]
    pub fn find(&self, finding: &Finding, key: &DigestKey) -> Option<usize> {
        let candidates = self.index.get(finding.fingerprint().as_str())?;
        let value = digest(finding, key).map(Box::<str>::from);
        let same_key = self.key == key_id(key);
        candidates.iter().copied().find(|i| {
            let known = &self.entries[*i].value;
            *known == value && (same_key || value.is_none())
        })
    }

    /// What to say when its digests can't be compared with this run's.
    #[must_use]
    pub fn not_comparable(&self, key: &DigestKey) -> Option<Message> {
        let has_digests = self.entries.iter().any(|e| e.value.is_some());
        if !has_digests || self.key == key_id(key) {
            return None;
        }
        let said = Message(vec![]).name(self.name.clone());
        Some(match (&self.key, key.is_lasting()) {
            (Some(id), _) => said
                .and(" was written under another DRIFTGATE_KEY (id ")
                .name(id.clone())
                .and("): what it knows by value is active here; set that key, or write it again"),
            (None, _) => said.and(
                " was written without DRIFTGATE_KEY: what it knows by value is active here; write it again",
            ),
        })
    }

    /// What accepts a finding that it holds.
    #[must_use]
    pub fn accepted(&self) -> Accepted {
        Accepted {
            by: "baseline",
            reason: "known when the baseline was written".into(),
            owner: None,
            expires: None,
            place: Some(crate::model::place::Place::exact((*self.name).into(), None)),
        }
    }
}

fn is_whole(entry: &Entry) -> bool {
    let digits = |text: &str| text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    digits(&entry.fingerprint) && entry.value.as_deref().is_none_or(digits)
}

fn not_json(e: &serde_json::Error) -> String {
    format!("it is not JSON (line {}, column {})", e.line(), e.column())
}

fn key_id(key: &DigestKey) -> Option<Box<str>> {
    key.is_lasting().then(|| hex(&key.id().0).into())
}

/// The active findings, sorted. What could not be read is never among them.
fn entries(findings: &[Finding], key: &DigestKey) -> Vec<Entry> {
    let mut entries: Vec<Entry> = findings
        .iter()
        .filter(|f| belongs(f))
        .map(|f| entry(f, key))
        .collect();
    entries.sort_by(order);
    entries.dedup();
    entries
}

fn order(a: &Entry, b: &Entry) -> Ordering {
    let by = |e: &Entry| (e.service.clone(), e.environment.clone(), e.rule.clone());
    (by(a), &a.key, a).cmp(&(by(b), &b.key, b))
}

/// The file, one finding per line.
fn text_of(entries: &[Entry], key: Option<&str>) -> String {
    let mut out = format!("{{\n  \"schema\": \"{SCHEMA}\",\n");
    if let Some(id) = key {
        out.push_str(&format!("  \"key\": \"{id}\",\n"));
    }
    out.push_str("  \"findings\": [");
    for (i, entry) in entries.iter().enumerate() {
        out.push_str(if i == 0 { "\n    " } else { ",\n    " });
        out.push_str(&serde_json::to_string(entry).expect("texts only"));
    }
    out.push_str(if entries.is_empty() {
        "]\n}\n"
    } else {
        "\n  ]\n}\n"
    });
    out
}

/// Findings that a baseline holds. Those that are about the configuration itself end by editing
/// it.
fn belongs(f: &Finding) -> bool {
    f.disposition == Disposition::Active && !NOT_KEPT.contains(&f.rule.id)
}

const NOT_KEPT: &[&str] = &["expired", "source-unavailable", "waiver-unused"];

fn entry(f: &Finding, key: &DigestKey) -> Entry {
    let s = &f.subject;
    let object = s.object.as_ref().map(ToString::to_string);
    let name = match (&s.key, object) {
        (EntryKey::Field(path), Some(object)) => format!("{path} of {object}"),
        (EntryKey::Object, Some(object)) => object,
        (key, _) => key.to_string(),
    };
    Entry {
        fingerprint: f.fingerprint().into(),
        rule: f.rule.id.into(),
        service: (*s.service).into(),
        environment: (*s.environment).into(),
        key: name.into(),
        value: digest(f, key).map(Into::into),
    }
}

/// The digest of the values that a finding is about; none for secrets, and where there are none.
fn digest(finding: &Finding, key: &DigestKey) -> Option<String> {
    let mut values = values(&finding.subject);
    if values.is_empty() || values.iter().any(|v| *v.value == Shown::Redacted) {
        return None;
    }
    values.sort_by_key(|v| (v.environment, v.layer, v.side, tagged(v.value)));
    let mut hasher = key.baseline_hasher();
    let mut part = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    // Equal values have different digests in different findings.
    part(&finding.fingerprint());
    for v in &values {
        part(v.environment.unwrap_or_default());
        part(v.layer.unwrap_or_default());
        part(v.side.map_or("", |side| match side {
            SideName::Desired => "desired",
            SideName::Live => "live",
        }));
        let (tag, text) = tagged(v.value);
        part(tag);
        part(text);
    }
    Some(hasher.finalize().to_hex()[..32].into())
}

fn tagged(value: &Shown) -> (&'static str, &str) {
    match value {
        Shown::Value(text) => ("value", text),
        Shown::Absent => ("absent", ""),
        Shown::Redacted => ("redacted", ""),
        Shown::Opaque(symbol) => ("opaque", symbol),
        Shown::Unknown(_) => ("unknown", ""),
    }
}

/// A value that a finding is about.
pub(super) struct Valued<'a> {
    /// Of findings about several environments.
    pub(super) environment: Option<&'a str>,
    layer: Option<&'a str>,
    side: Option<SideName>,
    /// The value.
    pub(super) value: &'a Shown,
}

/// The values that a finding is about: live for what live has of its own, all sides where there
/// are several, else git's. Objects have none: they are there or not.
pub(super) fn values(s: &Subject) -> Vec<Valued<'_>> {
    let alone = |value| Valued {
        environment: None,
        layer: None,
        side: None,
        value,
    };
    if s.key == EntryKey::Object {
        return vec![];
    }
    if !s.sides.is_empty() {
        return s
            .sides
            .iter()
            .map(|side| Valued {
                environment: Some(&side.environment),
                layer: Some(&side.layer),
                side: Some(side.side),
                value: &side.value,
            })
            .collect();
    }
    let about_live = matches!(
        s.state,
        Some(State::Drifted | State::Unmanaged | State::Conflicting)
    );
    let value = match (&s.live, &s.desired) {
        (Some(live), _) if about_live => Some(&live.value),
        (_, Some(desired)) => Some(&desired.value),
        (Some(live), None) => Some(&live.value),
        (None, None) => None,
    };
    value.map(alone).into_iter().collect()
}

#[cfg(test)]
mod tests;
