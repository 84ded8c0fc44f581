//! The variables for `${NAME}` in Compose files: those of `.env`, never those of the process.

use crate::{
    desired::{
        DesiredContext, path,
        settings::{self, Absent, Collector, Load, Sealer, SettingsFile},
    },
    document::{EnvDialect, Format},
    git::{FileError, Files},
    model::{
        entry::Origin,
        observation::ItemId,
        path::{KeyPath, Segment},
        place::Place,
        target::ComposeSpec,
        tree::{Kind, NodeRef},
        value::UnreadCause,
    },
};
use std::{collections::BTreeMap, sync::Arc};

/// How env files are read here: as they are, because others refer to them.
pub(super) const ENV: Load = Load {
    format: Format::Dotenv(EnvDialect::Compose),
    detect: false,
    sealed: false,
};

/// A variable that a file sets.
#[derive(Clone)]
pub(super) struct Variable {
    /// Absent: it is set to what is not known from here.
    pub(super) text: Option<Box<str>>,
    /// Whether it is a secret.
    pub(super) secret: bool,
    /// Where it is set.
    pub(super) origin: Option<Origin>,
}

impl Variable {
    pub(super) fn is_empty(&self) -> bool {
        self.text.as_deref() == Some("")
    }
}

/// By name; later files have won.
#[derive(Clone, Default)]
pub(super) struct Variables {
    known: BTreeMap<Box<str>, Variable>,
}

impl Variables {
    /// Reads the files of `--env-file`, else `.env` beside the first Compose file.
    pub(super) fn read(
        spec: &ComposeSpec,
        files: &Files,
        cx: &DesiredContext<'_>,
        out: &mut Collector,
    ) -> Variables {
        let mut variables = Variables::default();
        if spec.env_files.is_empty() {
            let first = spec.files.first().map_or("", |f| f);
            if let Some(beside) = path::join(path::parent(first), ".env") {
                variables.add(&beside, true, files, cx, out);
            }
        }
        for file in &spec.env_files {
            variables.add(file, false, files, cx, out);
        }
        variables
    }

    pub(super) fn get(&self, name: &str) -> Option<&Variable> {
        self.known.get(name)
    }

    /// The same with those of another file below them, as for an included Compose file.
    pub(super) fn above(
        &self,
        file: &str,
        files: &Files,
        cx: &DesiredContext<'_>,
        out: &mut Collector,
    ) -> Variables {
        let mut all = Variables::default();
        all.add(file, true, files, cx, out);
        let own = self.known.iter().map(|(n, v)| (n.clone(), v.clone()));
        all.known.extend(own);
        all
    }

    fn add(
        &mut self,
        path: &str,
        optional: bool,
        files: &Files,
        cx: &DesiredContext<'_>,
        out: &mut Collector,
    ) {
        let Some(file) = env_file(path, optional, files, cx, out) else {
            return;
        };
        let sealer = Sealer::new(&file.path, cx);
        for member in members(&file) {
            let name = member.key().as_str();
            let text = member.as_text();
            let passed_through = member.kind() == Kind::Opaque && member.text() == FROM_OUTSIDE;
            if passed_through {
                continue;
            }
            let variable = Variable {
                secret: text.is_some_and(|t| sealer.is_secret(name, t)),
                text: text.map(Into::into),
                origin: Some(origin(&file, member)),
            };
            self.known.insert(name.into(), variable);
        }
    }
}

/// The symbol of a name without a value in an env file.
pub(super) const FROM_OUTSIDE: &str = "from the environment";

/// The members of an env file.
pub(super) fn members(file: &SettingsFile) -> impl Iterator<Item = NodeRef<'_>> {
    file.documents.iter().flat_map(|d| d.tree.root().children())
}

/// Where a member of a flat file stands.
pub(super) fn origin(file: &SettingsFile, member: NodeRef<'_>) -> Origin {
    Origin {
        item: ItemId::Document((*file.path).into()),
        path: KeyPath(vec![Segment::Member(member.key().as_str().into())]),
        place: Some(Place::exact(
            file.path.clone(),
            member.span().or_else(|| member.key_span()),
        )),
    }
}

/// An env file; nothing, and a problem, where it can't be read.
pub(super) fn env_file(
    path: &str,
    optional: bool,
    files: &Files,
    cx: &DesiredContext<'_>,
    out: &mut Collector,
) -> Option<Arc<SettingsFile>> {
    match settings::load(path, ENV, files, cx) {
        Ok(file) => {
            out.input(&file.path);
            for problem in &file.problems {
                out.malformed(problem.clone());
            }
            Some(file)
        }
        Err(error @ FileError::NotFound { .. }) => {
            match settings::missing(path, &error, files) {
                Absent::Certain(_) if optional => {}
                Absent::Certain(problem) | Absent::Dangling(problem) => {
                    out.problem(problem, UnreadCause::MissingObject);
                }
            }
            None
        }
        Err(error) => {
            out.unreadable(&error, path);
            None
        }
    }
}
