//! `compose:`: the environment of a service of Docker Compose, merged and filled in as Compose
//! does it.
//!
//! <https://github.com/compose-spec/compose-spec/blob/main/spec.md>, `13-merge.md`,
//! `12-interpolation.md`

mod environment;
mod interpolate;
mod project;
#[cfg(test)]
mod tests;
mod variables;
mod written;

use self::{project::Project, variables::Variables};
use super::{
    DesiredContext,
    settings::{Collector, did_you_mean},
};
use crate::{
    git::Files,
    model::{desired::DesiredWorld, place::Place, problem::Problem, target::ComposeSpec},
};

/// Reads the settings.
pub(super) fn read(spec: &ComposeSpec, files: &Files, cx: &DesiredContext<'_>) -> DesiredWorld {
    let mut out = Collector::default();
    let variables = Variables::read(spec, files, cx, &mut out);
    let mut project = Project::new(files, cx, &variables, &mut out);
    let service = project.service(&spec.files, &spec.service);
    let known = project.known();
    match service {
        Some(service) => environment::settings(&service, files, cx, &mut out),
        None if !out.is_blocked() => {
            let file = spec.files.first().map_or("compose.yaml", |f| f);
            let problem = Problem::new(
                Some(Place::exact(file.into(), None)),
                format!("Compose knows no service `{}`", spec.service),
            );
            let names = known.iter().map(|n| &**n);
            out.malformed(match did_you_mean(&spec.service, names) {
                Some(hint) => problem.hint(hint),
                None => problem,
            });
        }
        // Why it is not known was said.
        None => {}
    }
    out.finish()
}
