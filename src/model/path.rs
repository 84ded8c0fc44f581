//! Where something is inside an object, written as in the report (DESIGN: key paths).

use std::{fmt, str::FromStr};

/// `spec.template.spec.containers[api].env[DB_TIMEOUT].value`
///
/// `Display` and `FromStr` are inverse: a property test says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyPath(pub Vec<Segment>);

/// One step of a [`KeyPath`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// A member of a map.
    Member(Box<str>),
    /// An item of a list that has keys: the values of its keys, in the order of the list's declaration (`[8080,TCP]`).
    Item(Vec<Box<str>>),
    /// An item of a list without keys: `[#3]`. The `#` keeps it apart from an item named `3`.
    Index(u32),
}

impl KeyPath {
    /// A path of member names only.
    #[must_use]
    pub fn members(names: &[&str]) -> KeyPath {
        KeyPath(names.iter().map(|n| Segment::Member((*n).into())).collect())
    }

    /// Whether `self` is `other` or lies below it.
    #[must_use]
    pub fn starts_with(&self, other: &KeyPath) -> bool {
        self.0.starts_with(&other.0)
    }

    /// This path with one member more.
    #[must_use]
    pub fn join(&self, name: &str) -> KeyPath {
        let mut out = self.clone();
        out.0.push(Segment::Member(name.into()));
        out
    }

    /// This path with one list item more.
    #[must_use]
    pub fn item(&self, keys: &[&str]) -> KeyPath {
        let mut out = self.clone();
        out.0
            .push(Segment::Item(keys.iter().map(|k| (*k).into()).collect()));
        out
    }
}

fn needs_quotes(s: &str) -> bool {
    s.is_empty()
        || s.chars().any(|c| {
            matches!(c, '.' | '[' | ']' | '"' | '\\' | ',' | '#')
                || c.is_whitespace()
                || c.is_control()
        })
}

fn write_word(f: &mut fmt::Formatter<'_>, s: &str) -> fmt::Result {
    if !needs_quotes(s) {
        return f.write_str(s);
    }
    f.write_str("\"")?;
    for c in s.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            c if c.is_control() => write!(f, "\\u{{{:x}}}", c as u32)?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, s) in self.0.iter().enumerate() {
            match s {
                Segment::Member(m) => {
                    if i > 0 {
                        f.write_str(".")?;
                    }
                    write_word(f, m)?;
                }
                Segment::Item(keys) => {
                    f.write_str("[")?;
                    for (j, k) in keys.iter().enumerate() {
                        if j > 0 {
                            f.write_str(",")?;
                        }
                        write_word(f, k)?;
                    }
                    f.write_str("]")?;
                }
                Segment::Index(n) => write!(f, "[#{n}]")?,
            }
        }
        Ok(())
    }
}

/// Why a text is no [`KeyPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a key path at character {at}: {what}")]
pub struct PathError {
    /// Counted in characters from 0.
    pub at: usize,
    /// What was expected.
    pub what: &'static str,
}

struct Reader {
    chars: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn wrong<T>(&self, what: &'static str) -> Result<T, PathError> {
        Err(PathError { at: self.at, what })
    }

    fn expect(&mut self, c: char, what: &'static str) -> Result<(), PathError> {
        if self.peek() != Some(c) {
            return self.wrong(what);
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, stop: &[char]) -> Result<Box<str>, PathError> {
        if self.peek() == Some('"') {
            self.at += 1;
            return self.quoted();
        }
        let from = self.at;
        while self.peek().is_some_and(|c| !stop.contains(&c)) {
            self.at += 1;
        }
        if from == self.at {
            return self.wrong("expected a name");
        }
        Ok(self.chars[from..self.at].iter().collect::<String>().into())
    }

    fn quoted(&mut self) -> Result<Box<str>, PathError> {
        let mut word = String::new();
        loop {
            let Some(c) = self.peek() else {
                return self.wrong("the quote is not closed");
            };
            self.at += 1;
            match c {
                '"' => return Ok(word.into()),
                '\\' if self.peek() == Some('u') => word.push(self.escape()?),
                '\\' => {
                    let Some(next) = self.peek() else {
                        return self.wrong("the quote is not closed");
                    };
                    word.push(next);
                    self.at += 1;
                }
                c => word.push(c),
            }
        }
    }

    /// `\u{1b}`, standing on the `u`.
    fn escape(&mut self) -> Result<char, PathError> {
        self.at += 1;
        self.expect('{', "expected `{`")?;
        let from = self.at;
        while self.peek().is_some_and(|c| c != '}') {
            self.at += 1;
        }
        let hex: String = self.chars[from..self.at].iter().collect();
        self.expect('}', "expected `}`")?;
        match u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32) {
            Some(c) => Ok(c),
            None => self.wrong("not a character"),
        }
    }

    fn bracket(&mut self) -> Result<Segment, PathError> {
        self.at += 1;
        let segment = if self.peek() == Some('#') {
            self.at += 1;
            let digits = self.word(&[']'])?;
            match digits.parse() {
                Ok(n) => Segment::Index(n),
                Err(_) => return self.wrong("expected a number"),
            }
        } else {
            let mut keys = vec![self.word(&[',', ']'])?];
            while self.peek() == Some(',') {
                self.at += 1;
                keys.push(self.word(&[',', ']'])?);
            }
            Segment::Item(keys)
        };
        self.expect(']', "expected `]`")?;
        Ok(segment)
    }
}

impl FromStr for KeyPath {
    type Err = PathError;
    fn from_str(s: &str) -> Result<KeyPath, PathError> {
        let mut r = Reader {
            chars: s.chars().collect(),
            at: 0,
        };
        let mut out = Vec::new();
        while let Some(c) = r.peek() {
            if c == '[' {
                out.push(r.bracket()?);
                continue;
            }
            if !out.is_empty() {
                r.expect('.', "expected `.`")?;
            }
            out.push(Segment::Member(r.word(&['.', '['])?));
        }
        Ok(KeyPath(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn segment() -> impl Strategy<Value = Segment> {
        prop_oneof![
            ".{0,12}".prop_map(|s: String| Segment::Member(s.into())),
            proptest::collection::vec(".{0,8}".prop_map(Box::<str>::from), 1..3)
                .prop_map(Segment::Item),
            any::<u32>().prop_map(Segment::Index),
        ]
    }

    proptest! {
        #[test]
        fn printing_and_parsing_agree(segments in proptest::collection::vec(segment(), 0..6)) {
            let path = KeyPath(segments);
            prop_assert_eq!(path.to_string().parse::<KeyPath>(), Ok(path));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = text.parse::<KeyPath>();
        }
    }

    #[test]
    fn the_forms_of_the_report() {
        let path: KeyPath = r#"metadata.annotations."a.b/c".ports[8080,TCP].x[#3]"#
            .parse()
            .expect("a path");
        assert_eq!(
            path.to_string(),
            r#"metadata.annotations."a.b/c".ports[8080,TCP].x[#3]"#
        );
        assert_eq!(path.0.len(), 6 + 1);
    }
}
