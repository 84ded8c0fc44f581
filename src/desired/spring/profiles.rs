//! Profiles: which are active, and expressions over them.

use std::collections::{BTreeMap, BTreeSet};

/// Active profiles with the members of their groups, in the order in which they count: the last
/// wins (`org.springframework.boot.context.config.Profiles`).
pub(super) fn expanded(active: &[String], groups: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    let mut todo: Vec<&String> = active.iter().rev().collect();
    while let Some(profile) = todo.pop() {
        if seen.insert(profile) {
            out.push(profile.clone());
            todo.extend(groups.get(profile).into_iter().flatten().rev());
        }
    }
    out
}

/// A comma-separated list, blanks around items and empty items aside.
pub(super) fn listed(text: &str) -> impl Iterator<Item = String> {
    text.split(',')
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .map(str::to_owned)
}

/// Whether `prod & (eu | us)` or `!dev` holds; nothing for what Spring refuses: `&` beside `|`
/// without parentheses, and parentheses that don't match
/// (`org.springframework.core.env.ProfilesParser`).
pub(super) fn holds(expression: &str, active: &[String]) -> Option<bool> {
    let mut parser = Parser {
        tokens: tokens(expression),
        active,
    };
    parser.tokens.reverse();
    let holds = parser.all(0)?;
    parser.tokens.is_empty().then_some(holds)
}

struct Parser<'e> {
    /// The next one is the last.
    tokens: Vec<&'e str>,
    active: &'e [String],
}

/// Parentheses inside parentheses.
const DEEPEST: usize = 50;

impl Parser<'_> {
    /// Up to the end or a closing parenthesis.
    fn all(&mut self, depth: usize) -> Option<bool> {
        if depth > DEEPEST {
            return None;
        }
        let mut holds = self.one(depth)?;
        let mut operator: Option<&str> = None;
        while let Some(next @ ("&" | "|")) = self.tokens.last().copied() {
            if operator.is_some_and(|o| o != next) {
                return None;
            }
            operator = Some(next);
            self.tokens.pop();
            let other = self.one(depth)?;
            holds = match next {
                "&" => holds && other,
                _ => holds || other,
            };
        }
        Some(holds)
    }

    fn one(&mut self, depth: usize) -> Option<bool> {
        match self.tokens.pop()? {
            "!" if depth > DEEPEST => None,
            "!" => self.one(depth + 1).map(|holds| !holds),
            "(" => {
                let holds = self.all(depth + 1)?;
                (self.tokens.pop() == Some(")")).then_some(holds)
            }
            ")" | "&" | "|" => None,
            name => Some(self.active.iter().any(|a| a == name)),
        }
    }
}

fn tokens(expression: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut from = 0;
    let name = |from: usize, to: usize, out: &mut Vec<_>| {
        let text = expression[from..to].trim();
        if !text.is_empty() {
            out.push(text);
        }
    };
    for (at, c) in expression.char_indices() {
        if matches!(c, '(' | ')' | '&' | '|' | '!') {
            name(from, at, &mut out);
            out.push(&expression[at..=at]);
            from = at + 1;
        }
    }
    name(from, expression.len(), &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        listed(text).collect()
    }

    #[test]
    fn expressions() {
        let active = names("prod, eu");
        for (expression, expected) in [
            ("prod", Some(true)),
            ("!prod", Some(false)),
            ("! dev", Some(true)),
            ("prod & eu", Some(true)),
            ("prod&us", Some(false)),
            ("dev | eu", Some(true)),
            ("prod & (eu | us)", Some(true)),
            ("prod & !(eu | us)", Some(false)),
            ("(prod & eu) | dev", Some(true)),
            ("!!prod", Some(true)),
            ("prod & eu | us", None),
            ("prod & (eu", None),
            ("prod)", None),
            ("prod &", None),
            ("", None),
            ("prod eu", Some(false)),
        ] {
            assert_eq!(holds(expression, &active), expected, "{expression}");
        }
        assert_eq!(holds(&"(".repeat(100_000), &active), None);
        assert_eq!(holds(&"!".repeat(100_000), &active), None);
    }

    #[test]
    fn groups_follow_the_profile_that_names_them() {
        let groups = BTreeMap::from([
            ("prod".to_owned(), names("db, mq")),
            ("db".to_owned(), names("pool, prod")),
        ]);
        assert_eq!(
            expanded(&names("prod, eu"), &groups),
            ["prod", "db", "pool", "mq", "eu"]
        );
    }
}
