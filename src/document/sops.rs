//! Files encrypted with SOPS: structure readable, values not.

use crate::model::tree::{Kind, NodeRef, Tree, TreeBuilder};

/// Every encrypted leaf of a SOPS document becomes opaque, and SOPS' own bookkeeping goes.
/// SOPS marks its documents by a root member `sops` with `mac` and `lastmodified` or `version`.
pub(super) fn hide(tree: &mut Tree) {
    let root = tree.root();
    let Some(own) = root.member("sops") else {
        return;
    };
    let is_sops = own.member("mac").is_some()
        && (own.member("lastmodified").is_some() || own.member("version").is_some());
    if !is_sops {
        return;
    }
    let mut out = TreeBuilder::new();
    copy(root, Some(own.number()), &mut out);
    *tree = out.finish();
}

fn copy(node: NodeRef<'_>, without: Option<u32>, out: &mut TreeBuilder) {
    let at = match node.kind() {
        Kind::Map | Kind::List => {
            let open = out.open(node.key(), node.kind());
            for child in node.children().filter(|c| Some(c.number()) != without) {
                copy(child, without, out);
            }
            out.close(open);
            open
        }
        Kind::Text if node.text().starts_with("ENC[") => {
            out.scalar(node.key(), Kind::Opaque, "sops")
        }
        _ => {
            out.copy(node.key(), node);
            return;
        }
    };
    if let Some(span) = node.span() {
        out.span_of(at, span);
    }
    if let Some(span) = node.key_span() {
        out.key_span_of(at, span);
    }
}
