//! Escaping, one function per medium, and the few words and widths that all output shares.
//!
//! Everything dynamic in a report (keys, values, names of objects and people, messages of servers)
//! is somebody else's input. It reaches a terminal through [`terminal`] and a copied command line
//! through [`shell_word`], and in no other way.

pub mod page;

use std::{borrow::Cow, fmt::Write as _};

/// `text` for a terminal, on one line: control characters (ANSI escapes with them), bidirectional
/// overrides, line separators and characters without a width become visible, `\u{1b}`; newline,
/// tab and carriage return become `\n`, `\t`, `\r`.
///
/// Spaces other than the ordinary one are made visible too: two values that differ in a
/// no-break space must not look the same.
#[must_use]
pub fn terminal(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            '\r' => shown.push_str("\\r"),
            c if is_hidden(c) => {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            }
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Whether a character acts on a terminal, or can't be seen.
///
/// Unicode 16, `Bidi_Control`, `Default_Ignorable_Code_Point` and `White_Space`; of the ignorable
/// ones the variation selectors stay, which every second emoji ends with.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    match c {
        ' '..='~' => false,
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => true,
        c => c.is_control() || c.is_whitespace(),
    }
}

/// One argument of a command line, quoted so that a POSIX shell reads exactly `text`.
///
/// What [`is_hidden`] is written as `$'\033'` (POSIX.1-2024, and bash, zsh, ksh and busybox long
/// before), so that a copied line stays one line. An argument can't hold NUL.
#[must_use]
pub fn shell_word(text: &str) -> Cow<'_, str> {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if text.contains(is_hidden) {
        let mut word = String::from("$'");
        for c in text.chars() {
            match c {
                '\'' | '\\' => word.extend(['\\', c]),
                c if is_hidden(c) => {
                    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                        let _ = write!(word, "\\{byte:03o}");
                    }
                }
                c => word.push(c),
            }
        }
        word.push('\'');
        Cow::Owned(word)
    } else if !text.is_empty() && !text.starts_with('=') && text.chars().all(harmless) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', "'\\''")))
    }
}

/// A command line that can be pasted into a POSIX shell.
#[must_use]
pub fn shell_line<S: AsRef<str>>(argv: &[S]) -> String {
    let words: Vec<_> = argv.iter().map(|a| shell_word(a.as_ref())).collect();
    words.join(" ")
}

/// Columns that `text` takes, counted in characters.
#[must_use]
pub fn width(text: &str) -> usize {
    text.chars().count()
}

/// `text`, or its beginning and `…`, in at most `max` characters.
#[must_use]
pub fn truncate(text: &str, max: usize) -> Cow<'_, str> {
    if width(text) <= max {
        return Cow::Borrowed(text);
    }
    let mut cut: String = text.chars().take(max.saturating_sub(1)).collect();
    cut.push('…');
    Cow::Owned(cut)
}

/// `1 setting`, `2 settings`, `1,204 settings`; words in `-y` after a consonant become `-ies`.
#[must_use]
pub fn plural(n: usize, word: &str) -> String {
    let number = number(n as u64);
    if n == 1 {
        return format!("{number} {word}");
    }
    match word.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{number} {stem}ies"),
        _ => format!("{number} {word}s"),
    }
}

/// `1204` as `1,204`.
#[must_use]
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(c);
    }
    grouped
}

/// `a, b, c`, or the first `max` of them `and 38 more`.
#[must_use]
pub fn list<S: AsRef<str>>(items: &[S], max: usize) -> String {
    let shown: Vec<&str> = items.iter().take(max).map(AsRef::as_ref).collect();
    match items.len().saturating_sub(max) {
        0 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), number(more as u64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    #[test]
    fn what_acts_on_a_terminal_becomes_visible() {
        assert_eq!(terminal("60s"), "60s");
        assert_eq!(terminal("a\nb\tc\r"), "a\\nb\\tc\\r");
        assert_eq!(terminal("\u{1b}[2J"), "\\u{1b}[2J");
        assert_eq!(terminal("\u{9b}31m\u{7f}"), "\\u{9b}31m\\u{7f}");
        assert_eq!(terminal("a\u{202e}b\u{2066}c"), "a\\u{202e}b\\u{2066}c");
        assert_eq!(
            terminal("a\u{2028}b\u{a0}c\u{200b}"),
            "a\\u{2028}b\\u{a0}c\\u{200b}"
        );
        assert_eq!(terminal("Zoë 東京"), "Zoë 東京");
    }

    #[test]
    fn words_for_a_shell() {
        for plain in ["DB_TIMEOUT", "deployment/api", "--key=a.b", "10:20"] {
            assert_eq!(shell_word(plain), plain);
        }
        assert_eq!(shell_word(""), "''");
        assert_eq!(shell_word("$(id)"), "'$(id)'");
        assert_eq!(shell_word("it's"), "'it'\\''s'");
        assert_eq!(shell_word("=ls"), "'=ls'");
        assert_eq!(shell_word("a\nb'\\"), "$'a\\012b\\'\\\\'");
        assert_eq!(shell_line(&["kubectl", "get", "a b"]), "kubectl get 'a b'");
    }

    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        let hostile = [
            "$(touch x)",
            "`id`",
            "a'b\"c\\",
            "x;y|z&",
            "*?[a]",
            "~root",
            "!1",
            "#no",
            "a  b",
            "-n",
        ];
        for word in hostile {
            let line = format!("printf %s {}", shell_word(word));
            let read = Command::new("sh")
                .args(["-c", &line])
                .output()
                .expect("a shell");
            assert_eq!(String::from_utf8_lossy(&read.stdout), word, "{line}");
        }
    }

    #[test]
    fn counts_lists_and_cuts() {
        assert_eq!(plural(1, "setting"), "1 setting");
        assert_eq!(plural(0, "entry"), "0 entries");
        assert_eq!(plural(2, "key"), "2 keys");
        assert_eq!(number(1_204), "1,204");
        assert_eq!(number(999), "999");
        assert_eq!(number(12_345_678), "12,345,678");
        assert_eq!(truncate("abcdef", 4), "abc…");
        assert_eq!(truncate("äbcd", 4), "äbcd");
        assert_eq!(list(&["a", "b", "c"], 2), "a, b and 1 more");
        assert_eq!(list(&["a", "b"], 2), "a, b");
    }

    proptest! {
        #[test]
        fn no_control_character_survives(text in any::<String>()) {
            prop_assert!(!terminal(&text).contains(is_hidden));
            prop_assert!(!shell_word(&text).contains(is_hidden));
        }
    }
}
