//! What the rules about waivers have in common: what a waiver accepts, as a subject and in words.

use crate::model::{
    entry::EntryKey,
    finding::{DesiredShown, Message, Resolution, Subject},
    observation::{ItemId, ObjectId},
    policy::{Pattern, Waiver},
    value::Shown,
};

/// A finding about a waiver, and what to do with it.
pub(super) fn subject(waiver: &Waiver, message: Message, why: &'static str) -> Subject {
    Subject {
        message,
        desired: Some(DesiredShown {
            value: waiver
                .value
                .as_deref()
                .map_or(Shown::Absent, |v| Shown::Value(v.into())),
            place: waiver.place.clone(),
            commit: None,
        }),
        resolve: vec![Resolution {
            why: why.into(),
            argv: vec![],
        }],
        ..accepted(waiver)
    }
}

/// As far as the waiver names it, what it accepts.
fn accepted(waiver: &Waiver) -> Subject {
    let s = &waiver.selector;
    let text = |p: &Option<Pattern>| p.as_ref().map_or("*", Pattern::as_str).into();
    let path = s.field.as_ref().and_then(|f| f.as_str().parse().ok());
    let key = match (&s.key, path) {
        (Some(key), _) => EntryKey::Setting(key.as_str().into()),
        (None, Some(path)) => EntryKey::Field(path),
        (None, None) => EntryKey::Object,
    };
    let layer = s.layer.as_ref().map_or("", Pattern::as_str).into();
    Subject {
        object: s.object.as_ref().map(object),
        ..Subject::new(text(&s.service), text(&s.environment), layer, key)
    }
}

/// `Kind/name` or `Kind/namespace/name`; a pattern stays a text.
fn object(pattern: &Pattern) -> ItemId {
    let parts: Vec<&str> = pattern.as_str().split('/').collect();
    match parts[..] {
        [kind, name] => ObjectId::new("", kind, None, name).into(),
        [kind, namespace, name] => ObjectId::new("", kind, Some(namespace), name).into(),
        _ => ItemId::Document(pattern.as_str().into()),
    }
}

/// `drifted for LOG_LEVEL in production-eu`, appended to `message`.
pub(super) fn accepts(waiver: &Waiver, message: Message) -> Message {
    let s = &waiver.selector;
    let text = |p: &Option<Pattern>| p.as_ref().map(|p| Box::<str>::from(p.as_str()));
    let mut out = message.name(text(&s.rule).unwrap_or_else(|| "*".into()));
    if let Some(key) = text(&s.key).or_else(|| text(&s.field)) {
        out = out.and(" for ").key(key);
    }
    if let Some(object) = text(&s.object) {
        out = out.and(" of ").name(object);
    }
    if let Some(service) = text(&s.service) {
        out = out.and(" in service ").name(service);
    }
    if let Some(environment) = text(&s.environment) {
        out = out.and(" in ").name(environment);
    }
    out
}
