//! The answer in one sentence.

use super::Line;
use crate::model::{
    explanation::{
        Agreement, ExplainedSide, ExplainedTarget, ExplainedValue, GapKind, Outcome, Standing,
    },
    finding::Message,
    value::{Shown, UnreadCause},
};
use std::collections::BTreeMap;

/// Hidden values and targets that are named before the rest is counted.
const NAMED: usize = 4;

/// `database.pool_size is 25 in production: layer "parameters" wins (params/production.yaml:3),
/// over 15 (workload), 10 (environment)`; of several targets who has which value; of a line where
/// its value wins.
pub(super) fn sentence(
    name: &str,
    targets: &[ExplainedTarget],
    line: Option<&Line<'_>>,
) -> Message {
    let names = Names::of(targets);
    if let Some(line) = line {
        return of_line(name, targets, line, &names);
    }
    match targets {
        [one] => single(name, one),
        all => several(name, all, &names),
    }
}

/// What targets are called in one sentence: by what tells them apart.
struct Names<'t> {
    services: bool,
    environments: bool,
    /// How many targets each service has.
    targets: BTreeMap<&'t str, usize>,
}

impl<'t> Names<'t> {
    fn of(targets: &'t [ExplainedTarget]) -> Names<'t> {
        let first = targets.first();
        let differ = |same: fn(&ExplainedTarget, &ExplainedTarget) -> bool| {
            first.is_some_and(|f| targets.iter().any(|t| !same(f, t)))
        };
        Names {
            services: differ(|a, b| a.service == b.service),
            environments: differ(|a, b| a.environment == b.environment),
            targets: targets.iter().fold(BTreeMap::new(), |mut all, t| {
                *all.entry(&*t.service).or_default() += 1;
                all
            }),
        }
    }

    fn of_target(&self, t: &ExplainedTarget) -> String {
        match (self.services, self.environments) {
            (true, true) => format!("{} in {}", t.service, t.environment),
            (true, false) => t.service.to_string(),
            (false, _) => t.environment.to_string(),
        }
    }

    /// `api, cart in staging and web`: a service that is meant in all environments in which it was
    /// looked at stands for all of its targets.
    fn of_targets(&self, targets: &[&ExplainedTarget]) -> Vec<String> {
        let mut out: Vec<String> = vec![];
        for own in targets.chunk_by(|a, b| a.service == b.service) {
            let all = self.targets.get(&*own[0].service).copied();
            match self.services && self.environments && all == Some(own.len()) {
                true => out.push(own[0].service.to_string()),
                false => out.extend(own.iter().map(|t| self.of_target(t))),
            }
        }
        out
    }

    /// `a, b and c`, `a, b, c, d and 3 more`.
    fn list(&self, message: Message, targets: &[&ExplainedTarget]) -> Message {
        let names = self.of_targets(targets);
        match names.as_slice() {
            [] => message,
            [one] => message.name(one.as_str()),
            [first @ .., last] if names.len() <= NAMED => message
                .name(first.join(", "))
                .and(" and ")
                .name(last.as_str()),
            _ => message
                .name(names[..NAMED].join(", "))
                .and(" and ")
                .count(names.len() - NAMED)
                .and(" more"),
        }
    }

    /// `3 environments`, `2 services`, `6 targets`.
    fn word(&self) -> &'static str {
        match (self.services, self.environments) {
            (true, true) => " targets",
            (true, false) => " services",
            (false, _) => " environments",
        }
    }
}

fn single(name: &str, t: &ExplainedTarget) -> Message {
    let git = &t.git;
    let key = || Message::default().key(name);
    let environment = |m: Message| m.and(" in ").name(&*t.environment);
    let said = match git.outcome() {
        Outcome::Known => {
            let all: Vec<&ExplainedValue> = git.winners().collect();
            let start = key().and(" is ").value(all[0].value.clone());
            wins(environment(start).and(": "), &all, git)
        }
        Outcome::ByContainer => {
            let all: Vec<&ExplainedValue> = git.winners().collect();
            let mut start = key().and(" is ");
            for (i, winner) in all.iter().enumerate() {
                let between = if i == 0 { "" } else { " or " };
                start = start.and(between).value(winner.value.clone());
            }
            wins(environment(start).and(", by container: "), &all, git)
        }
        Outcome::Absent => absent(environment(key().and(" is absent in git")), git),
        Outcome::Unknown => {
            let start = environment(Message::words("nobody knows what ").key(name).and(" is"));
            unknown(start.and(": "), git)
        }
    };
    live(said, t)
}

/// `layer "parameters" wins (params/production.yaml:3), over 15 (workload)`.
fn wins(message: Message, winners: &[&ExplainedValue], side: &ExplainedSide) -> Message {
    let first = winners[0];
    let mut said = message.and("layer \"").name(&*first.layer).and("\" wins");
    if let (Some(at), [_]) = (source(first), winners) {
        said = said.and(" (").name(at).and(")");
    }
    said = over(said, ", over ", side.hidden());
    for gap in side.gaps.iter().filter(|g| g.may_win) {
        said = match &gap.why {
            GapKind::Outside(_) => said
                .and("; layer \"")
                .name(&*gap.layer)
                .and("\", which driftgate can't see, may win over it"),
            GapKind::KeysNotRead(secret) => said
                .and("; ")
                .name(&**secret)
                .and(" may hold it: its keys are not read"),
            GapKind::Imports(what) => said
                .and("; layer \"")
                .name(&*gap.layer)
                .and("\" imports ")
                .name(GapKind::imported(what))
                .and(", which driftgate does not read and which may win over it"),
            GapKind::Unread(_) => said,
        };
    }
    said
}

/// `, over 15 (workload), 10 (environment) and 2 more`.
fn over<'a>(
    mut message: Message,
    first: &'static str,
    hidden: impl Iterator<Item = &'a ExplainedValue>,
) -> Message {
    let hidden: Vec<&ExplainedValue> = hidden.collect();
    for (i, value) in hidden.iter().take(NAMED).enumerate() {
        message = message
            .and(if i == 0 { first } else { ", " })
            .value(value.value.clone())
            .and(" (")
            .name(&*value.layer)
            .and(")");
    }
    match hidden.len().saturating_sub(NAMED) {
        0 => message,
        more => message.and(" and ").count(more).and(" more"),
    }
}

fn absent(message: Message, side: &ExplainedSide) -> Message {
    let removes = side.values.iter().find(|v| v.standing == Standing::Removes);
    let Some(removes) = removes else {
        return over(message, "; hidden: ", side.hidden());
    };
    let said = message.and(": layer \"").name(&*removes.layer);
    let said = match source(removes) {
        Some(at) => said.and("\" takes it away (").name(at).and(")"),
        None => said.and("\" takes it away"),
    };
    over(said, ", hidden: ", side.hidden())
}

fn unknown(message: Message, side: &ExplainedSide) -> Message {
    // A value that wins for certain, and could not be read itself.
    let why = side
        .unknown
        .as_ref()
        .map(|u| Shown::Unknown(u.detail.clone()));
    if let Some(own) = side.winners().find(|w| Some(&w.value) == why.as_ref()) {
        let said = match (&own.value, source(own)) {
            (Shown::Unknown(why), Some(at)) => message.name(&**why).and(" (").name(at).and(")"),
            (Shown::Unknown(why), None) => message.name(&**why),
            _ => message,
        };
        return over(said, ", over ", side.hidden());
    }
    let mut unread = side
        .gaps
        .iter()
        .filter(|g| g.may_win && matches!(g.why, GapKind::Unread(_)));
    let Some(gap) = unread.next() else {
        return message.and("something was not read");
    };
    let is_partly_read = side.values.iter().any(|v| v.precedence == gap.precedence);
    let said = message.and("layer \"").name(&*gap.layer);
    let said = said.and(match (&gap.why, is_partly_read) {
        (_, true) => "\" could not be read completely",
        (GapKind::Unread(why), _) if why.cause == UnreadCause::NotAsked => "\" was not read",
        _ => "\" could not be read",
    });
    let known = side.winners().chain(side.hidden());
    let first = match is_partly_read {
        true => ", and what is missing may win over ",
        false => ", and it may win over ",
    };
    over(said, first, known)
}

fn live(message: Message, t: &ExplainedTarget) -> Message {
    let Some(side) = &t.live else {
        return message;
    };
    match &t.agreement {
        Some(Agreement::Differs) => match side.shown() {
            Some(Shown::Absent) => message.and("; it is absent live"),
            Some(Shown::Redacted) => message.and("; live has another value"),
            Some(value) => message.and("; live has ").value(value),
            None => message.and("; live differs"),
        },
        Some(Agreement::Unknown(_)) if t.git.unknown.is_none() => {
            message.and("; nobody knows whether live agrees")
        }
        _ => message,
    }
}

/// `params/production.yaml:3`, else the live object, file or parameter.
fn source(value: &ExplainedValue) -> Option<String> {
    let origin = value.origin.as_ref()?;
    Some(match &origin.place {
        Some(place) => match place.span {
            Some(span) => format!("{}:{}", place.file, span.line),
            None => place.file.to_string(),
        },
        None => origin.item.described(),
    })
}

/// `database.pool_size is 25 in production-eu and production-us; 10 in staging`.
fn several(name: &str, targets: &[ExplainedTarget], names: &Names<'_>) -> Message {
    let mut groups: Vec<(Outcome, Option<Shown>, Vec<&ExplainedTarget>)> = Vec::new();
    for t in targets {
        let outcome = t.git.outcome();
        // Why something is unknown is told below.
        let shown = t.git.shown().filter(|_| outcome != Outcome::Unknown);
        match groups.iter_mut().find(|g| g.0 == outcome && g.1 == shown) {
            Some((_, _, all)) => all.push(t),
            None => groups.push((outcome, shown, vec![t])),
        }
    }
    let mut said = Message::default().key(name).and(" is ");
    let everywhere = groups.len() == 1;
    // What most have comes first; of environments of one service the order is theirs.
    if names.services {
        groups.sort_by_key(|(_, _, all)| std::cmp::Reverse(all.len()));
    }
    for (i, (outcome, shown, all)) in groups.iter().enumerate() {
        if i > 0 {
            said = said.and("; ");
        }
        if i == NAMED && names.services && groups.len() > NAMED + 1 {
            said = said
                .count(groups.len() - NAMED)
                .and(" more values in others");
            break;
        }
        said = match (outcome, shown) {
            (Outcome::Known, Some(Shown::Redacted)) => said.and("a secret"),
            (Outcome::Known, Some(value)) => said.value(value.clone()),
            (Outcome::ByContainer, _) => said.and("different by container"),
            (Outcome::Unknown, _) => said.and("unknown"),
            (Outcome::Known | Outcome::Absent, _) => said.and("absent"),
        };
        said = if everywhere && all.len() == 2 {
            said.and(" in both").and(names.word())
        } else if everywhere {
            said.and(" in all ").count(all.len()).and(names.word())
        } else {
            names.list(said.and(" in "), all)
        };
    }
    let is_known = groups.iter().all(|g| g.0 != Outcome::Unknown);
    if everywhere
        && is_known
        && let Some(layer) = same_layer(targets)
    {
        said = said.and(": layer \"").name(layer).and("\" wins");
    }
    let differing: Vec<&ExplainedTarget> = targets
        .iter()
        .filter(|t| t.agreement == Some(Agreement::Differs))
        .collect();
    match differing.as_slice() {
        [] => said,
        all => names.list(said.and("; live differs in "), all),
    }
}

/// The layer that wins in all targets.
fn same_layer(targets: &[ExplainedTarget]) -> Option<&str> {
    let mut winners = targets.iter().map(|t| t.git.winners().next());
    let first = winners.next()??;
    let same = winners.all(|w| w.is_some_and(|w| w.layer == first.layer));
    same.then_some(&*first.layer)
}

/// What hides a value: another one, and its layer.
type By = Option<(Shown, String)>;

/// `params/production.yaml:3 sets database.pool_size to 25: it wins in production; in staging it
/// is hidden by 10 (environment)`.
fn of_line(name: &str, targets: &[ExplainedTarget], line: &Line<'_>, names: &Names<'_>) -> Message {
    let asked = |t: &ExplainedTarget| t.git.values.iter().find(|v| v.asked).cloned();
    let start = Message::default()
        .name(format!("{}:{}", line.file, line.line))
        .and(" sets ")
        .key(name);
    let mut said = match targets.iter().find_map(asked) {
        Some(value) => start.and(" to ").value(value.value),
        None => start,
    };
    let mut groups: Vec<(&'static str, By, Vec<&ExplainedTarget>)> = Vec::new();
    for t in targets {
        let Some(standing) = best(&t.git) else {
            continue;
        };
        let by = t
            .git
            .winners()
            .next()
            .filter(|_| standing == Standing::Hidden);
        let by = by.map(|w| (w.value.clone(), w.layer.to_string()));
        let what = match (standing, &t.git.unknown) {
            (_, Some(_)) => "nobody knows whether it wins in ",
            (Standing::Wins | Standing::Agrees, None) => "it wins in ",
            (Standing::Removes, None) => "it takes the setting away in ",
            (Standing::Hidden, None) => "it is hidden in ",
        };
        match groups.iter_mut().find(|g| g.0 == what && g.1 == by) {
            Some((_, _, all)) => all.push(t),
            None => groups.push((what, by, vec![t])),
        }
    }
    for (i, (what, by, all)) in groups.iter().enumerate() {
        said = said.and(if i == 0 { ": " } else { "; " }).and(what);
        said = names.list(said, all);
        if let Some((value, layer)) = by {
            let by = said.and(" by ").value(value.clone()).and(" (");
            said = by.name(layer.as_str()).and(")");
        }
    }
    said
}

/// The best that becomes of the value that was asked for.
fn best(side: &ExplainedSide) -> Option<Standing> {
    let asked = side.values.iter().filter(|v| v.asked);
    asked.map(|v| v.standing).min()
}
