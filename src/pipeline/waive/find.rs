//! Which finding is meant, and what there is where none is.

use super::Accepting;
use crate::{
    check::RULES,
    config,
    model::{
        entry::EntryKey,
        finding::{Disposition, Finding, Severity},
        policy::{Pattern, Selector, Waiver},
        report::{Occasion, Report, Verdict},
        secret::DigestKey,
        time::Timestamp,
    },
    pipeline::{CheckRequest, Run, check, revisions},
    plan::{self, Filter},
    policy::{self, Policy, selector},
    render, text,
};
use anyhow::{anyhow, bail};
use std::collections::{BTreeMap, BTreeSet};

/// Which finding is to be accepted; what is absent or empty restricts nothing.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// A setting, or the path of a field.
    pub key: Option<String>,
    /// The rule.
    pub rule: Option<String>,
    /// The object: `Kind/name` or `Kind/namespace/name`.
    pub object: Option<String>,
    /// Environments; a finding between several is meant by each of them.
    pub environments: Vec<String>,
    /// Services.
    pub services: Vec<String>,
}

/// What a finding is chosen by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Object,
    Key,
    Rule,
    Environment,
    Service,
}

const ALL: [By; 5] = [By::Object, By::Key, By::Rule, By::Environment, By::Service];

/// Rules whose findings end by an edit of the configuration or by reading again.
const NEVER: &[&str] = &["expired", "source-unavailable", "waiver-unused"];

/// An active finding that a waiver could accept.
struct Candidate<'a> {
    finding: &'a Finding,
    accepting: Accepting,
    severity: Severity,
}

/// Runs a check and gives the one finding that is meant: of several the worst. What is wanted
/// restricts which one that is, never what is read, since findings between environments and of
/// what several services share need all of it.
///
/// # Errors
/// As [`check`]; when there is none or more than one, with what there is.
pub fn waivable(request: &CheckRequest, wanted: &Wanted) -> anyhow::Result<Accepting> {
    let mut request = request.clone();
    request.inputs.reads_all = true;
    let run = Run::new(&request.inputs)?;
    are_known(&run, &request, wanted)?;
    let report = check(&request)?;
    let open: Vec<&Finding> = (report.findings.iter())
        .filter(|f| !NEVER.contains(&f.rule.id))
        .collect();
    let named: Vec<&Finding> = (open.iter().copied())
        .filter(|f| wanted.is_meant(f))
        .collect();
    let found = candidates(&named, wanted);
    let worst = found.iter().map(|c| c.severity).max();
    let (chosen, others): (Vec<&Candidate<'_>>, Vec<&Candidate<'_>>) =
        found.iter().partition(|c| Some(c.severity) == worst);
    match chosen[..] {
        [] => Err(none(&report, &open, &named, wanted)),
        [one] => {
            accepts_it(&one.accepting, &named, run.now)?;
            Ok(Accepting {
                besides: besides(&others),
                ..one.accepting.clone()
            })
        }
        _ => {
            let active: Vec<&Finding> = open.into_iter().filter(|f| is_active(f)).collect();
            let lines: Vec<String> = (chosen.iter())
                .map(|c| format!("  {}\n    {}", c.accepting.shown, flags(c, &active)))
                .chain(besides(&others))
                .collect();
            bail!(
                "{} are meant; say which one:\n{}",
                text::plural(chosen.len(), "finding"),
                lines.join("\n")
            )
        }
    }
}

/// A name that nothing has is said before anything is read.
fn are_known(run: &Run<'_>, request: &CheckRequest, wanted: &Wanted) -> anyhow::Result<()> {
    if let Some(rule) = &wanted.rule {
        is_rule(rule)?;
    }
    let revisions = revisions::choose(run, request)?;
    let projects = revisions::projects(run, &revisions)?;
    let filter = Filter {
        environments: wanted.environments.clone(),
        services: wanted.services.clone(),
    };
    plan::plan(projects.base.as_ref(), &projects.head, &filter)?;
    Ok(())
}

fn is_rule(rule: &str) -> anyhow::Result<()> {
    if NEVER.contains(&rule) {
        bail!(
            "findings of {rule} are not waived: they end by an edit of driftgate.yaml, or by reading again"
        );
    }
    let pattern = Pattern::new(rule);
    let ids = || RULES.iter().map(|r| r.id);
    if ids().any(|id| pattern.matches(id)) {
        return Ok(());
    }
    match config::nearest(rule, ids()) {
        Some(near) => bail!("there is no rule {rule}; did you mean {near}?"),
        None => bail!(
            "there is no rule {rule}; there are {}",
            ids().collect::<Vec<_>>().join(", ")
        ),
    }
}

impl Wanted {
    fn is_meant(&self, f: &Finding) -> bool {
        ALL.iter().all(|by| self.fits(*by, f))
    }

    /// What was given of it, for people.
    fn given(&self, by: By) -> Option<String> {
        let list = |names: &[String]| (!names.is_empty()).then(|| names.join(", "));
        match by {
            By::Object => self.object.clone(),
            By::Key => self.key.clone(),
            By::Rule => self.rule.clone(),
            By::Environment => list(&self.environments),
            By::Service => list(&self.services),
        }
    }

    fn fits(&self, by: By, f: &Finding) -> bool {
        let pattern = |text: &Option<String>| text.as_deref().map(Pattern::new);
        let is = |selector: Selector| selector::matches(&selector, f, &BTreeMap::new());
        let in_list =
            |list: &[String], name: &str| list.is_empty() || list.iter().any(|l| l == name);
        let s = &f.subject;
        match by {
            By::Object => is(Selector {
                object: pattern(&self.object),
                ..Selector::default()
            }),
            By::Rule => is(Selector {
                rule: pattern(&self.rule),
                ..Selector::default()
            }),
            // Where a setting is held tells those of one name apart.
            By::Key => {
                is(Selector {
                    key: pattern(&self.key),
                    ..Selector::default()
                }) || is(Selector {
                    field: pattern(&self.key),
                    ..Selector::default()
                })
            }
            By::Environment => environments(f).any(|e| in_list(&self.environments, e)),
            By::Service => (std::iter::once(&s.service).chain(&s.also_in))
                .any(|name| in_list(&self.services, name)),
        }
    }
}

fn environments(f: &Finding) -> impl Iterator<Item = &str> {
    let sides = f.subject.sides.iter().map(|side| &*side.environment);
    std::iter::once(&*f.subject.environment).chain(sides)
}

fn is_active(f: &Finding) -> bool {
    f.disposition == Disposition::Active
}

/// The active findings, those that one waiver accepts together as one.
fn candidates<'a>(named: &[&'a Finding], wanted: &Wanted) -> Vec<Candidate<'a>> {
    let mut out: Vec<Candidate<'a>> = Vec::new();
    for finding in named.iter().copied().filter(|f| is_active(f)) {
        let accepting = accepting(finding, wanted);
        let same = |a: &Accepting| a.selector == accepting.selector && a.value == accepting.value;
        match out.iter_mut().find(|c| same(&c.accepting)) {
            Some(c) => c.severity = c.severity.max(finding.severity),
            None => out.push(Candidate {
                finding,
                accepting,
                severity: finding.severity,
            }),
        }
    }
    out
}

/// The waiver of a finding: as narrow as it can be said.
fn accepting(f: &Finding, wanted: &Wanted) -> Accepting {
    let s = &f.subject;
    let exact = |text: &str| Some(Pattern::new(text));
    let asked = |name: &str| wanted.environments.iter().any(|e| e == name);
    // Of several environments the one that was asked for.
    let environment = (s.sides.iter().map(|o| &o.environment))
        .find(|e| asked(e))
        .unwrap_or(&s.environment);
    let object = s.object.as_ref().map(ToString::to_string);
    let mut selector = Selector {
        rule: exact(f.rule.id),
        environment: exact(environment),
        // One for several services is for all of them.
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
    Accepting {
        value: policy::value_to_waive(s, environment).map(Into::into),
        selector,
        shown: format!(
            "{} in {environment}: {}",
            s.service,
            render::message(&s.message)
        ),
        besides: None,
    }
}

/// The arguments that mean this finding and no other, as a shell reads them.
fn flags(candidate: &Candidate<'_>, active: &[&Finding]) -> String {
    let s = &candidate.finding.subject;
    let waiver = &candidate.accepting.selector;
    let text = |p: &Option<Pattern>| p.as_ref().map(|p| p.as_str().to_owned());
    let list = |p: &Option<Pattern>| text(p).into_iter().collect::<Vec<_>>();
    let mut exact = Wanted {
        key: match &s.key {
            EntryKey::Object => None,
            key => Some(key.to_string()),
        },
        rule: text(&waiver.rule),
        object: s.object.as_ref().map(ToString::to_string),
        environments: list(&waiver.environment),
        services: list(&waiver.service),
    };
    let held = s.live.as_ref().and_then(|l| l.field.as_deref());
    let meant = active.iter().copied().filter(|f| exact.is_meant(f));
    if let Some(field) = held
        && candidates(&meant.collect::<Vec<_>>(), &exact).len() > 1
    {
        exact.key = Some(field.to_owned());
    }
    let given = [
        (None, &exact.key),
        (Some("--rule"), &exact.rule),
        (Some("--environment"), &exact.environments.first().cloned()),
        (Some("--service"), &exact.services.first().cloned()),
        (Some("--object"), &exact.object),
    ];
    let mut argv: Vec<&str> = Vec::new();
    for (flag, value) in &given {
        if let Some(value) = value {
            argv.extend(flag);
            argv.push(value);
        }
    }
    text::shell_line(&argv)
}

/// One line about what stays.
fn besides(others: &[&Candidate<'_>]) -> Option<String> {
    const MOST: usize = 5;
    if others.is_empty() {
        return None;
    }
    let names: BTreeSet<String> = (others.iter())
        .map(|c| {
            let selector = &c.accepting.selector;
            let environment = selector.environment.as_ref().map_or("", Pattern::as_str);
            format!(
                "{} ({}) in {environment}",
                c.finding.rule.id,
                c.severity.name()
            )
        })
        .collect();
    let more = names.len().saturating_sub(MOST);
    let mut names: Vec<String> = names.into_iter().take(MOST).collect();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    Some(format!(
        "(worth less, and not accepted with it: {}; --rule and --environment choose another one)",
        names.join(", ")
    ))
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

/// Why no active finding is meant, and what was probably meant.
fn none(report: &Report, open: &[&Finding], named: &[&Finding], wanted: &Wanted) -> anyhow::Error {
    if let Some(accepted) = named.iter().find_map(|f| f.accepted.as_ref()) {
        let place = accepted.place.as_ref().map(|p| format!(" in {p}"));
        let then = match accepted.by {
            "waiver" => "; for longer, change its `expires` there",
            _ => "",
        };
        return anyhow!(
            "there is no active finding like that: it is accepted already, by {}{}{then}",
            accepted.by,
            place.unwrap_or_default()
        );
    }
    let active: Vec<&Finding> = open.iter().copied().filter(|f| is_active(f)).collect();
    let mut said = format!("there is no active finding{}", described(wanted));
    said.push_str(&instead(&active, wanted));
    if report.verdict == Verdict::Incomplete {
        said.push_str("; not everything could be read: `driftgate check` says what");
    }
    anyhow!(said)
}

/// ` about X of drifted in staging`.
fn described(wanted: &Wanted) -> String {
    let part = |by: By| {
        let text = wanted.given(by)?;
        Some(match by {
            By::Object if wanted.key.is_none() => format!(" about {text}"),
            By::Object => format!(" in {text}"),
            By::Key => format!(" about {text}"),
            By::Rule => format!(" of {text}"),
            By::Environment => format!(" in {text}"),
            By::Service => format!(" in service {text}"),
        })
    };
    [By::Key, By::Object, By::Rule, By::Environment, By::Service]
        .into_iter()
        .filter_map(part)
        .collect()
}

fn instead(active: &[&Finding], wanted: &Wanted) -> String {
    if active.is_empty() {
        return ", nor about anything else".into();
    }
    let fitting = |by: By| -> Vec<&Finding> {
        let all = active.iter().copied();
        all.filter(|f| wanted.fits(by, f)).collect()
    };
    // What nothing has is a slip of the hand.
    for by in [By::Object, By::Key] {
        if let Some(typed) = wanted.given(by)
            && fitting(by).is_empty()
        {
            return slip(by, &typed, active);
        }
    }
    // All of it is there, but not together.
    let about = [By::Key, By::Object]
        .into_iter()
        .find_map(|by| Some((by, wanted.given(by)?)));
    let found = about
        .as_ref()
        .map_or_else(|| active.to_vec(), |(by, _)| fitting(*by));
    let has = match &about {
        Some((_, name)) => format!("{name} has active findings"),
        None => "there are active findings".into(),
    };
    let excludes = |by: &By| {
        about.as_ref().is_none_or(|(of, _)| of != by)
            && wanted.given(*by).is_some()
            && !found.iter().any(|f| wanted.fits(*by, f))
    };
    let parts: Vec<String> = (ALL.into_iter().filter(excludes))
        .map(|by| offered(by, &found))
        .collect();
    if parts.is_empty() {
        let each = found.iter().map(|f| {
            let environments: Vec<&str> = environments(f).collect();
            format!("{} in {}", f.rule.id, environments.join(" and "))
        });
        return format!("; {has}: {}", listed(each.collect()));
    }
    format!("; {has} {}", parts.join(", "))
}

/// What the findings have there: `of: drifted, missing`.
fn offered(by: By, found: &[&Finding]) -> String {
    let names = |of: &dyn Fn(&Finding) -> Vec<String>| -> BTreeSet<String> {
        found.iter().flat_map(|f| of(f)).collect()
    };
    let (word, names) = match by {
        By::Rule => ("of", names(&|f| vec![f.rule.id.into()])),
        By::Environment => ("in", names(&|f| environments(f).map(Into::into).collect())),
        By::Service => (
            "in service",
            names(&|f| {
                let s = &f.subject;
                let all = std::iter::once(&s.service).chain(&s.also_in);
                all.map(ToString::to_string).collect()
            }),
        ),
        By::Object => (
            "in objects",
            names(&|f| f.subject.object.iter().map(ToString::to_string).collect()),
        ),
        By::Key => ("about", names(&|f| vec![f.subject.key.to_string()])),
    };
    format!("{word}: {}", listed(names))
}

/// What was probably meant by `typed`, else what there is.
fn slip(by: By, typed: &str, active: &[&Finding]) -> String {
    let mut keys = BTreeSet::new();
    let mut objects = BTreeSet::new();
    for f in active {
        let object = f.subject.object.as_ref().map(ToString::to_string);
        match &f.subject.key {
            EntryKey::Object => {}
            key => _ = keys.insert(key.to_string()),
        }
        if by == By::Object || f.subject.key == EntryKey::Object {
            objects.extend(object);
        }
    }
    // Without its namespace an object is named, too.
    let short = |o: &String| match o.split('/').collect::<Vec<_>>()[..] {
        [kind, _, name] => Some(format!("{kind}/{name}")),
        _ => None,
    };
    let names: BTreeSet<String> = objects.iter().filter_map(short).collect();
    let all_objects = || objects.iter().chain(&names).map(String::as_str);
    if by == By::Object {
        return match config::nearest(typed, all_objects()) {
            Some(near) => format!("; did you mean {near}?"),
            None => format!("; there are some about {}", listed(objects)),
        };
    }
    if all_objects().any(|o| o == typed) {
        return format!("; did you mean --object {}?", text::shell_word(typed));
    }
    if let Some(near) = config::nearest(typed, keys.iter().map(String::as_str)) {
        return format!("; did you mean {near}?");
    }
    if let Some(near) = config::nearest(typed, all_objects()) {
        return format!("; did you mean --object {}?", text::shell_word(near));
    }
    let objects = objects.iter().map(|o| format!("--object {o}"));
    let all: Vec<String> = objects.chain(keys).collect();
    format!(
        "; there are some about {}",
        listed(all.into_iter().collect())
    )
}

/// At most twelve, each once, the rest counted.
fn listed(names: BTreeSet<String>) -> String {
    const MOST: usize = 12;
    let more = names.len().saturating_sub(MOST);
    let shown: Vec<String> = names.into_iter().take(MOST).collect();
    let shown = shown.join(", ");
    if more > 0 {
        format!("{shown} and {more} more")
    } else {
        shown
    }
}
