//! Base, head, deployed and live of one entry, and the one state that follows (DESIGN section 5).

use super::{
    secret::Sameness,
    value::{Reading, Value, ValueType},
};
use serde::Serialize;
use std::fmt;

/// The state of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Live is what git says.
    InSync,
    /// The change under review will change live.
    Pending,
    /// The change brings git up to what is live already.
    Adopted,
    /// Merged, not deployed yet.
    Behind,
    /// Live was changed outside git; the next deploy puts it back.
    Drifted,
    /// The change edits, adds or removes what live changed too.
    Conflicting,
    /// Live only.
    Unmanaged,
    /// In git only.
    Missing,
    /// Present on both sides, and not comparable from here.
    NotCompared,
    /// Live, or git, could not be read.
    Unknown,
}

impl State {
    /// The kebab-case name, as in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            State::InSync => "in-sync",
            State::Pending => "pending",
            State::Adopted => "adopted",
            State::Behind => "behind",
            State::Drifted => "drifted",
            State::Conflicting => "conflicting",
            State::Unmanaged => "unmanaged",
            State::Missing => "missing",
            State::NotCompared => "not-compared",
            State::Unknown => "unknown",
        }
    }

    /// Whether it is a rule that someone must act on.
    #[must_use]
    pub fn is_problem(self) -> bool {
        matches!(
            self,
            State::Drifted | State::Conflicting | State::Unmanaged | State::Missing
        )
    }

    /// Whether it is something that merging or deploying will do.
    #[must_use]
    pub fn is_change(self) -> bool {
        matches!(self, State::Pending | State::Adopted | State::Behind)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One thing per side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides<T> {
    /// Before the change under review: the target branch's tip.
    pub base: T,
    /// After it: the tree that merging would give.
    pub head: T,
    /// What the deployer applied last.
    pub deployed: T,
    /// What is running.
    pub live: T,
}

impl<T> Sides<T> {
    /// Applies `f` to each side.
    pub fn map<'a, U>(&'a self, f: impl Fn(&'a T) -> U) -> Sides<U> {
        Sides {
            base: f(&self.base),
            head: f(&self.head),
            deployed: f(&self.deployed),
            live: f(&self.live),
        }
    }

    /// Base, head, deployed, live.
    pub fn each(&self) -> [&T; 4] {
        [&self.base, &self.head, &self.deployed, &self.live]
    }
}

fn same(a: &Reading<&Value>, b: &Reading<&Value>, ty: ValueType) -> Sameness {
    match (a, b) {
        (Reading::Absent(_), Reading::Absent(_)) => Sameness::Equal,
        (Reading::Present(x), Reading::Present(y)) => x.same(y, ty),
        (Reading::Present(_), Reading::Absent(_)) | (Reading::Absent(_), Reading::Present(_)) => {
            Sameness::Different
        }
        _ => Sameness::NotComparable("not read"),
    }
}

/// The state: the first line of DESIGN section 5 that fits. Total by construction.
///
/// `deployed` that could not be learnt is handed in as `base`; the report says so.
#[must_use]
pub fn classify(sides: &Sides<Reading<&Value>>, ty: ValueType) -> State {
    let Sides {
        base,
        head,
        deployed,
        live,
    } = sides;
    if sides.each().iter().any(|r| r.is_unknown()) {
        return State::Unknown;
    }
    // Opaque on both sides is no evidence of an edit.
    let unchanged = same(head, base, ty) != Sameness::Different;
    match same(live, head, ty) {
        Sameness::NotComparable(_) => return State::NotCompared,
        Sameness::Equal => {
            let known = unchanged || same(deployed, head, ty) == Sameness::Equal;
            return if known { State::InSync } else { State::Adopted };
        }
        Sameness::Different => {}
    }
    let (as_base, as_deployed) = (same(live, base, ty), same(live, deployed, ty));
    if as_base == Sameness::Equal || as_deployed == Sameness::Equal {
        return if unchanged {
            State::Behind
        } else {
            State::Pending
        };
    }
    if matches!(as_base, Sameness::NotComparable(_))
        || matches!(as_deployed, Sameness::NotComparable(_))
    {
        return State::NotCompared;
    }
    let absent = |r: &Reading<&Value>| matches!(r, Reading::Absent(_));
    if !unchanged {
        State::Conflicting
    } else if absent(head) && absent(deployed) {
        State::Unmanaged
    } else if absent(live) {
        State::Missing
    } else {
        State::Drifted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::value::{AbsenceProof, Unread, UnreadCause};
    use std::collections::BTreeSet;

    /// base, head, deployed, live; `-` absent, letters are values; then the state.
    const PATTERNS: &str = "
        a a a a  in-sync
        - a a a  in-sync
        a - a a  pending
        a a - a  in-sync
        a a a -  missing
        - - a a  behind
        - a - a  adopted
        - a a -  pending
        a - - a  pending
        a - a -  adopted
        a a - -  behind
        - - - a  unmanaged
        - - a -  in-sync
        - a - -  pending
        a - - -  in-sync
        a a a b  drifted
        a a b a  in-sync
        a b a a  pending
        b a a a  in-sync
        a a b b  behind
        a b a b  adopted
        a b b a  pending
        a a b c  drifted
        a b a c  conflicting
        b a a c  conflicting
        a b c a  pending
        b a c a  adopted
        b c a a  pending
        a b c d  conflicting
        - a a b  conflicting
        - a b a  adopted
        - b a a  pending
        - a b c  conflicting
        a - a b  conflicting
        a - b a  pending
        b - a a  pending
        a - b c  conflicting
        a a - b  drifted
        a b - a  pending
        b a - a  adopted
        a b - c  conflicting
        a a b -  missing
        a b a -  conflicting
        b a a -  conflicting
        a b c -  conflicting
        - - a b  drifted
        - a - b  conflicting
        - a b -  pending
        a - - b  conflicting
        a - b -  adopted
        a b - -  pending
    ";

    fn reading(letter: char, values: &[Value; 4]) -> Reading<&Value> {
        match letter {
            '-' => Reading::Absent(AbsenceProof::new()),
            c => Reading::Present(&values[c as usize - 'a' as usize]),
        }
    }

    /// Renames the values of a pattern in the order of their first appearance.
    fn canonical(pattern: [char; 4]) -> [char; 4] {
        let mut seen = Vec::new();
        pattern.map(|c| {
            if c == '-' {
                return c;
            }
            let at = seen.iter().position(|s| *s == c).unwrap_or_else(|| {
                seen.push(c);
                seen.len() - 1
            });
            (b'a' + u8::try_from(at).expect("four sides")) as char
        })
    }

    #[test]
    fn all_51_patterns() {
        let values = ["1", "2", "3", "4"].map(Value::text);
        let mut seen = BTreeSet::new();
        for line in PATTERNS.lines().map(str::trim).filter(|l| !l.is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let letters: Vec<char> = words[..4].iter().filter_map(|w| w.chars().next()).collect();
            let pattern = [letters[0], letters[1], letters[2], letters[3]];
            assert!(seen.insert(canonical(pattern)), "twice: {line}");
            let sides = Sides {
                base: reading(pattern[0], &values),
                head: reading(pattern[1], &values),
                deployed: reading(pattern[2], &values),
                live: reading(pattern[3], &values),
            };
            assert_eq!(classify(&sides, ValueType::Text).name(), words[4], "{line}");
        }
        let mut all = BTreeSet::new();
        let letters = ['-', 'a', 'b', 'c', 'd'];
        for a in letters {
            for b in letters {
                for c in letters {
                    for d in letters {
                        all.insert(canonical([a, b, c, d]));
                    }
                }
            }
        }
        all.remove(&['-'; 4]);
        assert_eq!(all.len(), 51);
        assert_eq!(seen, all);
    }

    #[test]
    fn what_was_not_read_is_unknown_on_every_side() {
        let value = Value::text("1");
        let unread = || Reading::Unknown(Unread::new(UnreadCause::TimedOut, "timed out"));
        for side in 0..4 {
            let mut r = [(); 4].map(|()| Reading::Present(&value));
            r[side] = unread();
            let [base, head, deployed, live] = r;
            let sides = Sides {
                base,
                head,
                deployed,
                live,
            };
            assert_eq!(classify(&sides, ValueType::Text), State::Unknown);
        }
    }

    #[test]
    fn opaque_values_are_not_compared() {
        let (opaque, plain) = (Value::Opaque("sops".into()), Value::text("1"));
        let present = |v| Reading::Present(v);
        let sides = |git, live| Sides {
            base: present(git),
            head: present(git),
            deployed: present(git),
            live: present(live),
        };
        for (git, live) in [(&opaque, &plain), (&plain, &opaque), (&opaque, &opaque)] {
            assert_eq!(
                classify(&sides(git, live), ValueType::Text),
                State::NotCompared
            );
        }
        let mut absent = sides(&opaque, &plain);
        absent.live = Reading::Absent(AbsenceProof::new());
        assert_eq!(
            classify(&absent, ValueType::Text),
            State::Missing,
            "presence still counts"
        );
    }
}
