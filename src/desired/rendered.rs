//! `rendered:`: manifests that the repository's own tool rendered, handed over per revision.

use super::{
    DesiredContext, plain,
    world::WorldBuilder,
};
use crate::{
    git::Files,
    model::{
        desired::DesiredWorld,
        value::{Unread, UnreadCause},
    },
};
use std::path::Path;

/// Reads `path` below the folder that was handed over for the revision of `files`.
pub(super) fn read(path: &str, files: &Files, cx: &DesiredContext<'_>) -> DesiredWorld {
    let revision = files.revision();
    let Some(folder) = handed_over(revision.as_deref(), cx) else {
        let named = revision.as_deref().unwrap_or("worktree");
        return DesiredWorld::unread(Unread::new(
            UnreadCause::NotRendered,
            format!(
                "no render of {named} was given: run your renderer and pass --rendered {named}=DIR"
            ),
        ));
    };
    let mut world = WorldBuilder::default();
    plain::read_into(
        &mut world,
        &[path.into()],
        &Files::folder(folder),
        plain::Places::Approximate("rendered"),
        cx,
    );
    world.finish()
}

/// By the full commit id or its beginning, of at least seven digits; the longest wins.
fn handed_over<'a>(revision: Option<&str>, cx: &'a DesiredContext<'_>) -> Option<&'a Path> {
    let fits = |given: &str| match revision {
        None => given == "worktree",
        Some(id) => given.len() >= 7 && id.starts_with(&given.to_ascii_lowercase()),
    };
    cx.rendered
        .iter()
        .filter(|(given, _)| fits(given))
        .max_by_key(|(given, _)| given.len())
        .map(|(_, folder)| folder.as_path())
}
