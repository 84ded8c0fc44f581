//! Findings, grouped by environment and object, worst first, equal ones once.

use super::{
    evidence,
    fold::{self, Item},
    grouped, say, severity_paint, sides, spread, this_change, value, whose, words,
};
use crate::{
    model::{
        entry::EntryKey,
        finding::{Disposition, Finding, Message, Piece, Subject},
        observation::ItemId,
        report::{Occasion, Report},
        value::Shown,
    },
    render::Style,
    text::{
        list,
        page::{Page, Paint, Span},
        plural,
    },
};
use std::{cmp::Reverse, collections::BTreeMap, io};

pub(super) fn write(page: &mut Page<'_>, report: &Report, style: &Style) -> io::Result<()> {
    let folded = fold::findings(report, style);
    let mut groups = grouped(folded.items, title);
    for (_, items) in &mut groups {
        items.sort_by_key(|i| Reverse(i.worst()));
    }
    groups.sort_by_key(|(_, items)| Reverse(items.first().map(Item::worst)));
    for (title, items) in &groups {
        page.blank()?;
        page.wrapped(0, 2, &[Span::painted(title, Paint::Bold)])?;
        for item in items {
            page.blank()?;
            one(page, item, report.occasion)?;
        }
    }
    // Services made alike have the same settings there.
    let mut alike: BTreeMap<&Vec<String>, Vec<&str>> = BTreeMap::new();
    for (service, keys) in &folded.duplicates {
        alike.entry(keys).or_default().push(service);
    }
    let mut alike: Vec<_> = alike.into_iter().collect();
    alike.sort_by(|a, b| a.1.cmp(&b.1));
    for (keys, services) in alike {
        page.blank()?;
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let has = if services.len() == 1 { "has" } else { "have" };
        let text = format!(
            ": {} {has} {} in several layers with different values: {} (--verbose lists them)",
            list(&services, NAMED),
            plural(keys.len(), "setting"),
            list(&keys, NAMED)
        );
        let label = Span::painted("info[duplicate-definition]", Paint::BoldCyan);
        page.wrapped(0, 2, &[label, Span::prose(&text)])?;
    }
    hidden(page, report, style, folded.older, &folded.old_infos)
}

/// Settings that are named where they are only counted.
const NAMED: usize = 3;

/// What is counted and not shown.
fn hidden(
    page: &mut Page<'_>,
    report: &Report,
    style: &Style,
    older: usize,
    old_infos: &BTreeMap<&str, usize>,
) -> io::Result<()> {
    if style.verbose {
        return Ok(());
    }
    let mut lines = Vec::new();
    if older > 0 {
        lines.push(format!(
            "{} in objects that this change does not write: run with --for audit to see {}",
            plural(older, "older difference"),
            if older == 1 { "it" } else { "them" }
        ));
    }
    if !old_infos.is_empty() {
        let rules: Vec<String> = old_infos.iter().map(|(r, n)| format!("{n} {r}")).collect();
        lines.push(format!(
            "{} that this change did not cause: {} (--verbose lists them)",
            plural(old_infos.values().sum(), "older info"),
            rules.join(", ")
        ));
    }
    let s = report.summary();
    let accepted: Vec<String> = [
        (s.waived, "waived"),
        (s.baselined, "baselined"),
        (s.ignored, "ignored"),
    ]
    .iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, word)| format!("{n} {word}"))
    .collect();
    if !accepted.is_empty() {
        lines.push(format!(
            "accepted: {} (--verbose lists them)",
            accepted.join(", ")
        ));
    }
    if !lines.is_empty() {
        page.blank()?;
    }
    for line in lines {
        page.wrapped(0, 2, &[Span::painted(&line, Paint::Dim)])?;
    }
    Ok(())
}

/// `production: api, Deployment/shop/api`.
fn title(item: &Item<'_>) -> String {
    let s = &item.first().subject;
    if sides::is_between(s) {
        let targets = item.targets();
        let whose = whose(&targets);
        let services = whose.split_once(": ").map_or("", |(_, services)| services);
        return format!("between environments: {services}");
    }
    let whose = whose(&item.targets());
    match (&s.object, item.all.as_slice()) {
        // Parameters are named by the entries themselves; what they have in common is the layer.
        (Some(ItemId::Parameter(_)), _) => format!("{whose}, layer {}", s.layer),
        (Some(object), [_]) => format!("{whose}, {}", object.described()),
        _ => whose,
    }
}

fn one(page: &mut Page<'_>, item: &Item<'_>, occasion: Occasion) -> io::Result<()> {
    let f = item.first();
    let (headline, rest) = told(item, occasion);
    let mut spans = label(f);
    spans.extend(headline.into_iter().map(|s| s.or(Paint::Bold)));
    page.wrapped(0, 2, &spans)?;
    if !rest.is_empty() {
        let mut spans = Vec::new();
        for sentence in &rest {
            spans.extend(say(sentence));
            spans.push(Span::prose(" "));
        }
        page.wrapped(2, 2, &spans)?;
    }
    accepted(page, f)?;
    evidence::rows(page, item, occasion)?;
    for child in &item.along {
        let alone = Item {
            all: vec![child],
            along: Vec::new(),
        };
        let mut spans = label(child);
        spans.extend(told(&alone, occasion).0);
        if let Some(cause) = &child.subject.cause {
            spans.push(Span::prose(", through "));
            spans.push(Span::solid(cause, Paint::Plain));
        }
        page.wrapped(4, 6, &spans)?;
    }
    Ok(())
}

/// What accepted it, where that is known.
fn accepted(page: &mut Page<'_>, f: &Finding) -> io::Result<()> {
    let (Some(accepted), Some(word)) = (&f.accepted, disposition(f)) else {
        return Ok(());
    };
    let mut spans = vec![Span::painted(word, Paint::Dim), Span::prose(": ")];
    spans.extend(say(&words::accepted(accepted)));
    page.wrapped(2, 4, &spans)
}

/// What policy made of it, unless it counts.
fn disposition(f: &Finding) -> Option<&'static str> {
    match f.disposition {
        Disposition::Active => None,
        Disposition::Waived => Some("waived"),
        Disposition::Baselined => Some("baselined"),
        Disposition::Ignored => Some("ignored"),
    }
}

/// `error[drifted]: `, with what policy made of it in front.
fn label(f: &Finding) -> Vec<Span> {
    let kind = format!("{}[{}]", f.severity.name(), f.rule.id);
    let (text, paint) = match disposition(f) {
        Some(word) => (format!("{word} {kind}"), Paint::Dim),
        None => (kind, severity_paint(f.severity)),
    };
    vec![
        Span::painted(&text, paint),
        Span::painted(": ", Paint::Bold),
    ]
}

/// The headline, and the sentences below it.
fn told(item: &Item<'_>, occasion: Occasion) -> (Vec<Span>, Vec<Message>) {
    let s = &item.first().subject;
    let many = item.all.len() > 1;
    if fold::is_about_state(item.first())
        && let Some(headline) = headline(s, many, occasion)
    {
        let mut rest = evidence::sentences(item, occasion);
        if many && s.key != EntryKey::Object {
            rest.insert(0, both(s));
        }
        return (with_spread(headline, item), rest);
    }
    let mut all = words::sentences(&fold::without_environment(s));
    if all.is_empty() {
        let summary = vec![Span::prose(item.first().rule.summary)];
        return (with_spread(summary, item), all);
    }
    let mut first = all.remove(0);
    if let Some(Piece::Words(words)) = first.0.last_mut() {
        *words = words.trim_end_matches('.');
    }
    (with_spread(say(&first), item), all)
}

fn with_spread(mut spans: Vec<Span>, item: &Item<'_>) -> Vec<Span> {
    let targets = if sides::is_between(&item.first().subject) {
        // The sides say which environments.
        let services = item.targets().into_iter().map(|(service, _)| (service, ""));
        services.collect()
    } else {
        item.targets()
    };
    let spread = match (spread(&targets), item.all.len()) {
        (none, n) if none.is_empty() && n > 1 => format!("in {}", plural(n, "object")),
        (spread, _) => spread,
    };
    if !spread.is_empty() {
        spans.push(Span::prose(&format!(" {spread}")));
    }
    spans
}

/// `DB_TIMEOUT is 60s live, 10s in git`; of many targets `DB_TIMEOUT 10s → 60s`.
fn headline(s: &Subject, many: bool, occasion: Occasion) -> Option<Vec<Span>> {
    let absent = &Shown::Absent;
    let live = s.live.as_ref().map_or(absent, |l| &l.value);
    let git = s.desired.as_ref().map_or(absent, |d| &d.value);
    if s.key == EntryKey::Object {
        let words = match (git, live, &s.base) {
            (_, Shown::Absent, None) => " is in git, and not live",
            (Shown::Absent, _, None) => " is live, not in git",
            _ => return None,
        };
        let object = s.object.as_ref()?.to_string();
        return Some(vec![Span::solid(&object, Paint::Plain), Span::prose(words)]);
    }
    if s.live.is_none() && s.desired.is_none() {
        return None;
    }
    let key = Span::solid(&s.key.to_string(), Paint::Plain);
    let (shown_git, shown_live) = value::spoken_beside(git, live);
    if many {
        let to = Span::solid(&shown_live, Paint::Plain);
        return Some(vec![
            key,
            Span::prose(" "),
            Span::solid(&shown_git, Paint::Plain),
            Span::prose(" → "),
            to,
        ]);
    }
    let mut spans = vec![key];
    if s.base.is_none()
        && let Some(words) = differs(git, live)
    {
        spans.push(Span::prose(words));
        return Some(spans);
    }
    spans.push(Span::prose(" is "));
    spans.push(Span::solid(&shown_live, Paint::Plain));
    spans.push(Span::prose(" live, "));
    if let Some(base) = &s.base {
        spans.extend(in_git(&base.value, &value::spoken(&base.value)));
        spans.push(Span::prose(" now, "));
        spans.push(Span::solid(&shown_git, Paint::Plain));
        spans.push(Span::prose(&format!(" after {}", this_change(occasion))));
    } else {
        spans.extend(in_git(git, &shown_git));
    }
    if let Some(d) = &s.deployed {
        spans.push(Span::prose(", "));
        spans.push(Span::solid(&value::spoken(&d.value), Paint::Plain));
        spans.push(Span::prose(" deployed"));
    }
    Some(spans)
}

/// Words for values that a line has no place for.
fn differs(git: &Shown, live: &Shown) -> Option<&'static str> {
    match (git, live) {
        (Shown::Redacted, Shown::Redacted) => Some(" differs; both sides are secret"),
        (Shown::Value(a), Shown::Value(b))
            if value::is_multi_line(a) && value::is_multi_line(b) =>
        {
            Some(" differs between git and live")
        }
        _ => None,
    }
}

fn in_git(value: &Shown, shown: &str) -> Vec<Span> {
    match value {
        Shown::Absent => vec![Span::prose("not in git")],
        _ => vec![Span::solid(shown, Paint::Plain), Span::prose(" in git")],
    }
}

/// What `10s → 60s` means.
fn both(s: &Subject) -> Message {
    let absent = Shown::Absent;
    let live = s.live.as_ref().map_or(&absent, |l| &l.value);
    let git = s.desired.as_ref().map_or(&absent, |d| &d.value);
    Message::words("Git says ")
        .value(git.clone())
        .and(", live is ")
        .value(live.clone())
        .and(".")
}
