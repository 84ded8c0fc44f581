//! Findings, grouped by environment and object, worst first, equal ones once.

use super::{
    evidence,
    fold::{self, Item},
    grouped, say, severity_paint, spread, this_change, value, whose, words,
};
use crate::{
    model::{
        entry::EntryKey,
        finding::{Disposition, Finding, Message, Piece, Subject},
        report::{Occasion, Report},
        value::Shown,
    },
    render::Style,
    text::{
        page::{Page, Paint, Span},
        plural,
    },
};
use std::{cmp::Reverse, io};

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
    hidden(page, report, style, folded.older)
}

/// What is counted and not shown.
fn hidden(page: &mut Page<'_>, report: &Report, style: &Style, older: usize) -> io::Result<()> {
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
    let whose = whose(&item.targets());
    match (&item.first().subject.object, item.all.as_slice()) {
        (Some(object), [_]) => format!("{whose}, {object}"),
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

/// `error[drifted]: `, with what policy made of it in front.
fn label(f: &Finding) -> Vec<Span> {
    let accepted = match f.disposition {
        Disposition::Active => "",
        Disposition::Waived => "waived ",
        Disposition::Baselined => "baselined ",
        Disposition::Ignored => "ignored ",
    };
    let paint = if accepted.is_empty() {
        severity_paint(f.severity)
    } else {
        Paint::Dim
    };
    let text = format!("{accepted}{}[{}]", f.severity.name(), f.rule.id);
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
    let spread = match (spread(&item.targets()), item.all.len()) {
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
            (Shown::Absent, _, None) => " is live, and not in git",
            _ => return None,
        };
        let object = s.object.as_ref()?.to_string();
        return Some(vec![Span::solid(&object, Paint::Plain), Span::prose(words)]);
    }
    if s.live.is_none() && s.desired.is_none() {
        return None;
    }
    let key = Span::solid(&s.key.to_string(), Paint::Plain);
    let (shown_git, shown_live) = value::beside(git, live);
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
        spans.extend(in_git(&base.value, &value::brief(&base.value)));
        spans.push(Span::prose(" now, "));
        spans.push(Span::solid(&shown_git, Paint::Plain));
        spans.push(Span::prose(&format!(" after {}", this_change(occasion))));
    } else {
        spans.extend(in_git(git, &shown_git));
    }
    if let Some(d) = &s.deployed {
        spans.push(Span::prose(", "));
        spans.push(Span::solid(&value::brief(&d.value), Paint::Plain));
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
