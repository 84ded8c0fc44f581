//! Files of settings, merged in their order.

use super::DesiredContext;
use crate::{
    git::Files,
    model::{
        desired::DesiredWorld,
        target::FileSpec,
        value::{Unread, UnreadCause},
    },
};

/// Reads the settings.
pub(super) fn read(_: &FileSpec, _: &Files, _: &DesiredContext<'_>) -> DesiredWorld {
    DesiredWorld::unread(Unread::new(UnreadCause::NotAsked, "not read yet"))
}
