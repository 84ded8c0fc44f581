//! AWS CloudFormation and SAM templates.

use super::{SettingsFile, read_part_of};
use crate::{
    desired::{DesiredContext, settings::Collector},
    model::{
        observation::ItemId,
        target::FilePart,
        tree::{NodeRef, Tree},
    },
};

/// Reads the selected part of a template.
pub(super) fn read(
    part: &FilePart,
    file: &SettingsFile,
    root: NodeRef<'_>,
    cx: &DesiredContext<'_>,
    out: &mut Collector,
) {
    let item = ItemId::Document((*file.path).into());
    let tree = Tree::of(root).seal(cx.key, &|leaf, path| {
        cx.classifier.sealing(&item, path, leaf)
    });
    read_part_of(part, file, tree.root(), out);
}
