//! Fields as deployers name them: JSON pointers (RFC 6901) and the plain paths of jq, matched
//! against our own, in which items of lists have identities and no numbers.

use crate::model::{
    path::{KeyPath, Segment},
    tree::{Kind, NodeRef},
};

/// A way from an object's root to a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSteps(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// A token of a pointer: a member, or the number of an item.
    Token(Box<str>),
    /// `.name`
    Member(Box<str>),
    /// `[]`
    Every,
    /// `[0]`
    Index(u32),
    /// `[] | select(.name == "api")`: the member's path, and its text.
    Where(Vec<Box<str>>, Box<str>),
}

impl FieldSteps {
    /// A JSON pointer; empty: the whole object.
    #[must_use]
    pub fn from_pointer(text: &str) -> Option<FieldSteps> {
        if text.is_empty() {
            return Some(FieldSteps::default());
        }
        let tokens = text.strip_prefix('/')?;
        let steps = tokens
            .split('/')
            .map(|t| Step::Token(t.replace("~1", "/").replace("~0", "~").into()));
        Some(FieldSteps(steps.collect()))
    }

    /// A plain path of jq: members, `[]`, `[0]`, `["a.b/c"]`, `?`, and `select` of an item by the
    /// text of one of its members. Absent for everything else.
    #[must_use]
    pub fn from_jq(text: &str) -> Option<FieldSteps> {
        let mut reader = Reader { rest: text.trim() };
        let mut steps = Vec::new();
        reader.path(&mut steps)?;
        while !reader.rest.is_empty() {
            reader.token("|")?;
            if reader.rest.starts_with("select") {
                let (path, value) = reader.select()?;
                // It is about the item before it.
                if !matches!(steps.pop(), Some(Step::Every)) {
                    return None;
                }
                steps.push(Step::Where(path, value));
                if reader.rest.starts_with('.') {
                    reader.path(&mut steps)?;
                }
            } else {
                reader.path(&mut steps)?;
            }
        }
        (!steps.is_empty()).then_some(FieldSteps(steps))
    }

    /// Whether it is the object itself.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `path` is this field or lies below it. `tree` is the object in git: numbers of
    /// items are those that it has there.
    #[must_use]
    pub fn cover(&self, path: &KeyPath, tree: Option<NodeRef<'_>>) -> bool {
        if self.0.len() > path.0.len() {
            return false;
        }
        let mut node = tree;
        self.0.iter().zip(&path.0).all(|(step, segment)| {
            let next = node.and_then(|n| child(n, segment));
            let fits = fits(step, segment, node, next);
            node = next;
            fits
        })
    }
}

fn fits(
    step: &Step,
    segment: &Segment,
    list: Option<NodeRef<'_>>,
    item: Option<NodeRef<'_>>,
) -> bool {
    match (step, segment) {
        (Step::Token(token), Segment::Member(name)) => token == name,
        (Step::Member(wanted), Segment::Member(name)) => wanted == name,
        // `[]` iterates over maps, too.
        (Step::Every, _) => true,
        (Step::Token(token), _) => token
            .parse()
            .is_ok_and(|n| number(segment, list, item) == Some(n)),
        (Step::Index(n), Segment::Item(_) | Segment::Index(_)) => {
            number(segment, list, item) == Some(*n)
        }
        (Step::Where(path, value), _) => match item {
            Some(item) => {
                let path: Vec<&str> = path.iter().map(|p| &**p).collect();
                item.at(&path).is_some_and(|v| v.scalar_text() == **value)
            }
            // Only live has it: its keys are what is known of it.
            None => matches!(segment, Segment::Item(keys) if keys.contains(value)),
        },
        (Step::Member(_) | Step::Index(_), _) => false,
    }
}

/// The number of an item in the list that git has.
fn number(segment: &Segment, list: Option<NodeRef<'_>>, item: Option<NodeRef<'_>>) -> Option<u32> {
    if let Segment::Index(n) = segment {
        return Some(*n);
    }
    let (list, item) = (list?, item?);
    let at = list.children().position(|c| c.is_same_node(item))?;
    u32::try_from(at).ok()
}

/// The member or item that a segment names.
fn child<'a>(node: NodeRef<'a>, segment: &Segment) -> Option<NodeRef<'a>> {
    match segment {
        Segment::Member(name) => node.member(name),
        Segment::Index(n) => node.children().nth(*n as usize),
        Segment::Item(keys) if node.kind() == Kind::List => {
            node.children().find(|item| has_keys(*item, keys))
        }
        Segment::Item(_) => None,
    }
}

/// Whether an item's members hold all keys of an identity. `TCP` is the default of `protocol`,
/// the only key that Kubernetes fills in.
fn has_keys(item: NodeRef<'_>, keys: &[Box<str>]) -> bool {
    if item.kind() != Kind::Map {
        return matches!(keys, [one] if item.scalar_text() == **one);
    }
    let holds = |key: &str| {
        [
            "name",
            "key",
            "id",
            "type",
            "ip",
            "topologyKey",
            "mountPath",
            "devicePath",
            "uid",
        ]
        .into_iter()
        .chain(["port", "containerPort", "protocol", "whenUnsatisfiable"])
        .filter_map(|m| item.member(m))
        .any(|v| v.scalar_text() == key)
    };
    match keys {
        [] => false,
        [first, rest @ ..] => {
            holds(first)
                && rest
                    .iter()
                    .all(|k| holds(k) || (&**k == "TCP" && item.member("protocol").is_none()))
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn token(&mut self, token: &str) -> Option<()> {
        self.blanks();
        self.rest = self.rest.strip_prefix(token)?;
        self.blanks();
        Some(())
    }

    /// `.a.b[0]["c"]."d"[]?`, up to a blank, a `|` or the end.
    fn path(&mut self, steps: &mut Vec<Step>) -> Option<()> {
        if !self.rest.starts_with('.') {
            return None;
        }
        loop {
            if let Some(rest) = self.rest.strip_prefix('.') {
                self.rest = rest;
                match rest.chars().next() {
                    Some('[') => {}
                    Some('"') => {
                        let name = self.quoted()?;
                        steps.push(Step::Member(name));
                    }
                    _ => {
                        let name = self.word()?;
                        steps.push(Step::Member(name));
                    }
                }
            } else if self.rest.starts_with('[') {
                self.rest = &self.rest[1..];
                steps.push(self.bracket()?);
            } else if let Some(rest) = self.rest.strip_prefix('?') {
                self.rest = rest;
            } else {
                break;
            }
        }
        let ends = self.rest.is_empty()
            || self
                .rest
                .starts_with(|c: char| c.is_whitespace() || "|=)!".contains(c));
        self.blanks();
        ends.then_some(())
    }

    fn word(&mut self) -> Option<Box<str>> {
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        let starts = word.chars().next().is_some_and(|c| !c.is_ascii_digit());
        starts.then(|| word.into())
    }

    /// A JSON string.
    fn quoted(&mut self) -> Option<Box<str>> {
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find_map(|(i, c)| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends.then_some(i + 1)
        })?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        // `\(…)` is code in jq, and no JSON.
        let text: String = serde_json::from_str(text).ok()?;
        Some(text.into())
    }

    /// Behind the `[`.
    fn bracket(&mut self) -> Option<Step> {
        self.blanks();
        let step = if self.rest.starts_with(']') {
            Step::Every
        } else if self.rest.starts_with('"') {
            Step::Member(self.quoted()?)
        } else {
            let end = self.rest.find(|c: char| !c.is_ascii_digit())?;
            let (digits, rest) = self.rest.split_at(end);
            self.rest = rest;
            Step::Index(digits.parse().ok()?)
        };
        self.blanks();
        self.rest = self.rest.strip_prefix(']')?;
        Some(step)
    }

    /// `select(.name == "x")`; the members' names, and the text.
    fn select(&mut self) -> Option<(Vec<Box<str>>, Box<str>)> {
        self.token("select")?;
        self.token("(")?;
        let mut steps = Vec::new();
        self.path(&mut steps)?;
        self.token("==")?;
        let value = if self.rest.starts_with('"') {
            self.quoted()?
        } else {
            let end = self.rest.find(')')?;
            let (text, rest) = self.rest.split_at(end);
            self.rest = rest;
            let text = text.trim();
            // A number or a boolean; everything else is code.
            let scalar = text.parse::<i64>().is_ok() || matches!(text, "true" | "false");
            if !scalar {
                return None;
            }
            text.into()
        };
        self.token(")")?;
        let members = steps.into_iter().map(|s| match s {
            Step::Member(name) => Some(name),
            _ => None,
        });
        Some((members.collect::<Option<_>>()?, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tree::{Prune, Tree};
    use proptest::prelude::*;

    fn object() -> Tree {
        Tree::from_json(
            br#"{"spec":{"replicas":2,"template":{"spec":{"containers":[
                {"name":"api","image":"a","env":[{"name":"LOG","value":"x"}]},
                {"name":"sidecar","image":"b","ports":[{"containerPort":80}]}]}}},
                "webhooks":[{"name":"one.example.com","clientConfig":{"caBundle":"x"}}],
                "list":["a","b"],"0":{"x":1}}"#,
            Prune::NOTHING,
        )
        .expect("JSON")
    }

    fn covers(steps: Option<FieldSteps>, path: &str) -> bool {
        let steps = steps.expect("a path that is understood");
        let path: KeyPath = path.parse().expect("a key path");
        steps.cover(&path, Some(object().root()))
    }

    #[test]
    fn pointers() {
        for (pointer, path, is) in [
            ("/spec/replicas", "spec.replicas", true),
            ("/spec", "spec.replicas", true),
            ("/spec/replicas", "spec", false),
            ("/spec/replicas", "spec.replicasX", false),
            (
                "/spec/template/spec/containers/0/image",
                "spec.template.spec.containers[api].image",
                true,
            ),
            (
                "/spec/template/spec/containers/1/image",
                "spec.template.spec.containers[api].image",
                false,
            ),
            (
                "/spec/template/spec/containers/1",
                "spec.template.spec.containers[sidecar].ports[80,TCP].hostPort",
                true,
            ),
            (
                "/spec/template/spec/containers/1/ports/0",
                "spec.template.spec.containers[sidecar].ports[80,TCP].hostPort",
                true,
            ),
            // Only live has it: nobody knows its number.
            (
                "/spec/template/spec/containers/2",
                "spec.template.spec.containers[istio-proxy]",
                false,
            ),
            ("/list/1", "list[#1]", true),
            ("/list/1", "list[#0]", false),
            ("/0/x", "\"0\".x", true),
            (
                "/metadata/annotations/kubectl.kubernetes.io~1last",
                "metadata.annotations.\"kubectl.kubernetes.io/last\"",
                true,
            ),
            (
                "/metadata/annotations/a~01",
                "metadata.annotations.a~1",
                true,
            ),
            ("", "spec.replicas", true),
        ] {
            assert_eq!(
                covers(FieldSteps::from_pointer(pointer), path),
                is,
                "{pointer} {path}"
            );
        }
        assert_eq!(FieldSteps::from_pointer("spec/replicas"), None);
    }

    #[test]
    fn plain_paths_of_jq() {
        for (jq, path, is) in [
            (".spec.replicas", "spec.replicas", true),
            (
                ".spec.template.spec.containers[].image",
                "spec.template.spec.containers[sidecar].image",
                true,
            ),
            (
                ".spec.template.spec.containers[].image",
                "spec.template.spec.containers[new].image",
                true,
            ),
            (
                ".spec.template.spec.containers[]?.image",
                "spec.template.spec.containers[api].env",
                false,
            ),
            (
                ".spec.template.spec.containers[0].image",
                "spec.template.spec.containers[sidecar].image",
                false,
            ),
            (
                ".webhooks[]?.clientConfig.caBundle",
                "webhooks[one.example.com].clientConfig.caBundle",
                true,
            ),
            (
                ".spec.template.spec.containers[] | select(.name == \"sidecar\")",
                "spec.template.spec.containers[sidecar].image",
                true,
            ),
            (
                ".spec.template.spec.containers[] | select(.name==\"sidecar\").image",
                "spec.template.spec.containers[sidecar].image",
                true,
            ),
            (
                ".spec.template.spec.containers[]|select(.name==\"sidecar\")|.image",
                "spec.template.spec.containers[sidecar].ports",
                false,
            ),
            (
                ".spec.template.spec.containers[] | select(.name == \"injected\")",
                "spec.template.spec.containers[injected]",
                true,
            ),
            (
                ".spec.template.spec.containers[] | select(.name == \"injected\")",
                "spec.template.spec.containers[api].image",
                false,
            ),
            (
                ".metadata.annotations[\"deployment.kubernetes.io/revision\"]",
                "metadata.annotations.\"deployment.kubernetes.io/revision\"",
                true,
            ),
            (
                ".metadata.annotations.\"a.b/c\"",
                "metadata.annotations.\"a.b/c\"",
                true,
            ),
            (
                ".spec.template.spec.containers[].env[] | select(.name == \"LOG\").value",
                "spec.template.spec.containers[api].env[LOG].value",
                true,
            ),
            (".data[]", "data.anything", true),
        ] {
            assert_eq!(covers(FieldSteps::from_jq(jq), path), is, "{jq} {path}");
        }
    }

    #[test]
    fn what_is_code_is_not_understood() {
        for jq in [
            "",
            ".",
            "spec.replicas",
            ".spec | keys",
            ".spec.containers[] | select(.name | startswith(\"a\"))",
            ".spec.containers[] | select(.name == \"a\" or .name == \"b\")",
            ".spec.containers[] | select(.name != \"a\")",
            ".spec | select(.replicas == 1)",
            ".spec.x[1:2]",
            ".spec.x[-1]",
            "..",
            ".a, .b",
            ".spec.template.spec.containers[] | select(.name == \"a\") | .env[] | select(.name | test(\"x\"))",
            ".a[\"b\\(1)\"]",
            ".a[",
            ".a[\"b",
            "del(.a)",
            ".a + 1",
        ] {
            assert_eq!(FieldSteps::from_jq(jq), None, "{jq}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[.a-z\\[\\]\"|()=? é\\\\0-9~/]{0,30}") {
            let _ = FieldSteps::from_jq(&text);
            let _ = FieldSteps::from_pointer(&text);
        }
    }
}
