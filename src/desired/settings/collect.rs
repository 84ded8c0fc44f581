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
    blocked: usize,
    /// From which setting on all come after what was not read; absent: nobody knows.
    certain_from: Option<usize>,
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
            self.blocked += 1;
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
        self.blocked > 0
    }

    /// How often something was not read.
    pub(in crate::desired) fn blocked(&self) -> usize {
        self.blocked
    }

    /// Says that what comes from here on wins over all that was not read until now.
    pub(in crate::desired) fn all_above_wins(&mut self) {
        self.certain_from = Some(self.settings.len());
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
        let certain = self
            .certain_from
            .map_or(0, |from| self.settings.len() - from);
        DesiredWorld {
            certain,
            incomplete: incomplete(&self.problems, self.cause),
            settings: self.settings,
            beyond: self.beyond,
            problems: self.problems,
            inputs: self.inputs.into_iter().collect(),
            ..DesiredWorld::default()
        }
    }
}
