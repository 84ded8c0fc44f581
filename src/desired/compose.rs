//! The environment of a service of Docker Compose.

use super::DesiredContext;
use crate::{
    git::Files,
    model::{
        desired::DesiredWorld,
        target::ComposeSpec,
        value::{Unread, UnreadCause},
    },
};

/// Reads the settings.
pub(super) fn read(_: &ComposeSpec, _: &Files, _: &DesiredContext<'_>) -> DesiredWorld {
    DesiredWorld::unread(Unread::new(UnreadCause::NotAsked, "not read yet"))
}
