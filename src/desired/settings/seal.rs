//! Values that are put together here, sealed as those of a document are.

use crate::{
    desired::DesiredContext,
    model::{
        name::Name,
        observation::ItemId,
        tree::{Kind, NodeRef, Sealing, Step, TreeBuilder, WithoutSecrets},
        value::{Part, Value},
    },
};
use std::sync::Arc;

/// Seals what one file says.
pub(in crate::desired) struct Sealer<'c> {
    cx: DesiredContext<'c>,
    item: ItemId,
}

impl<'c> Sealer<'c> {
    pub(in crate::desired) fn new(file: &str, cx: &DesiredContext<'c>) -> Sealer<'c> {
        Sealer {
            cx: *cx,
            item: ItemId::Document(file.into()),
        }
    }

    /// The value of a setting called `name` that stands in a tree which is not sealed.
    pub(in crate::desired) fn node(&self, name: &str, node: NodeRef<'_>) -> Value {
        let mut out = TreeBuilder::new();
        let open = out.open(Name::NONE, Kind::Map);
        out.copy(Name::new(name), node);
        out.close(open);
        let tree = out.finish().seal(self.cx.key, &|leaf, path| {
            self.cx.classifier.sealing(&self.item, path, leaf)
        });
        let value = tree.root().children().next().map(Value::of);
        value.unwrap_or(Value::Opaque("unreadable".into()))
    }

    /// The value of a setting called `name` that is this text.
    pub(in crate::desired) fn text(&self, name: &str, text: &str) -> Value {
        match self.is_secret(name, text) {
            true => self.secret(text),
            false => Value::text(text),
        }
    }

    /// A text that is a secret whatever it looks like.
    pub(in crate::desired) fn secret(&self, text: &str) -> Value {
        Value::Secret(self.cx.key.seal(text.as_bytes()))
    }

    /// A text of which not everything is known, as the symbol `what` and the text; one whose known
    /// part is a secret keeps its place in comparing and shows nothing.
    pub(in crate::desired) fn symbol(&self, name: &str, what: &str, text: &str) -> Value {
        let symbol = match what {
            "" => text.to_owned(),
            what => format!("{what} {text}"),
        };
        match self.is_secret(name, text) {
            true => self.hidden(&symbol),
            false => Value::Symbol(symbol.into()),
        }
    }

    /// A text of which not everything is known, and of what is known something is a secret.
    pub(in crate::desired) fn hidden(&self, text: &str) -> Value {
        Value::Composite(Arc::new([
            Part::Secret(self.cx.key.seal(text.as_bytes())),
            Part::Symbol("not known from here".into()),
        ]))
    }

    /// Whether anything in the value of a setting called `name`, which stands in a tree that is not
    /// sealed, is a secret.
    pub(in crate::desired) fn holds_secret(&self, name: &str, node: NodeRef<'_>) -> bool {
        fn any_sealed(node: NodeRef<'_>) -> bool {
            node.kind() == Kind::Sealed || node.children().any(any_sealed)
        }
        let mut out = TreeBuilder::new();
        let open = out.open(Name::NONE, Kind::Map);
        out.copy(Name::new(name), node);
        out.close(open);
        let tree = out.finish().seal(self.cx.key, &|leaf, path| {
            self.cx.classifier.sealing(&self.item, path, leaf)
        });
        any_sealed(tree.root())
    }

    /// A value that is a secret as a whole.
    pub(in crate::desired) fn secret_node(&self, node: NodeRef<'_>) -> Value {
        match node.kind() {
            Kind::Map | Kind::List => {
                self.secret(&serde_json::to_string(&WithoutSecrets(node)).unwrap_or_default())
            }
            _ => self.secret(&node.scalar_text()),
        }
    }

    /// Whether a setting called `name` with this value is a secret.
    pub(in crate::desired) fn is_secret(&self, name: &str, text: &str) -> bool {
        let mut out = TreeBuilder::new();
        let open = out.open(Name::NONE, Kind::Map);
        out.scalar(Name::new(name), Kind::Text, text);
        out.close(open);
        let tree = out.finish();
        tree.root().children().next().is_some_and(|leaf| {
            let path = [Step::Member(leaf.key().as_str())];
            self.cx.classifier.sealing(&self.item, &path, leaf) != Sealing::Keep
        })
    }
}
