//! What becomes of a baseline when it is written again.

use super::{Baseline, Entry, entries, key_id, text_of};
use crate::model::{
    finding::{Finding, Message},
    secret::DigestKey,
};
use std::collections::{BTreeMap, VecDeque};

/// A baseline that is to be written, and what that changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// The file.
    pub bytes: Vec<u8>,
    /// Entries of the old file that stay as they are.
    pub kept: usize,
    /// Findings that the old file does not know.
    pub added: Vec<Entry>,
    /// Findings that the old file knows with another value.
    pub changed: Vec<Entry>,
    /// Entries of the old file that are not needed any more.
    pub removed: Vec<Entry>,
}

impl Update {
    /// How many findings the file will hold.
    #[must_use]
    pub fn count(&self) -> usize {
        self.kept + self.added.len() + self.changed.len()
    }

    /// Whether the file would say what it says already.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

/// All active findings, whatever the old file held: what is new is known from now on.
#[must_use]
pub fn replace(old: Option<&Baseline>, findings: &[Finding], key: &DigestKey) -> Update {
    let new = entries(findings, key);
    let id = key_id(key);
    let bytes = text_of(&new, id.as_deref()).into_bytes();
    let comparable = old.is_some_and(|old| old.key == id);
    let mut known: BTreeMap<&str, VecDeque<&Entry>> = BTreeMap::new();
    for entry in old.iter().flat_map(|old| &old.entries) {
        known
            .entry(&entry.fingerprint)
            .or_default()
            .push_back(entry);
    }
    let mut update = Update {
        bytes,
        ..Update::default()
    };
    let mut others = Vec::new();
    for entry in new {
        let of_name = known.get_mut(&*entry.fingerprint);
        let same = |e: &&Entry| e.value == entry.value && (comparable || e.value.is_none());
        match of_name.and_then(|all| all.iter().position(same).map(|i| all.remove(i))) {
            Some(_) => update.kept += 1,
            None => others.push(entry),
        }
    }
    for entry in others {
        let of_name = known.get_mut(&*entry.fingerprint);
        match of_name.and_then(VecDeque::pop_front) {
            Some(_) => update.changed.push(entry),
            None => update.added.push(entry),
        }
    }
    update.removed = known.into_values().flatten().cloned().collect();
    update.removed.sort_by(super::order);
    update
}

/// The old file without what no active finding needs. Nothing is added.
///
/// # Errors
/// Why its digests can't be compared with this run's: then nothing is known of them.
pub fn prune(old: &Baseline, findings: &[Finding], key: &DigestKey) -> Result<Update, Message> {
    if let Some(why) = old.not_comparable(key) {
        return Err(why);
    }
    let mut needed = vec![false; old.entries.len()];
    for finding in findings.iter().filter(|f| super::belongs(f)) {
        if let Some(i) = old.find(finding, key) {
            needed[i] = true;
        }
    }
    let (mut kept, mut removed) = (Vec::new(), Vec::new());
    for (entry, needed) in old.entries.iter().zip(needed) {
        if needed { &mut kept } else { &mut removed }.push(entry.clone());
    }
    Ok(Update {
        bytes: text_of(&kept, old.key.as_deref()).into_bytes(),
        kept: kept.len(),
        removed,
        ..Update::default()
    })
}
