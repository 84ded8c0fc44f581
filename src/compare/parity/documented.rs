//! Documented differences: which entries they cover, and whether the values are the expected ones.

use super::{Documented, ParitySide, rows::Row};
use crate::model::{
    effective::words,
    entry::EntryKey,
    observation::ObjectId,
    policy::{Difference, Pattern, Selector},
    value::{Reading, Value, ValueType},
};

/// Whether a difference covers an entry of a service. `objects` are those that hold it.
#[must_use]
pub fn covers(
    selector: &Selector,
    service: &str,
    key: &EntryKey,
    holder: Option<&str>,
    objects: &[&ObjectId],
) -> bool {
    let pattern = |p: &Option<Pattern>, text: &str| p.as_ref().is_none_or(|p| p.matches(text));
    if !pattern(&selector.service, service) {
        return false;
    }
    let about = match key {
        EntryKey::Setting(name) => {
            selector.field.is_none() && selector.key.as_ref().is_none_or(|p| is_key(p, name))
        }
        EntryKey::Field(path) => {
            selector.key.is_none() && pattern(&selector.field, &path.to_string())
        }
        // An object as a whole: a difference in one of its fields is another one.
        EntryKey::Object => selector.key.is_none() && selector.field.is_none(),
    };
    about
        && selector.object.as_ref().is_none_or(|p| {
            holder.is_some_and(|h| p.matches(h))
                || objects.iter().any(|o| {
                    p.matches(&o.to_string()) || p.matches(&format!("{}/{}", o.kind, o.name))
                })
        })
}

/// An exact name matches by its words, whatever its spelling style; it covers what is inside the
/// setting too (`servers` covers `servers[eu-1].port`).
fn is_key(pattern: &Pattern, name: &str) -> bool {
    if pattern.matches(name) {
        return true;
    }
    let whole = name.split('[').next().unwrap_or(name);
    if pattern.is_exact() {
        let wanted = words(pattern.as_str());
        !wanted.is_empty() && (wanted == words(name) || wanted == words(whole))
    } else {
        pattern.matches(whole)
    }
}

/// What driftgate.yaml says of a row: the first difference counts, further ones are kept.
pub(super) fn find(
    row: &Row,
    sides: &[ParitySide<'_>],
    differences: &[Difference],
) -> Option<Documented> {
    let service = sides.first().map_or("", |s| &*s.target.service);
    let objects: Vec<&ObjectId> = row
        .cells
        .iter()
        .filter_map(|c| c.value.reading.present()?.origin()?.object())
        .collect();
    let mut matching = differences
        .iter()
        .enumerate()
        .filter(|(_, d)| {
            covers(
                &d.selector,
                service,
                &row.key,
                row.holder.as_deref(),
                &objects,
            )
        })
        .filter(|(_, d)| names_a_side(&d.selector, sides));
    let (index, difference) = matching.next()?;
    Some(Documented {
        index,
        reason: difference.reason.clone(),
        unexpected: unexpected(row, sides, difference),
        also: matching.map(|(i, _)| i).collect(),
    })
}

fn names_a_side(selector: &Selector, sides: &[ParitySide<'_>]) -> bool {
    selector
        .environment
        .as_ref()
        .is_none_or(|p| sides.iter().any(|s| p.matches(&s.target.environment)))
}

/// Sides whose value is not what the difference expects of their target. What could not be read,
/// or not be compared, is not among them.
fn unexpected(row: &Row, sides: &[ParitySide<'_>], difference: &Difference) -> Vec<usize> {
    let Some(expected) = &difference.expected else {
        return vec![];
    };
    let wrong = |(i, side): (usize, &ParitySide<'_>)| {
        let cell = &row.cells[i];
        let expected = expected.get(side.target)?;
        let wrong = match &cell.value.reading {
            _ if !cell.takes_part => false,
            Reading::Unknown(_) => false,
            Reading::Absent(_) => true,
            Reading::Present(e) => is_other(&e.value, expected, row.ty),
        };
        wrong.then_some(i)
    };
    sides.iter().enumerate().filter_map(wrong).collect()
}

fn is_other(value: &Value, expected: &str, ty: ValueType) -> bool {
    match value {
        Value::Plain(plain) => {
            *plain.text() != *expected
                && !super::judge::same_typed(value, &Value::text(expected), ty)
        }
        _ => false,
    }
}
