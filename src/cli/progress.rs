//! One line on the terminal while something takes long.

use crate::pipeline::Progress;
use std::sync::Arc;

/// Shows texts on stderr, replacing each other; nothing when `on` is false.
#[cfg(feature = "progress")]
pub(crate) fn new(on: bool) -> Progress {
    if !on {
        return Arc::new(|_| {});
    }
    let bar = indicatif::ProgressBar::new_spinner();
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    Arc::new(move |text| bar.set_message(crate::text::terminal(text).into_owned()))
}

/// Shows nothing: this build has no progress line.
#[cfg(not(feature = "progress"))]
pub(crate) fn new(_: bool) -> Progress {
    Arc::new(|_| {})
}
