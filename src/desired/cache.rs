//! What was parsed and sealed in this run. Base, head and deployed share most blobs; what is
//! unchanged is one allocation, so that comparing can tell by the pointer.

use super::{objects::Extracted, settings::SettingsFile};
use crate::model::place::Exactness;
use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// Of which content, and how it was read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum CacheKey {
    /// A file as it is written.
    File {
        /// Git's id of the content.
        blob: Box<str>,
        /// The same content at another path is another place.
        path: Arc<str>,
        /// What its places are worth.
        exact: Exactness,
        /// Where objects without a namespace live.
        namespace: Option<Box<str>>,
    },
    /// What a renderer makes of its inputs: the digest of all of them.
    Render([u8; 32]),
}

/// A file of settings: of which content, and how it was read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SettingsKey {
    /// Git's id of the content.
    pub(super) blob: Box<str>,
    /// The same content at another path is another place.
    pub(super) path: Arc<str>,
    /// The format, and whether it is sealed.
    pub(super) how: String,
}

/// Parsed files and renders of one run, shared between threads and targets.
#[derive(Default)]
pub struct ParseCache {
    // A map that is only asked, never walked: its order reaches no output.
    known: Mutex<HashMap<CacheKey, Arc<Extracted>>>,
    settings: Mutex<HashMap<SettingsKey, Arc<SettingsFile>>>,
    versions: Mutex<HashMap<PathBuf, Arc<str>>>,
}

impl ParseCache {
    /// An empty cache.
    #[must_use]
    pub fn new() -> ParseCache {
        ParseCache::default()
    }

    pub(super) fn get(&self, key: &CacheKey) -> Option<Arc<Extracted>> {
        self.lock().get(key).cloned()
    }

    /// Keeps `made`; if another thread was faster, its result is the one everybody gets.
    pub(super) fn keep(&self, key: CacheKey, made: Extracted) -> Arc<Extracted> {
        self.lock()
            .entry(key)
            .or_insert_with(|| Arc::new(made))
            .clone()
    }

    pub(super) fn settings(&self, key: &SettingsKey) -> Option<Arc<SettingsFile>> {
        let settings = self.settings.lock();
        settings
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .cloned()
    }

    /// How many files of settings were parsed.
    #[cfg(test)]
    pub(super) fn settings_parsed(&self) -> usize {
        let settings = self.settings.lock();
        settings.unwrap_or_else(PoisonError::into_inner).len()
    }

    /// As [`ParseCache::keep`].
    pub(super) fn keep_settings(&self, key: SettingsKey, made: SettingsFile) -> Arc<SettingsFile> {
        let settings = self.settings.lock();
        settings
            .unwrap_or_else(PoisonError::into_inner)
            .entry(key)
            .or_insert_with(|| Arc::new(made))
            .clone()
    }

    /// What a renderer said of itself in this run.
    pub(super) fn version(&self, program: &Path) -> Option<Arc<str>> {
        let versions = self.versions.lock();
        versions
            .unwrap_or_else(PoisonError::into_inner)
            .get(program)
            .cloned()
    }

    pub(super) fn keep_version(&self, program: &Path, version: &Arc<str>) {
        let versions = self.versions.lock();
        versions
            .unwrap_or_else(PoisonError::into_inner)
            .insert(program.to_owned(), version.clone());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<CacheKey, Arc<Extracted>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ParseCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParseCache({} entries)", self.lock().len())
    }
}
