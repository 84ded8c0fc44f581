//! Several values of one entry, side by side: of environments, or of layers.

use super::{fold::Item, value, words};
use crate::{
    model::{
        finding::{SideShown, Subject},
        observation::ItemId,
        report::SideName,
        value::Shown,
    },
    render::lines::{self, Row, say},
    text::{
        page::{Page, Paint, Span},
        plural,
    },
};
use std::io;

/// Further services named, before they are counted.
const NAMES: usize = 2;

/// Whether a subject is about several environments.
pub(super) fn is_between(s: &Subject) -> bool {
    let first = s.sides.first().map(|o| &o.environment);
    s.sides.iter().any(|o| Some(&o.environment) != first)
}

/// The table of an item's sides, and which further services have the same.
pub(super) fn write(
    page: &mut Page<'_>,
    indent: usize,
    column: usize,
    item: &Item<'_>,
) -> io::Result<()> {
    let s = &item.first().subject;
    let environments = is_between(s);
    let layers = s.sides.iter().any(|o| o.layer != s.sides[0].layer);
    let all: Vec<&Shown> = s.sides.iter().map(|o| &o.value).collect();
    let values = value::among(&all);
    let rows: Vec<Row> = s
        .sides
        .iter()
        .zip(&values)
        .map(|(side, shown)| {
            let named = |wanted: bool, name: &str| {
                if wanted {
                    name.to_owned()
                } else {
                    String::new()
                }
            };
            Row {
                cells: vec![
                    Span::solid(&named(environments, &side.environment), Paint::Plain),
                    Span::solid(&named(layers, &side.layer), Paint::Plain),
                    Span::solid(shown, Paint::Bold),
                ],
                rest: rest(side, item.all.len()),
            }
        })
        .collect();
    lines::table(page, indent, &rows)?;
    if !s.also_in.is_empty() {
        page.row(
            indent,
            column,
            "also in",
            &[Span::prose(&services(&s.also_in))],
        )?;
    }
    Ok(())
}

/// What makes the side special, where it is written, by whom and when.
fn rest(side: &SideShown, times: usize) -> Vec<Span> {
    let mut groups = Vec::new();
    if let Some(place) = &side.place {
        groups.push(lines::places(place, &side.made_from));
    }
    if side.side == SideName::Live {
        let object = side.object.as_ref().map(ItemId::described);
        let text = match (object, side.place.is_some()) {
            (Some(object), _) => format!("live, {object}"),
            (None, true) => String::new(),
            (None, false) => "live".into(),
        };
        if !text.is_empty() {
            groups.push(vec![Span::prose(&text)]);
        }
    }
    if let Some(note) = &side.note {
        let mut spans = say(note);
        if !groups.is_empty() {
            spans.push(Span::prose(","));
        }
        groups.insert(0, spans);
    }
    if times > 1 && !groups.is_empty() {
        let more = format!("and {} more", times - 1);
        groups.push(vec![Span::painted(&more, Paint::Dim)]);
        return lines::joined(groups);
    }
    if let Some(commit) = &side.commit {
        groups.push(vec![lines::commit(commit)]);
    }
    if let Some(written) = &side.written {
        let text = crate::render::message(&words::writer_and_time(written));
        groups.push(vec![Span::painted(&format!("({text})"), Paint::Dim)]);
    }
    lines::joined(groups)
}

/// `web, cart and 3 more services`.
fn services<S: AsRef<str>>(all: &[S]) -> String {
    let names: Vec<&str> = all.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [one] => (*one).into(),
        [first @ .., last] if names.len() <= NAMES + 1 => {
            format!("{} and {last}", first.join(", "))
        }
        _ => format!(
            "{} and {}",
            names[..NAMES].join(", "),
            plural(names.len() - NAMES, "more service")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_services_are_named_and_then_counted() {
        assert_eq!(services(&["web"]), "web");
        assert_eq!(services(&["web", "cart"]), "web and cart");
        assert_eq!(services(&["a", "b", "c"]), "a, b and c");
        assert_eq!(services(&["a", "b", "c", "d"]), "a, b and 2 more services");
    }
}
