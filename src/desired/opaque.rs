//! Leaves of a render that nobody can know: what a template makes up anew at every render, and
//! what SOPS hides from everyone without its key.

use crate::{
    document::{DocumentProblem, Parsed},
    model::{
        name::Name,
        tree::{Kind, NodeRef, TreeBuilder},
    },
};
use base64::Engine;

/// Symbol of what a template makes up (`randAlphaNum`, `genCA`, `now`).
const GENERATED: &str = "generated";
/// Symbol of what only the key of a SOPS file opens.
const SOPS: &str = "sops";
/// How SOPS writes a value.
pub(super) const SOPS_MARK: &str = "ENC[AES256_GCM,";

/// Makes every leaf opaque that a second render of the same input has otherwise.
pub(super) fn hide_generated(parsed: &mut Parsed, again: &Parsed) {
    if parsed.documents.len() != again.documents.len() {
        parsed.problems.push(DocumentProblem {
            span: None,
            message: "two renders of the same input have different objects".into(),
            hint: Some(
                "templates that decide by random values or the time can't be compared".into(),
            ),
            blocks: true,
        });
        return;
    }
    for (document, again) in parsed.documents.iter_mut().zip(&again.documents) {
        if document.tree != again.tree {
            let mut out = TreeBuilder::new();
            differing(
                &mut out,
                Name::NONE,
                document.tree.root(),
                again.tree.root(),
            );
            document.tree = out.finish();
        }
    }
}

fn differing(out: &mut TreeBuilder, key: Name, a: NodeRef<'_>, b: NodeRef<'_>) {
    let open = match (a.kind(), b.kind()) {
        _ if a.same(b) => {
            out.copy(key, a);
            return;
        }
        (Kind::List, Kind::List) if a.len() == b.len() => {
            let open = out.open(key, Kind::List);
            for (x, y) in a.children().zip(b.children()) {
                differing(out, Name::NONE, x, y);
            }
            open
        }
        (Kind::Map, Kind::Map) => {
            let open = out.open(key, Kind::Map);
            for x in a.children() {
                match b.get(x.key()) {
                    Some(y) => differing(out, x.key(), x, y),
                    None => drop(out.scalar(x.key(), Kind::Opaque, GENERATED)),
                }
            }
            open
        }
        _ => {
            out.scalar(key, Kind::Opaque, GENERATED);
            return;
        }
    };
    out.close(open);
}

/// Makes every text opaque that a SOPS value went into, also in base64.
pub(super) fn hide_sops(parsed: &mut Parsed) {
    for document in &mut parsed.documents {
        if any_sops(document.tree.root()) {
            let mut out = TreeBuilder::new();
            sops(&mut out, Name::NONE, document.tree.root());
            document.tree = out.finish();
        }
    }
}

fn any_sops(node: NodeRef<'_>) -> bool {
    is_sops(node) || node.children().any(any_sops)
}

fn is_sops(node: NodeRef<'_>) -> bool {
    let Some(text) = node.as_text() else {
        return false;
    };
    text.contains(SOPS_MARK)
        // `RU5D` is `ENC`; whatever is in front of it would change all of it.
        || (text.starts_with("RU5D") && {
            // Long ones are written over several lines.
            let plain: String = text.split_ascii_whitespace().collect();
            let decoded = base64::engine::general_purpose::STANDARD.decode(plain);
            decoded.is_ok_and(|d| d.starts_with(SOPS_MARK.as_bytes()))
        })
}

fn sops(out: &mut TreeBuilder, key: Name, node: NodeRef<'_>) {
    match node.kind() {
        Kind::Map | Kind::List => {
            let open = out.open(key, node.kind());
            for child in node.children() {
                sops(out, child.key(), child);
            }
            out.close(open);
        }
        _ if is_sops(node) => {
            out.scalar(key, Kind::Opaque, SOPS);
        }
        _ => {
            out.copy(key, node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::Document,
        model::tree::{Prune, Span, Tree},
    };

    fn parsed(json: &[&str]) -> Parsed {
        Parsed {
            documents: json
                .iter()
                .map(|j| Document {
                    tree: Tree::from_json(j.as_bytes(), Prune::NOTHING).expect("JSON"),
                    start: Span::default(),
                    source_comment: None,
                })
                .collect(),
            problems: Vec::new(),
        }
    }

    #[test]
    fn what_differs_between_two_renders_is_generated() {
        let mut a =
            parsed(&[r#"{"data":{"pw":"x1","user":"app","n":"1"},"l":[1,2],"k":[{"v":1}]}"#]);
        let b = parsed(&[r#"{"data":{"pw":"y2","user":"app"},"l":[1],"k":[{"v":2}]}"#]);
        hide_generated(&mut a, &b);
        let root = a.documents[0].tree.root();
        let data = root.member("data").expect("kept");
        assert_eq!(data.text_at(&["user"]), Some("app"));
        for hidden in [data.member("pw"), data.member("n"), root.member("l")] {
            let hidden = hidden.expect("kept");
            assert_eq!((hidden.kind(), hidden.text()), (Kind::Opaque, "generated"));
        }
        let item = root.member("k").and_then(|k| k.children().next());
        let v = item.and_then(|i| i.member("v")).expect("kept");
        assert_eq!(v.kind(), Kind::Opaque);
    }

    #[test]
    fn other_objects_are_a_problem() {
        let mut a = parsed(&["{}"]);
        hide_generated(&mut a, &parsed(&["{}", "{}"]));
        assert!(a.problems[0].blocks);
    }

    #[test]
    fn sops_values_are_opaque_in_whatever_they_went_into() {
        let encoded = base64::engine::general_purpose::STANDARD.encode("ENC[AES256_GCM,data:x]");
        let json = format!(
            r#"{{"a":"postgres://ENC[AES256_GCM,data:x]@db","b":["{encoded}"],"c":"RU5Dx","d":"plain"}}"#
        );
        let mut p = parsed(&[&json]);
        hide_sops(&mut p);
        let root = p.documents[0].tree.root();
        assert_eq!(root.member("a").map(|n| n.kind()), Some(Kind::Opaque));
        let b = root.member("b").and_then(|n| n.children().next());
        assert_eq!(b.map(|n| n.text()), Some("sops"));
        assert_eq!(root.text_at(&["c"]), Some("RU5Dx"));
        assert_eq!(root.text_at(&["d"]), Some("plain"));
    }
}
