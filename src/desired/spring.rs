//! A Spring Boot application's configuration.

use super::DesiredContext;
use crate::{
    git::Files,
    model::{
        desired::DesiredWorld,
        target::SpringSpec,
        value::{Unread, UnreadCause},
    },
};

/// Reads the settings.
pub(super) fn read(_: &SpringSpec, _: &Files, _: &DesiredContext<'_>) -> DesiredWorld {
    DesiredWorld::unread(Unread::new(UnreadCause::NotAsked, "not read yet"))
}
