//! What one item says below its headline: sentences first, then where, who sees it, and how to
//! resolve it.

use super::{diff, fold::Item, sides, this_change, words};
use crate::{
    model::{
        entry::EntryKey,
        finding::{Certainty, DesiredShown, InGit, LiveShown, Message, Written},
        observation::ItemId,
        report::Occasion,
    },
    render::lines,
    text::{
        list,
        page::{Page, Paint, Span},
        plural, shell_line,
    },
};
use std::io;

/// Left edge of rows.
const INDENT: usize = 4;
/// Width of their labels.
const COLUMN: usize = 12;

/// The sentences of a finding about a state.
pub(super) fn sentences(item: &Item<'_>, occasion: Occasion) -> Vec<Message> {
    let first = &item.first().subject;
    let lives: Vec<&LiveShown> = item
        .all
        .iter()
        .filter_map(|f| f.subject.live.as_ref())
        .collect();
    let mut all = written(&lives);
    all.extend(in_git(&first.key, &lives));
    let mut rest = words::untold(first);
    for other in &item.all[1..] {
        let told = words::untold(&other.subject);
        rest.retain(|m| told.contains(m));
    }
    if !rest.iter().any(words::is_about_deploying) {
        rest.extend(words::consequence(first, occasion));
    }
    all.extend(rest);
    if let Some(layer) = &first.hidden_by {
        let layer = Message::words("Layer ").name(&**layer);
        all.push(layer.and(" hides it: the application does not see this value."));
    }
    all
}

fn written(lives: &[&LiveShown]) -> Vec<Message> {
    let all: Vec<&Written> = lives.iter().filter_map(|l| l.written.as_ref()).collect();
    let known: Vec<&&Written> = all.iter().filter(|w| !w.writers.is_empty()).collect();
    let unknown = all.len() - known.len();
    let Some(first) = known.first().copied().or(all.first()) else {
        return Vec::new();
    };
    let same = known
        .iter()
        .all(|w| w.not_later_than == first.not_later_than);
    let mut joined = Written {
        writers: first.writers.clone(),
        not_later_than: known
            .iter()
            .map(|w| w.not_later_than)
            .max()
            .flatten()
            .or(first.not_later_than),
        not_earlier_than: known
            .iter()
            .map(|w| w.not_earlier_than)
            .min()
            .flatten()
            .or(first.not_earlier_than),
        certainty: match first.certainty {
            Certainty::Exact if !same => Certainty::NotLaterThan,
            other => other,
        },
    };
    for writer in known.iter().flat_map(|w| &w.writers) {
        if !joined.writers.iter().any(|w| w.name == writer.name) {
            joined.writers.push(writer.clone());
        }
    }
    let mut sentences = vec![words::written(&joined)];
    if unknown > 0 && !known.is_empty() {
        sentences.push(
            Message::words("Of ")
                .count(unknown)
                .and(" of them who wrote it is unknown."),
        );
    }
    sentences
}

fn in_git(key: &EntryKey, lives: &[&LiveShown]) -> Option<Message> {
    let first = lives.first()?;
    if lives.iter().all(|l| l.in_git == first.in_git) {
        return words::in_git(key, first);
    }
    let never = lives
        .iter()
        .filter(|l| l.in_git == Some(InGit::Never))
        .count();
    Some(
        Message::words("Git has never had it in ")
            .count(never)
            .and(" of ")
            .count(lives.len())
            .and("."),
    )
}

/// Where, who sees it, how to resolve it.
pub(super) fn rows(page: &mut Page<'_>, item: &Item<'_>, occasion: Occasion) -> io::Result<()> {
    let s = &item.first().subject;
    if let (Some(git), Some(live)) = (&s.desired, &s.live)
        && let Some((a, b)) = diff::files(&git.value, &live.value)
    {
        let size = |text: &str| plural(text.lines().count(), "line");
        let (a_is, b_is) = (
            format!("- git, {}", size(a)),
            format!("+ live, {}", size(b)),
        );
        let legend = [
            Span::painted(&a_is, Paint::Red),
            Span::prose("; "),
            Span::painted(&b_is, Paint::Green),
        ];
        page.row(INDENT, COLUMN, "diff", &legend)?;
        diff::write(page, INDENT, COLUMN, (a, b))?;
    }
    targets(page, item)?;
    sides::write(page, INDENT, COLUMN, item)?;
    let git = if s.base.is_some() {
        this_change(occasion)
    } else {
        "git"
    };
    for (label, side) in [
        ("git now", &s.base),
        (git, &s.desired),
        ("deployed", &s.deployed),
    ] {
        if let Some(spans) = side.as_ref().and_then(|d| written_at(d, item.all.len())) {
            page.row(INDENT, COLUMN, label, &spans)?;
        }
    }
    if let Some(spans) = live_at(item) {
        page.row(INDENT, COLUMN, "live", &spans)?;
    }
    let object = s
        .object
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    if item.all.len() == 1 {
        let seen: Vec<&str> = s.affects.iter().map(|a| near(a, &object)).collect();
        names(page, "seen by", &seen)?;
        // The field that holds the value itself is told already.
        let own = s.live.as_ref().and_then(|l| l.field.as_deref());
        let explains: Vec<&str> = s
            .explains
            .iter()
            .map(|a| near(a, &object))
            .filter(|a| !own.is_some_and(|own| own.starts_with(a)))
            .collect();
        names(page, "explains", &explains)?;
    }
    resolve(page, item)
}

/// `Deployment/shop/api container api` as `container api` below the heading of that object.
fn near<'a>(text: &'a str, object: &str) -> &'a str {
    match text.strip_prefix(object).and_then(|t| t.strip_prefix(' ')) {
        Some(rest) if !object.is_empty() && !rest.is_empty() => rest,
        _ => text,
    }
}

fn names(page: &mut Page<'_>, label: &str, all: &[&str]) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    page.row(INDENT, COLUMN, label, &[Span::prose(&list(all, 4))])
}

/// Which targets, where the heading only counts them.
fn targets(page: &mut Page<'_>, item: &Item<'_>) -> io::Result<()> {
    let all = item.targets();
    let mut services: Vec<&str> = all.iter().map(|t| t.0).collect();
    services.dedup();
    let mut environments: Vec<&str> = all.iter().map(|t| t.1).collect();
    environments.sort_unstable();
    environments.dedup();
    if services.len() * environments.len() != all.len() {
        let pairs: Vec<String> = all.iter().map(|(s, e)| format!("{s} in {e}")).collect();
        let pairs: Vec<&str> = pairs.iter().map(String::as_str).collect();
        return names(page, "targets", &pairs);
    }
    for (label, names) in [("services", services), ("where", environments)] {
        if names.len() > 3 {
            page.row(INDENT, COLUMN, label, &[Span::prose(&list(&names, 8))])?;
        }
    }
    if all.len() == 1 && item.all.len() > 1 {
        let mut objects: Vec<String> = item
            .all
            .iter()
            .filter_map(|f| f.subject.object.as_ref())
            .map(ToString::to_string)
            .collect();
        objects.dedup();
        page.row(
            INDENT,
            COLUMN,
            "objects",
            &[Span::prose(&list(&objects, 6))],
        )?;
    }
    Ok(())
}

fn written_at(side: &DesiredShown, times: usize) -> Option<Vec<Span>> {
    let mut spans = Vec::new();
    if let Some(place) = &side.place {
        spans.extend(lines::place(place));
    }
    if times > 1 {
        if spans.is_empty() {
            return None;
        }
        spans.push(Span::painted(
            &format!(" and {} more", times - 1),
            Paint::Dim,
        ));
        return Some(spans);
    }
    if let Some(c) = &side.commit {
        if !spans.is_empty() {
            spans.push(Span::prose(" "));
        }
        spans.push(lines::commit(c));
    }
    (!spans.is_empty()).then_some(spans)
}

/// Object and field, as far as heading and headline don't say them.
fn live_at(item: &Item<'_>) -> Option<Vec<Span>> {
    let s = &item.first().subject;
    let live = s.live.as_ref()?;
    let mut text = String::new();
    if item.all.len() == 1
        && let Some(object) = &live.object
    {
        // The heading says the object, of parameters only the layer.
        let told = live.object == s.object && !matches!(object, ItemId::Parameter(_));
        if !told {
            text = object.described();
        }
    }
    let same = |l: &LiveShown| l.field == live.field;
    if let Some(field) = &live.field
        && item
            .all
            .iter()
            .all(|f| f.subject.live.as_ref().is_some_and(same))
        && !matches!(&s.key, EntryKey::Field(path) if path.to_string() == **field)
    {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(field);
    }
    (!text.is_empty()).then(|| vec![Span::prose(&text)])
}

/// The words, and each command on a line of its own, ready to be copied.
fn resolve(page: &mut Page<'_>, item: &Item<'_>) -> io::Result<()> {
    let mut label = "resolve";
    for r in &item.first().subject.resolve {
        let mut why = lines::say(&r.why);
        if !r.argv.is_empty() {
            why.push(Span::prose(":"));
        }
        page.row(INDENT, COLUMN, label, &why)?;
        label = "";
        if !r.argv.is_empty() {
            page.line(
                INDENT + COLUMN + 2,
                &[Span::solid(&shell_line(&r.argv), Paint::Cyan)],
            )?;
        }
    }
    if item.all.len() > 1 && label.is_empty() {
        let more = format!(
            "likewise for the {} others (--verbose lists them)",
            item.all.len() - 1
        );
        page.row(INDENT, COLUMN, "", &[Span::painted(&more, Paint::Dim)])?;
    }
    Ok(())
}
