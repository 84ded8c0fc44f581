//! What intrinsics come to, as far as the template and the known parameters tell.

use super::shown::{self, intrinsic};
use crate::{
    classify::is_no_echo,
    desired::settings::{self, NotSelected, Sealer},
    model::{
        entry::Origin,
        observation::ItemId,
        path::{KeyPath, Segment},
        place::Place,
        tree::{Kind, NodeRef},
    },
};
use std::{cell::Cell, collections::BTreeMap, sync::Arc};

/// Intrinsics inside intrinsics, and conditions of conditions.
const DEEPEST: usize = 50;
/// Intrinsics of one reading; a condition may be asked by many.
const MOST: usize = 200_000;

/// What a node comes to.
pub(super) struct Result<'a> {
    pub(super) known: Known<'a>,
    /// The node that stands in the template.
    pub(super) at: NodeRef<'a>,
    /// Parameters and mappings that it was made from.
    pub(super) from: Vec<Origin>,
    /// Made from a `NoEcho` parameter, or from one or a mapping whose name or value is a secret's.
    pub(super) secret: bool,
}

/// As far as it is known.
pub(super) enum Known<'a> {
    /// A value as it is written; intrinsics may be below.
    Node(NodeRef<'a>),
    /// A text that was put together, or a parameter's.
    Text(String),
    /// The stable text of what is not known.
    Symbol(String),
    /// `AWS::NoValue`.
    Gone,
}

impl<'a> Result<'a> {
    fn new(at: NodeRef<'a>, known: Known<'a>) -> Result<'a> {
        Result {
            known,
            at,
            from: Vec::new(),
            secret: false,
        }
    }

    /// With what decided that it is this one.
    pub(super) fn because(mut self, from: &[Origin]) -> Result<'a> {
        for origin in from {
            if !self.from.contains(origin) {
                self.from.push(origin.clone());
            }
        }
        self
    }

    /// The text of a known scalar.
    fn text(&self) -> Option<String> {
        match &self.known {
            Known::Text(text) => Some(text.clone()),
            Known::Node(node) => match node.kind() {
                Kind::Text | Kind::Number | Kind::True | Kind::False => {
                    Some(node.scalar_text().into_owned())
                }
                _ => None,
            },
            Known::Symbol(_) | Known::Gone => None,
        }
    }
}

/// A template with the parameters that are known.
pub(super) struct Evaluator<'a> {
    root: NodeRef<'a>,
    given: &'a BTreeMap<Box<str>, Box<str>>,
    file: &'a Arc<str>,
    sealer: &'a Sealer<'a>,
    left: Cell<usize>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(
        root: NodeRef<'a>,
        given: &'a BTreeMap<Box<str>, Box<str>>,
        file: &'a Arc<str>,
        sealer: &'a Sealer<'a>,
    ) -> Evaluator<'a> {
        Evaluator {
            root,
            given,
            file,
            sealer,
            left: Cell::new(MOST),
        }
    }

    /// Known parameters that the template does not have.
    pub(super) fn unused_parameters(&self) -> impl Iterator<Item = &'a str> {
        let parameters = self.root.member("Parameters");
        self.given
            .keys()
            .map(|name| &**name)
            .filter(|name| !name.starts_with("AWS::"))
            .filter(move |name| parameters.is_none_or(|p| p.member(name).is_none()))
    }

    /// Whether `path` is that of a value that nobody shall echo.
    pub(super) fn is_no_echo(&self, path: &KeyPath) -> bool {
        let [
            Segment::Member(parameters),
            Segment::Member(name),
            Segment::Member(part),
            ..,
        ] = path.0.as_slice()
        else {
            return false;
        };
        &**parameters == "Parameters"
            && matches!(&**part, "Default" | "AllowedValues")
            && self.root.at(&["Parameters", name]).is_some_and(is_no_echo)
    }

    /// What lies at `path`, conditions on the way decided.
    pub(super) fn select(
        &self,
        root: NodeRef<'a>,
        path: &KeyPath,
    ) -> std::result::Result<Result<'a>, NotSelected> {
        let plain = match settings::select(root, path) {
            Ok(node) => return Ok(self.evaluate(node)),
            Err(not) => not,
        };
        let mut here = self.evaluate(root);
        for segment in &path.0 {
            let step = KeyPath(vec![segment.clone()]);
            let Known::Node(node) = here.known else {
                return match here.known {
                    Known::Symbol(_) => Ok(here),
                    _ => Err(plain),
                };
            };
            let Ok(next) = settings::select(node, &step) else {
                return Err(plain);
            };
            here = self.evaluate(next).because(&here.from);
        }
        Ok(here)
    }

    /// What a node comes to.
    pub(super) fn evaluate(&self, node: NodeRef<'a>) -> Result<'a> {
        self.deep(node, 0)
    }

    /// Whether intrinsics, or references that are filled in at deployment, are left in a value.
    pub(super) fn is_open(&self, node: NodeRef<'_>) -> bool {
        intrinsic(node).is_some()
            || node.as_text().is_some_and(is_dynamic)
            || node.children().any(|c| self.is_open(c))
    }

    fn deep(&self, node: NodeRef<'a>, depth: usize) -> Result<'a> {
        if node.as_text().is_some_and(is_dynamic) {
            return Result::new(node, Known::Symbol(node.text().to_owned()));
        }
        let Some((name, argument)) = intrinsic(node) else {
            return match node.kind() {
                Kind::Opaque => Result::new(node, Known::Symbol(node.text().to_owned())),
                _ => Result::new(node, Known::Node(node)),
            };
        };
        let open = || self.open(node, depth);
        let left = self.left.get();
        if depth > DEEPEST || left == 0 {
            return open();
        }
        self.left.set(left - 1);
        let known = match name {
            "Ref" => argument
                .as_text()
                .and_then(|name| self.parameter(node, name)),
            "FindInMap" => self.find_in_map(argument, depth),
            "Sub" => return self.sub(node, argument, depth),
            "If" => self.choose(argument, depth),
            "Join" => self.join(node, argument, depth),
            _ => None,
        };
        let mut known = known.unwrap_or_else(open);
        known.at = node;
        known
    }

    /// What is not known, as a text in which everything is filled in that is.
    fn open(&self, node: NodeRef<'a>, depth: usize) -> Result<'a> {
        let mut secret = false;
        let mut from = Vec::new();
        let text = self.shown(node, depth, &mut secret, &mut from);
        let open = Result {
            secret,
            ..Result::new(node, Known::Symbol(text))
        };
        open.because(&from)
    }

    /// The text of a value of which not everything is known.
    pub(super) fn shown(
        &self,
        node: NodeRef<'a>,
        depth: usize,
        secret: &mut bool,
        from: &mut Vec<Origin>,
    ) -> String {
        // What is written in it is as much a secret there as anywhere else.
        *secret |= self.sealer.holds_secret("", node);
        shown::of(node, &mut |inner| {
            // Parameters and mappings only: what is around them is shown as it is written.
            let (name @ ("Ref" | "FindInMap"), argument) = intrinsic(inner)? else {
                return None;
            };
            let result = match name {
                "Ref" => self.parameter(node, argument.as_text()?)?,
                _ => self.find_in_map(argument, depth + 1)?,
            };
            *secret |= result.secret;
            from.extend(result.from.iter().cloned());
            match &result.known {
                Known::Symbol(symbol) => Some(symbol.clone()),
                _ => result.text(),
            }
        })
    }

    fn origin(&self, path: &[&str], node: NodeRef<'_>) -> Origin {
        Origin {
            item: ItemId::Document((**self.file).into()),
            path: KeyPath(path.iter().map(|p| Segment::Member((*p).into())).collect()),
            place: Some(Place::exact(
                Arc::clone(self.file),
                node.span().or_else(|| node.key_span()),
            )),
        }
    }

    /// `Ref` of a parameter or a pseudo parameter; absent for resources.
    fn parameter(&self, at: NodeRef<'a>, name: &str) -> Option<Result<'a>> {
        if name == "AWS::NoValue" {
            return Some(Result::new(at, Known::Gone));
        }
        let declared = self.root.at(&["Parameters", name]);
        let given = self.given.get(name);
        let Some(declared) = declared else {
            let given = given.filter(|_| name.starts_with("AWS::"))?;
            return Some(Result::new(at, Known::Text(given.to_string())));
        };
        let default = declared.member("Default");
        let text = match (given, default) {
            (Some(given), _) => given.to_string(),
            (None, Some(default)) => default.scalar_text().into_owned(),
            (None, None) => return None,
        };
        // The parameter's value is then the name of one in Systems Manager.
        let in_store = declared
            .text_at(&["Type"])
            .is_some_and(|t| t.starts_with("AWS::SSM::Parameter::Value"));
        let secret = is_no_echo(declared) || (!in_store && self.sealer.is_secret(name, &text));
        let known = match in_store {
            true => Known::Symbol(format!("ssm parameter {text}")),
            false if is_dynamic(&text) => Known::Symbol(text),
            false => Known::Text(text),
        };
        let origin = match (given, default) {
            (None, Some(default)) => self.origin(&["Parameters", name, "Default"], default),
            _ => self.origin(&["Parameters", name], declared),
        };
        Some(Result {
            secret,
            from: vec![origin],
            ..Result::new(at, known)
        })
    }

    /// `[map, first key, second key]`.
    fn find_in_map(&self, argument: NodeRef<'a>, depth: usize) -> Option<Result<'a>> {
        let mut from = Vec::new();
        let mut keys = Vec::new();
        let mut arguments = argument.children();
        for key in arguments.by_ref().take(3) {
            let key = self.deep(key, depth + 1);
            if key.secret {
                return None;
            }
            keys.push(key.text()?);
            from.extend(key.from);
        }
        let [map, first, second] = keys.as_slice() else {
            return None;
        };
        if let Some(found) = self.root.at(&["Mappings", map, first, second]) {
            from.push(self.origin(&["Mappings", map, first, second], found));
            // As the mapping itself would be shown.
            let name = format!("{map}.{first}.{second}");
            let found = Result {
                secret: self.sealer.holds_secret(&name, found),
                ..Result::new(argument, Known::Node(found))
            };
            return Some(found.because(&from));
        }
        let default = arguments.next()?.member("DefaultValue")?;
        Some(self.deep(default, depth + 1).because(&from))
    }

    /// `[condition, then, else]`.
    fn choose(&self, argument: NodeRef<'a>, depth: usize) -> Option<Result<'a>> {
        let mut arguments = argument.children();
        let (name, then, other) = (arguments.next()?, arguments.next()?, arguments.next()?);
        let mut from = Vec::new();
        let holds = self.named_condition(name.as_text()?, &mut from, depth + 1)?;
        let chosen = if holds { then } else { other };
        Some(self.deep(chosen, depth + 1).because(&from))
    }

    fn named_condition(&self, name: &str, from: &mut Vec<Origin>, depth: usize) -> Option<bool> {
        self.condition(self.root.at(&["Conditions", name])?, from, depth)
    }

    fn condition(&self, node: NodeRef<'a>, from: &mut Vec<Origin>, depth: usize) -> Option<bool> {
        let left = self.left.get().checked_sub(1)?;
        self.left.set(left);
        if depth > DEEPEST {
            return None;
        }
        let (name, argument) = intrinsic(node)?;
        let each = |from: &mut Vec<Origin>| -> Vec<Option<bool>> {
            argument
                .children()
                .map(|c| self.condition(c, from, depth + 1))
                .collect()
        };
        match name {
            "Condition" => self.named_condition(argument.as_text()?, from, depth + 1),
            "Equals" => {
                let mut sides = argument.children().map(|s| self.deep(s, depth + 1));
                let (a, b) = (sides.next()?, sides.next()?);
                let equal = a.text()? == b.text()?;
                from.extend(a.from);
                from.extend(b.from);
                Some(equal)
            }
            "Not" => each(from).first().copied().flatten().map(|holds| !holds),
            "And" => match each(from) {
                all if all.contains(&Some(false)) => Some(false),
                all if all.contains(&None) => None,
                _ => Some(true),
            },
            "Or" => match each(from) {
                all if all.contains(&Some(true)) => Some(true),
                all if all.contains(&None) => None,
                _ => Some(false),
            },
            _ => None,
        }
    }

    /// `[separator, [items]]`.
    fn join(&self, at: NodeRef<'a>, argument: NodeRef<'a>, depth: usize) -> Option<Result<'a>> {
        let mut arguments = argument.children();
        let separator = arguments.next()?.as_text()?;
        let items = arguments.next().filter(|i| i.kind() == Kind::List)?;
        let mut from = Vec::new();
        let mut secret = false;
        let mut texts = Vec::new();
        for item in items.children() {
            let item = self.deep(item, depth + 1);
            if matches!(item.known, Known::Gone) {
                continue;
            }
            texts.push(item.text()?);
            secret |= item.secret;
            from.extend(item.from);
        }
        let joined = Result {
            secret,
            ..Result::new(at, Known::Text(texts.join(separator)))
        };
        Some(joined.because(&from))
    }

    /// A text, or `[text, { name: value }]`. Names that are known are filled in even where others
    /// are not, so that two that differ in them are two.
    fn sub(&self, at: NodeRef<'a>, argument: NodeRef<'a>, depth: usize) -> Result<'a> {
        let (text, own) = match argument.kind() {
            Kind::Text => (Some(argument.text()), None),
            _ => {
                let mut arguments = argument.children();
                let text = arguments.next().and_then(NodeRef::as_text);
                (text, arguments.next())
            }
        };
        let Some(text) = text else {
            return self.open(at, depth);
        };
        let mut all_known = true;
        let mut from = Vec::new();
        let mut secret = false;
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("${") {
            out.push_str(before);
            let Some((name, after)) = behind.split_once('}') else {
                out.push_str("${");
                rest = behind;
                continue;
            };
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                out.push_str(&format!("${{{literal}}}"));
                continue;
            }
            let value = match own.and_then(|o| o.member(name)) {
                Some(node) => {
                    secret |= self.sealer.holds_secret(name, node);
                    Some(self.deep(node, depth + 1))
                }
                None => self.parameter(at, name.trim()),
            };
            match (value.as_ref().and_then(Result::text), &value) {
                (Some(text), _) => out.push_str(&text),
                (None, value) => {
                    all_known = false;
                    match value.as_ref().map(|v| &v.known) {
                        Some(Known::Symbol(symbol)) => out.push_str(&format!("${{{symbol}}}")),
                        _ => out.push_str(&format!("${{{name}}}")),
                    }
                }
            }
            if let Some(value) = value {
                secret |= value.secret;
                from.extend(value.from);
            }
        }
        out.push_str(rest);
        let known = match all_known {
            true if is_dynamic(&out) => Known::Symbol(out),
            true => Known::Text(out),
            false => Known::Symbol(shown::cut(format!("!Sub {out}"))),
        };
        let known = Result {
            secret,
            ..Result::new(at, known)
        };
        known.because(&from)
    }
}

/// `{{resolve:ssm:/shop/db}}`: filled in when the stack is deployed.
fn is_dynamic(text: &str) -> bool {
    text.contains("{{resolve:")
}
