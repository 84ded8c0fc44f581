//! What stands beside a tree, because JSON cannot hold it inside: sealed leaves, opaque leaves and
//! numbers that JSON readers round. Inside the tree they are `null`, so that no content of a
//! document can pass for a seal.

use crate::model::{
    secret::{Digest, KeyId, SecretValue, hex, unhex},
    tree::{Kind, NodeRef, Tree, TreeBuilder},
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Maps and lists nested deeper than this are not written: `serde_json` would not read them back
/// (its limit is 128, of which the line takes one).
const MAX_DEPTH: usize = 126;

/// A step from the root of a tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Step<'a> {
    /// An item of a list, from 0.
    Index(u32),
    /// A member of a map.
    #[serde(borrow)]
    Member(Cow<'a, str>),
}

/// A secret: its digest, where there is one under the section's key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SealedAt<'a> {
    #[serde(borrow)]
    at: Vec<Step<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mac: Option<Cow<'a, str>>,
}

/// Present, not knowable; why.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OpaqueAt<'a> {
    #[serde(borrow)]
    at: Vec<Step<'a>>,
    symbol: Cow<'a, str>,
}

/// A number that is no integer of 64 bits, as it was written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NumberAt<'a> {
    #[serde(borrow)]
    at: Vec<Step<'a>>,
    text: Cow<'a, str>,
}

/// All that stands beside a tree, each list in the order of the tree as written.
#[derive(Default)]
pub(super) struct Marks<'a> {
    pub(super) sealed: Vec<SealedAt<'a>>,
    pub(super) opaque: Vec<OpaqueAt<'a>>,
    pub(super) numbers: Vec<NumberAt<'a>>,
}

impl Marks<'_> {
    fn is_empty(&self) -> bool {
        self.sealed.is_empty() && self.opaque.is_empty() && self.numbers.is_empty()
    }
}

/// Writes a tree as JSON, members sorted by name; of members with one name the last, as it is read
/// everywhere.
pub(super) struct Writer<'a, 'o> {
    pub(super) out: &'o mut Vec<u8>,
    pub(super) marks: Marks<'a>,
    /// Digests of other keys are left out: under this section's key they would mean another value.
    pub(super) key: Option<KeyId>,
    path: Vec<Step<'a>>,
}

impl<'a, 'o> Writer<'a, 'o> {
    pub(super) fn new(out: &'o mut Vec<u8>, key: Option<KeyId>) -> Writer<'a, 'o> {
        Writer {
            out,
            marks: Marks::default(),
            key,
            path: Vec::new(),
        }
    }

    /// # Errors
    /// What the reader would refuse, in words.
    pub(super) fn node(&mut self, n: NodeRef<'a>) -> Result<(), &'static str> {
        match n.kind() {
            Kind::Null => self.raw("null"),
            Kind::True => self.raw("true"),
            Kind::False => self.raw("false"),
            Kind::Text => self.text(n.text())?,
            Kind::Number => self.number(n.text())?,
            Kind::List => self.list(n)?,
            Kind::Map => self.map(n)?,
            Kind::Sealed => {
                let digest = n.secret().and_then(SecretValue::stored);
                let ours = digest.filter(|d| Some(d.key) == self.key);
                self.marks.sealed.push(SealedAt {
                    at: self.path.clone(),
                    mac: ours.map(|d| hex(&d.mac).into()),
                });
                self.raw("null");
            }
            Kind::Opaque => {
                self.marks.opaque.push(OpaqueAt {
                    at: self.path.clone(),
                    symbol: n.text().into(),
                });
                self.raw("null");
            }
        }
        Ok(())
    }

    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn text(&mut self, text: &str) -> Result<(), &'static str> {
        serde_json::to_writer(&mut *self.out, text).map_err(|_| "a text cannot be written")
    }

    fn number(&mut self, text: &'a str) -> Result<(), &'static str> {
        if is_integer(text) {
            self.raw(text);
            return Ok(());
        }
        if !is_number(text) {
            return Err("a number is none");
        }
        self.marks.numbers.push(NumberAt {
            at: self.path.clone(),
            text: text.into(),
        });
        self.raw("null");
        Ok(())
    }

    fn deeper(&self) -> Result<(), &'static str> {
        if self.path.len() >= MAX_DEPTH {
            return Err("nested deeper than 126 levels");
        }
        Ok(())
    }

    fn list(&mut self, n: NodeRef<'a>) -> Result<(), &'static str> {
        self.deeper()?;
        self.raw("[");
        for (i, child) in (0u32..).zip(n.children()) {
            if i > 0 {
                self.raw(",");
            }
            self.path.push(Step::Index(i));
            self.node(child)?;
            self.path.pop();
        }
        self.raw("]");
        Ok(())
    }

    fn map(&mut self, n: NodeRef<'a>) -> Result<(), &'static str> {
        self.deeper()?;
        let mut members: Vec<NodeRef<'a>> = n.children().collect();
        members.sort_by_key(|c| c.key().as_str());
        self.raw("{");
        let mut first = true;
        for (i, child) in members.iter().enumerate() {
            if members.get(i + 1).is_some_and(|c| c.key() == child.key()) {
                continue;
            }
            if !std::mem::take(&mut first) {
                self.raw(",");
            }
            let name = child.key().as_str();
            self.text(name)?;
            self.raw(":");
            self.path.push(Step::Member(name.into()));
            self.node(*child)?;
            self.path.pop();
        }
        self.raw("}");
        Ok(())
    }
}

/// An integer that every JSON reader keeps as it is.
fn is_integer(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|n| n.to_string() == text)
        || text.parse::<u64>().is_ok_and(|n| n.to_string() == text)
}

/// Whether `text` can be a number of any format: `1e3`, `0x1F`, `1_000`, `.inf`, `+12:30`.
fn is_number(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-._:".contains(&b))
}

/// Puts the marks back where they stood.
///
/// # Errors
/// When a mark is not at a `null` of the tree, out of order, or no mark that is ever written.
pub(super) fn restore(
    tree: Tree,
    marks: &Marks<'_>,
    key: Option<KeyId>,
) -> Result<Tree, &'static str> {
    if marks.is_empty() {
        return Ok(tree);
    }
    let mut restorer = Restorer {
        marks,
        next: [0; 3],
        key,
        out: TreeBuilder::new(),
    };
    restorer.node(tree.root(), &mut Vec::new())?;
    let [sealed, opaque, numbers] = restorer.next;
    let all = sealed == marks.sealed.len()
        && opaque == marks.opaque.len()
        && numbers == marks.numbers.len();
    if !all {
        return Err("a sealed or opaque place is not in the tree, or out of order");
    }
    Ok(restorer.out.finish())
}

/// Walks the tree once, with a cursor into each list of marks: linear whatever a file holds.
struct Restorer<'m> {
    marks: &'m Marks<'m>,
    /// The next of the sealed, the opaque, the numbers.
    next: [usize; 3],
    key: Option<KeyId>,
    out: TreeBuilder,
}

impl<'m> Restorer<'m> {
    fn node<'t>(&mut self, n: NodeRef<'t>, path: &mut Vec<Step<'t>>) -> Result<(), &'static str> {
        if matches!(n.kind(), Kind::Map | Kind::List) {
            let open = self.out.open(n.key(), n.kind());
            for (i, child) in (0u32..).zip(n.children()) {
                path.push(if n.kind() == Kind::List {
                    Step::Index(i)
                } else {
                    Step::Member(child.key().as_str().into())
                });
                self.node(child, path)?;
                path.pop();
            }
            self.out.close(open);
            return Ok(());
        }
        if n.kind() == Kind::Null && self.mark(n, path)? {
            return Ok(());
        }
        self.out.scalar(n.key(), n.kind(), n.text());
        Ok(())
    }

    fn mark(&mut self, n: NodeRef<'_>, path: &[Step<'_>]) -> Result<bool, &'static str> {
        let marks = self.marks;
        let [sealed, opaque, number] = self.next;
        if let Some(m) = marks.sealed.get(sealed).filter(|m| same(&m.at, path)) {
            self.next[0] += 1;
            self.out.sealed(n.key(), self.secret(m.mac.as_deref())?);
        } else if let Some(m) = marks.opaque.get(opaque).filter(|m| same(&m.at, path)) {
            self.next[1] += 1;
            self.out.scalar(n.key(), Kind::Opaque, &m.symbol);
        } else if let Some(m) = marks.numbers.get(number).filter(|m| same(&m.at, path)) {
            if !is_number(&m.text) || is_integer(&m.text) {
                return Err("a number beside the tree is none, or belongs inside");
            }
            self.next[2] += 1;
            self.out.scalar(n.key(), Kind::Number, &m.text);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn secret(&self, mac: Option<&str>) -> Result<SecretValue, &'static str> {
        let digest = match (mac, self.key) {
            (None, _) => None,
            (Some(_), None) => return Err("a digest, but no key in the head"),
            (Some(mac), Some(key)) => Some(Digest {
                key,
                mac: unhex(mac).ok_or("a digest is not 64 hexadecimal digits")?,
            }),
        };
        Ok(SecretValue::from_stored(digest))
    }
}

/// Compared from the leaf upwards: neighbours differ there.
fn same(a: &[Step<'_>], b: &[Step<'_>]) -> bool {
    a.len() == b.len() && a.iter().rev().eq(b.iter().rev())
}
