//! Since when an entry has its value in git, who gave it, and whether git ever had another one.
//! No blame: one walk per file over blob ids, each version read and parsed once for all questions.
//! What the walk did not reach is "not in the last N", never "never".

use crate::{
    git::{Content, GitError, LogEnd, LogLimits, PathLog, Repository, Revision, Run},
    model::{
        finding::{CommitShown, InGit},
        report::short_id,
    },
};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    time::{Duration, Instant},
};

/// Bounds of the history of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Commits looked at.
    pub commits: u32,
    /// Versions of the file looked at.
    pub versions: usize,
    /// Time for the walk and for all answers.
    pub time: Duration,
}

impl Default for Limits {
    /// 5,000 commits, 200 versions, 5 seconds.
    fn default() -> Limits {
        Limits {
            commits: 5_000,
            versions: 200,
            time: Duration::from_secs(5),
        }
    }
}

/// Bounds of the look into a branch that a merge brought in.
const BRANCH: LogLimits = LogLimits {
    commits: 500,
    versions: 50,
};

/// A question about one entry of a file.
pub struct Question<'q, D, T> {
    /// Takes the entry's value out of a version; called with `None` where the file is not there.
    /// `None` when nobody can tell (opaque); an absent entry is a value like any other, so `T` is
    /// usually an `Option`.
    pub pick: &'q dyn Fn(Option<&D>) -> Option<T>,
    /// A value that git may have had (the live one).
    pub had: Option<T>,
}

/// What history says about a [`Question`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Since when the entry has the value that it has in the newest version.
    pub since: Since,
    /// Whether git ever had the value asked for, and the commit that gave it the last time; none
    /// when none was asked for.
    pub in_git: Option<InGit>,
}

/// Since when an entry has its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Since {
    /// This commit gave it. For a change that came with a merge, the commit in the branch.
    By(CommitShown),
    /// It is older than the last so many commits, where the walk was cut.
    Older(u32),
    /// Nobody can tell; why.
    Unknown(Box<str>),
}

impl Since {
    /// The commit, where it is known.
    #[must_use]
    pub fn commit(&self) -> Option<&CommitShown> {
        match self {
            Since::By(commit) => Some(commit),
            Since::Older(_) | Since::Unknown(_) => None,
        }
    }
}

/// The versions of one file, newest first.
pub struct FileHistory<'a> {
    repo: &'a Repository,
    log: PathLog,
    now: &'a dyn Fn() -> Instant,
    until: Instant,
}

impl<'a> FileHistory<'a> {
    /// Walks the history of a file. The time starts now, and holds for the answers as well.
    ///
    /// # Errors
    /// When the revision itself cannot be read, or the path is not one.
    pub fn of(
        repo: &'a Repository,
        from: &Revision,
        path: &str,
        limits: Limits,
        now: &'a dyn Fn() -> Instant,
    ) -> Result<FileHistory<'a>, GitError> {
        let until = now() + limits.time;
        let bounds = LogLimits {
            commits: limits.commits,
            versions: limits.versions,
        };
        let log = repo.path_log(&from.id, path, bounds, &|| now() >= until)?;
        Ok(FileHistory {
            repo,
            log,
            now,
            until,
        })
    }

    /// The versions, newest first.
    #[must_use]
    pub fn versions(&self) -> &[Run] {
        &self.log.runs
    }

    /// Whether the walk reached the first commit of the file or of the repository.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.log.is_complete()
    }

    /// Answers all questions about the file, in their order. `parse` reads a version and returns
    /// `None` when it cannot; it is called at most once for each content.
    #[must_use]
    pub fn answer<D, T: PartialEq>(
        &self,
        parse: &dyn Fn(&[u8]) -> Option<D>,
        questions: &[Question<'_, D, T>],
    ) -> Vec<Answer> {
        let reader = Reader {
            repo: self.repo,
            parse,
            questions,
            out_of_time: &|| (self.now)() >= self.until,
            picked: RefCell::default(),
            read_any: Cell::new(false),
        };
        (0..questions.len())
            .map(|q| Answer {
                since: reader.since(&self.log, q, true),
                in_git: questions[q]
                    .had
                    .as_ref()
                    .map(|had| reader.in_git(&self.log, q, had)),
            })
            .collect()
    }
}

/// What the questions pick out of a content; by blob id, empty for no file.
type Picked<T> = HashMap<Box<str>, Vec<Option<T>>>;

/// Reads versions once for all questions.
struct Reader<'r, 'q, D, T> {
    repo: &'r Repository,
    parse: &'r dyn Fn(&[u8]) -> Option<D>,
    questions: &'r [Question<'q, D, T>],
    out_of_time: &'r dyn Fn() -> bool,
    picked: RefCell<Picked<T>>,
    read_any: Cell<bool>,
}

/// An entry in one version, compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compared {
    Same,
    Different,
    CannotTell,
    /// The time is up.
    NotRead,
}

impl<D, T: PartialEq> Reader<'_, '_, D, T> {
    /// Makes sure that a version has been read; false when there is no time for it.
    fn read(&self, run: &Run) -> bool {
        let id = key(run);
        if self.picked.borrow().contains_key(id) {
            return true;
        }
        // One version is always read: a budget of nothing would answer nothing.
        if self.read_any.replace(true) && (self.out_of_time)() {
            return false;
        }
        let values: Vec<Option<T>> = match &run.content {
            Content::Absent => self.questions.iter().map(|q| (q.pick)(None)).collect(),
            Content::Other => self.questions.iter().map(|_| None).collect(),
            Content::File(id) => {
                let bytes = self.repo.blob(id).ok();
                let document = bytes.and_then(|bytes| (self.parse)(&bytes));
                self.questions
                    .iter()
                    .map(|q| document.as_ref().and_then(|d| (q.pick)(Some(d))))
                    .collect()
            }
        };
        self.picked.borrow_mut().insert(id.into(), values);
        true
    }

    fn compare(&self, run: &Run, question: usize, with: &Value<'_, T>) -> Compared {
        if !self.read(run) {
            return Compared::NotRead;
        }
        let picked = self.picked.borrow();
        let value_in = |id: &str| picked.get(id).and_then(|values| values[question].as_ref());
        let wanted = match with {
            Value::Given(value) => Some(*value),
            Value::In(id) => value_in(id),
        };
        match (value_in(key(run)), wanted) {
            (Some(a), Some(b)) if a == b => Compared::Same,
            (Some(_), Some(_)) => Compared::Different,
            _ => Compared::CannotTell,
        }
    }

    /// Since when the entry has the value of the newest version. `into_merges` looks for the
    /// commit inside of a branch that was merged.
    fn since(&self, log: &PathLog, question: usize, into_merges: bool) -> Since {
        let Some(newest) = log.runs.first() else {
            return Since::Unknown("the file has no history".into());
        };
        let present = Value::In(key(newest));
        let mut given_by = newest;
        let mut doubt: Option<&Run> = None;
        let decided = log.runs.iter().enumerate().find_map(|(i, run)| {
            match self.compare(run, question, &present) {
                Compared::Same => {
                    given_by = run;
                    doubt = None;
                    None
                }
                Compared::CannotTell if i == 0 => Some(Err(unknown(
                    "the entry cannot be read in the newest version",
                ))),
                Compared::CannotTell => {
                    doubt = doubt.or(Some(run));
                    None
                }
                Compared::Different => Some(Ok(())),
                Compared::NotRead if i == 0 => Some(Err(unknown("no time was left"))),
                Compared::NotRead => Some(Err(Since::Older(log.runs[i - 1].depth))),
            }
        });
        match (decided, doubt) {
            (Some(Err(answer)), _) => answer,
            (_, Some(run)) => Since::Unknown(
                format!("the entry cannot be read at {}", short_id(&run.commit.id)).into(),
            ),
            (None, None) if !log.is_complete() => Since::Older(log.commits),
            _ if into_merges => Since::By(self.in_branch(given_by, question, &present)),
            _ => Since::By(given_by.commit.clone()),
        }
    }

    /// The commit that gave the value, looking into the branches if it came with a merge: who
    /// merges is not who wrote.
    fn in_branch(&self, run: &Run, question: usize, present: &Value<'_, T>) -> CommitShown {
        let merge = &run.commit;
        let main = self.repo.first_parent_of(&merge.id);
        for branch in &run.merged {
            let log = self
                .repo
                .path_log(branch, &run.path, BRANCH, self.out_of_time);
            let Ok(log) = log else { continue };
            let tip = log.runs.first();
            if tip.map(|tip| self.compare(tip, question, present)) != Some(Compared::Same) {
                continue;
            }
            let Since::By(commit) = self.since(&log, question, false) else {
                continue;
            };
            // Older than the branch: then it is the merge that brought the value back.
            let in_main = main
                .as_deref()
                .is_some_and(|main| self.repo.is_ancestor(&commit.id, main));
            if !in_main {
                return commit;
            }
        }
        merge.clone()
    }

    /// Whether git ever had a value. The commit is the one that gave it the last time.
    fn in_git(&self, log: &PathLog, question: usize, had: &T) -> InGit {
        let wanted = Value::Given(had);
        let mut unread = 0usize;
        let mut last: Option<&Run> = None;
        for (i, run) in log.runs.iter().enumerate() {
            match self.compare(run, question, &wanted) {
                Compared::Same => last = Some(run),
                Compared::Different | Compared::CannotTell | Compared::NotRead
                    if last.is_some() =>
                {
                    break;
                }
                Compared::Different => {}
                Compared::CannotTell => unread += 1,
                Compared::NotRead => {
                    return match i.checked_sub(1).map(|i| log.runs[i].depth) {
                        Some(commits) if unread == 0 => InGit::NotInLast(commits),
                        _ => InGit::Unknown("no time was left to read the file's history".into()),
                    };
                }
            }
        }
        match last {
            Some(run) => InGit::Last(self.in_branch(run, question, &wanted)),
            None if unread > 0 => InGit::Unknown(
                format!(
                    "the entry cannot be read in {unread} of {} versions of the file",
                    log.runs.len()
                )
                .into(),
            ),
            None if log.is_complete() => InGit::Never,
            None if log.end == LogEnd::Missing && log.commits <= 1 => {
                InGit::Unknown("this clone does not hold the file's history".into())
            }
            None => InGit::NotInLast(log.commits),
        }
    }
}

/// What a version's entry is compared with.
enum Value<'v, T> {
    Given(&'v T),
    /// The entry in the version with this blob id.
    In(&'v str),
}

fn key(run: &Run) -> &str {
    match &run.content {
        Content::File(id) => id,
        Content::Absent => "",
        Content::Other => "other",
    }
}

fn unknown(why: &str) -> Since {
    Since::Unknown(why.into())
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
