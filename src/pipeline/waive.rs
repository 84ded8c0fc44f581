//! `driftgate waive`: from an active finding to a waiver in driftgate.yaml.

mod find;

pub use find::{Wanted, waivable};

use super::{Inputs, Run, revisions};
use crate::{
    config,
    document::edit,
    git::{FileError, Files},
    model::{policy::Selector, target::Project, time::Timestamp},
};
use anyhow::{Context, anyhow, bail};
use std::path::PathBuf;

/// What a waiver would accept.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepting {
    /// Exact names.
    selector: Selector,
    /// The value that it is bound to.
    pub value: Option<Box<str>>,
    /// The finding, for people.
    pub shown: String,
    /// What is meant too, and worth less: it stays.
    pub besides: Option<String>,
}

/// What became of a waiver.
pub struct Waived {
    /// The file.
    pub file: PathBuf,
    /// What changes in it.
    pub diff: String,
    /// The new text of the file.
    pub bytes: Vec<u8>,
}

/// Makes the waiver's text and puts it into driftgate.yaml's, which is read again: it must say
/// one waiver more, and else the same. Writes nothing.
///
/// # Errors
/// When driftgate.yaml can't be edited without changing what else it says.
pub fn write_waiver(
    inputs: &Inputs,
    accepting: &Accepting,
    reason: &str,
    owner: &str,
    expires: Timestamp,
) -> anyhow::Result<Waived> {
    if inputs.zero.is_some() {
        bail!("a waiver is written into driftgate.yaml, and this run has none");
    }
    let run = Run::new(inputs)?;
    let file = revisions::config_file(&run)?;
    let name = revisions::relative(&run, &file)?;
    let files = match &run.repository {
        Some(repository) => repository.files_of_work_tree()?,
        None => Files::folder(&run.directory),
    };
    let found = files.read(&name).map_err(|e| match e {
        FileError::NotFound { .. } => anyhow!("{name} does not exist in the work tree"),
        other => anyhow!(other),
    })?;
    // A sentence: line breaks are blanks in it.
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    let item = item(accepting, &reason, owner, expires);
    let members: Vec<edit::Member<'_>> = item.iter().map(|(n, v)| (*n, &**v)).collect();
    let bytes = edit::add_item(&found.bytes, "waivers", &members).with_context(|| {
        format!(
            "{name} can't be edited; add the waiver by hand:\n{}",
            by_hand(&item)
        )
    })?;
    let before = read(&found.bytes, &name, &files)?;
    let after = read(&bytes, &name, &files)
        .with_context(|| format!("{name} would not be readable any more, so nothing is written"))?;
    if !is_one_more(&before, after, accepting, (&reason, owner, expires)) {
        bail!(
            "{name} would say something else besides, so nothing is written; add the waiver by hand:\n{}",
            by_hand(&item)
        );
    }
    let diff = diff(&name, &found.bytes, &bytes);
    // Behind a link the file itself is written.
    let file = file.canonicalize().unwrap_or(file);
    Ok(Waived { file, diff, bytes })
}

fn read(bytes: &[u8], name: &str, files: &Files) -> anyhow::Result<Project> {
    config::load(bytes, name, files)
        .map(|loaded| loaded.project)
        .map_err(|problems| anyhow!("{name}\n\n{}", config::show(&problems).trim_end()))
}

type Item = Vec<(&'static str, String)>;

fn item(accepting: &Accepting, reason: &str, owner: &str, expires: Timestamp) -> Item {
    let s = &accepting.selector;
    let given = [
        ("rule", &s.rule),
        ("environment", &s.environment),
        ("service", &s.service),
        ("key", &s.key),
        ("object", &s.object),
        ("field", &s.field),
    ];
    let mut out: Item = given
        .into_iter()
        .filter_map(|(name, p)| Some((name, p.as_ref()?.as_str().to_owned())))
        .collect();
    if let Some(value) = &accepting.value {
        out.push(("value", value.to_string()));
    }
    out.push(("reason", reason.into()));
    out.push(("owner", owner.into()));
    out.push(("expires", day_of(expires)));
    for (_, text) in &mut out {
        // Nothing in it is a variable.
        *text = text.replace("${", "$${");
    }
    out
}

/// `2026-12-01` for the end of a day; another time as it is.
fn day_of(time: Timestamp) -> String {
    let text = time.to_string();
    (text.strip_suffix("T23:59:59Z").map(Into::into)).unwrap_or(text)
}

fn by_hand(item: &Item) -> String {
    let members: Vec<(&str, &str)> = item.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let text = edit::add_item(b"waivers:\n", "waivers", &members).unwrap_or_default();
    String::from_utf8_lossy(&text).trim_end().to_owned()
}

/// Whether `after` is `before` with this waiver behind the others.
fn is_one_more(
    before: &Project,
    mut after: Project,
    accepting: &Accepting,
    (reason, owner, expires): (&str, &str, Timestamp),
) -> bool {
    let Some(new) = after.waivers.pop() else {
        return false;
    };
    new.selector == accepting.selector
        && new.value == accepting.value
        && *new.reason == *reason
        && *new.owner == *owner
        && (new.expires.0 - expires.0).abs() <= 1
        && without_places(after) == without_places(before.clone())
}

/// Lines move; what they say does not.
fn without_places(mut project: Project) -> Project {
    for group in &mut project.parity {
        group.place = None;
        for difference in &mut group.differences {
            difference.place = None;
        }
    }
    for severity in &mut project.severities {
        severity.place = None;
    }
    for ignore in &mut project.ignore {
        ignore.place = None;
    }
    for waiver in &mut project.waivers {
        waiver.place = None;
    }
    project
}

/// The lines that differ, with three around them.
fn diff(name: &str, before: &[u8], after: &[u8]) -> String {
    const AROUND: usize = 3;
    let lines = |bytes: &[u8]| -> Vec<String> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.lines().map(Into::into).collect()
    };
    let (a, b) = (lines(before), lines(after));
    let same = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let rest = a.len().min(b.len()) - same;
    let end = (a.iter().rev().zip(b.iter().rev()).take(rest))
        .take_while(|(x, y)| x == y)
        .count();
    let from = same.saturating_sub(AROUND);
    let behind = end.min(AROUND);
    let (a_to, b_to) = (a.len() - end, b.len() - end);
    let mut out = format!(
        "--- {name}\n+++ {name}\n@@ -{},{} +{},{} @@\n",
        from + 1,
        a_to + behind - from,
        from + 1,
        b_to + behind - from
    );
    let mut add = |mark: char, lines: &[String]| {
        for line in lines {
            out.push(mark);
            out.push_str(line);
            out.push('\n');
        }
    };
    add(' ', &a[from..same]);
    add('-', &a[same..a_to]);
    add('+', &b[same..b_to]);
    add(' ', &a[a_to..a_to + behind]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_shows_what_is_added() {
        let before = b"a\nb\nc\nd\ne\nf\ng\n";
        let after = b"a\nb\nc\nd\nNEW\ne\nf\ng\n";
        assert_eq!(
            diff("x", before, after),
            "--- x\n+++ x\n@@ -2,6 +2,7 @@\n b\n c\n d\n+NEW\n e\n f\n g\n"
        );
        assert_eq!(
            diff("x", b"a", b"a\nb\n"),
            "--- x\n+++ x\n@@ -1,1 +1,2 @@\n a\n+b\n"
        );
        assert_eq!(
            diff("x", b"w: []\n", b"w: [ 1 ]\n"),
            "--- x\n+++ x\n@@ -1,1 +1,1 @@\n-w: []\n+w: [ 1 ]\n"
        );
        // A line that is there twice.
        assert_eq!(
            diff("x", b"a\na\n", b"a\na\na\n"),
            "--- x\n+++ x\n@@ -1,2 +1,3 @@\n a\n a\n+a\n"
        );
    }
}
