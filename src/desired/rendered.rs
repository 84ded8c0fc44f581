//! `rendered:`: manifests that the repository's own tool rendered, handed over per revision.

use super::{DesiredContext, plain, world::WorldBuilder};
use crate::{
    git::Files,
    model::{
        desired::DesiredWorld,
        place::Exactness,
        value::{Unread, UnreadCause},
    },
};
use std::path::Path;

/// Reads `path` below the folder that was handed over for the revision of `files`.
pub(super) fn read(path: &str, files: &Files, cx: &DesiredContext<'_>) -> DesiredWorld {
    let revision = match files.revision() {
        Some(id) => id,
        // A tree without a commit is a merge in memory.
        None if files.at().starts_with("at ") => {
            return not_rendered(format!(
                "there can be no render of {}: rebase onto the target branch, run your renderer and pass --rendered <sha>=DIR",
                files.describe().name
            ));
        }
        None => WORK_TREE,
    };
    let Some(folder) = handed_over(revision, cx) else {
        return not_rendered(format!(
            "no render of {revision} was given: run your renderer and pass --rendered {revision}=DIR"
        ));
    };
    let mut world = WorldBuilder::default();
    plain::read_into(
        &mut world,
        &[path.into()],
        &Files::folder(folder),
        &Exactness::Approximate("render"),
        cx,
    );
    world.finish()
}

/// How `--rendered` names files that are not committed.
const WORK_TREE: &str = "worktree";

fn not_rendered(detail: String) -> DesiredWorld {
    DesiredWorld::unread(Unread::new(UnreadCause::NotRendered, detail))
}

/// By the full commit id or its beginning, of at least seven digits; the longest wins.
fn handed_over<'a>(revision: &str, cx: &'a DesiredContext<'_>) -> Option<&'a Path> {
    let fits = |given: &str| {
        given == revision
            || (given.len() >= 7
                && revision != WORK_TREE
                && revision.starts_with(&given.to_ascii_lowercase()))
    };
    cx.rendered
        .iter()
        .filter(|(given, _)| fits(given))
        .max_by_key(|(given, _)| given.len())
        .map(|(_, folder)| folder.as_path())
}
