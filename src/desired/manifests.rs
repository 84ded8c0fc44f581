//! `manifests:`: objects in files of the repository, as they are written.

use super::{DesiredContext, plain, world::WorldBuilder};
use crate::{
    git::Files,
    model::{desired::DesiredWorld, place::Exactness},
};

/// Reads the files that `paths` stand for at the revision that `files` shows.
pub(super) fn read(paths: &[Box<str>], files: &Files, cx: &DesiredContext<'_>) -> DesiredWorld {
    let mut world = WorldBuilder::default();
    plain::read_into(&mut world, paths, files, &Exactness::Exact, cx);
    world.finish()
}
