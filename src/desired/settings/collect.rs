//! Settings, problems and inputs of one layer, on their way to a world.

use crate::{
    desired::world::{cause_of, incomplete},
    git::FileError,
    model::{
        desired::DesiredWorld,
        place::Place,
        problem::Problem,
        setting::{Beyond, SettingEntry},
        value::UnreadCause,
    },
};
use std::{collections::BTreeSet, sync::Arc};

/// Collects the [`DesiredWorld`] of a layer of settings.
#[derive(Default)]
pub(in crate::desired) struct Collector {
    pub(in crate::desired) settings: Vec<SettingEntry>,
    problems: Vec<Problem>,
    inputs: BTreeSet<Arc<str>>,
    beyond: Vec<Beyond>,
    cause: Option<UnreadCause>,
}

impl Collector {
    /// A file that was read.
    pub(in crate::desired) fn input(&mut self, path: &Arc<str>) {
        self.inputs.insert(Arc::clone(path));
    }

    /// What could not be read, or was read with doubts; said once.
    pub(in crate::desired) fn problem(&mut self, problem: Problem, cause: UnreadCause) {
        if problem.blocks {
            self.cause.get_or_insert(cause);
        }
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Something that is imported and not read; said once.
    pub(in crate::desired) fn beyond(&mut self, what: &str, place: Option<&Place>) {
        if !self.beyond.iter().any(|b| &*b.what == what) {
            self.beyond.push(Beyond {
                what: what.into(),
                place: place.cloned(),
            });
        }
    }

    /// Whether something was not read.
    pub(in crate::desired) fn is_blocked(&self) -> bool {
        self.problems.iter().any(|p| p.blocks)
    }

    /// The same of something that is not what it should be.
    pub(in crate::desired) fn malformed(&mut self, problem: Problem) {
        self.problem(problem, UnreadCause::Malformed);
    }

    /// A file that git does not give.
    pub(in crate::desired) fn unreadable(&mut self, error: &FileError, path: &str) {
        let place = Place::exact(path.into(), None);
        self.problem(
            Problem::new(Some(place), error.to_string()),
            cause_of(error),
        );
    }

    /// The world; incomplete if a problem says that something was not read.
    pub(in crate::desired) fn finish(self) -> DesiredWorld {
        DesiredWorld {
            incomplete: incomplete(&self.problems, self.cause),
            settings: self.settings,
            beyond: self.beyond,
            problems: self.problems,
            inputs: self.inputs.into_iter().collect(),
            ..DesiredWorld::default()
        }
    }
}
