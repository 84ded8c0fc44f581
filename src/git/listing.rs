//! The entries of tree objects that were read, kept for the next name that is looked up in them.
//!
//! libgit2 keeps only small trees (up to 4 KiB). Without this, reading each file of a folder of
//! thousands would inflate and check the folder's object thousands of times.

use super::store::{What, what_of};
use git2::Oid;
use std::sync::{Arc, Mutex, PoisonError};

/// Entries that are kept in all.
const MAX_ENTRIES: usize = 250_000;
/// Trees that are kept; found one by one.
const MAX_TREES: usize = 64;

/// The trees that were looked into last.
#[derive(Default)]
pub(super) struct Listings(Mutex<Vec<(Oid, Arc<Listing>)>>);

/// The entries of one tree.
pub(super) struct Listing(Vec<(Box<[u8]>, What, Oid)>);

impl Listings {
    /// The entries of a tree, by `read` if they are not at hand.
    pub(super) fn get<'r, E>(
        &self,
        id: Oid,
        read: impl FnOnce() -> Result<git2::Tree<'r>, E>,
    ) -> Result<Arc<Listing>, E> {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut kept = kept();
            if let Some(at) = kept.iter().position(|(known, _)| *known == id) {
                // The last is the one that was used last.
                kept[at..].rotate_left(1);
                return Ok(Arc::clone(&kept[kept.len() - 1].1));
            }
        }
        let listing = Arc::new(Listing::of(&read()?));
        let mut kept = kept();
        kept.push((id, Arc::clone(&listing)));
        while kept.len() > MAX_TREES
            || (kept.len() > 1 && kept.iter().map(|(_, l)| l.0.len()).sum::<usize>() > MAX_ENTRIES)
        {
            kept.remove(0);
        }
        Ok(listing)
    }
}

impl Listing {
    fn of(tree: &git2::Tree<'_>) -> Listing {
        let mut entries: Vec<_> = tree
            .iter()
            .filter_map(|e| Some((e.name_bytes().into(), what_of(&e)?, e.id())))
            .collect();
        // Git sorts folders as if their names ended in a slash.
        entries.sort_by(|a: &(Box<[u8]>, _, _), b| a.0.cmp(&b.0));
        Listing(entries)
    }

    /// What stands under a name.
    pub(super) fn entry(&self, name: &str) -> Option<(What, Oid)> {
        let found = self
            .0
            .binary_search_by(|(known, ..)| (**known).cmp(name.as_bytes()));
        let (_, what, id) = self.0.get(found.ok()?)?;
        Some((*what, *id))
    }

    /// All of them, by name.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&[u8], What, Oid)> {
        self.0.iter().map(|(name, what, id)| (&**name, *what, *id))
    }
}
