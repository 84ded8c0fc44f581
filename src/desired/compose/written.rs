//! Values of Compose files as they are written, and as the container gets them.

use crate::{
    desired::settings::SettingsFile,
    model::tree::{Kind, NodeRef},
};

/// The value of a variable.
pub(super) enum Written {
    Text(String),
    /// A name only: the value is passed through.
    Nothing,
    /// `!reset`: the variable goes.
    Reset,
    /// Hidden by SOPS, or by a tag.
    Opaque(Box<str>),
}

/// Compose's own tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// `!reset`: what is below goes, and there is nothing instead.
    Reset,
    /// `!override`: what is below goes.
    Override,
}

/// Compose's own tag before a value, as it is written behind the key.
pub(super) fn tag(file: &SettingsFile, node: NodeRef<'_>) -> Option<Tag> {
    let key = node.key_span()?;
    let end = node.span().map_or(key.end, |s| s.end).max(key.end);
    let between = file.bytes.get(key.end as usize..end as usize)?;
    let text = std::str::from_utf8(between).ok()?;
    let text = text.trim_start().strip_prefix(':')?.trim_start();
    if text.starts_with("!reset") {
        Some(Tag::Reset)
    } else {
        text.starts_with("!override").then_some(Tag::Override)
    }
}

/// A value of a map as Go prints it, which is what the container gets.
pub(super) fn written(file: &SettingsFile, node: NodeRef<'_>) -> Option<Written> {
    if tag(file, node) == Some(Tag::Reset) {
        return Some(Written::Reset);
    }
    Some(match node.kind() {
        Kind::Null => Written::Nothing,
        Kind::Number => Written::Text(number(file, node)),
        Kind::Text | Kind::True | Kind::False => Written::Text(node.scalar_text().into_owned()),
        Kind::Opaque => Written::Opaque(node.text().into()),
        Kind::Sealed => Written::Opaque("secret".into()),
        Kind::Map | Kind::List => return None,
    })
}

/// Compose reads numbers with Go's `ParseInt(…, 0, …)` and prints them again: `015` is 13, `1.10`
/// is 1.1.
fn number(file: &SettingsFile, node: NodeRef<'_>) -> String {
    let text = node.text();
    let source = node
        .span()
        .and_then(|s| file.bytes.get(s.start as usize..s.end as usize))
        .and_then(|b| std::str::from_utf8(b).ok())
        .unwrap_or(text);
    let octal = source
        .strip_prefix('0')
        .filter(|digits| !digits.is_empty() && digits.bytes().all(|b| matches!(b, b'0'..=b'7')));
    if let Some(n) = octal.and_then(|digits| u64::from_str_radix(digits, 8).ok()) {
        return n.to_string();
    }
    if !text.contains(['.', 'e', 'E'])
        && (text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok())
    {
        return text.to_owned();
    }
    text.parse().map_or_else(|_| text.to_owned(), go_float)
}

/// A float as Go's `%v` prints it: with an exponent below 1e-4 and from 1e21 on.
fn go_float(n: f64) -> String {
    let size = n.abs();
    if n == 0.0 || (1e-4..1e21).contains(&size) {
        return n.to_string();
    }
    let text = format!("{n:e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ('-', exponent),
                None => ('+', exponent),
            };
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => text,
    }
}
