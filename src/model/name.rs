//! Interned names: object member names occur millions of times, a few thousand differ.
//!
//! Append-only and process-wide. Output never depends on the numbers: order by [`Name::as_str`].
//! Values are never interned: a pool that lives as long as the process must not hold a secret.

use rustc_hash::FxHashMap;
use std::{
    cell::RefCell,
    fmt,
    sync::{LazyLock, RwLock},
};

/// A member name: four bytes, compared by number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name(u32);

#[derive(Default)]
struct Pool {
    by_text: FxHashMap<&'static str, u32>,
    texts: Vec<&'static str>,
}

static POOL: LazyLock<RwLock<Pool>> = LazyLock::new(RwLock::default);
thread_local! {
    static NEAR: RefCell<FxHashMap<&'static str, u32>> = RefCell::default();
    static TEXTS: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

impl Name {
    /// The key of a list item and of a root: no name.
    pub const NONE: Name = Name(u32::MAX);

    /// The name of `text`; the same number for the same text, as long as the process lives.
    #[must_use]
    pub fn new(text: &str) -> Name {
        NEAR.with_borrow_mut(|near| {
            if let Some(&n) = near.get(text) {
                return Name(n);
            }
            let (text, n) = intern(text);
            near.insert(text, n);
            Name(n)
        })
    }

    /// The name of `text` if it was ever seen; a name that nobody used is in no tree.
    #[must_use]
    pub fn known(text: &str) -> Option<Name> {
        NEAR.with_borrow(|near| near.get(text).copied())
            .or_else(|| {
                POOL.read()
                    .expect("no panic while held")
                    .by_text
                    .get(text)
                    .copied()
            })
            .map(Name)
    }

    /// The text; empty for [`Name::NONE`].
    #[must_use]
    pub fn as_str(self) -> &'static str {
        if self == Name::NONE {
            return "";
        }
        let at = self.0 as usize;
        TEXTS.with_borrow_mut(|texts| {
            if at >= texts.len() {
                let pool = POOL.read().expect("no panic while held");
                texts.extend_from_slice(&pool.texts[texts.len()..]);
            }
            texts[at]
        })
    }
}

fn intern(text: &str) -> (&'static str, u32) {
    if let Some((k, v)) = POOL
        .read()
        .expect("no panic while held")
        .by_text
        .get_key_value(text)
    {
        return (k, *v);
    }
    let mut pool = POOL.write().expect("no panic while held");
    if let Some((k, v)) = pool.by_text.get_key_value(text) {
        return (k, *v);
    }
    let kept: &'static str = Box::leak(text.into());
    let n = u32::try_from(pool.texts.len()).expect("fewer than 4 billion names");
    pool.texts.push(kept);
    pool.by_text.insert(kept, n);
    (kept, n)
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
