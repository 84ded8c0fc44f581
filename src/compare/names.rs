//! An environment's own names (its key, its region, its account) inside values: two values that
//! differ by nothing else are the same value, said in two places.
//!
//! A name counts as a whole word only: what stands before and after it is neither a letter nor a
//! digit. It counts as it is written, in capitals, and with `_` for `-` in both, because that is
//! how names get into environment variables (`production-eu`, `PRODUCTION_EU`).

use std::{borrow::Cow, collections::BTreeSet, ops::Range};

/// Texts with more own names than this are read from left to right only.
const MOST: usize = 64;

/// The names of an environment in all spellings that count, longest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnNames(Vec<Box<str>>);

impl OwnNames {
    /// Of these names; empty ones are left out.
    #[must_use]
    pub fn new<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> OwnNames {
        let mut all = BTreeSet::new();
        for name in names {
            let name = name.as_ref();
            if !name.chars().any(char::is_alphanumeric) {
                continue;
            }
            let joined = name.replace('-', "_");
            all.insert(name.to_uppercase());
            all.insert(joined.to_uppercase());
            all.insert(joined);
            all.insert(name.to_owned());
        }
        let mut all: Vec<Box<str>> = all.into_iter().map(Into::into).collect();
        all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        OwnNames(all)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names in all spellings that count, longest first.
    #[must_use]
    pub fn spellings(&self) -> &[Box<str>] {
        &self.0
    }

    /// Lengths of the names that stand at byte `at`, longest first.
    fn at<'a>(&'a self, text: &'a str, at: usize) -> impl Iterator<Item = usize> + 'a {
        let (before, rest) = text.split_at(at);
        let begins = !before
            .chars()
            .next_back()
            .is_some_and(char::is_alphanumeric);
        let names = if begins { &*self.0 } else { &[] };
        names
            .iter()
            .filter(move |name| {
                rest.strip_prefix(&***name)
                    .is_some_and(|after| !after.chars().next().is_some_and(char::is_alphanumeric))
            })
            .map(|name| name.len())
    }

    /// Where names stand in a text, the longest at each place, from left to right.
    #[must_use]
    pub fn places(&self, text: &str) -> Vec<Range<usize>> {
        let mut out = Vec::new();
        if self.is_empty() {
            return out;
        }
        let mut at = 0;
        while at < text.len() {
            match self.at(text, at).next() {
                Some(length) => {
                    out.push(at..at + length);
                    at += length;
                }
                None => at += text[at..].chars().next().map_or(1, char::len_utf8),
            }
        }
        out
    }

    /// Whether a name stands in the text.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        !self.places(text).is_empty()
    }

    /// A name without the environment's own, and without the separator that held them: `api-eu`
    /// is `api`. A name that is nothing else stays as it is.
    #[must_use]
    pub fn stripped<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let places = self.places(text);
        if places.is_empty() {
            return text.into();
        }
        let mut out = String::new();
        let mut from = 0;
        for place in places {
            out.push_str(&text[from..place.start]);
            from = place.end;
            // One separator goes with the name: the one before it, else the one after it.
            if out.ends_with(|c: char| !c.is_alphanumeric()) {
                out.pop();
            } else if out.is_empty()
                && let Some(c) = text[from..].chars().next()
            {
                from += c.len_utf8();
            }
        }
        out.push_str(&text[from..]);
        if out.chars().any(char::is_alphanumeric) {
            out.into()
        } else {
            text.into()
        }
    }

    /// A text with a mark in the place of each name: for telling items of lists and members of
    /// maps apart.
    #[must_use]
    pub(crate) fn marked<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let places = self.places(text);
        if places.is_empty() {
            return text.into();
        }
        let mut out = String::new();
        let mut from = 0;
        for place in places {
            out.push_str(&text[from..place.start]);
            out.push('\u{fffc}');
            from = place.end;
        }
        out.push_str(&text[from..]);
        out.into()
    }
}

/// Whether two texts are one, own names aside: wherever they part, each has a name of its own
/// side. What both have in common stays, so that `contact-us` is no name of the region `us`.
#[must_use]
pub fn same(a: &str, own_a: &OwnNames, b: &str, own_b: &OwnNames) -> bool {
    if a == b {
        return true;
    }
    let (in_a, in_b) = (own_a.places(a), own_b.places(b));
    if in_a.is_empty() || in_b.is_empty() {
        return false;
    }
    Match {
        a,
        own_a,
        b,
        own_b,
        backtracks: in_a.len() <= MOST && in_b.len() <= MOST,
        failed: BTreeSet::new(),
    }
    .from(0, 0)
}

struct Match<'a> {
    a: &'a str,
    own_a: &'a OwnNames,
    b: &'a str,
    own_b: &'a OwnNames,
    /// Whether other ways are tried where the longest names lead nowhere.
    backtracks: bool,
    failed: BTreeSet<(usize, usize)>,
}

impl Match<'_> {
    fn from(&mut self, mut i: usize, mut j: usize) -> bool {
        loop {
            if i == self.a.len() && j == self.b.len() {
                return true;
            }
            let names: Vec<(usize, usize)> = {
                let in_b: Vec<usize> = self.own_b.at(self.b, j).collect();
                if in_b.is_empty() {
                    vec![]
                } else {
                    self.own_a
                        .at(self.a, i)
                        .flat_map(|x| in_b.iter().map(move |y| (x, *y)))
                        .collect()
                }
            };
            match names.first() {
                Some((x, y)) if !self.backtracks => {
                    i += x;
                    j += y;
                    continue;
                }
                Some(_) => {
                    if !self.failed.insert((i, j)) {
                        return false;
                    }
                    if names.iter().any(|(x, y)| self.from(i + x, j + y)) {
                        return true;
                    }
                }
                None => {}
            }
            match (self.a[i..].chars().next(), self.b[j..].chars().next()) {
                (Some(x), Some(y)) if x == y => {
                    i += x.len_utf8();
                    j += y.len_utf8();
                }
                _ => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn eu() -> OwnNames {
        OwnNames::new(["production-eu", "eu", "eu-west-1", "111122223333"])
    }

    fn us() -> OwnNames {
        OwnNames::new(["production-us", "us", "us-east-1", "444455556666"])
    }

    #[test]
    fn own_names_are_no_difference() {
        for (a, b) in [
            ("https://api.eu.example.com", "https://api.us.example.com"),
            ("eu-west-1", "us-east-1"),
            ("production-eu", "production-us"),
            ("APP_PRODUCTION_EU_X", "APP_PRODUCTION_US_X"),
            (
                "s3://logs-eu-west-1/production_eu",
                "s3://logs-us-east-1/production_us",
            ),
            (
                "arn:aws:iam::111122223333:role/x",
                "arn:aws:iam::444455556666:role/x",
            ),
            // The longest names first, other ways where those lead nowhere.
            ("eu-west-1", "us-west-1"),
            // What both have in common is no name, whatever it says.
            (
                "https://eu.example.com/contact-us",
                "https://us.example.com/contact-us",
            ),
            ("Grüße aus eu", "Grüße aus us"),
        ] {
            assert!(same(a, &eu(), b, &us()), "{a} {b}");
            assert!(same(b, &us(), a, &eu()), "{b} {a}");
        }
    }

    #[test]
    fn everything_else_is_one() {
        for (a, b) in [
            ("https://eu1.example.com", "https://us1.example.com"),
            ("neutral", "nustral"),
            ("https://api.eu.example.com", "https://web.us.example.com"),
            ("https://api.us.example.com", "https://api.eu.example.com"),
            ("Eu", "Us"),
            ("eu", "eu2"),
            ("10", "20"),
            ("", "us"),
        ] {
            assert!(!same(a, &eu(), b, &us()), "{a} {b}");
        }
    }

    #[test]
    fn objects_are_called_without_them() {
        for (name, stripped) in [
            ("api-eu", "api"),
            ("eu-api", "api"),
            ("api-eu-west-1-worker", "api-worker"),
            ("production-eu", "production-eu"),
            ("neu", "neu"),
            ("api", "api"),
        ] {
            assert_eq!(eu().stripped(name), stripped, "{name}");
        }
    }

    #[test]
    fn a_text_of_nothing_but_names_ends() {
        let a = "eu ".repeat(20_000);
        let b = format!("{}x", "us ".repeat(20_000));
        assert!(!same(&a, &eu(), &b, &us()));
        assert!(same(&a, &eu(), &"us ".repeat(20_000), &us()));
        let (a, b) = ("eu-".repeat(60), format!("{}!", "us-".repeat(60)));
        assert!(!same(&a, &eu(), &b, &us()));
    }

    proptest! {
        #[test]
        fn no_text_panics(a in ".{0,24}", b in ".{0,24}", n in ".{0,4}") {
            let names = OwnNames::new([n.as_str(), "eu"]);
            let _ = (same(&a, &names, &b, &eu()), names.stripped(&a), names.places(&b));
            prop_assert!(same(&a, &names, &a, &us()));
        }
    }
}
