//! Intrinsics as people write them: `!GetAtt Db.Endpoint`, equal for equal ones however the
//! template spells them.

use crate::model::tree::{Kind, NodeRef};

/// Longer ones are cut and told apart by a digest.
const LONGEST: usize = 300;

/// The name and the argument of an intrinsic: a map of the one member `Ref`, `Condition` or `Fn::…`.
pub(super) fn intrinsic<'a>(node: NodeRef<'a>) -> Option<(&'a str, NodeRef<'a>)> {
    if node.kind() != Kind::Map {
        return None;
    }
    let mut members = node.children();
    let (only, None) = (members.next()?, members.next()) else {
        return None;
    };
    match only.key().as_str() {
        name @ ("Ref" | "Condition") => Some((name, only)),
        name => Some((name.strip_prefix("Fn::")?, only)),
    }
}

/// What a node comes to, where that is a text.
pub(super) type Lookup<'l, 'n> = &'l mut dyn FnMut(NodeRef<'n>) -> Option<String>;

/// The text of a value with its intrinsics in their short form, but for those that `known` knows:
/// two that differ in them are two.
pub(super) fn of<'n>(node: NodeRef<'n>, known: Lookup<'_, 'n>) -> String {
    let mut out = String::new();
    write(node, &mut out, known, true);
    cut(out)
}

/// A text that may be too long to show.
pub(super) fn cut(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text,
        Some((at, _)) => {
            let digest = blake3::hash(text.as_bytes()).to_hex();
            format!("{}… ({})", &text[..at], &digest[..8])
        }
    }
}

fn write<'n>(node: NodeRef<'n>, out: &mut String, known: Lookup<'_, 'n>, is_top: bool) {
    if let Some((name, argument)) = intrinsic(node) {
        if !is_top && let Some(text) = known(node) {
            return out.push_str(&text);
        }
        out.push('!');
        out.push_str(name);
        out.push(' ');
        return match (name, attribute(argument)) {
            ("GetAtt", Some(path)) => out.push_str(&path),
            _ => write(argument, out, known, false),
        };
    }
    match node.kind() {
        Kind::List => {
            out.push('[');
            for (n, item) in node.children().enumerate() {
                separate(n, out);
                write(item, out, known, false);
            }
            out.push(']');
        }
        Kind::Map => {
            let mut members: Vec<NodeRef<'n>> = node.children().collect();
            members.sort_by_key(|m| m.key().as_str());
            out.push('{');
            for (n, member) in members.into_iter().enumerate() {
                separate(n, out);
                out.push_str(member.key().as_str());
                out.push_str(": ");
                write(member, out, known, false);
            }
            out.push('}');
        }
        Kind::Opaque => out.push_str(node.text()),
        _ => out.push_str(&node.scalar_text()),
    }
}

fn separate(n: usize, out: &mut String) {
    if n > 0 {
        out.push_str(", ");
    }
}

/// `Db.Endpoint.Address` of `[Db, Endpoint.Address]`.
fn attribute(argument: NodeRef<'_>) -> Option<String> {
    match argument.kind() {
        Kind::Text => Some(argument.text().to_owned()),
        Kind::List => {
            let parts: Option<Vec<&str>> = argument.children().map(NodeRef::as_text).collect();
            Some(parts?.join("."))
        }
        _ => None,
    }
}
