//! The sentences that formats share: who wrote it and when, whether git ever had it, what a
//! deploy does. No stronger than the evidence.

use super::value;
use crate::model::{
    entry::EntryKey,
    finding::{
        Accepted, Certainty, CommitShown, InGit, LiveShown, Message, Piece, Subject, WriterClass,
        Written,
    },
    observation::WriterKind,
    report::{Occasion, short_id},
    state::State,
    time::Timestamp,
    value::Shown,
};

/// `Written by manager kubectl-set, not later than 2026-08-03T02:14:07Z.`
#[must_use]
pub(crate) fn written(written: &Written) -> Message {
    use Certainty::{Removal, Unattributed};
    let start = match (written.certainty, written.writers.is_empty()) {
        (Removal, _) => Message::words("Removed; by whom is unknown: a removal leaves no trace"),
        (Unattributed, true) => {
            Message::words("Who wrote it is unknown: the record of writers was wiped or never kept")
        }
        (Unattributed, false) => writers(
            Message::words("Who wrote it is unknown: it is booked to "),
            written,
        )
        .and(", which says nothing about the change"),
        (_, true) => Message::words("Who wrote it is unknown"),
        (_, false) => writers(Message::words("Written by "), written),
    };
    timed(start, written).and(".")
}

/// `manager kubectl-set, not later than 2026-08-03T02:14:07Z`: for a row, not for a sentence.
#[must_use]
pub(crate) fn writer_and_time(written: &Written) -> Message {
    let start = match (written.certainty, written.writers.is_empty()) {
        (Certainty::Unattributed, false) => {
            writers(Message::words("by whom is unknown, booked to "), written)
        }
        (_, true) => Message::words("by whom is unknown"),
        (_, false) => writers(Message::default(), written),
    };
    timed(start, written)
}

/// Adds when it was written, as far as that is known.
fn timed(start: Message, written: &Written) -> Message {
    use Certainty::{Exact, NoTime, NotLaterThan, Removal, Unattributed};
    match (
        written.certainty,
        written.not_earlier_than,
        written.not_later_than,
    ) {
        (Exact, _, Some(at)) => start.and(" at ").time(at),
        (_, Some(from), Some(to)) => start
            .and(", not earlier than ")
            .time(from)
            .and(" and not later than ")
            .time(to),
        (_, None, Some(to)) => start.and(", not later than ").time(to),
        (NoTime, Some(from), None) => start
            .and(", not earlier than ")
            .time(from)
            .and("; /scale writes carry no time"),
        (_, Some(from), None) => start.and(", not earlier than ").time(from),
        (NoTime, None, None) => start.and(", when is unknown: /scale writes carry no time"),
        (Exact | NotLaterThan, None, None) => start.and(", when is unknown"),
        (Removal | Unattributed, None, None) => start,
    }
}

fn writers(mut message: Message, written: &Written) -> Message {
    for (i, writer) in written.writers.iter().enumerate() {
        if i > 0 {
            message = message.and(" and ");
        }
        message = message
            .and(match writer.kind {
                WriterKind::ApplyManager | WriterKind::UpdateManager => "manager ",
                WriterKind::Principal => "principal ",
                WriterKind::Person => "",
            })
            .name(&*writer.name)
            .and(match writer.class {
                WriterClass::Deployer => " (the deployer)",
                WriterClass::Controller => " (a controller)",
                WriterClass::Person | WriterClass::Other => "",
            });
    }
    message
}

/// `Git has never had 60s.`
#[must_use]
pub(crate) fn in_git(key: &EntryKey, live: &LiveShown) -> Option<Message> {
    let at = live.in_git.as_ref()?;
    let absent = live.value == Shown::Absent;
    let value = |m: Message| match &live.value {
        _ if *key == EntryKey::Object => m.and("it"),
        Shown::Value(_) => m.value(live.value.clone()),
        _ => m.and("this value"),
    };
    Some(match at {
        InGit::Never if absent => Message::words("Git has always had it."),
        InGit::Never => value(Message::words("Git has never had ")).and("."),
        InGit::NotInLast(n) if absent => Message::words("Git has had it in each of the last ")
            .count(*n as usize)
            .and(" commits."),
        InGit::NotInLast(n) => value(Message::words("Git has not had "))
            .and(" in the last ")
            .count(*n as usize)
            .and(" commits."),
        InGit::Last(c) if absent => by(Message::words("Git was last without it in "), c).and("."),
        InGit::Last(c) => by(value(Message::words("Git last had ")).and(" in "), c).and("."),
        InGit::Unknown(why) => value(Message::words("Whether git has ever had "))
            .and(" is unknown: ")
            .name(why.clone())
            .and("."),
    })
}

/// `3f2e1d0 (Ada Lovelace, 2026-05-11)`.
#[must_use]
pub(crate) fn by(message: Message, commit: &CommitShown) -> Message {
    message
        .name(short_id(&commit.id))
        .and(" (")
        .name(&*commit.author)
        .and(", ")
        .name(day(commit))
        .and(")")
}

/// The day of a commit: `2026-05-11`.
#[must_use]
pub(crate) fn day(commit: &CommitShown) -> String {
    date(commit.time)
}

fn date(time: Timestamp) -> String {
    let time = time.to_string();
    time.split('T').next().unwrap_or_default().into()
}

/// What deploying does to the entry, as far as its state says; a message that knows more says it
/// itself. What a deploy does with a live-only entry is a property of the source, and left to it.
#[must_use]
pub(crate) fn consequence(s: &Subject, occasion: Occasion) -> Option<Message> {
    let start = Message::words(match occasion {
        Occasion::Review => "Deploying this branch ",
        Occasion::Deploy => "This deploy ",
        Occasion::Audit => "The next deploy ",
    });
    let wanted = s.desired.as_ref().map(|d| &d.value);
    let live = s.live.as_ref().map(|l| &l.value);
    let long = |v: Option<&Shown>| !v.is_some_and(value::is_short);
    Some(match (s.state?, wanted?) {
        (State::Drifted | State::Conflicting, Shown::Absent) => start.and("removes it."),
        (State::Missing, _) if s.key == EntryKey::Object => start.and("creates it."),
        (State::Missing, _) => start.and("adds it again."),
        (State::Drifted, _) if long(wanted) => start.and("puts it back to what git has."),
        (State::Drifted, to) => start.and("puts it back to ").value(to.clone()).and("."),
        (State::Conflicting, to) => match live {
            Some(now) if !long(live) && !long(wanted) => start
                .and("replaces ")
                .value(now.clone())
                .and(" by ")
                .value(to.clone())
                .and("."),
            _ => start.and("replaces it by what git has."),
        },
        _ => return None,
    })
}

/// `load test (team-checkout, until 2026-12-01, driftgate.yaml:31:5)`: why a finding is accepted.
#[must_use]
pub(crate) fn accepted(accepted: &Accepted) -> Message {
    let mut details: Vec<Box<str>> = Vec::new();
    if !matches!(accepted.by, "waiver" | "ignore" | "baseline" | "difference") {
        details.push(accepted.by.into());
    }
    details.extend(accepted.owner.clone());
    details.extend(
        accepted
            .expires
            .map(|t| format!("until {}", date(t)).into()),
    );
    details.extend(accepted.place.as_ref().map(|p| p.to_string().into()));
    let reason = match &*accepted.reason {
        "" => Message::default(),
        reason => Message::default().name(reason),
    };
    if details.is_empty() {
        return reason;
    }
    let open = if reason.0.is_empty() { "(" } else { " (" };
    reason.and(open).name(details.join(", ")).and(")")
}

/// A message, sentence by sentence.
#[must_use]
pub(crate) fn sentences(message: &Message) -> Vec<Message> {
    let mut all = vec![Message::default()];
    let push = |all: &mut Vec<Message>, piece: Piece| {
        if let Some(last) = all.last_mut() {
            last.0.push(piece);
        }
    };
    for piece in &message.0 {
        let mut words = match piece {
            Piece::Words(words) => *words,
            other => {
                push(&mut all, other.clone());
                continue;
            }
        };
        while let Some(at) = words.find(". ") {
            push(&mut all, Piece::Words(&words[..=at]));
            all.push(Message::default());
            words = &words[at + 2..];
        }
        if !words.is_empty() {
            push(&mut all, Piece::Words(words));
        }
    }
    all.retain(|m| !m.0.is_empty());
    all
}

/// The sentences of a message that say neither both values, nor who and when, nor whether git had
/// it: those are told from the sides, alike for one target and for a hundred.
#[must_use]
pub(crate) fn untold(s: &Subject) -> Vec<Message> {
    let key = s.key.to_string();
    let object = s
        .object
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    let written = s.live.as_ref().and_then(|l| l.written.as_ref());
    let is_subject = |p: &Piece| match p {
        Piece::Key(k) => **k == *key,
        Piece::Name(n) => s.key == EntryKey::Object && **n == *object,
        _ => false,
    };
    let is_evidence = |p: &Piece| match p {
        Piece::Name(n) => written.is_some_and(|w| w.writers.iter().any(|x| *x.name == **n)),
        Piece::Time(t) => written.is_some_and(|w| w.not_later_than == Some(*t)),
        _ => false,
    };
    let starts = |m: &Message, with: &str| matches!(m.0.first(), Some(Piece::Words(w)) if w.starts_with(with));
    let told = |(i, m): &(usize, Message)| {
        let subject = m.0.iter().any(is_subject);
        let values = m.0.iter().any(|p| matches!(p, Piece::Value(_)));
        (subject && (*i == 0 || values))
            || m.0.iter().any(is_evidence)
            || ["Git has ", "Git last had ", "Whether git "]
                .iter()
                .any(|w| starts(m, w))
    };
    let all = sentences(&s.message).into_iter().enumerate();
    all.filter(|s| !told(s)).map(|(_, m)| m).collect()
}

/// Whether a sentence is about what a deploy does.
#[must_use]
pub(crate) fn is_about_deploying(message: &Message) -> bool {
    message
        .0
        .iter()
        .any(|p| matches!(p, Piece::Words(w) if w.contains("eploy") || w.contains("apply") || w.contains("merg")))
}
