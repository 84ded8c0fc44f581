//! From what was read to findings, coverage and the verdict.

use super::{
    Analysis, coverage,
    desired_state::{LayerState, State},
    inputs::Run,
    live::{Live, settings_of, system_of},
    policy::Given,
    revisions::Revisions,
};
use crate::{
    check::{
        CheckContext, RunContext, TargetView, ambiguous_key, between, between::Between,
        deploy_overdue, difference_declared_twice, difference_unused, duplicate_definition,
        foreign_environment, parity_gap, pending_restart, precedence_deviates, shadowed_edit,
        source_unavailable, spelling_differs, states,
    },
    compare::{Comparison, LayerInput, SettingsInput, Side, compare_layer, compare_settings},
    model::{
        effective::EffectiveConfig,
        entry::EntryKey,
        finding::{Finding, Message, Subject},
        observation::ObjectId,
        problem::Problem,
        report::{FailOn, NotEvaluated, Occasion, Report, Verdict},
        setting::LayerSettings,
        state::{Sides, State as EntryState},
        target::LiveSpec,
        value::{Unread, UnreadCause},
    },
    plan::{self, Plan},
    source::{LiveOnly, kind_of},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Compares every layer in scope; absent for the others.
pub(crate) fn compare(plan: &Plan, state: &State, live: &Live) -> Vec<Option<Comparison>> {
    // Only a deployer's live-only objects are asked whether git has them anywhere.
    let claimed: BTreeMap<_, _> = plan::environments(plan)
        .into_iter()
        .map(|(name, environment)| {
            let claimed = match environment.deployed {
                Some(_) => state.claimed(plan, &name),
                None => BTreeSet::new(),
            };
            (name, claimed)
        })
        .collect();
    let mut seen = BTreeSet::new();
    state
        .layers
        .iter()
        .map(|l| {
            let target = &plan.targets[l.target];
            let environment = &target.id.environment;
            // A deployer's live-only objects belong to one target, not to each that it applies.
            let kubernetes = target.layers[l.layer].kubernetes().cloned();
            let deployer = format!("{:?}", target.environment.deployed);
            let first = seen.insert((environment.clone(), kubernetes, deployer));
            l.in_scope
                .then(|| one(plan, live, l, &claimed[environment], first))
        })
        .collect()
}

/// Compares one layer. `owns_leftovers`: live-only objects of its deployer are looked for here.
pub(crate) fn one(
    plan: &Plan,
    live: &Live,
    l: &LayerState,
    claimed: &BTreeSet<ObjectId>,
    owns_leftovers: bool,
) -> Comparison {
    let target = &plan.targets[l.target];
    let layer = &target.layers[l.layer];
    let spec = layer.head.as_ref().or(layer.base.as_ref());
    let objects = match (spec, &layer.layer.live) {
        (Some(spec), _) => spec.has_objects(),
        (None, Some(LiveSpec::Kubernetes(_))) => true,
        (None, _) => false,
    };
    if objects {
        return compare_layer(&input(plan, live, l, claimed, owns_leftovers));
    }
    let found = live_settings(plan, live, l);
    // Without a desired side there is no state: it serves explain, compare and parity.
    if spec.is_none() {
        return Comparison {
            objects: found.as_ref().map_or(0, |f| f.entries.len() as u64),
            compared: found.as_ref().map_or(0, |f| f.entries.len() as u64),
            unknown: found.and_then(|f| f.unread),
            ..Comparison::default()
        };
    }
    let (same_head, same_deployed) = (
        Arc::ptr_eq(&l.base, &l.head),
        Arc::ptr_eq(&l.base, &l.deployed),
    );
    // Most layers of files: no live side, and no change.
    if found.is_none() && same_head && same_deployed {
        return Comparison {
            unknown: l.head.incomplete.clone(),
            ..Comparison::default()
        };
    }
    let base = git_settings(l, Side::Base);
    let head = (!same_head).then(|| git_settings(l, Side::Head));
    let deployed = (!same_deployed).then(|| git_settings(l, Side::Deployed));
    compare_settings(&SettingsInput {
        layer: &layer.layer,
        sides: Sides {
            base: Some(&base),
            head: Some(head.as_ref().unwrap_or(&base)),
            deployed: Some(deployed.as_ref().unwrap_or(&base)),
            live: found.as_ref(),
        },
        exact_keys: target.exact_keys,
    })
}

/// The settings of a layer of files in git.
pub(crate) fn git_settings(l: &LayerState, side: Side) -> LayerSettings {
    let world = match side {
        Side::Base => &l.base,
        Side::Head | Side::Live => &l.head,
        Side::Deployed => &l.deployed,
    };
    LayerSettings {
        entries: world.settings.clone(),
        unread: world.incomplete.clone(),
        beyond: world.beyond.clone(),
        certain: world.certain,
        may_hold: vec![],
    }
}

/// The live settings of a layer whose source is no cluster; absent where none were read.
pub(crate) fn live_settings(plan: &Plan, live: &Live, l: &LayerState) -> Option<LayerSettings> {
    let planned = &plan.targets[l.target].layers[l.layer];
    settings_of(planned, system_of(plan, live, l)?)
}

/// What comparing the objects of a layer is given.
pub(crate) fn input<'a>(
    plan: &'a Plan,
    live: &'a Live,
    l: &'a LayerState,
    claimed: &'a BTreeSet<ObjectId>,
    owns_leftovers: bool,
) -> LayerInput<'a> {
    let target = &plan.targets[l.target];
    let layer = &target.layers[l.layer];
    let system = system_of(plan, live, l);
    LayerInput {
        layer: &layer.layer,
        base: &l.base,
        head: &l.head,
        deployed: &l.deployed,
        live: system.map(|s| &s.observation),
        secrets: layer.kubernetes().map(|k| k.secrets).unwrap_or_default(),
        deployer: target
            .environment
            .deployed
            .as_ref()
            .filter(|_| owns_leftovers),
        claimed,
        deployers: &plan.deployers,
    }
}

/// Whether a target's layers are merged for the rules: when there are several, or when other
/// environments should agree with it.
pub(crate) fn needs_merging(plan: &Plan, t: usize) -> bool {
    let target = &plan.targets[t];
    let name = &target.id.environment;
    target.layers.len() > 1
        || !plan.judge.promotion.is_empty()
        || (plan.judge.parity.iter()).any(|group| group.environments.contains(name))
}

/// The report of a check.
pub(crate) fn report(
    run: &Run<'_>,
    analysis: &Analysis,
    views: &[TargetView<'_>],
    given: &Given,
    fail_on: Option<FailOn>,
) -> Report {
    let mut report = judged(run, analysis, views, given, what_was_read(run, analysis));
    finish(&mut report, fail_on.unwrap_or(analysis.plan.gate.fail_on));
    report
}

/// With the rules that look at several layers, and policy.
pub(crate) fn judged(
    run: &Run<'_>,
    analysis: &Analysis,
    views: &[TargetView<'_>],
    given: &Given,
    mut report: Report,
) -> Report {
    let counts = rules(run, analysis, views, &mut report);
    report.notes.extend(counts);
    given.apply(run, analysis, &mut report);
    report.findings.sort_by(order);
    report
}

/// A report of what was read, and of the layers one by one: without the rules that look at several,
/// policy and verdict.
pub(crate) fn what_was_read(run: &Run<'_>, analysis: &Analysis) -> Report {
    let Analysis {
        revisions,
        plan,
        state,
        live,
        deployed,
        compared,
    } = analysis;
    let mut report = Report {
        verdict: Verdict::Incomplete,
        occasion: revisions.occasion,
        base: revisions.base_shown.clone(),
        head: revisions.head_shown.clone(),
        notes: revisions.notes.clone(),
        coverage: vec![],
        deployed: deployed.clone(),
        problems: vec![],
        findings: vec![],
        changes: vec![],
        not_evaluated: vec![],
    };
    report.notes.extend(plan.notes.iter().cloned());
    work_tree_note(run, revisions, state, &mut report.notes);
    for (layer, comparison) in state.layers.iter().zip(compared) {
        one_layer(
            run,
            plan,
            revisions,
            layer,
            live,
            comparison.as_ref(),
            &mut report,
        );
    }
    let system_notes = live.values().flat_map(|s| &s.notes);
    report
        .notes
        .extend(system_notes.map(|n| Message(vec![]).name(n.clone())));
    report
        .problems
        .sort_by(|a, b| (&a.place, &a.message).cmp(&(&b.place, &b.message)));
    report.problems.dedup();
    report
}

/// What could not be read is neither equal nor different: the comparison of environments is
/// incomplete, whatever else it says.
fn unread_between<'b, 'v>(between: &'b Between<'v>) -> Option<(Unread, &'b Between<'v>)> {
    let unread = &between.head.unread;
    let failed = unread.iter().find(|u| u.cause != UnreadCause::NotAsked);
    let why = failed
        .or(unread.first())
        .filter(|_| between.head.unknown > 0)?;
    Some((why.clone(), between))
}

/// The layer that hides a setting of a lower one.
fn hidden_by(views: &[TargetView<'_>], subject: &Subject) -> Option<Arc<str>> {
    let EntryKey::Setting(name) = &subject.key else {
        return None;
    };
    let at = views.binary_search_by(|v| {
        (&v.id.service, &v.id.environment).cmp(&(&subject.service, &subject.environment))
    });
    let view = &views[at.ok()?];
    // Where live was not read, git says what hides it.
    let is_known = |c: &&EffectiveConfig| c.find(name).is_some_and(|s| s.unknown.is_none());
    let config = view.live.filter(is_known).unwrap_or(view.head);
    let own = config.layers.iter().position(|l| l.name == subject.layer)?;
    let setting = config.find(name)?;
    let winners = setting.winning().map(|p| p.layer);
    let lowest = winners.min().filter(|_| setting.unknown.is_none())?;
    (lowest > own).then(|| config.layers[lowest].name.clone())
}

/// The rules that look at a target's layers together, or at several targets. Gives the notes that
/// count what is no finding.
fn rules(
    run: &Run<'_>,
    analysis: &Analysis,
    views: &[TargetView<'_>],
    report: &mut Report,
) -> Vec<Message> {
    let judge = &analysis.plan.judge;
    let cx = RunContext {
        targets: views,
        parity: &judge.parity,
        promotion: &judge.promotion,
        environments: &judge.environments,
        occasion: analysis.revisions.occasion,
        now: run.now,
        whole: analysis.plan.whole,
    };
    let subjects = (report.findings.iter_mut().map(|f| &mut f.subject))
        .chain(report.changes.iter_mut().map(|c| &mut c.subject));
    for subject in subjects {
        subject.hidden_by = hidden_by(views, subject);
    }
    let between = between::compare(&cx);
    let review = cx.occasion == Occasion::Review;
    for (why, between) in between.iter().filter_map(unread_between) {
        // A review reads live for what the change writes only: that is no failure to read.
        if review && why.cause == UnreadCause::NotAsked {
            report.not_evaluated.push(NotEvaluated {
                rule: parity_gap::RULE.id,
                why: why.detail,
            });
        } else {
            report.coverage.push(coverage::between(between, why));
        }
    }
    let parity = parity_gap::run(&cx, &between);
    report.findings.extend(parity.findings);
    report.changes.extend(parity.changes);
    report
        .findings
        .extend(difference_declared_twice::run(&cx, &between));
    report
        .findings
        .extend(difference_unused::run(&cx, &between));
    report.findings.extend(spelling_differs::run(&cx, &between));
    report.findings.extend(foreign_environment::run(&cx));
    report.findings.extend(ambiguous_key::run(&cx));
    let shadowed = shadowed_edit::run(&cx);
    let duplicates = duplicate_definition::run(&cx, &shadowed);
    report.findings.extend(duplicates);
    report.findings.extend(precedence_deviates::run(&cx));
    report.findings.extend(shadowed);
    parity.notes
}

/// The work tree differs from what was checked, in files that the check read.
fn work_tree_note(run: &Run<'_>, revisions: &Revisions, state: &State, notes: &mut Vec<Message>) {
    let (Some(repository), Some(head), false) =
        (&run.repository, &revisions.head_commit, revisions.work_tree)
    else {
        return;
    };
    let is_current = repository.resolve("HEAD").is_ok_and(|h| h.id == head.id);
    if repository.is_bare() || !is_current {
        return;
    }
    if let Ok(differing) = repository.differs_in_work_tree(head, &state.inputs())
        && let Some(first) = differing.first()
    {
        notes.push(
            Message::words("the work tree differs from the checked revision in ")
                .count(differing.len())
                .and(match differing.len() {
                    1 => " file that was read, ",
                    _ => " files that were read, first in ",
                })
                .name(&**first)
                .and(" (--worktree checks them as they lie)"),
        );
    }
}

fn one_layer(
    run: &Run<'_>,
    plan: &Plan,
    revisions: &Revisions,
    layer: &LayerState,
    live: &Live,
    comparison: Option<&Comparison>,
    report: &mut Report,
) {
    report.problems.extend(problems(layer));
    report
        .coverage
        .extend(coverage::of(plan, live, layer, comparison));
    let Some(comparison) = comparison else {
        return;
    };
    let target = &plan.targets[layer.target];
    let planned = &target.layers[layer.layer];
    let cx = CheckContext {
        target: &target.id,
        environment: &target.environment,
        layer: &planned.layer.name,
        occasion: revisions.occasion,
        now: run.now,
        kubernetes_context: planned.kubernetes().and_then(|k| k.context.as_deref()),
        keeps_live_only: (planned.layer.live.as_ref())
            .map(|spec| kind_of(spec).live_only == LiveOnly::Keeps),
    };
    let (findings, changes) = states::run(&cx, comparison);
    report.findings.extend(findings);
    report
        .findings
        .extend(pending_restart::run(&cx, comparison));
    let behind = comparison
        .entries
        .iter()
        .filter(|e| e.state == EntryState::Behind)
        .count();
    let oldest = report
        .deployed
        .iter()
        .find(|d| d.service == target.id.service && d.environment == target.id.environment)
        .and_then(|d| d.commits.last())
        .map(|c| c.time);
    report
        .findings
        .extend(deploy_overdue::run(&cx, behind, oldest));
    report.changes.extend(changes);
    report.notes.extend(comparison.notes.iter().cloned());
}

fn problems(layer: &LayerState) -> Vec<Problem> {
    let mut out = layer.head.problems.clone();
    for p in &layer.base.problems {
        if !out.contains(p) {
            out.push(p.clone());
        }
    }
    out
}

/// Adds what only the whole report shows, sorts, and gives the verdict.
pub(crate) fn finish(report: &mut Report, fail_on: FailOn) {
    let unavailable = source_unavailable::run(&report.coverage);
    report.findings.extend(unavailable);
    report.findings.sort_by(order);
    report.changes.sort_by(|a, b| {
        let (a, b) = (&a.subject, &b.subject);
        (&a.environment, &a.service, &a.object, &a.key).cmp(&(
            &b.environment,
            &b.service,
            &b.object,
            &b.key,
        ))
    });
    let mut seen = BTreeSet::new();
    report.notes.retain(|note| seen.insert(format!("{note:?}")));
    report.verdict = Verdict::of(&report.findings, &report.coverage, fail_on);
}

fn order(a: &Finding, b: &Finding) -> std::cmp::Ordering {
    let (x, y) = (&a.subject, &b.subject);
    (&x.environment, &x.service)
        .cmp(&(&y.environment, &y.service))
        // Worst first.
        .then_with(|| b.severity.cmp(&a.severity))
        .then_with(|| (&x.object, &x.key, a.rule.id).cmp(&(&y.object, &y.key, b.rule.id)))
        .then_with(|| x.affects.cmp(&y.affects))
}
