//! The environment of a service as settings: its env files, and over them its `environment`.

use super::{
    interpolate::{Filled, interpolate},
    project::{EnvFile, Service, Variable, why},
    variables::{self, FROM_OUTSIDE, Variables},
    written::Written,
};
use crate::{
    desired::{
        DesiredContext,
        settings::{self, Collector, Load, Sealer, SettingsFile},
    },
    document::{EnvDialect, Format},
    git::Files,
    model::{
        entry::{Entry, Origin},
        path::{KeyPath, Segment},
        problem::Problem,
        setting::{KeyStyle, SettingEntry},
        tree::{Kind, NodeRef},
        value::Value,
    },
};
use std::sync::Arc;

/// Adds the settings of the service.
pub(super) fn settings(
    service: &Service,
    files: &Files,
    cx: &DesiredContext<'_>,
    out: &mut Collector,
) {
    let was_blocked = out.is_blocked();
    for file in &service.env_files {
        env_file(file, files, cx, out);
    }
    // `environment` wins over every file.
    if !was_blocked {
        out.all_above_wins();
    }
    for variable in &service.environment {
        one(variable, cx, out);
    }
}

fn one(variable: &Variable, cx: &DesiredContext<'_>, out: &mut Collector) {
    let file = variable.origin.item.to_string();
    let sealer = Sealer::new(&file, cx);
    let name = &*variable.name;
    let (value, from) = match &variable.value {
        Written::Text(text) => match interpolate(text, &variable.variables) {
            Ok(mut filled) => {
                // A secret default (`${DB_PASSWORD:-…}`) is one whatever this variable is called.
                filled.secret |= sealer.is_secret("", text);
                (value(&sealer, name, &filled), filled.from)
            }
            Err(refused) => {
                let place = variable.origin.place.clone();
                return out.malformed(Problem::new(place, why(refused)));
            }
        },
        Written::Nothing => passed_through(name, &variable.variables, cx),
        Written::Opaque(symbol) => (Value::Opaque(symbol.clone()), Vec::new()),
        Written::Reset => return,
    };
    out.settings
        .push(setting(name, value, variable.origin.clone(), from));
}

fn value(sealer: &Sealer<'_>, name: &str, filled: &Filled) -> Value {
    match (filled.known, filled.secret) {
        (true, true) => sealer.secret(&filled.text),
        (true, false) => sealer.text(name, &filled.text),
        (false, true) => sealer.hidden(&filled.text),
        (false, false) => sealer.symbol(name, "from the environment:", &filled.text),
    }
}

/// A name without a value: what `.env` has, else what only the environment of whoever runs
/// Compose has.
fn passed_through(
    name: &str,
    variables: &Variables,
    cx: &DesiredContext<'_>,
) -> (Value, Vec<Origin>) {
    let Some(variable) = variables.get(name) else {
        return (Value::Symbol(FROM_OUTSIDE.into()), Vec::new());
    };
    let from: Vec<Origin> = variable.origin.clone().into_iter().collect();
    let file = from.first().map_or(String::new(), |o| o.item.to_string());
    let value = match &variable.text {
        Some(text) => Sealer::new(&file, cx).text(name, text),
        None => Value::Symbol(FROM_OUTSIDE.into()),
    };
    (value, from)
}

fn env_file(file: &EnvFile, files: &Files, cx: &DesiredContext<'_>, out: &mut Collector) {
    let read = match file.raw {
        false => variables::env_file(&file.path, file.optional, files, cx, out),
        true => {
            let how = Load {
                format: Format::Dotenv(EnvDialect::Docker),
                ..variables::ENV
            };
            match settings::load(&file.path, how, files, cx) {
                Ok(read) => {
                    out.input(&read.path);
                    for problem in &read.problems {
                        out.malformed(problem.clone());
                    }
                    Some(read)
                }
                // Says why, or that it is optional.
                Err(_) => variables::env_file(&file.path, file.optional, files, cx, out),
            }
        }
    };
    let Some(read) = read else { return };
    let sealer = Sealer::new(&read.path, cx);
    for member in variables::members(&read) {
        let name = member.key().as_str();
        let (value, from) = match (member.kind(), member.text()) {
            (Kind::Opaque, FROM_OUTSIDE) => passed_through(name, &file.variables, cx),
            (Kind::Opaque, "interpolation") => again(&read, member, name, &file.variables, &sealer),
            _ => (sealer.node(name, member), Vec::new()),
        };
        let origin = variables::origin(&read, member);
        out.settings.push(setting(name, value, origin, from));
    }
}

/// A value of an env file that refers to what the file itself does not set: filled in from the
/// variables of the project where it is simple enough to be sure.
fn again(
    file: &SettingsFile,
    member: NodeRef<'_>,
    name: &str,
    variables: &Variables,
    sealer: &Sealer<'_>,
) -> (Value, Vec<Origin>) {
    let source = member
        .span()
        .and_then(|s| file.bytes.get(s.start as usize..s.end as usize))
        .and_then(|b| std::str::from_utf8(b).ok())
        .unwrap_or_default();
    let text = source
        .strip_prefix('"')
        .and_then(|t| t.strip_suffix('"'))
        .unwrap_or(source);
    let own = variables::members(file).any(|m| {
        let own = m.key().as_str();
        text.contains(&format!("${own}")) || text.contains(&format!("${{{own}"))
    });
    match interpolate(text, variables) {
        Ok(mut filled) if !own && !text.contains('\\') => {
            filled.secret |= sealer.is_secret("", text);
            (value(sealer, name, &filled), filled.from)
        }
        _ => (
            sealer.symbol(name, "from the environment:", text),
            Vec::new(),
        ),
    }
}

fn setting(name: &str, value: Value, origin: Origin, from: Vec<Origin>) -> SettingEntry {
    let mut entry = Entry::of(value, origin);
    for origin in from {
        if !entry.from.contains(&origin) {
            entry.from.push(origin);
        }
    }
    SettingEntry {
        name: name.into(),
        style: KeyStyle::Environment,
        path: KeyPath(vec![Segment::Member(name.into())]),
        entry,
        seen_by: Arc::default(),
        doubt: None,
    }
}
