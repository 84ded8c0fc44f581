//! `select:`: the part of a document that is meant.

use super::near;
use crate::model::{
    path::{KeyPath, Segment},
    tree::{Kind, NodeRef},
};

/// The members that tell the items of a list apart, in the order in which they count.
const IDENTITIES: [&str; 6] = ["name", "key", "id", "Name", "Key", "Id"];

/// A path that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotSelected {
    /// How far it leads: the path of the last node that is there.
    pub reached: KeyPath,
    /// What is not there, and what is; holds names only.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// Whether it is certain that there is no such part: false where something on the way hides what
    /// is below or what it is called, is of another kind than the path says, or where two items are
    /// meant.
    pub certain: bool,
}

/// What lies at `path`: members by name, `[identity]` by `name`, `key` or `id`, `[#n]` by number
/// from 0.
///
/// # Errors
/// [`NotSelected`], with what is there instead.
pub fn select<'a>(root: NodeRef<'a>, path: &KeyPath) -> Result<NodeRef<'a>, NotSelected> {
    let mut here = root;
    for (at, segment) in path.0.iter().enumerate() {
        let wrong = Wrong {
            path,
            at,
            node: here,
        };
        here = match segment {
            Segment::Member(name) => here.member(name).ok_or_else(|| wrong.member(name))?,
            Segment::Index(n) => {
                let list = Some(here).filter(|h| h.kind() == Kind::List);
                list.and_then(|l| l.children().nth(*n as usize))
                    .ok_or_else(|| wrong.index())?
            }
            Segment::Item(keys) => item(here, keys, &wrong)?,
        };
    }
    Ok(here)
}

fn item<'a>(
    list: NodeRef<'a>,
    keys: &[Box<str>],
    wrong: &Wrong<'_>,
) -> Result<NodeRef<'a>, NotSelected> {
    let ([key], Kind::List) = (keys, list.kind()) else {
        return Err(wrong.item(keys));
    };
    let mut meant = list.children().filter(|i| is_called(*i, key));
    let first = meant.next().ok_or_else(|| wrong.item(keys))?;
    if meant.next().is_some() {
        return Err(wrong.twice(key));
    }
    Ok(first)
}

fn identity<'a>(item: NodeRef<'a>) -> Option<NodeRef<'a>> {
    let scalar = |n: &NodeRef<'_>| matches!(n.kind(), Kind::Text | Kind::Number);
    IDENTITIES
        .iter()
        .find_map(|name| item.member(name).filter(scalar))
}

/// Whether nobody can tell from here what an item is called.
fn is_nameless(item: NodeRef<'_>) -> bool {
    let first = IDENTITIES
        .iter()
        .find_map(|name| item.member(name).filter(|n| n.kind() != Kind::Null));
    hides(item) || first.is_some_and(hides)
}

/// Whether something is decided elsewhere: encrypted, a tag or an intrinsic of CloudFormation
/// (`Fn::Transform` adds members), or a template's text that nobody has filled in.
fn hides(node: NodeRef<'_>) -> bool {
    match node.kind() {
        Kind::Sealed | Kind::Opaque => true,
        Kind::Text => ["{{", "${"].iter().any(|t| node.text().contains(t)),
        Kind::Map => node.children().any(|member| {
            let name = member.key().as_str();
            name.starts_with("Fn::") || (name == "Ref" && node.len() == 1)
        }),
        _ => false,
    }
}

fn is_called(item: NodeRef<'_>, key: &str) -> bool {
    identity(item).is_some_and(|name| name.text() == key)
}

struct Wrong<'a> {
    path: &'a KeyPath,
    at: usize,
    node: NodeRef<'a>,
}

impl Wrong<'_> {
    fn member(&self, name: &str) -> NotSelected {
        let names: Vec<&str> = match self.node.kind() {
            Kind::Map => self.node.children().map(|c| c.key().as_str()).collect(),
            _ => Vec::new(),
        };
        let hint = match self.node.kind() {
            Kind::Map => near::did_you_mean(name, names),
            Kind::List => Some(format!(
                "a list's items are written `[{name}]`, by their name, key or id, or `[#0]`"
            )),
            _ => None,
        };
        self.nothing(hint)
    }

    fn item(&self, keys: &[Box<str>]) -> NotSelected {
        let first = keys.first().map_or("", |k| &**k);
        let hint = match self.node.kind() {
            Kind::List => {
                let names: Vec<&str> = self
                    .node
                    .children()
                    .filter_map(|i| Some(identity(i)?.text()))
                    .collect();
                match names.is_empty() {
                    false => near::did_you_mean(first, names),
                    true if self.node.is_empty() => None,
                    true => Some(
                        "its items have no name, key or id: `[#0]` is the first one".to_owned(),
                    ),
                }
            }
            Kind::Map => Some(format!("it is a map: write `.{first}`")),
            _ => None,
        };
        self.nothing(hint)
    }

    fn index(&self) -> NotSelected {
        let hint = match self.node.kind() {
            Kind::List => Some(format!("the list has {} items", self.node.len())),
            _ => None,
        };
        self.nothing(hint)
    }

    fn twice(&self, key: &str) -> NotSelected {
        NotSelected {
            message: format!("{} has two items called `{key}`", self.shown()),
            hint: Some("name the item by its number: `[#0]` is the first one".to_owned()),
            certain: false,
            reached: self.reached(),
        }
    }

    fn nothing(&self, hint: Option<String>) -> NotSelected {
        let what = match self.node.kind() {
            Kind::Map if self.node.is_empty() => "is an empty map",
            Kind::List if self.node.is_empty() => "is an empty list",
            Kind::Null => "is empty",
            Kind::Map | Kind::List => "has no such part",
            Kind::Sealed | Kind::Opaque => "is not readable from here",
            Kind::Text | Kind::Number | Kind::True | Kind::False => "is a single value",
        };
        NotSelected {
            message: format!("there is no `{}`: {} {what}", self.path, self.shown()),
            hint,
            certain: self.is_certain(),
            reached: self.reached(),
        }
    }

    /// Whether the node is what the path says and shows all that it holds; nothing holds nothing.
    fn is_certain(&self) -> bool {
        let wants_member = matches!(self.path.0.get(self.at), Some(Segment::Member(_)));
        match self.node.kind() {
            Kind::Null => true,
            Kind::Map | Kind::List if self.node.is_empty() => true,
            Kind::Map => wants_member && !hides(self.node),
            Kind::List => !wants_member && !self.node.children().any(is_nameless),
            _ => false,
        }
    }

    fn reached(&self) -> KeyPath {
        KeyPath(self.path.0[..self.at].to_vec())
    }

    fn shown(&self) -> String {
        match self.at {
            0 => "the file".to_owned(),
            _ => format!("`{}`", self.reached()),
        }
    }
}
