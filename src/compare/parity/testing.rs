//! Sides made by hand, for the tests of parity and of the rules about it.

use crate::{
    compare::surface::SurfaceField,
    model::{
        effective::{EffectiveConfig, EffectiveSetting, LayerInfo, Placed, words},
        entry::{Entry, Origin},
        observation::{ItemId, ObjectId},
        path::KeyPath,
        place::Place,
        setting::{KeyStyle, SettingEntry},
        target::TargetId,
        tree::Span,
        value::{Plain, Unread, UnreadCause, Value, ValueType},
    },
};

/// A target.
pub(crate) fn target(service: &str, environment: &str) -> TargetId {
    TargetId {
        service: service.into(),
        environment: environment.into(),
    }
}

/// A text, or what stands in the marks: `<secret>`, `<opaque>`, `<symbol x>`, `{json}`, `[json]`.
pub(crate) fn value(text: &str) -> Value {
    if text == "<secret>" {
        let key = crate::model::secret::DigestKey::for_this_run(&[1; 32]);
        return Value::Secret(key.seal(b"hunter2"));
    }
    if text == "<opaque>" {
        return Value::Opaque("sops".into());
    }
    if let Some(symbol) = text.strip_prefix("<symbol ") {
        return Value::Symbol(symbol.trim_end_matches('>').into());
    }
    if text.starts_with(['{', '[']) {
        let tree = crate::document::parse(text.as_bytes(), crate::document::Format::Json)
            .documents
            .pop()
            .expect("JSON")
            .tree;
        return Value::Plain(Plain::Tree(tree.into()));
    }
    Value::text(text)
}

fn entry(name: &str, text: &str, line: u32) -> Entry {
    Entry::of(
        value(text),
        Origin {
            item: ItemId::Document("config/app.env".into()),
            path: KeyPath::members(&[name]),
            place: Some(Place::exact(
                "config/app.env".into(),
                Some(Span {
                    line,
                    column: 1,
                    start: 0,
                    end: 0,
                }),
            )),
        },
    )
}

/// An effective config of one layer with these settings.
pub(crate) fn config(settings: &[(&str, &str)]) -> EffectiveConfig {
    let mut out = EffectiveConfig {
        layers: vec![LayerInfo {
            name: "environment".into(),
            unread: None,
            may_hold: vec![],
            borrowed: false,
            outside: None,
            beyond: vec![],
        }],
        ..EffectiveConfig::default()
    };
    for (line, (name, text)) in (1..).zip(settings) {
        let placed = Placed {
            layer: 0,
            certain: false,
            entry: SettingEntry {
                name: (*name).into(),
                style: KeyStyle::Environment,
                path: KeyPath::members(&[name]),
                entry: entry(name, text, line),
                seen_by: [].into(),
                doubt: None,
            },
        };
        out.settings.push(EffectiveSetting {
            name: (*name).into(),
            words: words(name),
            ty: ValueType::Text,
            stack: vec![placed],
            winners: vec![0],
            unknown: None,
        });
    }
    out.settings.sort_by(|a, b| a.words.cmp(&b.words));
    out
}

/// The same with a setting that containers see differently.
pub(crate) fn per_container(name: &str, values: &[(&str, &str)]) -> EffectiveConfig {
    let mut out = config(&[]);
    let stack: Vec<Placed> = values
        .iter()
        .map(|(consumer, text)| Placed {
            layer: 0,
            certain: false,
            entry: SettingEntry {
                name: name.into(),
                style: KeyStyle::Environment,
                path: KeyPath::members(&[name]),
                entry: entry(name, text, 1),
                seen_by: [Box::from(*consumer)].into(),
                doubt: None,
            },
        })
        .collect();
    out.settings.push(EffectiveSetting {
        name: name.into(),
        words: words(name),
        ty: ValueType::Text,
        winners: (0..stack.len()).collect(),
        stack,
        unknown: None,
    });
    out
}

/// With a type for a setting.
pub(crate) fn typed(mut config: EffectiveConfig, name: &str, ty: ValueType) -> EffectiveConfig {
    for setting in config.settings.iter_mut().filter(|s| *s.name == *name) {
        setting.ty = ty;
    }
    config
}

/// With a layer that could not be read.
pub(crate) fn unread(mut config: EffectiveConfig) -> EffectiveConfig {
    let why = Unread::new(UnreadCause::Forbidden, "forbidden");
    config.layers[0].unread = Some(why.clone());
    for setting in &mut config.settings {
        setting.unknown = Some((0, why.clone()));
    }
    config
}

/// A field of `Kind/name`.
pub(crate) fn field(holder: &str, object: &str, path: &str, text: &str) -> SurfaceField {
    let (kind, name) = object.split_once('/').expect("kind and name");
    let id = ObjectId::new("apps", kind, Some("shop"), name);
    let path: KeyPath = path.parse().expect("a path");
    SurfaceField {
        holder: holder.into(),
        ty: if path.to_string().contains("resources") {
            ValueType::Quantity
        } else {
            ValueType::Text
        },
        is_default: false,
        entry: Entry::of(
            value(text),
            Origin {
                item: id.clone().into(),
                path: path.clone(),
                place: None,
            },
        ),
        path,
        object: id,
        unread: None,
    }
}
