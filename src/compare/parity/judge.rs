//! Whether the sides of one entry agree.

use super::{
    Documented, Gap, GapValue, Gaps, ParitySide, documented,
    rows::{Cell, Row},
};
use crate::{
    compare::{
        leaves,
        names::{self, OwnNames},
        surface,
    },
    model::{
        entry::{Entry, EntryKey, Origin},
        path::KeyPath,
        place::{Exactness, Place},
        policy::Difference,
        secret::Sameness,
        tree::{Kind, NodeRef, Tree},
        value::{Plain, Reading, Value, ValueType},
    },
};
use std::{collections::BTreeSet, sync::Arc};

/// Whether two values are one by their type.
pub(super) fn same_typed(a: &Value, b: &Value, ty: ValueType) -> bool {
    a.same_setting(b, ty) == Sameness::Equal
}

/// What a side says, as far as it can be compared.
enum Said<'a> {
    /// Could not be read, or the side has no part in it.
    Nothing,
    Absent,
    /// There is one; what it is can't be told, or is each environment's own.
    Veiled,
    Plain(&'a Plain),
}

impl<'a> Said<'a> {
    fn is_there(&self) -> bool {
        matches!(self, Said::Veiled | Said::Plain(_))
    }

    fn of(cell: &'a Cell) -> Said<'a> {
        match &cell.value.reading {
            _ if !cell.takes_part => Said::Nothing,
            Reading::Unknown(_) => Said::Nothing,
            Reading::Absent(_) => Said::Absent,
            Reading::Present(e) => match &e.value {
                Value::Plain(plain) => Said::Plain(plain),
                _ => Said::Veiled,
            },
        }
    }
}

/// Adds the sides that lack the entry: to those that say the default, else as a group of their own.
fn with_absent(groups: &mut Vec<Vec<usize>>, said: &[Said<'_>], cells: &[Cell]) {
    let absent = indices(said, |s| matches!(s, Said::Absent));
    let default = |g: &&mut Vec<usize>| g.iter().any(|i| cells[*i].is_default);
    match groups.iter_mut().find(default) {
        Some(group) => group.extend(absent),
        None => groups.push(absent),
    }
    if groups.len() == 1 {
        groups.push(indices(said, |s| matches!(s, Said::Veiled)));
    }
}

pub(super) struct Judge<'a> {
    sides: &'a [ParitySide<'a>],
    own: &'a [OwnNames],
    differences: &'a [Difference],
    keep_equal: bool,
    out: Gaps,
    used: BTreeSet<usize>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        sides: &'a [ParitySide<'a>],
        own: &'a [OwnNames],
        differences: &'a [Difference],
        keep_equal: bool,
    ) -> Judge<'a> {
        Judge {
            sides,
            own,
            differences,
            keep_equal,
            out: Gaps::default(),
            used: BTreeSet::new(),
        }
    }

    pub(super) fn finish(mut self) -> Gaps {
        self.out.used = self.used.into_iter().collect();
        self.out
    }

    pub(super) fn row(&mut self, row: Row) {
        self.out.compared += 1;
        self.count_unknown(&row);
        let documented = documented::find(&row, self.sides, self.differences);
        let checked = documented.as_ref().is_some_and(|d| self.checks(d));
        if !checked && let Some(parts) = self.parts(&row) {
            // The same with each part of a map or list by itself.
            let before = self.out.gaps.len();
            let mut by_names = false;
            for part in parts {
                let inside = documented::find(&part, self.sides, self.differences);
                by_names |= self.one(part, inside.or_else(|| documented.clone()));
            }
            self.out.by_names += u64::from(by_names && self.out.gaps.len() == before);
            return;
        }
        let by_names = self.one(row, documented);
        self.out.by_names += u64::from(by_names);
    }

    fn count_unknown(&mut self, row: &Row) {
        let mut any = false;
        for cell in row.cells.iter().filter(|c| c.takes_part) {
            if let Reading::Unknown(why) = &cell.value.reading {
                any = true;
                if !self.out.unread.contains(why) {
                    self.out.unread.push(why.clone());
                }
            }
        }
        self.out.unknown += u64::from(any);
    }

    /// Judges one row; whether it is equal by own names only.
    fn one(&mut self, row: Row, documented: Option<Documented>) -> bool {
        let said: Vec<Said<'_>> = row.cells.iter().map(Said::of).collect();
        let present = said.iter().filter(|s| s.is_there()).count();
        let veiled = said.iter().any(|s| matches!(s, Said::Veiled));
        let opaque = veiled && present > 1;
        self.out.opaque += u64::from(opaque);
        let mut taking_part = row.cells.iter().filter(|c| c.takes_part);
        let unknown = taking_part.any(|c| c.value.reading.is_unknown());
        let alone = row.cells.iter().filter(|c| c.takes_part).count() < 2;
        // Said by all who say it as what is so anyway: then silence says the same.
        let mut cells = row.cells.iter().zip(&said);
        let by_default = cells.all(|(c, s)| !s.is_there() || c.is_default);
        let lacking = !by_default && said.iter().any(|s| matches!(s, Said::Absent));
        let loose = self.groups(&said, |judge, a, b| judge.agree(&said, row.ty, a, b));
        let strict = self.groups(&said, |judge, a, b| judge.read_alike(&said, a, b));
        let exact = self.groups(&said, |_, a, b| text(&said[a]) == text(&said[b]));
        let differs = loose.len() > 1 || (lacking && present > 0);
        let spelling_only = !differs && strict.len() > 1 && row.holder.is_none();
        let checks = documented.as_ref().is_some_and(|d| self.checks(d));
        let unexpected = documented.iter().any(|d| !d.unexpected.is_empty());
        if let Some(d) = &documented
            && (differs || exact.len() > 1 || checks && present > 0)
        {
            self.used.insert(d.index);
        }
        // Declared value by value, it is no matter of names.
        let declared = checks && exact.len() > 1;
        let by_names = !differs && !declared && strict.len() < exact.len();
        let is_equal = !differs && !spelling_only && !unexpected && !declared;
        if is_equal && !self.keep_equal {
            return by_names;
        }
        let mut groups = match (differs, spelling_only, declared) {
            (false, true, _) => strict,
            (false, false, true) => exact,
            _ => loose,
        };
        if lacking {
            with_absent(&mut groups, &said, &row.cells);
        }
        groups.sort_by_key(|g| (std::cmp::Reverse(g.len()), g.first().copied()));
        let list = match is_equal {
            true => &mut self.out.equal,
            false => &mut self.out.gaps,
        };
        list.push(Gap {
            key: row.key,
            holder: row.holder,
            container: row.container,
            ty: row.ty,
            values: row.cells.into_iter().map(|c| c.value).collect(),
            groups,
            documented,
            spelling_only,
            by_names,
            opaque,
            unknown,
            alone,
        });
        is_equal && by_names
    }

    /// Whether the difference says which values it expects.
    fn checks(&self, documented: &Documented) -> bool {
        let difference = self.differences.get(documented.index);
        difference.is_some_and(|d| d.expected.is_some())
    }

    /// Sides with plain values in groups, each compared with the first of its group.
    fn groups(
        &self,
        said: &[Said<'_>],
        same: impl Fn(&Self, usize, usize) -> bool,
    ) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = vec![];
        for i in indices(said, |s| matches!(s, Said::Plain(_))) {
            match groups.iter_mut().find(|g| same(self, g[0], i)) {
                Some(group) => group.push(i),
                None => groups.push(vec![i]),
            }
        }
        groups
    }

    /// One value by type, by each side's own names, or but for outer blanks.
    fn agree(&self, said: &[Said<'_>], ty: ValueType, a: usize, b: usize) -> bool {
        let (Said::Plain(x), Said::Plain(y)) = (&said[a], &said[b]) else {
            return false;
        };
        let (vx, vy) = (Value::Plain((*x).clone()), Value::Plain((*y).clone()));
        self.read_alike(said, a, b)
            || same_typed(&vx, &vy, ty)
            || matches!((x, y), (Plain::Text(x), Plain::Text(y)) if x.trim() == y.trim())
    }

    /// One text, own names aside.
    fn read_alike(&self, said: &[Said<'_>], a: usize, b: usize) -> bool {
        let (Said::Plain(x), Said::Plain(y)) = (&said[a], &said[b]) else {
            return false;
        };
        let (own_a, own_b) = (&self.own[a], &self.own[b]);
        match (x, y) {
            (Plain::Tree(x), Plain::Tree(y)) => same_trees(x.root(), own_a, y.root(), own_b),
            (Plain::Null, other) | (other, Plain::Null) => **other == Plain::Null,
            _ => names::same(&x.text(), own_a, &y.text(), own_b),
        }
    }

    /// A row whose values are maps, or lists of which items can be told, as one row per part.
    fn parts(&self, row: &Row) -> Option<Vec<Row>> {
        let trees: Vec<Option<Arc<Tree>>> = row
            .cells
            .iter()
            .map(|c| match &c.value.reading.present()?.value {
                Value::Plain(Plain::Tree(tree)) if c.takes_part => Some(tree.clone()),
                _ => None,
            })
            .collect();
        let present: Vec<usize> = (0..trees.len()).filter(|i| trees[*i].is_some()).collect();
        let all_trees = row
            .cells
            .iter()
            .enumerate()
            .all(|(i, c)| trees[i].is_some() || !c.takes_part || c.value.reading.is_unknown());
        if present.len() < 2 || !all_trees {
            return None;
        }
        let nodes: leaves::Nodes<'_> = present
            .iter()
            .map(|i| trees[*i].as_ref().map(|t| t.root()))
            .collect();
        let own: Vec<&OwnNames> = present.iter().map(|i| &self.own[*i]).collect();
        let mut out = Vec::new();
        leaves::descend(&nodes, &own, &mut KeyPath::default(), &mut |path, found| {
            out.push(part(row, &present, path, found));
        });
        Some(out)
    }
}

/// One part of a row whose values are maps or lists.
fn part(row: &Row, present: &[usize], path: &KeyPath, found: &leaves::Nodes<'_>) -> Row {
    let is_field = row.holder.is_some();
    let cells = row.cells.iter().enumerate().map(|(i, cell)| {
        let at = present.iter().position(|p| *p == i);
        let node = at.and_then(|at| found[at]);
        let reading = match (at, &cell.value.reading) {
            (Some(_), whole) => whole
                .as_ref()
                .inside(|entry| node.map(|node| inner(entry, node, path))),
            (None, other) => other.clone(),
        };
        Cell {
            value: GapValue {
                reading,
                ..cell.value.clone()
            },
            is_default: is_field && node.is_some_and(surface::is_filled_in),
            takes_part: cell.takes_part,
        }
    });
    Row {
        key: match &row.key {
            EntryKey::Setting(name) => EntryKey::Setting(joined(name, path)),
            EntryKey::Field(outer) => {
                EntryKey::Field(KeyPath(outer.0.iter().chain(&path.0).cloned().collect()))
            }
            EntryKey::Object => EntryKey::Object,
        },
        holder: row.holder.clone(),
        container: row.container.clone(),
        ty: row.ty,
        cells: cells.collect(),
    }
}

/// `servers` and `[eu-1].port` are `servers[eu-1].port`.
fn joined(name: &str, path: &KeyPath) -> Arc<str> {
    let inner = path.to_string();
    match inner.is_empty() || inner.starts_with('[') {
        true => format!("{name}{inner}").into(),
        false => format!("{name}.{inner}").into(),
    }
}

/// An entry inside of another one, with its own line where that is known.
fn inner(whole: &Entry, node: NodeRef<'_>, path: &KeyPath) -> Entry {
    let origin = whole.origin().map(|o| Origin {
        item: o.item.clone(),
        path: KeyPath(o.path.0.iter().chain(&path.0).cloned().collect()),
        place: o.place.as_ref().map(|outer| {
            match (node.span().or_else(|| node.key_span()), &outer.exact) {
                (Some(span), Exactness::Exact) => Place::exact(outer.file.clone(), Some(span)),
                _ => outer.clone(),
            }
        }),
    });
    Entry {
        value: Value::of(node),
        from: origin.into_iter().collect(),
    }
}

fn indices(said: &[Said<'_>], is: impl Fn(&Said<'_>) -> bool) -> Vec<usize> {
    (0..said.len()).filter(|i| is(&said[*i])).collect()
}

fn text(said: &Said<'_>) -> Option<Arc<str>> {
    match said {
        Said::Plain(plain) => Some(plain.text()),
        _ => None,
    }
}

/// Whether two maps or lists are one, own names in their texts aside.
fn same_trees(a: NodeRef<'_>, own_a: &OwnNames, b: NodeRef<'_>, own_b: &OwnNames) -> bool {
    match (a.kind(), b.kind()) {
        (Kind::Map, Kind::Map) => {
            a.len() == b.len()
                && a.children().all(|x| {
                    b.get(x.key())
                        .is_some_and(|y| same_trees(x, own_a, y, own_b))
                })
        }
        (Kind::List, Kind::List) => {
            a.len() == b.len()
                && a.children()
                    .zip(b.children())
                    .all(|(x, y)| same_trees(x, own_a, y, own_b))
        }
        // Each environment's own, or not to be told.
        (Kind::Sealed | Kind::Opaque, _) | (_, Kind::Sealed | Kind::Opaque) => true,
        (Kind::Map | Kind::List, _) | (_, Kind::Map | Kind::List) => false,
        _ => names::same(&a.scalar_text(), own_a, &b.scalar_text(), own_b),
    }
}
