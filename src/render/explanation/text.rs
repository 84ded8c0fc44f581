//! `text`: the answer first, then all targets in a table, then each of them with everything that
//! its layers say.

use super::ExplanationFormat;
use crate::{
    model::{
        explanation::{
            Agreement, ExplainedKey, ExplainedSide, ExplainedTarget, ExplainedValue, Explanation,
            Gap, GapKind, Outcome, Standing,
        },
        finding::{Disposition, Severity},
        observation::ItemId,
        value::{Shown, UnreadCause},
    },
    render::{
        Style,
        lines::{self, Row, say},
        message, value, words,
    },
    text::{
        list,
        page::{Page, Paint, Span},
    },
};
use std::io;

/// The format.
pub(super) static FORMAT: ExplanationFormat = ExplanationFormat {
    name: "text",
    summary: "for people (default)",
    write,
};

/// Left edge of rows.
const INDENT: usize = 2;
/// The longest label, and the width of its column.
const LABEL: usize = 8;
const COLUMN: usize = LABEL + 2;

fn write(e: &Explanation, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    for (i, key) in e.keys.iter().enumerate() {
        let page = &mut Page::new(out, style.color, style.width);
        if i > 0 {
            page.blank()?;
        }
        let answer: Vec<Span> = say(&key.answer);
        let bold: Vec<Span> = answer.into_iter().map(|s| s.or(Paint::Bold)).collect();
        page.wrapped(0, 2, &bold)?;
        if key.targets.len() > 1 {
            page.blank()?;
            summary(page, key)?;
        }
        details(key, style, out)?;
        if !key.not_in.is_empty() {
            let page = &mut Page::new(out, style.color, style.width);
            page.blank()?;
            let text = format!("not in {}", list(&key.not_in, 8));
            page.wrapped(0, 2, &[Span::painted(&text, Paint::Dim)])?;
        }
    }
    let page = &mut Page::new(out, style.color, style.width);
    if !e.notes.is_empty() {
        page.blank()?;
    }
    for note in &e.notes {
        let mut spans = vec![Span::painted("note:", Paint::BoldCyan), Span::prose(" ")];
        spans.extend(say(note));
        page.wrapped(0, 2, &spans)?;
    }
    if !e.is_complete() {
        page.blank()?;
        let label = Span::painted("incomplete", Paint::BoldYellow);
        let why = ": something that might win was not read";
        page.wrapped(0, 2, &[label, Span::prose(why)])?;
    }
    Ok(())
}

/// One row per target.
fn summary(page: &mut Page<'_>, key: &ExplainedKey) -> io::Result<()> {
    let services = key
        .targets
        .iter()
        .any(|t| t.service != key.targets[0].service);
    let live = key.targets.iter().any(|t| t.live.is_some());
    let dim = |text: &str| Span::solid(text, Paint::Dim);
    let plain = |text: &str| Span::solid(text, Paint::Plain);
    let mut rows = vec![Row {
        cells: vec![
            if services { dim("service") } else { plain("") },
            dim("environment"),
            dim("git"),
            if live { dim("live") } else { plain("") },
            dim("layer"),
        ],
        rest: vec![dim("where")],
    }];
    for t in &key.targets {
        let winner = t.git.winners().next().filter(|_| t.git.unknown.is_none());
        let differs = t.agreement == Some(Agreement::Differs);
        rows.push(Row {
            cells: vec![
                plain(if services { &t.service } else { "" }),
                plain(&t.environment),
                Span::solid(&whole(&t.git), Paint::Bold),
                Span::solid(
                    &if live { live_cell(t) } else { String::new() },
                    if differs { Paint::Red } else { Paint::Plain },
                ),
                plain(winner.map_or("", |w| &w.layer)),
            ],
            rest: winner.map(|w| source(w, false)).unwrap_or_default(),
        });
    }
    lines::headed(page, INDENT, &rows)
}

/// What a side says, in one cell.
fn whole(side: &ExplainedSide) -> String {
    match side.outcome() {
        Outcome::ByContainer => "by container".into(),
        Outcome::Unknown => "unknown".into(),
        Outcome::Known | Outcome::Absent => {
            side.shown().map(|s| value::brief(&s)).unwrap_or_default()
        }
    }
}

fn live_cell(t: &ExplainedTarget) -> String {
    match (&t.agreement, &t.live) {
        (Some(Agreement::Same), _) => "the same".into(),
        (Some(Agreement::Differs), Some(live)) => match live.shown() {
            Some(Shown::Redacted) => "another secret".into(),
            _ => whole(live),
        },
        (Some(Agreement::Unknown(_)), _) => "unknown".into(),
        (Some(Agreement::NotCompared), _) => "not compared".into(),
        _ => "not read".into(),
    }
}

/// Each target, those with the same details once.
fn details(key: &ExplainedKey, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let mut groups: Vec<(Vec<u8>, Vec<&ExplainedTarget>)> = Vec::new();
    for t in &key.targets {
        let mut body = Vec::new();
        detail(&mut Page::new(&mut body, style.color, style.width), key, t)?;
        match groups
            .iter_mut()
            .find(|(b, _)| *b == body && !style.verbose)
        {
            Some((_, all)) => all.push(t),
            None => groups.push((body, vec![t])),
        }
    }
    for (body, all) in groups {
        let page = &mut Page::new(out, style.color, style.width);
        page.blank()?;
        page.wrapped(0, 2, &[Span::painted(&heading(&all), Paint::Bold)])?;
        out.write_all(&body)?;
    }
    Ok(())
}

/// `api in production`; `api in production-eu and production-us: the same`.
fn heading(all: &[&ExplainedTarget]) -> String {
    let names = |mut names: Vec<&str>| {
        names.dedup();
        match names.as_slice() {
            [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
            one => one.join(""),
        }
    };
    let first = all[0];
    let one_service = all.iter().all(|t| t.service == first.service);
    let one_environment = all.iter().all(|t| t.environment == first.environment);
    let (services, environments) = (
        all.iter().map(|t| &*t.service).collect(),
        all.iter().map(|t| &*t.environment).collect(),
    );
    match (one_service || one_environment, all.len()) {
        (_, 1) => format!("{} in {}", first.service, first.environment),
        (true, _) => format!("{} in {}: the same", names(services), names(environments)),
        (false, _) => {
            let pairs: Vec<String> = all
                .iter()
                .map(|t| format!("{} in {}", t.service, t.environment))
                .collect();
            format!("{}: the same", names(pairs.iter().map(|p| &**p).collect()))
        }
    }
}

fn detail(page: &mut Page<'_>, key: &ExplainedKey, t: &ExplainedTarget) -> io::Result<()> {
    let mut rows = layers(key, &t.git);
    if rows.is_empty() {
        rows.push(row("git", Paint::Plain, "absent", "", vec![]));
    }
    rows.extend(before(key, t));
    rows.extend(live(key, t));
    lines::table(page, INDENT, &rows)?;
    let winners: Vec<&ExplainedValue> = t.git.winners().collect();
    if let [one] = winners.as_slice() {
        let names: Vec<&str> = one.seen_by.iter().map(|s| &**s).collect();
        if !names.is_empty() {
            page.row(INDENT, COLUMN, "seen by", &[Span::prose(&list(&names, 4))])?;
        }
    }
    rules(page, t)
}

fn row(label: &str, paint: Paint, shown: &str, layer: &str, rest: Vec<Span>) -> Row {
    Row {
        cells: vec![
            Span::solid(&format!("{label:LABEL$}"), paint),
            Span::solid(shown, Paint::Bold),
            Span::solid(layer, Paint::Plain),
        ],
        rest,
    }
}

/// What layers say and what nobody knows, highest precedence first.
fn layers(key: &ExplainedKey, side: &ExplainedSide) -> Vec<Row> {
    // Of one layer, what may win comes before what is known.
    let mut rows: Vec<(usize, Row)> = side
        .gaps
        .iter()
        .map(|gap| (gap.precedence, gap_row(gap, side)))
        .collect();
    let by_container = side.outcome() == Outcome::ByContainer;
    let unknown = side.unknown.is_some();
    for v in &side.values {
        let (label, paint) = match v.standing {
            // Nobody knows whether it does.
            Standing::Wins if unknown => ("may win", Paint::Yellow),
            Standing::Wins => ("wins", Paint::Green),
            Standing::Agrees => ("the same", Paint::Dim),
            Standing::Removes => ("removes", Paint::Yellow),
            Standing::Hidden => ("hidden", Paint::Dim),
        };
        let rest = lines::joined([
            spelling(key, v),
            borrowed(v, "live only"),
            source(v, true),
            writer(v),
            seen(v, by_container),
            why_unread(v),
        ]);
        rows.push((v.precedence, row(label, paint, &cell(v), &v.layer, rest)));
    }
    // Stable, so that the order within a layer stays.
    rows.sort_by_key(|(precedence, _)| std::cmp::Reverse(*precedence));
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Why a value is unknown is too long for its cell.
fn cell(v: &ExplainedValue) -> String {
    match &v.value {
        Shown::Unknown(_) => "unknown".into(),
        known => value::brief(known),
    }
}

fn why_unread(v: &ExplainedValue) -> Vec<Span> {
    match &v.value {
        Shown::Unknown(why) => vec![Span::prose(&format!("not read: {why}"))],
        _ => vec![],
    }
}

fn gap_row(gap: &Gap, side: &ExplainedSide) -> Row {
    let (label, paint, rest) = match &gap.why {
        GapKind::Outside(what) => {
            let may = if gap.may_win {
                "; it may win over these"
            } else {
                "; what wins is higher"
            };
            let text = format!("driftgate can't see: {what}{may}");
            ("outside", Paint::Yellow, text)
        }
        GapKind::Unread(why) => {
            let so = if gap.may_win {
                ", so nobody knows whether it wins"
            } else {
                "; what wins is higher"
            };
            let detail = why.detail.trim_end_matches('.');
            let is_own = side.values.iter().any(|v| v.precedence == gap.precedence);
            let completely = if is_own { " completely" } else { "" };
            let text = match why.cause {
                UnreadCause::NotAsked => format!("{detail}{so}"),
                _ => format!("could not be read{completely}: {detail}{so}"),
            };
            ("not read", Paint::BoldRed, text)
        }
        GapKind::Imports(what) => {
            let may = match (gap.may_win, what.len()) {
                (true, 1) => "; it may win over these",
                (true, _) => "; they may win over these",
                (false, _) => "; what wins is higher",
            };
            let what = GapKind::imported(what);
            let text = format!("{what}, which driftgate does not read{may}");
            ("imports", Paint::Yellow, text)
        }
        GapKind::KeysNotRead(secret) => {
            let text = format!("{secret} may hold it: its keys are not read");
            ("not read", Paint::Yellow, text)
        }
    };
    row(label, paint, "?", &gap.layer, vec![Span::prose(&rest)])
}

/// What won before the change.
fn before(key: &ExplainedKey, t: &ExplainedTarget) -> Vec<Row> {
    let Some(base) = &t.base else {
        return vec![];
    };
    if base.outcome() == Outcome::Absent {
        let rest = vec![Span::prose("absent before this change")];
        return vec![row("before", Paint::Cyan, "absent", "", rest)];
    }
    if let Some(why) = &base.unknown {
        let rest = vec![Span::prose(&why.detail)];
        return vec![row("before", Paint::Cyan, "unknown", "", rest)];
    }
    let all = base.winners().map(|v| {
        let rest = lines::joined([spelling(key, v), source(v, true), writer(v)]);
        row(
            "before",
            Paint::Cyan,
            &value::brief(&v.value),
            &v.layer,
            rest,
        )
    });
    all.collect()
}

/// What is running, and whether it is what git says.
fn live(key: &ExplainedKey, t: &ExplainedTarget) -> Vec<Row> {
    let (Some(live), Some(agreement)) = (&t.live, &t.agreement) else {
        return vec![];
    };
    let (said, paint) = match agreement {
        Agreement::Same => ("as in git,", Paint::Green),
        Agreement::Differs => ("differs from git,", Paint::BoldRed),
        Agreement::NotCompared | Agreement::Unknown(_) => ("", Paint::Plain),
    };
    let by_container = live.outcome() == Outcome::ByContainer;
    let mut rows = Vec::new();
    let known = live.unknown.is_none();
    // What stands in for live says nothing where live might win.
    for v in live.winners().filter(|v| known || !v.borrowed) {
        rows.push(row(
            "live",
            paint,
            &cell(v),
            &v.layer,
            lines::joined([
                vec![Span::painted(if known { said } else { "" }, paint)],
                spelling(key, v),
                borrowed(v, "no live side, git's value stands in"),
                held(v),
                writer(v),
                seen(v, by_container),
                why_unread(v),
            ]),
        ));
    }
    match (agreement, live.outcome()) {
        (_, Outcome::Unknown) => {
            let gaps = live.gaps.iter().filter(|g| g.may_win);
            rows.extend(
                gaps.filter(|g| matches!(g.why, GapKind::Unread(_)))
                    .map(|g| {
                        let mut row = gap_row(g, live);
                        row.cells[0] = Span::solid("live", Paint::BoldRed);
                        row
                    }),
            );
        }
        (Agreement::Differs, Outcome::Absent) => {
            let rest = vec![Span::painted("differs from git", paint)];
            rows.push(row("live", paint, "absent", "", rest));
        }
        (Agreement::Unknown(why), _) => {
            let rest = format!("nobody can tell whether it is what git says: {why}");
            rows.push(row("live", Paint::Yellow, "", "", vec![Span::prose(&rest)]));
        }
        _ => {}
    }
    rows.extend(live.hidden().filter(|v| is_drift(v, &t.git)).map(|v| {
        let said = vec![Span::prose("hidden live, and other than in git,")];
        let rest = lines::joined([said, spelling(key, v), held(v), writer(v)]);
        row("live", Paint::Dim, &value::brief(&v.value), &v.layer, rest)
    }));
    rows
}

/// Whether a hidden live value is not what its layer says in git.
fn is_drift(live: &ExplainedValue, git: &ExplainedSide) -> bool {
    let same = |g: &&ExplainedValue| g.layer == live.layer && g.value == live.value;
    !live.borrowed && !git.values.iter().any(|g| same(&g))
}

/// `as DATABASE_POOL_SIZE,` where the layer spells it another way.
fn spelling(key: &ExplainedKey, v: &ExplainedValue) -> Vec<Span> {
    match v.name == key.name {
        true => vec![],
        false => vec![Span::solid(&format!("as {},", v.name), Paint::Plain)],
    }
}

fn borrowed(v: &ExplainedValue, why: &str) -> Vec<Span> {
    match v.borrowed {
        true => vec![Span::painted(&format!("({why})"), Paint::Dim)],
        false => vec![],
    }
}

/// Where git has it, else what holds it live.
fn source(v: &ExplainedValue, objects: bool) -> Vec<Span> {
    let Some(origin) = &v.origin else {
        return vec![];
    };
    let Some(place) = &origin.place else {
        return vec![Span::prose(&origin.item.described())];
    };
    let mut spans = lines::places(place, &v.made_from);
    if objects && let ItemId::Object(object) = &origin.item {
        spans.push(Span::painted(&format!(" {object}"), Paint::Dim));
    }
    spans
}

/// The live object, file or parameter.
fn held(v: &ExplainedValue) -> Vec<Span> {
    match (&v.origin, v.borrowed) {
        (Some(origin), false) => vec![Span::prose(&origin.item.described())],
        _ => vec![],
    }
}

fn writer(v: &ExplainedValue) -> Vec<Span> {
    if let Some(commit) = &v.commit {
        return vec![lines::commit(commit)];
    }
    match &v.written {
        Some(written) => {
            let text = message(&words::writer_and_time(written));
            vec![Span::painted(&format!("({text})"), Paint::Dim)]
        }
        None => vec![],
    }
}

fn seen(v: &ExplainedValue, wanted: bool) -> Vec<Span> {
    if !wanted || v.seen_by.is_empty() {
        return vec![];
    }
    vec![Span::prose(&format!("seen by {}", list(&v.seen_by, 3)))]
}

/// Findings about it, and what driftgate.yaml says of it.
fn rules(page: &mut Page<'_>, t: &ExplainedTarget) -> io::Result<()> {
    for (i, f) in t.findings.iter().enumerate() {
        let paint = match (f.disposition, f.severity) {
            (Disposition::Active, Severity::Error) => Paint::BoldRed,
            (Disposition::Active, Severity::Warning) => Paint::BoldYellow,
            (Disposition::Active, Severity::Info) => Paint::BoldCyan,
            _ => Paint::Dim,
        };
        let word = match f.disposition {
            Disposition::Active => "",
            Disposition::Waived => "waived ",
            Disposition::Baselined => "baselined ",
            Disposition::Ignored => "ignored ",
        };
        let label = format!("{word}{}[{}]", f.severity.name(), f.rule);
        let mut spans = vec![Span::painted(&label, paint), Span::prose(": ")];
        spans.extend(say(&f.message));
        page.row(INDENT, COLUMN, if i == 0 { "rules" } else { "" }, &spans)?;
        if let Some(accepted) = &f.accepted {
            let mut spans = vec![Span::prose("accepted: ")];
            spans.extend(say(&words::accepted(accepted)));
            page.row(INDENT, COLUMN, "", &spans)?;
        }
    }
    let mut label = if t.findings.is_empty() { "rules" } else { "" };
    for p in &t.policies {
        let mut spans = vec![Span::prose(match p.entry.by {
            "difference" => "documented difference: ",
            "ignore" => "ignore: ",
            _ => "waiver: ",
        })];
        spans.extend(say(&words::accepted(&p.entry)));
        if let Some(rule) = &p.rule {
            spans.push(Span::prose(&format!("; of {rule}")));
        }
        if let Some(expected) = &p.expected {
            let shown = value::brief(&Shown::Value((**expected).into()));
            spans.push(Span::prose("; expects "));
            spans.push(Span::solid(&shown, Paint::Plain));
        }
        page.row(INDENT, COLUMN, label, &spans)?;
        label = "";
    }
    Ok(())
}
