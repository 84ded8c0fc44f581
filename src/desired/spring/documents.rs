//! Spring Boot's files to documents of properties with flat names.

use super::{names, profiles};
use crate::{
    desired::settings::SettingsFile,
    model::{
        entry::Origin,
        name::Name,
        observation::ItemId,
        path::{KeyPath, Segment},
        place::Place,
        tree::{Kind, NodeRef, Span, Tree, TreeBuilder},
    },
};
use std::{collections::BTreeMap, sync::Arc};

/// One document of a file.
pub(super) struct Doc {
    /// The file, as places name it.
    pub(super) file: Arc<str>,
    pub(super) properties: Vec<Property>,
}

/// A property, as it is written.
pub(super) struct Property {
    /// As it is written, members of maps joined by dots.
    pub(super) name: String,
    /// [`names::uniform`] of it.
    pub(super) uniform: String,
    pub(super) value: Raw,
    /// The leaf, or the items of a list that is written item by item.
    pub(super) from: Vec<Origin>,
}

/// A value before placeholders are filled in.
pub(super) enum Raw {
    /// A scalar as Spring hands it out: a text.
    Text(String),
    /// A list.
    List(Tree),
    /// Not readable from here.
    Opaque(Box<str>),
}

impl Doc {
    /// The property of this uniform name.
    pub(super) fn get(&self, uniform: &str) -> Option<&Property> {
        self.properties.iter().rfind(|p| p.uniform == uniform)
    }

    /// The items of a property that is a list, or a text with commas.
    pub(super) fn items(&self, uniform: &str) -> Vec<String> {
        self.get(uniform).map_or(vec![], Property::items)
    }

    /// Whether the document counts with these profiles; none are known while profiles are looked
    /// for. An error is an expression that Spring refuses.
    pub(super) fn is_active(&self, active: Option<&[String]>) -> Result<bool, &Property> {
        let condition = self
            .get("spring.config.activate.onprofile")
            .or_else(|| self.get("spring.profiles"));
        let Some(condition) = condition else {
            return Ok(true);
        };
        let expressions = condition.items();
        if expressions.is_empty() {
            return Ok(true);
        }
        let Some(active) = active else {
            return Ok(false);
        };
        let mut holds = false;
        for expression in expressions {
            holds |= profiles::holds(&expression, active).ok_or(condition)?;
        }
        Ok(holds)
    }
}

impl Property {
    /// Its items: of a list, or of a text with commas.
    pub(super) fn items(&self) -> Vec<String> {
        match &self.value {
            Raw::Text(text) => profiles::listed(text).collect(),
            Raw::List(list) => list
                .root()
                .children()
                .map(|i| i.scalar_text().trim().to_owned())
                .filter(|i| !i.is_empty())
                .collect(),
            Raw::Opaque(_) => Vec::new(),
        }
    }

    pub(super) fn place(&self) -> Option<Place> {
        self.from.first()?.place.clone()
    }
}

/// The documents of a file, in their order.
pub(super) fn of(file: &SettingsFile) -> Vec<Doc> {
    file.documents
        .iter()
        .map(|document| {
            let mut flat = Flat {
                file: &file.path,
                bytes: &file.bytes,
                item: ItemId::Document((*file.path).into()),
                out: Vec::new(),
            };
            flat.node(document.tree.root(), String::new(), &mut KeyPath::default());
            Doc {
                file: file.path.clone(),
                properties: lists(flat.out),
            }
        })
        .collect()
}

struct Flat<'f> {
    file: &'f Arc<str>,
    bytes: &'f [u8],
    item: ItemId,
    out: Vec<Property>,
}

impl<'f> Flat<'f> {
    /// `y` and `n` are letters to SnakeYAML, and booleans to kubectl, as which they were read.
    fn letter(&self, read: &str, at: Option<Span>) -> Option<&'f str> {
        let span = at.filter(|_| matches!(read, "true" | "false"))?;
        let written = self.bytes.get(span.start as usize..span.end as usize)?;
        let written = std::str::from_utf8(written).ok()?;
        matches!(written, "y" | "Y" | "n" | "N").then_some(written)
    }

    fn node(&mut self, node: NodeRef<'_>, name: String, path: &mut KeyPath) {
        let value = match node.kind() {
            Kind::Map => {
                for child in node.children() {
                    let key = child.key().as_str();
                    let key = self.letter(key, child.key_span()).unwrap_or(key);
                    let below = match name.is_empty() || key.starts_with('[') {
                        true => format!("{name}{key}"),
                        false => format!("{name}.{key}"),
                    };
                    path.0.push(Segment::Member(key.into()));
                    self.node(child, below, path);
                    path.0.pop();
                }
                return;
            }
            Kind::List => Raw::List(Tree::of(node)),
            Kind::Opaque => Raw::Opaque(node.text().into()),
            Kind::Sealed => Raw::Opaque("secret".into()),
            // Spring's own loader makes an empty text of it.
            Kind::Null => Raw::Text(String::new()),
            _ => {
                let text = node.scalar_text();
                let letter = self.letter(&text, node.span());
                Raw::Text(letter.map_or_else(|| text.to_string(), str::to_owned))
            }
        };
        if name.is_empty() {
            return;
        }
        let span = node.span().or_else(|| node.key_span());
        self.out.push(Property {
            uniform: names::uniform(&name),
            name,
            value,
            from: vec![Origin {
                item: self.item.clone(),
                path: path.clone(),
                place: Some(Place::exact(Arc::clone(self.file), span)),
            }],
        });
    }
}

/// `a[0]`, `a[1]` … as one list `a`, where no number is missing: Spring takes a list from one
/// document as a whole.
fn lists(properties: Vec<Property>) -> Vec<Property> {
    let mut items: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (n, property) in properties.iter().enumerate() {
        if let Some((base, _, _)) = names::first_index(&property.name) {
            items.entry(names::uniform(base)).or_default().push(n);
        }
    }
    if items.is_empty() {
        return properties;
    }
    let mut properties: Vec<Option<Property>> = properties.into_iter().map(Some).collect();
    for numbers in items.into_values() {
        let parts: Vec<&Property> = numbers
            .iter()
            .filter_map(|n| properties[*n].as_ref())
            .collect();
        let mut root = Part::default();
        let fits = parts.iter().all(|p| {
            names::first_index(&p.name)
                .is_some_and(|(base, _, _)| root.add(&p.name[base.len()..], &p.value, 0).is_some())
        });
        let Some(first) = parts.first().filter(|_| fits && root.is_whole()) else {
            continue;
        };
        let name = names::first_index(&first.name).map_or("", |(base, _, _)| base);
        let mut tree = TreeBuilder::new();
        root.write(Name::NONE, &mut tree);
        let list = Property {
            name: name.to_owned(),
            uniform: names::uniform(name),
            value: Raw::List(tree.finish()),
            from: parts.iter().flat_map(|p| p.from.clone()).collect(),
        };
        for n in &numbers {
            properties[*n] = None;
        }
        if let Some(first) = numbers.first() {
            properties[*first] = Some(list);
        }
    }
    properties.into_iter().flatten().collect()
}

/// A list that is put together from `[0].a`, `[0].b`, `[1].a` …
#[derive(Default)]
struct Part {
    leaf: Option<Leaf>,
    items: BTreeMap<usize, Part>,
    members: Vec<(String, Part)>,
}

enum Leaf {
    Text(String),
    List(Tree),
    Opaque(Box<str>),
}

/// Lists in lists.
const DEEPEST: usize = 20;

impl Part {
    /// Nothing where two values are at one place, or the name is no path.
    fn add(&mut self, rest: &str, value: &Raw, depth: usize) -> Option<()> {
        if depth > DEEPEST || self.leaf.is_some() {
            return None;
        }
        if rest.is_empty() {
            if !self.items.is_empty() || !self.members.is_empty() {
                return None;
            }
            self.leaf = Some(match value {
                Raw::Text(text) => Leaf::Text(text.clone()),
                Raw::List(tree) => Leaf::List(tree.clone()),
                Raw::Opaque(symbol) => Leaf::Opaque(symbol.clone()),
            });
            return Some(());
        }
        if let Some(inner) = rest.strip_prefix('[') {
            let (number, behind) = inner.split_once(']')?;
            if !self.members.is_empty() {
                return None;
            }
            let part = self.items.entry(number.parse().ok()?).or_default();
            return part.add(behind, value, depth + 1);
        }
        let rest = rest.strip_prefix('.')?;
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let name = &rest[..end];
        if name.is_empty() || !self.items.is_empty() {
            return None;
        }
        let at = match self.members.iter().position(|(n, _)| n == name) {
            Some(at) => at,
            None => {
                self.members.push((name.to_owned(), Part::default()));
                self.members.len() - 1
            }
        };
        self.members[at].1.add(&rest[end..], value, depth + 1)
    }

    /// Whether no item is missing.
    fn is_whole(&self) -> bool {
        self.items
            .iter()
            .enumerate()
            .all(|(n, (number, part))| n == *number && part.is_whole())
            && self.members.iter().all(|(_, part)| part.is_whole())
    }

    fn write(&self, key: Name, out: &mut TreeBuilder) {
        match &self.leaf {
            Some(Leaf::Text(text)) => {
                out.scalar(key, Kind::Text, text);
            }
            Some(Leaf::List(tree)) => {
                out.copy(key, tree.root());
            }
            Some(Leaf::Opaque(symbol)) => {
                out.scalar(key, Kind::Opaque, symbol);
            }
            None if self.members.is_empty() => {
                let open = out.open(key, Kind::List);
                for part in self.items.values() {
                    part.write(Name::NONE, out);
                }
                out.close(open);
            }
            None => {
                let open = out.open(key, Kind::Map);
                for (name, part) in &self.members {
                    part.write(Name::new(name), out);
                }
                out.close(open);
            }
        }
    }
}
