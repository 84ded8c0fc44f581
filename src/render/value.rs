//! Values on one line: shortened, quoted where they would mislead, secrets as `(secret)`.

use crate::{
    model::value::Shown,
    text::{number, plural, terminal, truncate},
};

/// Longer values are cut.
const LONG: usize = 60;
/// What is left of them.
const KEPT: usize = 40;
/// Kept before the first difference of two long values.
const LEAD: usize = 12;

/// A value on one line, sanitised.
#[must_use]
pub(crate) fn brief(shown: &Shown) -> String {
    from(shown, 0)
}

/// A value within a sentence: quoted where it would read as a word of it, or hold several.
#[must_use]
pub(crate) fn spoken(shown: &Shown) -> String {
    quoted(shown, brief(shown))
}

/// [`beside`] within a sentence.
#[must_use]
pub(crate) fn spoken_beside(a: &Shown, b: &Shown) -> (String, String) {
    let (x, y) = beside(a, b);
    (quoted(a, x), quoted(b, y))
}

/// Words that a sentence around a value uses, or could.
const WORDS: &[&str] = &[
    "a",
    "absent",
    "after",
    "an",
    "and",
    "any",
    "as",
    "at",
    "before",
    "but",
    "by",
    "deployed",
    "different",
    "differs",
    "equal",
    "for",
    "from",
    "git",
    "has",
    "hidden",
    "if",
    "in",
    "is",
    "it",
    "its",
    "live",
    "missing",
    "no",
    "none",
    "not",
    "nothing",
    "now",
    "of",
    "off",
    "on",
    "only",
    "or",
    "over",
    "present",
    "secret",
    "set",
    "so",
    "the",
    "there",
    "to",
    "unknown",
    "up",
    "with",
    "yes",
];

fn quoted(shown: &Shown, brief: String) -> String {
    let Shown::Value(text) = shown else {
        return brief;
    };
    let is_whole = is_short(shown);
    // Quotes and brackets end where they began already.
    let delimited = brief.starts_with(['"', '[', '{', '\'']);
    let is_word = WORDS.contains(&&*text.to_lowercase());
    match is_whole && !delimited && (is_word || text.contains(char::is_whitespace)) {
        true => format!("\"{brief}\""),
        false => brief,
    }
}

/// Two values side by side: of long ones the parts that differ.
#[must_use]
pub(crate) fn beside(a: &Shown, b: &Shown) -> (String, String) {
    let skip = match (a, b) {
        (Shown::Value(a), Shown::Value(b)) => {
            let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
            if same > KEPT / 2 { same - LEAD } else { 0 }
        }
        _ => 0,
    };
    (from(a, skip), from(b, skip))
}

/// Several values side by side: of long ones from where they begin to differ.
#[must_use]
pub(crate) fn among(all: &[&Shown]) -> Vec<String> {
    let texts: Vec<&str> = all
        .iter()
        .filter_map(|s| match s {
            Shown::Value(text) => Some(&**text),
            _ => None,
        })
        .collect();
    let same = |text: &str| {
        let pairs = texts[0].chars().zip(text.chars());
        pairs.take_while(|(a, b)| a == b).count()
    };
    let skip = match texts.iter().skip(1).map(|t| same(t)).min() {
        Some(same) if same > KEPT / 2 && texts.iter().any(|t| *t != texts[0]) => same - LEAD,
        _ => 0,
    };
    all.iter().map(|s| from(s, skip)).collect()
}

/// Whether [`brief`] shows all of it.
#[must_use]
pub(crate) fn is_short(shown: &Shown) -> bool {
    matches!(shown, Shown::Value(text) if !is_multi_line(text) && text.chars().count() <= LONG)
}

/// Whether it takes more than one line.
#[must_use]
pub(crate) fn is_multi_line(text: &str) -> bool {
    text.strip_suffix('\n').unwrap_or(text).contains('\n')
}

fn from(shown: &Shown, skip: usize) -> String {
    match shown {
        Shown::Value(text) => literal(text, skip),
        Shown::Absent => "absent".into(),
        Shown::Redacted => "(secret)".into(),
        Shown::Opaque(why) => format!("(opaque: {})", terminal(&truncate(why, LONG))),
        Shown::Unknown(why) => format!("(not read: {})", terminal(&truncate(why, LONG))),
    }
}

fn literal(text: &str, skip: usize) -> String {
    let characters = text.chars().count();
    if is_multi_line(text) {
        let lines = plural(text.lines().count(), "line");
        return format!("({lines}, {} characters)", number(characters as u64));
    }
    if characters > LONG {
        let skip = skip.min(characters - KEPT);
        let kept: String = text.chars().skip(skip).take(KEPT).collect();
        let (before, after) = (
            if skip > 0 { "…" } else { "" },
            if skip + KEPT < characters { "…" } else { "" },
        );
        let size = number(characters as u64);
        return format!("{before}{}{after} ({size} characters)", terminal(&kept));
    }
    let shown = terminal(text);
    // Ours are in parentheses; outer spaces and nothing at all can't be seen.
    let misleading =
        text.trim() != text || text.is_empty() || text.starts_with('(') || text == "absent";
    if misleading {
        format!("\"{shown}\"")
    } else {
        shown.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Shown {
        Shown::Value(text.into())
    }

    #[test]
    fn short_values_stand_as_they_are_and_misleading_ones_are_quoted() {
        assert_eq!(brief(&value("60s")), "60s");
        assert_eq!(brief(&value("")), "\"\"");
        assert_eq!(brief(&value("60s ")), "\"60s \"");
        assert_eq!(brief(&value("(secret)")), "\"(secret)\"");
        assert_eq!(brief(&value("absent")), "\"absent\"");
        assert_eq!(brief(&value("one\n")), "\"one\\n\"");
        assert_eq!(brief(&Shown::Redacted), "(secret)");
        assert_eq!(brief(&Shown::Opaque("sops".into())), "(opaque: sops)");
    }

    #[test]
    fn in_a_sentence_words_and_what_holds_blanks_are_quoted() {
        for (text, expected) in [
            ("on", "\"on\""),
            ("Off", "\"Off\""),
            ("live", "\"live\""),
            ("absent", "\"absent\""),
            ("hello world", "\"hello world\""),
            ("60s", "60s"),
            ("true", "true"),
            ("info", "info"),
            ("", "\"\""),
            ("60s ", "\"60s \""),
            ("[\"a b\"]", "[\"a b\"]"),
        ] {
            assert_eq!(spoken(&value(text)), expected);
        }
        assert_eq!(spoken(&Shown::Absent), "absent");
        assert_eq!(spoken(&Shown::Redacted), "(secret)");
    }

    #[test]
    fn long_values_are_cut_with_their_size() {
        let long = "x".repeat(1204);
        assert_eq!(
            brief(&value(&long)),
            format!("{}… (1,204 characters)", "x".repeat(40))
        );
        assert_eq!(brief(&value("a: 1\nb: 2\n")), "(2 lines, 10 characters)");
    }

    #[test]
    fn of_two_long_values_the_difference_is_shown() {
        let (a, b) = (
            format!("{}10", "x".repeat(100)),
            format!("{}20", "x".repeat(100)),
        );
        let (a, b) = beside(&value(&a), &value(&b));
        assert!(
            a.ends_with("x10 (102 characters)") && b.ends_with("x20 (102 characters)"),
            "{a} {b}"
        );
    }
}
