//! Writing: the same observation under the same head gives the same bytes.

use super::{
    SCHEMA, Section, SnapshotError, SourceName,
    marks::{Marks, Writer},
    shown,
};
use crate::model::{
    observation::{Item, Read, WriteRecord, WriterKind},
    secret::{DigestKey, KeyId, hex},
    time::Timestamp,
};
use rustc_hash::FxHashMap;
use serde::Serialize;
use std::{
    io::{self, BufWriter, Write},
    path::Path,
};

#[derive(Serialize)]
struct HeadLine<'a> {
    schema: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'a str>,
    source: &'a SourceName,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    taken: Option<(Timestamp, Timestamp)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// Which section of how many, so that a file cut between two sections is noticed.
    section: (u32, u32),
    reads: &'a [Read],
}

/// A writer text, written before its first use; its number is how many came before it.
#[derive(Serialize)]
struct TextLine<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct WriteLine<'a> {
    writer: &'a str,
    kind: WriterKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    subresource: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<usize>,
}

/// Writes sections one behind the other.
///
/// Secrets are written as digests only if `key` is a lasting one and the digests are its own;
/// a MAC is written only with a lasting key.
///
/// # Errors
/// When `out` fails, or an item holds what could not be read back (nesting beyond 126 levels);
/// the message names the item. Use [`write_file`] to leave nothing half-written behind.
pub fn write(sections: &[Section<'_>], key: &DigestKey, out: &mut dyn Write) -> io::Result<()> {
    if sections.is_empty() {
        return Err(refuse("nothing was read, so there is nothing to record"));
    }
    let of = u32::try_from(sections.len()).map_err(|_| refuse("too many sections"))?;
    for (number, section) in (1..).zip(sections) {
        let mut lines = Lines {
            out: &mut *out,
            hash: blake3::Hasher::new(),
        };
        write_section(section, (number, of), key, &mut lines)?;
    }
    Ok(())
}

fn refuse(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

/// Lines of one section, hashed on their way.
struct Lines<'o> {
    out: &'o mut dyn Write,
    hash: blake3::Hasher,
}

impl Lines<'_> {
    fn put(&mut self, line: &mut Vec<u8>) -> io::Result<()> {
        if line.len() >= super::MAX_LINE {
            return Err(refuse("larger than a line of a snapshot may be"));
        }
        line.push(b'\n');
        self.hash.update(line);
        self.out.write_all(line)?;
        line.clear();
        Ok(())
    }
}

fn write_section<'a>(
    section: &Section<'a>,
    number: (u32, u32),
    key: &DigestKey,
    lines: &mut Lines<'_>,
) -> io::Result<()> {
    let key_id = key.is_lasting().then(|| key.id());
    let observation = section.observation;
    let mut line = serde_json::to_vec(&HeadLine {
        schema: SCHEMA,
        environment: section.environment,
        source: section.source,
        system: observation.system(),
        taken: section.taken,
        key: key_id.map(|k| hex(&k.0)),
        section: number,
        reads: observation.reads(),
    })?;
    lines.put(&mut line)?;
    let mut pool: FxHashMap<&'a str, usize> = FxHashMap::default();
    let mut items = 0;
    for item in observation.items() {
        for text in item.writes.iter().filter_map(|w| w.fields.as_deref()) {
            let next = pool.len();
            if let std::collections::hash_map::Entry::Vacant(place) = pool.entry(text) {
                place.insert(next);
                serde_json::to_writer(&mut line, &TextLine { text })?;
                lines.put(&mut line)?;
            }
        }
        write_item(item, key_id, &pool, &mut line)
            .and_then(|()| lines.put(&mut line))
            .map_err(|e| named(e, item))?;
        items += 1;
    }
    let foot = foot(items, key_id.map(|_| key), &mut lines.hash);
    lines.out.write_all(foot.as_bytes())
}

fn named(e: io::Error, item: &Item) -> io::Error {
    if e.kind() != io::ErrorKind::InvalidData {
        return e;
    }
    refuse(format!("{} cannot be recorded: {e}", shown(&item.id)))
}

fn write_item(
    item: &Item,
    key: Option<KeyId>,
    pool: &FxHashMap<&str, usize>,
    line: &mut Vec<u8>,
) -> io::Result<()> {
    line.extend_from_slice(b"{\"id\":");
    serde_json::to_writer(&mut *line, &item.id)?;
    line.extend_from_slice(b",\"tree\":");
    let mut writer = Writer::new(line, key);
    writer.node(item.tree.root()).map_err(refuse)?;
    let Marks {
        sealed,
        opaque,
        numbers,
    } = writer.marks;
    member(line, "sealed", &sealed)?;
    member(line, "opaque", &opaque)?;
    member(line, "numbers", &numbers)?;
    let writes: Vec<WriteLine<'_>> = item.writes.iter().map(|w| write_line(w, pool)).collect();
    member(line, "writes", &writes)?;
    line.push(b'}');
    Ok(())
}

/// A list beside the tree; nothing for an empty one.
fn member<T: Serialize>(line: &mut Vec<u8>, name: &str, list: &[T]) -> io::Result<()> {
    if !list.is_empty() {
        write!(line, ",\"{name}\":")?;
        serde_json::to_writer(line, list)?;
    }
    Ok(())
}

fn write_line<'a>(w: &'a WriteRecord, pool: &FxHashMap<&str, usize>) -> WriteLine<'a> {
    WriteLine {
        writer: &w.writer,
        kind: w.kind,
        subresource: w.subresource.as_deref(),
        api_version: w.api_version.as_deref(),
        time: w.time,
        fields: w.fields.as_deref().and_then(|f| pool.get(f).copied()),
    }
}

/// The last line of a section whose other lines went into `hash`.
///
/// The MAC is over the hash of those lines; the checksum behind it covers this line as well, so
/// that damage is noticed without a key too.
pub(super) fn foot(items: u64, key: Option<&DigestKey>, hash: &mut blake3::Hasher) -> String {
    let mac = key.map(|k| {
        let mut mac = k.file_hasher();
        mac.update(hash.finalize().as_bytes());
        hex(mac.finalize().as_bytes())
    });
    foot_with(items, mac.as_deref(), hash)
}

/// The last line with a MAC that was made elsewhere.
pub(super) fn foot_with(items: u64, mac: Option<&str>, hash: &mut blake3::Hasher) -> String {
    let mac = mac.map_or_else(String::new, |m| format!("\"mac\":\"{m}\","));
    let begin = format!("{{\"items\":{items},{mac}\"blake3\":\"");
    hash.update(begin.as_bytes());
    format!("{begin}{}\"}}\n", hex(hash.finalize().as_bytes()))
}

/// Writes a file as a whole or not at all: beside its place first, readable by its owner only
/// (it holds live values), then moved there.
///
/// # Errors
/// [`SnapshotError::File`] with the path; the old file, if there was one, is untouched.
pub fn write_file(
    path: &Path,
    sections: &[Section<'_>],
    key: &DigestKey,
) -> Result<(), SnapshotError> {
    try_write_file(path, sections, key).map_err(|e| SnapshotError::from(e).at(path))
}

fn try_write_file(path: &Path, sections: &[Section<'_>], key: &DigestKey) -> io::Result<()> {
    let folder = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    // Made with mode 0600, and removed when dropped.
    let mut temporary = tempfile::Builder::new()
        .prefix(".driftgate-")
        .suffix(".part")
        .tempfile_in(folder)?;
    let mut out = BufWriter::with_capacity(1 << 20, temporary.as_file_mut());
    write(sections, key, &mut out)?;
    out.flush()?;
    drop(out);
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|e| e.error)?;
    Ok(())
}
