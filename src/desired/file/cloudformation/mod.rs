//! AWS CloudFormation and SAM templates: what follows from the template and from known parameters
//! is resolved, everything else is a symbol, equal to itself.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>

mod evaluate;
mod shown;
#[cfg(test)]
mod tests;

use self::evaluate::{Evaluator, Known, Result};
use super::{SettingsFile, no_settings, not_there};
use crate::{
    desired::{
        DesiredContext,
        settings::{self, Collector, Sealer, Wrong},
    },
    model::{
        entry::{Entry, Origin},
        observation::ItemId,
        path::{KeyPath, Segment},
        place::Place,
        problem::Problem,
        setting::{KeyStyle, SettingEntry, setting_name},
        target::FilePart,
        tree::{Kind, NodeRef},
        value::Value,
    },
};
use std::sync::Arc;

/// Reads the selected part of a template. What SAM takes from `Globals` for a function comes
/// before what the function says itself.
pub(super) fn read(
    part: &FilePart,
    file: &SettingsFile,
    root: NodeRef<'_>,
    cx: &DesiredContext<'_>,
    out: &mut Collector,
) {
    let everything = KeyPath::default();
    let base = part.select.as_ref().unwrap_or(&everything);
    let sealer = Sealer::new(&file.path, cx);
    let evaluator = Evaluator::new(root, &part.parameters, &file.path, &sealer);
    for name in evaluator.unused_parameters() {
        let place = Place::exact(file.path.clone(), None);
        let message = format!("`parameters` has `{name}`, which is no parameter of the template");
        out.malformed(Problem::new(Some(place), message).harmless());
    }
    let reader = Reader {
        evaluator: &evaluator,
        sealer: &sealer,
        file,
    };
    let global = globals(root, base);
    if let Some(base) = &global
        && let Ok(node) = evaluator.select(root, base)
    {
        reader.read(base, &node, out);
    }
    match evaluator.select(root, base) {
        Ok(node) => reader.read(base, &node, out),
        Err(not) if not.certain && (part.if_absent_skip || has(root, global.as_ref())) => {}
        Err(not) => out.malformed(not_there(&not, file, root)),
    }
}

/// Where SAM takes from what a function does not say: `Globals.Function.…` for
/// `Resources.<name>.Properties.…`.
fn globals(root: NodeRef<'_>, base: &KeyPath) -> Option<KeyPath> {
    let [
        Segment::Member(resources),
        Segment::Member(name),
        Segment::Member(properties),
        rest @ ..,
    ] = base.0.as_slice()
    else {
        return None;
    };
    let kind = root.text_at(&["Resources", name, "Type"])?;
    let kind = kind.strip_prefix("AWS::Serverless::")?;
    (&**resources == "Resources" && &**properties == "Properties").then(|| {
        let mut path = KeyPath::members(&["Globals", kind]);
        path.0.extend(rest.iter().cloned());
        path
    })
}

fn has(root: NodeRef<'_>, path: Option<&KeyPath>) -> bool {
    path.is_some_and(|p| settings::select(root, p).is_ok())
}

struct Reader<'a, 'c> {
    evaluator: &'a Evaluator<'a>,
    sealer: &'a Sealer<'c>,
    file: &'a SettingsFile,
}

impl Reader<'_, '_> {
    fn read(&self, base: &KeyPath, node: &Result<'_>, out: &mut Collector) {
        let wrong = match &node.known {
            Known::Gone => return,
            Known::Node(n) => match n.kind() {
                Kind::Null => return,
                Kind::Map => None,
                Kind::List if n.is_empty() || self.named(*n).is_some() => None,
                Kind::List => Some((Wrong::List, *n)),
                _ => Some((Wrong::Scalar, *n)),
            },
            Known::Text(_) => Some((Wrong::Scalar, node.at)),
            Known::Symbol(_) => {
                let place = Place::exact(self.file.path.clone(), node.at.span());
                let message =
                    format!("`{base}` depends on what is not known from the template alone");
                return out.malformed(Problem::new(Some(place), message).hint(
                    "give the parameters that it depends on: `parameters: { NAME: value }`",
                ));
            }
        };
        if let Some((wrong, n)) = wrong {
            return out.malformed(no_settings(wrong, base, self.file, n));
        }
        let style = match &node.known {
            Known::Node(n) if n.kind() == Kind::List => KeyStyle::Environment,
            _ if base.0.last() == Some(&Segment::Member("Variables".into())) => {
                KeyStyle::Environment
            }
            _ => KeyStyle::Tree,
        };
        let mut walk = Walk {
            reader: self,
            base,
            style,
            path: KeyPath::default(),
            out: &mut out.settings,
        };
        walk.settings(node);
    }

    /// The items of a list of `{ Name, Value }`, conditions decided.
    fn named<'n>(&'n self, list: NodeRef<'n>) -> Option<Vec<Named<'n>>> {
        let mut out = Vec::new();
        for item in list.children() {
            let item = self.evaluator.evaluate(item);
            let node = match item.known {
                Known::Gone => continue,
                Known::Node(node) if node.kind() == Kind::Map => node,
                _ => return None,
            };
            let one_of = |names: [&str; 2]| names.iter().find_map(|n| node.member(n));
            let name = one_of(["Name", "name"])?.as_text()?;
            let value =
                one_of(["Value", "value"]).or_else(|| one_of(["ValueFrom", "valueFrom"]))?;
            if node.len() != 2 || name.is_empty() {
                return None;
            }
            out.push(Named {
                name,
                value,
                from: item.from,
            });
        }
        (!out.is_empty() || !list.is_empty()).then_some(out)
    }
}

struct Named<'n> {
    name: &'n str,
    value: NodeRef<'n>,
    from: Vec<Origin>,
}

struct Walk<'w, 'a, 'c> {
    reader: &'w Reader<'a, 'c>,
    base: &'w KeyPath,
    style: KeyStyle,
    path: KeyPath,
    out: &'w mut Vec<SettingEntry>,
}

impl Walk<'_, '_, '_> {
    fn settings(&mut self, here: &Result<'_>) {
        if let Known::Node(node) = &here.known {
            if node.kind() == Kind::Map && (!node.is_empty() || self.path.0.is_empty()) {
                for child in node.children() {
                    self.path
                        .0
                        .push(Segment::Member(child.key().as_str().into()));
                    let below = self.reader.evaluator.evaluate(child);
                    self.settings(&below.because(&here.from));
                    self.path.0.pop();
                }
                return;
            }
            if node.kind() == Kind::List
                && let Some(items) = self.reader.named(*node)
            {
                for item in items {
                    let key = Segment::Member(item.value.key().as_str().into());
                    self.path.0.push(Segment::Item(vec![item.name.into()]));
                    self.path.0.push(key);
                    let value = self.reader.evaluator.evaluate(item.value);
                    self.leaf(&value.because(&item.from).because(&here.from));
                    self.path.0.truncate(self.path.0.len() - 2);
                }
                return;
            }
        }
        self.leaf(here);
    }

    fn leaf(&mut self, leaf: &Result<'_>) {
        if matches!(leaf.known, Known::Gone) || self.path.0.is_empty() {
            return;
        }
        let name = setting_name(&self.path);
        let file = &self.reader.file.path;
        let mut full = self.base.clone();
        full.0.extend(self.path.0.iter().cloned());
        let secret = leaf.secret || self.reader.evaluator.is_no_echo(&full);
        let value = self.value(&name, leaf, secret);
        let span = leaf.at.span().or_else(|| leaf.at.key_span());
        let own = Origin {
            item: ItemId::Document((**file).into()),
            path: full,
            place: Some(Place::exact(Arc::clone(file), span)),
        };
        let mut entry = Entry::of(value, own);
        entry.from.extend(leaf.from.iter().cloned());
        self.out.push(SettingEntry {
            name,
            style: self.style,
            path: self.path.clone(),
            entry,
            seen_by: Arc::default(),
            doubt: None,
        });
    }

    fn value(&self, name: &str, leaf: &Result<'_>, secret: bool) -> Value {
        let sealer = self.reader.sealer;
        let secret = secret || leaf.secret || self.is_made_of_secrets(leaf);
        match &leaf.known {
            Known::Text(text) if secret => sealer.secret(text),
            Known::Text(text) => sealer.text(name, text),
            Known::Node(node) if secret => sealer.secret_node(*node),
            Known::Node(node) => match (settings::value_of(&self.path, *node), node.kind()) {
                (symbol @ Value::Symbol(_), _) => symbol,
                (_, Kind::Map | Kind::List) if self.reader.evaluator.is_open(*node) => {
                    let (mut secret, mut from) = (false, Vec::new());
                    let evaluator = self.reader.evaluator;
                    let text = evaluator.shown(*node, 0, &mut secret, &mut from);
                    match secret {
                        true => sealer.hidden(&text),
                        false => sealer.symbol(name, "", &text),
                    }
                }
                _ => sealer.node(name, *node),
            },
            Known::Symbol(text) if secret => sealer.hidden(text),
            Known::Symbol(text) => sealer.symbol(name, "", text),
            Known::Gone => Value::Opaque("AWS::NoValue".into()),
        }
    }

    /// Whether a parameter or a mapping that it was made from has the name of a secret.
    fn is_made_of_secrets(&self, leaf: &Result<'_>) -> bool {
        let text = match &leaf.known {
            Known::Text(text) => text.clone(),
            // That of a parameter in a store is an address.
            Known::Symbol(text) if !text.contains("ssm parameter ") => text.clone(),
            Known::Node(node) if !matches!(node.kind(), Kind::Map | Kind::List) => {
                node.scalar_text().into_owned()
            }
            _ => return false,
        };
        leaf.from.iter().any(|origin| {
            let name = match origin.path.0.as_slice() {
                [Segment::Member(of), Segment::Member(name), ..] if &**of == "Parameters" => name,
                [.., Segment::Member(name)] => name,
                _ => return false,
            };
            self.reader.sealer.is_secret(name, &text)
        })
    }
}
