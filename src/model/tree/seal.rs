//! Replacing secret leaves by sealed ones.

use super::{Kind, NodeRef, SealBy, Sealing, Step, Tree, TreeBuilder};
use crate::model::secret::DigestKey;
use zeroize::Zeroize;

impl Tree {
    /// The same tree with every leaf that `by` names replaced by a sealed one; the old text is wiped.
    /// A tree without secrets is returned as it is.
    #[must_use]
    pub fn seal(mut self, key: &DigestKey, by: SealBy<'_>) -> Tree {
        let mut path = Vec::new();
        if !any_secret(self.root(), &mut path, by) {
            return self;
        }
        let mut out = TreeBuilder::new();
        path.clear();
        copy_sealing(self.root(), &mut path, &mut out, key, by);
        let mut text = std::mem::take(&mut self.text).into_string();
        text.zeroize();
        out.finish()
    }
}

fn any_secret<'a>(n: NodeRef<'a>, path: &mut Vec<Step<'a>>, by: SealBy<'_>) -> bool {
    match n.kind() {
        Kind::Map | Kind::List => n.children().enumerate().any(|(i, child)| {
            path.push(Step::of(child, i));
            let found = any_secret(child, path, by);
            path.pop();
            found
        }),
        Kind::Sealed | Kind::Opaque => false,
        _ => by(n, path) != Sealing::Keep,
    }
}

fn copy_sealing<'a>(
    n: NodeRef<'a>,
    path: &mut Vec<Step<'a>>,
    out: &mut TreeBuilder,
    key: &DigestKey,
    by: SealBy<'_>,
) {
    let name = n.key();
    let at = match n.kind() {
        Kind::Map | Kind::List => {
            let open = out.open(name, n.kind());
            for (i, child) in n.children().enumerate() {
                path.push(Step::of(child, i));
                copy_sealing(child, path, out, key, by);
                path.pop();
            }
            out.close(open);
            open
        }
        Kind::Sealed => out.sealed(name, n.secret().expect("its kind is sealed").clone()),
        // Its text is a symbol, not the value: sealed, it would look like one that is known.
        Kind::Opaque => out.scalar(name, Kind::Opaque, n.text()),
        kind => match by(n, path) {
            Sealing::Keep => out.scalar(name, kind, n.text()),
            Sealing::Text => out.sealed(name, key.seal(n.scalar_text().as_bytes())),
            Sealing::Base64 => out.sealed(name, key.seal_base64(n.scalar_text().as_bytes())),
        },
    };
    out.copy_spans(at, n);
}
