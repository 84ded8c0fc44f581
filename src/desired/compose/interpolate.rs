//! `${NAME}` in Compose files.
//!
//! <https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md>

use super::variables::Variables;
use crate::model::entry::Origin;

/// A text with its variables filled in, as far as they are known.
#[derive(Default)]
pub(super) struct Filled {
    /// Names that are not known stay as `${NAME}`.
    pub(super) text: String,
    /// Whether nothing is left that only the environment of whoever runs Compose knows.
    pub(super) known: bool,
    /// Whether a secret went into it.
    pub(super) secret: bool,
    /// Where the variables are set.
    pub(super) from: Vec<Origin>,
}

/// Why Compose refuses a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// No form that Compose knows.
    Malformed,
    /// `${NAME:?message}` of a variable that is set to nothing.
    Required,
}

/// Defaults inside defaults.
const DEEPEST: usize = 20;
/// A text may not grow beyond this many bytes.
const LONGEST: usize = 1 << 20;

/// Fills in what `.env` knows; what it does not know has its default, or is not known at all.
pub(super) fn interpolate(text: &str, variables: &Variables) -> Result<Filled, Refused> {
    let mut out = Filled {
        known: true,
        ..Filled::default()
    };
    fill(text, variables, &mut out, 0)?;
    Ok(out)
}

fn fill(text: &str, variables: &Variables, out: &mut Filled, depth: usize) -> Result<(), Refused> {
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        out.text.push_str(before);
        if let Some(after) = behind.strip_prefix('$') {
            out.text.push('$');
            rest = after;
        } else if let Some(inner) = behind.strip_prefix('{') {
            let close = closing(inner).ok_or(Refused::Malformed)?;
            braced(&inner[..close], variables, out, depth)?;
            rest = &inner[close + 1..];
        } else {
            let name = name_of(behind);
            if name.is_empty() {
                return Err(Refused::Malformed);
            }
            variable(name, variables, out);
            rest = &behind[name.len()..];
        }
        if depth > DEEPEST || out.text.len() > LONGEST {
            return Err(Refused::Malformed);
        }
    }
    out.text.push_str(rest);
    Ok(())
}

/// `NAME`, `NAME:-default`, `NAME-default`, `NAME:?message`, `NAME?message`, `NAME:+other`,
/// `NAME+other`.
fn braced(
    inner: &str,
    variables: &Variables,
    out: &mut Filled,
    depth: usize,
) -> Result<(), Refused> {
    let name = name_of(inner);
    if name.is_empty() {
        return Err(Refused::Malformed);
    }
    let rest = &inner[name.len()..];
    let (colon, rest) = match rest.strip_prefix(':') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let set = variables.get(name);
    // With a colon, what is set to nothing is as if it were not set.
    let counts = set.is_some_and(|v| !colon || !v.is_empty());
    let mut chars = rest.chars();
    match chars.next() {
        None if !colon => variable(name, variables, out),
        Some('-') if counts => variable(name, variables, out),
        Some('-') => fill(chars.as_str(), variables, out, depth + 1)?,
        Some('+') if counts => {
            out.from.extend(set.and_then(|v| v.origin.clone()));
            fill(chars.as_str(), variables, out, depth + 1)?;
        }
        Some('+') => {}
        Some('?') if set.is_some() && !counts => return Err(Refused::Required),
        Some('?') => variable(name, variables, out),
        _ => return Err(Refused::Malformed),
    }
    Ok(())
}

fn variable(name: &str, variables: &Variables, out: &mut Filled) {
    let Some(variable) = variables.get(name) else {
        out.known = false;
        out.text.push_str("${");
        out.text.push_str(name);
        out.text.push('}');
        return;
    };
    match &variable.text {
        Some(text) => out.text.push_str(text),
        None => {
            out.known = false;
            out.text.push_str(&format!("${{{name}}}"));
        }
    }
    out.secret |= variable.secret;
    out.from.extend(variable.origin.clone());
}

fn name_of(text: &str) -> &str {
    let end = text
        .find(|c: char| c != '_' && !c.is_ascii_alphanumeric())
        .unwrap_or(text.len());
    match text.as_bytes().first() {
        Some(b) if b.is_ascii_digit() => "",
        _ => &text[..end],
    }
}

/// The brace that closes the one before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1_usize;
    let mut before = '\0';
    for (at, c) in text.char_indices() {
        match c {
            '{' if before == '$' => open += 1,
            '}' if open == 1 => return Some(at),
            '}' => open -= 1,
            _ => {}
        }
        before = c;
    }
    None
}
