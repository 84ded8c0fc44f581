//! `driftgate explain`: what wins, what it hides, and who wrote each of it.

mod fields;

use super::{
    Analysis, BaselineFrom, CheckRequest, Inputs, analyse, effective, history, inputs::Run, judge,
    live, policy::Given, revisions,
};
use crate::{
    explain::{self as explaining, Input, Line, NotFound},
    git::FileError,
    kubernetes::ownership::Ownership,
    model::{
        effective::words,
        entry::{EntryKey, Origin},
        explanation::{Asked, ExplainedKey, ExplainedSide, ExplainedValue, Explanation},
        finding::{Finding, Written},
        report::Occasion,
        value::Reading,
    },
};
use anyhow::{anyhow, bail};
use std::{collections::BTreeSet, path::Path};

/// What `driftgate explain` was asked for.
pub struct ExplainRequest {
    /// What is read, and where from.
    pub inputs: Inputs,
    /// The revision before the change.
    pub base: Option<String>,
    /// The revision after it; absent: HEAD.
    pub head: Option<String>,
    /// Read the files as they lie.
    pub worktree: bool,
    /// A setting, or `FILE:LINE`.
    pub asked: String,
}

/// Explains a setting, or what is set on a line.
///
/// # Errors
/// When it can't even begin (arguments, configuration, revisions), or nothing is there that could
/// be explained. What can't be read is in the explanation, and makes it incomplete.
pub fn explain(request: &ExplainRequest) -> anyhow::Result<Explanation> {
    let run = Run::new(&request.inputs)?;
    let mut analysis = analyse(
        &run,
        &CheckRequest {
            inputs: request.inputs.clone(),
            base: request.base.clone(),
            head: request.head.clone(),
            worktree: request.worktree,
            // Everything is looked at, whatever the change writes.
            occasion: Some(Occasion::Audit),
            fail_on: None,
            baseline: BaselineFrom::Configuration,
        },
    )?;
    let effective = analysis.effective(&|_| true);
    let question = Question::of(&run, &analysis, &request.asked)?;
    let found = question.ask(&analysis, &effective, &[])?;
    // Only what is about the setting is asked of history.
    keep(&mut analysis, &found);
    history::fill(&run, &mut analysis);
    let views = effective::views(&analysis.plan, &effective);
    let given = Given::read(&run, &analysis, &BaselineFrom::Configuration)?;
    let read = judge::what_was_read(&run, &analysis);
    // What rules and policy say of a whole run is not said of one setting of it.
    let mut notes = read.notes.clone();
    let mut seen = BTreeSet::new();
    notes.retain(|note| seen.insert(format!("{note:?}")));
    let report = judge::judged(&run, &analysis, &views, &given, read);
    let mut keys = question.ask(&analysis, &effective, &report.findings)?;
    writers(&analysis, &mut keys);
    commits(&run, &analysis, &mut keys);
    Ok(Explanation {
        asked: question.asked,
        base: analysis.revisions.base_shown.clone(),
        head: analysis.revisions.head_shown.clone(),
        notes,
        keys,
    })
}

/// A question, with the text of the file that it is about.
struct Question {
    asked: Asked,
    /// Of a line: why the file can't be read, or its text.
    text: Result<String, FileError>,
    /// `at 0123abcd`, for the end of a sentence.
    at: String,
}

impl Question {
    /// `FILE:LINE` is a line, anything else a setting.
    fn of(run: &Run<'_>, analysis: &Analysis, asked: &str) -> anyhow::Result<Question> {
        let files = &analysis.revisions.head;
        let question = |asked, text| Question {
            asked,
            text,
            at: files.at().into(),
        };
        let Some((file, line)) = file_and_line(asked) else {
            let asked = Asked::Key(asked.into());
            return Ok(question(asked, Ok(String::new())));
        };
        let Ok(line) = line.parse::<u32>() else {
            bail!("`{asked}`: there is no line {line}");
        };
        let path = run.path(Path::new(file));
        let file = match revisions::relative(run, &path) {
            Ok(relative) => relative,
            // A folder that is not in the work tree may be in the revision.
            Err(_) => file.trim_start_matches("./").to_owned(),
        };
        let text = files
            .read(&file)
            .map(|found| String::from_utf8_lossy(&found.bytes).into_owned());
        let file = file.into();
        Ok(question(Asked::Line { file, line }, text))
    }

    fn ask(
        &self,
        analysis: &Analysis,
        effective: &[Option<effective::TargetEffective>],
        findings: &[Finding],
    ) -> anyhow::Result<Vec<ExplainedKey>> {
        let views = effective::views(&analysis.plan, effective);
        let input = Input {
            targets: &views,
            findings,
            project: &analysis.plan.judge,
        };
        let (file, line) = match &self.asked {
            Asked::Key(key) => {
                return explaining::by_key(&input, key).map_err(|not_found| {
                    match fields::named(analysis, key) {
                        Some(field) => anyhow!(field),
                        None => not_found.into(),
                    }
                });
            }
            Asked::Line { file, line } => (file, *line),
        };
        let text = self.text.as_ref().ok().map(String::as_str);
        match (
            explaining::by_line(&input, &Line::new(file, line, text)),
            &self.text,
        ) {
            (Ok(keys), _) => Ok(keys),
            (Err(NotFound::File { .. }), Err(FileError::NotFound { .. })) => {
                bail!("{file} does not exist {}", self.at)
            }
            (Err(NotFound::File { .. }), Err(other)) => bail!("{other}"),
            (Err(not_found), Ok(_)) => Err(match fields::on_line(analysis, file, line) {
                Some(field) if matches!(not_found, NotFound::Line { .. }) => {
                    anyhow!("{not_found}. {field}")
                }
                Some(field) => anyhow!(field),
                None => not_found.into(),
            }),
            (Err(other), _) => Err(other.into()),
        }
    }
}

/// `FILE:LINE` and `FILE:LINE:COLUMN`, as compilers print places.
fn file_and_line(text: &str) -> Option<(&str, &str)> {
    let is_number = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let (before, last) = text.rsplit_once(':').filter(|(_, n)| is_number(n))?;
    match before.rsplit_once(':') {
        Some((file, line)) if is_number(line) && !file.is_empty() => Some((file, line)),
        _ if before.is_empty() => None,
        _ => Some((before, last)),
    }
}

/// Leaves only those comparisons that are about the settings.
fn keep(analysis: &mut Analysis, keys: &[ExplainedKey]) {
    let wanted: BTreeSet<_> = keys
        .iter()
        .flat_map(|k| {
            let sides = k.targets.iter().flat_map(|t| {
                let sides = [Some(&t.git), t.base.as_ref(), t.live.as_ref()];
                sides.into_iter().flatten()
            });
            let names = sides.flat_map(|s| &s.values).map(|v| words(&v.name));
            names.chain([words(&k.name)])
        })
        .collect();
    for comparison in analysis.compared.iter_mut().flatten() {
        comparison.notes.clear();
        comparison.entries.retain(|e| match &e.key {
            EntryKey::Setting(name) => wanted.contains(&words(name)),
            EntryKey::Field(_) | EntryKey::Object => false,
        });
    }
}

/// Who wrote the live values.
fn writers(analysis: &Analysis, keys: &mut [ExplainedKey]) {
    for t in keys.iter_mut().flat_map(|k| &mut k.targets) {
        let (service, environment) = (t.service.clone(), t.environment.clone());
        let sides = [(Some(&mut t.git), true), (t.live.as_mut(), false)];
        for (side, borrowed) in sides {
            let values = side.into_iter().flat_map(|s| &mut s.values);
            // Git's side has a live value where a layer has no other.
            for value in values.filter(|v| v.borrowed == borrowed) {
                let at = analysis.layer_at((&service, &environment), &value.layer);
                if let (Some(at), Some(origin)) = (at, &value.origin) {
                    value.written = written(analysis, at, origin);
                }
            }
        }
    }
}

fn written(analysis: &Analysis, layer: usize, origin: &Origin) -> Option<Written> {
    let layer = &analysis.state.layers[layer];
    let system = live::system_of(&analysis.plan, &analysis.live, layer)?;
    let Reading::Present(item) = system.observation.object(origin.object()?) else {
        return None;
    };
    let ownership = Ownership::of(&item.writes, item.tree.root(), &analysis.plan.deployers);
    Some(ownership.evidence(&origin.path))
}

/// Since when git has its values, and who gave them.
fn commits(run: &Run<'_>, analysis: &Analysis, keys: &mut [ExplainedKey]) {
    let mut asked: Vec<history::Written> = Vec::new();
    let mut values: Vec<&mut ExplainedValue> = Vec::new();
    for t in keys.iter_mut().flat_map(|k| &mut k.targets) {
        let (service, environment) = (t.service.clone(), t.environment.clone());
        let of_git = |side: &ExplainedSide, at: usize| {
            place_in_git(analysis, (&service, &environment), &side.values[at])
        };
        let found: Vec<Option<history::Written>> = (0..t.git.values.len())
            .map(|at| of_git(&t.git, at))
            .collect();
        for (value, entry) in t.git.values.iter_mut().zip(found) {
            if let Some(entry) = entry {
                asked.push(entry);
                values.push(value);
            }
        }
    }
    let commits = history::since(run, &analysis.revisions, asked);
    for (value, commit) in values.into_iter().zip(commits) {
        value.commit = commit;
    }
}

fn place_in_git(
    analysis: &Analysis,
    (service, environment): (&str, &str),
    value: &ExplainedValue,
) -> Option<history::Written> {
    let origin = value.origin.as_ref().filter(|_| !value.borrowed)?;
    history::written(analysis, (service, environment), &value.layer, origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_from_names() {
        for (text, place) in [
            (
                "params/production.yaml:3",
                Some(("params/production.yaml", "3")),
            ),
            ("params.yaml:3:7", Some(("params.yaml", "3"))),
            ("C:\\params.yaml:3", Some(("C:\\params.yaml", "3"))),
            ("Database:PoolSize", None),
            ("database.pool_size", None),
            (":3", None),
            ("a:", None),
            ("3:4", Some(("3", "4"))),
            ("", None),
        ] {
            assert_eq!(file_and_line(text), place, "{text}");
        }
    }
}
