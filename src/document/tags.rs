//! YAML tags whose value only their own tool knows.

use super::lines::small;
use crate::model::tree::Span;

/// CloudFormation's intrinsic functions, whose argument is data.
const FUNCTIONS: [&str; 22] = [
    "And",
    "Base64",
    "Cidr",
    "Condition",
    "Equals",
    "FindInMap",
    "ForEach",
    "GetAZs",
    "GetAtt",
    "GetStackOutput",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Ref",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
];

/// References of Docker Compose, Home Assistant, Ansible and MkDocs to secrets, files and the
/// environment.
const REFERENCES: [&str; 11] = [
    "ENV",
    "env",
    "env_var",
    "file",
    "include",
    "input",
    "lookup",
    "reference",
    "secret",
    "vault",
    "vault-encrypted",
];

/// Tags whose value only their own tool knows.
pub(super) fn intrinsic(tag: &granit_parser::Tag) -> Option<Box<str>> {
    let (handle, suffix) = tag.original_parts();
    let known = FUNCTIONS.contains(&suffix) || REFERENCES.contains(&suffix);
    (handle == "!" && known).then(|| format!("!{suffix}").into())
}

/// The function that a short tag of CloudFormation stands for, as the long form spells it.
pub(super) fn long_form(tag: &granit_parser::Tag) -> Option<Box<str>> {
    let (handle, suffix) = tag.original_parts();
    if handle != "!" || !FUNCTIONS.contains(&suffix) {
        return None;
    }
    Some(match suffix {
        "Ref" | "Condition" => suffix.into(),
        suffix => format!("Fn::{suffix}").into(),
    })
}

/// Where the tag before a value stands; the parser does not say.
pub(super) fn tag_place(text: &str, from: usize, value: Span) -> Span {
    let behind = value.start as usize;
    let before = text.get(from..behind).unwrap_or_default();
    let Some(at) = before.rfind('!') else {
        return value;
    };
    let between = &before[at..];
    let width = between
        .find(|c: char| c.is_whitespace() || matches!(c, '[' | '{' | ',' | '"' | '\''))
        .unwrap_or(between.len());
    // YAML's line breaks: a line feed, a carriage return, or both together.
    let returns = between.matches('\r').count() - between.matches("\r\n").count();
    let breaks = small(between.matches('\n').count() + returns);
    let start = from + at;
    let column = if breaks == 0 {
        value.column.saturating_sub(small(between.chars().count()))
    } else {
        let line = text[..start].rfind(['\n', '\r']).map_or(0, |n| n + 1);
        small(text[line..start].chars().count() + 1)
    };
    Span {
        line: value.line.saturating_sub(breaks),
        column,
        start: small(start),
        end: small(start + width),
    }
}
