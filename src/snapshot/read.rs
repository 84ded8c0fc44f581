//! Reading: nothing is believed before the last line of a section agrees with all others.

use super::{
    Head, Recorded, SCHEMA, SCHEMA_FAMILY, SnapshotError,
    error::{json_trouble, other_schema},
    lines::{AnyHead, Ending, FootLine, HeadLine, ItemLine, Lines, TextLine},
    marks::{Marks, restore},
    write::{foot, foot_with},
};
use crate::model::{
    observation::{Item, Observation, Read, WriteRecord},
    secret::{DigestKey, KeyId, unhex},
};
use std::{collections::BTreeSet, io::BufRead, sync::Arc};

/// Reads all sections of a snapshot.
///
/// With the key that a section was recorded under its MAC is checked; without it, or with another
/// one, its checksum only, which [`Recorded::verified`] says.
///
/// # Errors
/// [`SnapshotError`]: not a snapshot, of a newer version, cut off, damaged, changed. One broken
/// section refuses the whole file.
pub fn read(
    input: &mut dyn BufRead,
    key: Option<&DigestKey>,
) -> Result<Vec<Recorded>, SnapshotError> {
    let mut reader = Reader {
        lines: Lines::new(input),
        key,
        shared: BTreeSet::new(),
    };
    let mut out = Vec::new();
    let mut expected: Option<(u32, u32)> = None;
    loop {
        match reader.lines.next()? {
            Ending::Line => {}
            Ending::File if expected.is_none() && !out.is_empty() => return Ok(out),
            Ending::File if out.is_empty() => {
                return Err(SnapshotError::NotASnapshot("the file is empty"));
            }
            _ if out.is_empty() && !is_snapshot(&reader.lines.line) => return Err(NO_HEAD),
            _ => return Err(cut_off(0, expected)),
        }
        let (recorded, (number, of)) = reader.section(expected)?;
        out.push(recorded);
        expected = (number < of).then_some((number + 1, of));
    }
}

const NO_HEAD: SnapshotError =
    SnapshotError::NotASnapshot("its first line is no head of a section");

/// Whether the first line names our format, of whatever version; the schema is the first member of
/// a head.
pub(super) fn is_snapshot(begin: &[u8]) -> bool {
    let near = &begin[..begin.len().min(80)];
    let line = near.split(|b| *b == b'\n').next().unwrap_or_default();
    line.windows(SCHEMA_FAMILY.len())
        .any(|w| w == SCHEMA_FAMILY.as_bytes())
}

fn cut_off(items: u64, section: Option<(u32, u32)>) -> SnapshotError {
    SnapshotError::CutOff {
        items,
        section: section.filter(|(_, of)| *of > 1),
    }
}

struct Reader<'i, 'k> {
    lines: Lines<'i>,
    key: Option<&'k DigestKey>,
    /// Writers and their texts, shared by all items of the file.
    shared: BTreeSet<Arc<str>>,
}

/// A section's first line.
struct Opened {
    head: Head,
    /// Which section of how many.
    number: (u32, u32),
    reads: Vec<Read>,
}

impl Reader<'_, '_> {
    fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.shared.get(text) {
            return known.clone();
        }
        let new: Arc<str> = text.into();
        self.shared.insert(new.clone());
        new
    }

    /// A section whose first line was just read.
    fn section(
        &mut self,
        expected: Option<(u32, u32)>,
    ) -> Result<(Recorded, (u32, u32)), SnapshotError> {
        let Opened {
            head,
            number,
            reads,
        } = self.head(expected)?;
        let mut hash = blake3::Hasher::new();
        let mut texts: Vec<Arc<str>> = Vec::new();
        let mut items: Vec<Item> = Vec::new();
        let verified = loop {
            hash.update(&self.lines.line);
            let found = items.len() as u64;
            if self.lines.next()? != Ending::Line {
                return Err(cut_off(found, Some(number)));
            }
            if self.lines.line.starts_with(b"{\"id\":") {
                let item = self.item(head.key, &texts)?;
                if items.last().is_some_and(|last| last.id >= item.id) {
                    return Err(self.lines.bad("an item twice, or out of order"));
                }
                items.push(item);
            } else if self.lines.line.starts_with(b"{\"text\":") {
                let line: TextLine<'_> = self.lines.parse("a writer text")?;
                let text = line.text.into_owned();
                let text = self.share(&text);
                texts.push(text);
            } else if self.lines.line.starts_with(b"{\"items\":") {
                break self.foot(&head, found, &mut hash)?;
            } else {
                return Err(self
                    .lines
                    .bad("neither an item, a writer text nor the last line of a section"));
            }
        };
        let observation = Observation::from_parts(head.system.clone(), reads, items);
        let recorded = Recorded {
            notes: notes(&head, verified),
            head,
            observation,
            verified,
        };
        Ok((recorded, number))
    }

    fn head(&self, expected: Option<(u32, u32)>) -> Result<Opened, SnapshotError> {
        let lines = &self.lines;
        let any: Result<AnyHead<'_>, _> = serde_json::from_slice(&lines.line);
        match &any {
            Ok(h) if h.schema == SCHEMA => {}
            Ok(h) => return Err(other_schema(&h.schema)),
            Err(_) if lines.number == 1 => return Err(NO_HEAD),
            Err(e) => return Err(lines.bad(json_trouble("the head of a section", e))),
        }
        let line: HeadLine = lines.parse("the head of a section")?;
        let fits = match expected {
            Some(next) => line.section == next,
            None => line.section.0 == 1 && line.section.1 >= 1,
        };
        if !fits {
            return Err(lines.bad("not the section that should follow: one was removed or moved"));
        }
        if line.taken.is_some_and(|(begin, end)| begin > end) {
            return Err(lines.bad("the capture ends before it begins"));
        }
        let key = match line.key.as_deref().map(unhex) {
            None => None,
            Some(Some(id)) => Some(KeyId(id)),
            Some(None) => return Err(lines.bad("the key's name is not 16 hexadecimal digits")),
        };
        let head = Head {
            environment: line.environment,
            source: line.source,
            system: line.system,
            taken: line.taken,
            key,
        };
        Ok(Opened {
            head,
            number: line.section,
            reads: line.reads,
        })
    }

    fn item(&mut self, key: Option<KeyId>, texts: &[Arc<str>]) -> Result<Item, SnapshotError> {
        // The line is taken out while it is borrowed, so that texts can be shared meanwhile.
        let bytes = std::mem::take(&mut self.lines.line);
        let line: ItemLine<'_> = serde_json::from_slice(&bytes)
            .map_err(|e| self.lines.bad(json_trouble("an item", &e)))?;
        let marks = Marks {
            sealed: line.sealed,
            opaque: line.opaque,
            numbers: line.numbers,
        };
        let tree = restore(line.tree, &marks, key).map_err(|what| self.lines.bad(what))?;
        let mut writes = Vec::with_capacity(line.writes.len());
        for w in line.writes {
            let fields = match w.fields.map(|n| texts.get(n)) {
                None => None,
                Some(Some(text)) => Some(text.clone()),
                Some(None) => {
                    return Err(self
                        .lines
                        .bad("a writer text is used that did not come before"));
                }
            };
            writes.push(WriteRecord {
                writer: self.share(&w.writer),
                kind: w.kind,
                subresource: w.subresource,
                api_version: w.api_version,
                time: w.time,
                fields,
            });
        }
        let item = Item {
            id: line.id,
            tree,
            writes: writes.into(),
        };
        self.lines.line = bytes;
        Ok(item)
    }

    /// Whether the MAC was checked.
    fn foot(
        &self,
        head: &Head,
        found: u64,
        hash: &mut blake3::Hasher,
    ) -> Result<bool, SnapshotError> {
        let lines = &self.lines;
        let line = lines.number;
        let foot_line: FootLine = lines.parse("the last line of a section")?;
        if foot_line.items != found {
            return Err(SnapshotError::Count {
                line,
                said: foot_line.items,
                found,
            });
        }
        // Our own line for what was read, byte by byte: nothing may hide in its white space.
        let plain = foot_with(found, foot_line.mac.as_deref(), &mut hash.clone());
        if plain.as_bytes() != lines.line {
            return Err(SnapshotError::Checksum { line });
        }
        if head.key.is_some() != foot_line.mac.is_some() {
            return Err(lines.bad("a MAC without a key in the head, or a key without a MAC"));
        }
        let Some(key) = self
            .key
            .filter(|k| k.is_lasting() && head.key == Some(k.id()))
        else {
            return Ok(false);
        };
        if foot(found, Some(key), hash).as_bytes() != lines.line {
            return Err(SnapshotError::Tampered { line });
        }
        Ok(true)
    }
}

fn notes(head: &Head, verified: bool) -> Vec<Box<str>> {
    let mut notes: Vec<Box<str>> = Vec::new();
    let untrusted = "its origin cannot be checked, its secrets are not compared";
    if !verified {
        notes.push(match head.key {
            None => format!("recorded without DRIFTGATE_KEY: {untrusted}").into(),
            Some(_) => {
                format!("recorded under a DRIFTGATE_KEY that is not at hand: {untrusted}").into()
            }
        });
    }
    if head.taken.is_none() {
        notes.push("capture time unknown: the snapshot does not say when it was taken".into());
    }
    notes
}
