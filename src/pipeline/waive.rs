//! `driftgate waive`: from an active finding to a waiver in driftgate.yaml.

use super::{CheckRequest, Inputs, Run, check, revisions};
use crate::{
    config,
    document::edit,
    git::{FileError, Files},
    model::{
        entry::EntryKey,
        finding::{Disposition, Finding},
        policy::{Pattern, Selector, Waiver},
        report::{Occasion, Report, Verdict},
        secret::DigestKey,
        target::Project,
        time::Timestamp,
    },
    policy::{self, Policy, selector},
    render, text,
};
use anyhow::{Context, anyhow, bail};
use std::{collections::BTreeMap, path::PathBuf};

/// Which finding is to be accepted; the environment and the service are the inputs' own.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// A setting, or the path of a field.
    pub key: Option<String>,
    /// The rule.
    pub rule: Option<String>,
    /// The object: `Kind/name` or `Kind/namespace/name`.
    pub object: Option<String>,
}

/// What a waiver would accept.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepting {
    /// Exact names.
    selector: Selector,
    /// The value that it is bound to.
    pub value: Option<Box<str>>,
    /// The finding, for people.
    pub shown: String,
    /// `--environment E …`: what tells it from the others.
    flags: String,
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

/// Rules whose findings end by an edit of the configuration or by reading again.
const NEVER: &[&str] = &["expired", "source-unavailable", "waiver-unused"];

/// Runs a check and gives the one finding that is meant.
///
/// # Errors
/// As [`check`]; when there is none or more than one, with what there is.
pub fn waivable(request: &CheckRequest, wanted: &Wanted) -> anyhow::Result<Accepting> {
    let report = check(request)?;
    let run = Run::new(&request.inputs)?;
    let named: Vec<&Finding> = (report.findings.iter())
        .filter(|f| !NEVER.contains(&f.rule.id) && is_meant(f, wanted, &request.inputs))
        .collect();
    let mut found: Vec<Accepting> = Vec::new();
    for finding in named
        .iter()
        .filter(|f| f.disposition == Disposition::Active)
    {
        let accepting = accepting(finding, &request.inputs);
        let same = |a: &Accepting| a.selector == accepting.selector && a.value == accepting.value;
        if !found.iter().any(same) {
            found.push(accepting);
        }
    }
    match found.as_slice() {
        [] => Err(none(&report, &named, wanted)),
        [one] => {
            accepts_it(one, &named, run.now)?;
            Ok(one.clone())
        }
        many => bail!(
            "{} are meant; say which one:\n{}",
            text::plural(many.len(), "finding"),
            many.iter()
                .map(|a| format!("  {}\n    {}", a.shown, a.flags))
                .collect::<Vec<_>>()
                .join("\n")
        ),
    }
}

fn is_meant(f: &Finding, wanted: &Wanted, inputs: &Inputs) -> bool {
    let pattern = |text: &Option<String>| text.as_deref().map(Pattern::new);
    let base = Selector {
        rule: pattern(&wanted.rule),
        object: pattern(&wanted.object),
        ..Selector::default()
    };
    let tiers = BTreeMap::new();
    let is = |selector: &Selector| selector::matches(selector, f, &tiers);
    let s = &f.subject;
    let in_list = |list: &[String], name: &str| list.is_empty() || list.iter().any(|l| l == name);
    let environments = (std::iter::once(&s.environment)
        .chain(s.sides.iter().map(|o| &o.environment)))
    .chain(&s.also_in_environments);
    let services = std::iter::once(&s.service).chain(&s.also_in);
    let by_key = match &wanted.key {
        None => is(&base),
        Some(_) => {
            let key = Selector {
                key: pattern(&wanted.key),
                ..base.clone()
            };
            let is_field = matches!(s.key, EntryKey::Field(_)).then(|| s.key.to_string());
            is(&key) || (is_field == wanted.key && is(&base))
        }
    };
    by_key
        && environments
            .into_iter()
            .any(|e| in_list(&inputs.environments, e))
        && services.into_iter().any(|e| in_list(&inputs.services, e))
}

/// The waiver of a finding: as narrow as it can be said.
fn accepting(f: &Finding, inputs: &Inputs) -> Accepting {
    let s = &f.subject;
    let exact = |text: &str| Some(Pattern::new(text));
    let asked = |name: &str| inputs.environments.iter().any(|e| e == name);
    // Of several environments the one that was asked for.
    let environment = (s.sides.iter().map(|o| &o.environment))
        .find(|e| asked(e))
        .unwrap_or(&s.environment);
    let object = s.object.as_ref().map(ToString::to_string);
    let mut selector = Selector {
        rule: exact(f.rule.id),
        // One for several services or environments is for all of them.
        environment: s
            .also_in_environments
            .is_empty()
            .then(|| Pattern::new(environment)),
        service: s.also_in.is_empty().then(|| Pattern::new(&s.service)),
        ..Selector::default()
    };
    match &s.key {
        // Of several with one name the value tells which.
        EntryKey::Setting(name) => selector.key = exact(name),
        EntryKey::Field(path) => {
            selector.field = exact(&path.to_string());
            selector.object = object.as_deref().and_then(exact);
        }
        EntryKey::Object => selector.object = object.as_deref().and_then(exact),
    }
    let mut flags = format!("--rule {} --environment {environment}", f.rule.id);
    if s.also_in.is_empty() {
        flags.push_str(&format!(" --service {}", s.service));
    }
    if let Some(object) = &object {
        flags.push_str(&format!(" --object {object}"));
    }
    Accepting {
        value: policy::value_to_waive(s, environment).map(Into::into),
        selector,
        shown: format!(
            "{} in {environment}: {}",
            s.service,
            render::message(&s.message)
        ),
        flags: text::terminal(&flags).into_owned(),
    }
}

/// A waiver that would accept nothing is not written.
fn accepts_it(accepting: &Accepting, named: &[&Finding], now: Timestamp) -> anyhow::Result<()> {
    let waiver = Waiver {
        selector: accepting.selector.clone(),
        value: accepting.value.clone(),
        reason: "".into(),
        owner: "".into(),
        expires: now,
        place: None,
    };
    let mut findings: Vec<Finding> = named.iter().map(|f| (*f).clone()).collect();
    policy::apply(
        &mut findings,
        &Policy {
            severities: &[],
            ignore: &[],
            gitops: None,
            waivers: &[waiver],
            baseline: None,
            tiers: &BTreeMap::new(),
            occasion: Occasion::Audit,
            now,
            key: &DigestKey::for_this_run(&[0; 32]),
        },
    );
    if findings
        .iter()
        .any(|f| f.disposition == Disposition::Waived)
    {
        return Ok(());
    }
    bail!(
        "{}: a waiver can't say this finding (its value is not known)",
        accepting.shown
    )
}

fn none(report: &Report, named: &[&Finding], wanted: &Wanted) -> anyhow::Error {
    if let Some(accepted) = named.iter().find_map(|f| f.accepted.as_ref()) {
        let place = accepted.place.as_ref().map(|p| format!(" in {p}"));
        return anyhow!(
            "there is no active finding like that: it is accepted already, by {}{}",
            accepted.by,
            place.unwrap_or_default()
        );
    }
    let active = |f: &&Finding| f.disposition == Disposition::Active && !NEVER.contains(&f.rule.id);
    let mut keys: Vec<String> = (report.findings.iter())
        .filter(active)
        .map(|f| match &f.subject.key {
            EntryKey::Object => {
                (f.subject.object.as_ref()).map_or_else(String::new, |o| format!("--object {o}"))
            }
            key => key.to_string(),
        })
        .filter(|k| !k.is_empty())
        .collect();
    keys.sort();
    keys.dedup();
    let what = wanted.key.as_deref().unwrap_or("that");
    if report.verdict == Verdict::Incomplete {
        return anyhow!(
            "there is no active finding about {what}, and not everything could be read: `driftgate check` says what"
        );
    }
    if keys.is_empty() {
        return anyhow!("there is no active finding about {what}, or about anything else");
    }
    if let Some(near) = config::nearest(what, keys.iter().map(String::as_str)) {
        return anyhow!("there is no active finding about {what}; did you mean {near}?");
    }
    let more = keys.len().saturating_sub(12);
    keys.truncate(12);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    anyhow!(
        "there is no active finding about {what}; there are some about {}{more}",
        keys.join(", ")
    )
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

/// `2026-12-01`.
fn day_of(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
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
