//! `foreign-environment`: a value names another environment.
//!
//! A further name of another environment (`names`: its region, its account) is enough. The key of
//! an environment (`production`) is a word of its own in many values (`NODE_ENV=production`), so
//! it counts as a part of something longer only, and where the same key shows elsewhere that its
//! value follows the environment.

use super::{RunContext, TargetView, side_shown};
use crate::{
    compare::{names::OwnNames, parity},
    model::{
        effective::{EffectiveSetting, Placed},
        entry::EntryKey,
        finding::{Finding, Message, Needs, Resolution, Rule, Severity, Subject},
        report::SideName,
        secret::Sameness,
        target::Environment,
        tree::NodeRef,
        value::{Plain, Shown, Value},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The rule.
pub static RULE: Rule = Rule {
    id: "foreign-environment",
    summary: "a value names another environment",
    needs: Needs::OneTarget,
};

/// One finding per setting; the same value of the same key in several services is one.
#[must_use]
pub fn run(cx: &RunContext<'_>) -> Vec<Finding> {
    // By environment, name and value.
    type Alike = (Arc<str>, Arc<str>, Arc<str>);
    let names = Names::of(cx);
    let mut out: Vec<Finding> = vec![];
    let mut same: BTreeMap<Alike, usize> = BTreeMap::new();
    for view in cx.targets {
        for setting in &view.head.settings {
            let Some(winner) = setting.winner() else {
                continue;
            };
            let Some(found) = names.in_value(cx, view, setting, winner) else {
                continue;
            };
            if is_documented(cx, view, setting) {
                continue;
            }
            let text = match &winner.entry.entry.value {
                Value::Plain(plain) => plain.text(),
                _ => continue,
            };
            let key = (view.id.environment.clone(), setting.name.clone(), text);
            match same.get(&key) {
                Some(&at) => out[at].subject.also_in.push(view.id.service.clone()),
                None => {
                    same.insert(key, out.len());
                    let subject = subject(view, setting, winner, &found);
                    out.push(Finding::new(&RULE, Severity::Warning, subject));
                }
            }
        }
    }
    out
}

/// A difference with a reason says that the value is meant.
fn is_documented(cx: &RunContext<'_>, view: &TargetView<'_>, setting: &EffectiveSetting) -> bool {
    let key = EntryKey::Setting(setting.name.clone());
    cx.parity
        .iter()
        .filter(|g| g.environments.contains(&view.id.environment))
        .flat_map(|g| &g.differences)
        .any(|d| parity::covers(&d.selector, &view.id.service, &key, None, &[]))
}

/// What another environment is called, and how sure that is.
struct Foreign<'a> {
    name: String,
    environments: Vec<&'a Arc<str>>,
}

/// A name as it is spelt, of an environment; `is_key`: nobody said that it is a name in values.
struct Spelt<'a> {
    environment: &'a Arc<str>,
    is_key: bool,
}

struct Names<'a> {
    by_name: BTreeMap<Box<str>, Vec<Spelt<'a>>>,
    all: OwnNames,
    /// Of each environment: its names, and the values of its variables.
    own: BTreeMap<&'a Arc<str>, OwnNames>,
}

impl<'a> Names<'a> {
    fn of(cx: &RunContext<'a>) -> Names<'a> {
        let mut out = Names {
            by_name: BTreeMap::new(),
            all: OwnNames::default(),
            own: BTreeMap::new(),
        };
        let mut environments: BTreeMap<&Arc<str>, &Environment> =
            cx.environments.iter().map(|(k, e)| (k, &**e)).collect();
        for view in cx.targets {
            environments
                .entry(&view.id.environment)
                .or_insert(view.environment);
        }
        for (key, environment) in environments {
            for name in environment.own_names() {
                for spelling in OwnNames::new([&*name]).spellings() {
                    let of = out.by_name.entry(spelling.clone()).or_default();
                    of.push(Spelt {
                        environment: key,
                        is_key: *name == **key,
                    });
                }
            }
            // What the configuration fills in for an environment is its own too: two
            // environments may share a region.
            let variables = environment.variables.values();
            let own = environment
                .own_names()
                .into_iter()
                .chain(variables.cloned());
            out.own.insert(key, OwnNames::new(own));
        }
        out.all = OwnNames::new(out.by_name.keys());
        out
    }

    /// The first name of another environment that counts.
    fn in_value(
        &self,
        cx: &RunContext<'a>,
        view: &TargetView<'a>,
        setting: &EffectiveSetting,
        winner: &Placed,
    ) -> Option<Foreign<'a>> {
        let mut texts = vec![];
        match &winner.entry.entry.value {
            Value::Plain(Plain::Text(text)) => texts.push(text.clone()),
            Value::Plain(Plain::Tree(tree)) => leaves(tree.root(), &mut texts),
            _ => return None,
        }
        let own = self.own.get(&view.id.environment)?;
        // A list of environments names this one too.
        if texts.iter().any(|t| own.is_in(t)) {
            return None;
        }
        texts.iter().find_map(|text| {
            self.all
                .places(text)
                .into_iter()
                .find_map(|at| self.at(cx, view, (setting, winner), text, at))
        })
    }

    fn at(
        &self,
        cx: &RunContext<'a>,
        view: &TargetView<'a>,
        (setting, winner): (&EffectiveSetting, &Placed),
        text: &str,
        at: std::ops::Range<usize>,
    ) -> Option<Foreign<'a>> {
        let name = &text[at.clone()];
        let spelt = self.by_name.get(name)?;
        let said: Vec<&Spelt<'_>> = spelt.iter().filter(|s| !s.is_key).collect();
        let follows = || self.follows_the_environment(cx, view, setting, spelt);
        let counts = if said.is_empty() {
            is_part_of_more(text, &at) && follows()
        } else if self.is_in_own(view, name) {
            // `example.com` is production's and the end of `staging.example.com`: what all of them
            // share (`registry.example.com`) ends alike.
            follows()
        } else {
            // A word like `us` may be just that, where others say the same.
            is_telling(name) || !said_alike(cx, view, setting, winner)
        };
        counts.then(|| {
            let named: BTreeSet<&Arc<str>> = match said.is_empty() {
                true => spelt.iter().map(|s| s.environment).collect(),
                false => said.iter().map(|s| s.environment).collect(),
            };
            Foreign {
                name: name.to_owned(),
                environments: named.into_iter().collect(),
            }
        })
    }

    /// Whether a name of another environment is a part of one of this environment's own.
    fn is_in_own(&self, view: &TargetView<'a>, name: &str) -> bool {
        let name = OwnNames::new([name]);
        self.own
            .get(&view.id.environment)
            .is_some_and(|own| own.spellings().iter().any(|own| name.is_in(own)))
    }

    /// Whether a third environment's value of the same key holds a name of its own.
    fn follows_the_environment(
        &self,
        cx: &RunContext<'a>,
        view: &TargetView<'a>,
        setting: &EffectiveSetting,
        named: &[Spelt<'_>],
    ) -> bool {
        others(cx, view).any(|other| {
            let environment = &other.id.environment;
            if named.iter().any(|s| s.environment == environment) {
                return false;
            }
            let Some(own) = self.own.get(environment) else {
                return false;
            };
            text_of(other, setting).is_some_and(|t| {
                own.places(&t)
                    .into_iter()
                    .any(|at| is_part_of_more(&t, &at))
            })
        })
    }
}

/// The same service in other environments.
fn others<'v, 'a>(
    cx: &RunContext<'a>,
    view: &'v TargetView<'a>,
) -> impl Iterator<Item = &'a TargetView<'a>> + 'v {
    let first = cx
        .targets
        .partition_point(|t| t.id.service < view.id.service);
    cx.targets[first..]
        .iter()
        .take_while(|t| t.id.service == view.id.service)
        .filter(|t| t.id.environment != view.id.environment)
}

fn text_of(view: &TargetView<'_>, setting: &EffectiveSetting) -> Option<Arc<str>> {
    let placed = view.head.find(&setting.name)?.winner()?;
    match &placed.entry.entry.value {
        Value::Plain(Plain::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

/// Whether another environment has the very same value.
fn said_alike<'a>(
    cx: &RunContext<'a>,
    view: &TargetView<'a>,
    setting: &EffectiveSetting,
    winner: &Placed,
) -> bool {
    let value = &winner.entry.entry.value;
    others(cx, view).any(|other| {
        let found = other.head.find(&setting.name).and_then(|s| s.winner());
        found.is_some_and(|o| {
            value.same_setting(&o.entry.entry.value, setting.ty) == Sameness::Equal
        })
    })
}

/// Whether a name is no word that stands in values for other reasons: it has a digit, or a
/// separator (`us-east-1`, `111122223333`, `shop-prod`).
fn is_telling(name: &str) -> bool {
    name.chars().any(|c| !c.is_alphabetic())
}

/// Whether a name is a part of something longer, and no word by itself: `shop-production`, but
/// neither `production` nor `eu, production`.
fn is_part_of_more(text: &str, at: &std::ops::Range<usize>) -> bool {
    let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '"' | '\'' | '=');
    let before = text[..at.start].chars().next_back();
    let after = text[at.end..].chars().next();
    before.is_some_and(|c| !ends(c)) || after.is_some_and(|c| !ends(c))
}

fn leaves(node: NodeRef<'_>, out: &mut Vec<Arc<str>>) {
    out.extend(node.as_text().map(Into::into));
    for child in node.children() {
        leaves(child, out);
    }
}

fn subject(
    view: &TargetView<'_>,
    setting: &EffectiveSetting,
    winner: &Placed,
    found: &Foreign<'_>,
) -> Subject {
    let layer = view
        .head
        .layers
        .get(winner.layer)
        .map_or_else(Arc::default, |l| l.name.clone());
    let mut subject = Subject::new(
        view.id.service.clone(),
        view.id.environment.clone(),
        layer,
        EntryKey::Setting(setting.name.clone()),
    );
    let named: Vec<&str> = found.environments.iter().map(|e| &***e).collect();
    subject.message = Message::default()
        .key(&*setting.name)
        .and(" is ")
        .value(Shown::from(&winner.entry.entry.value))
        .and(" in ")
        .name(&*view.id.environment)
        .and(": `")
        .name(found.name.clone())
        .and("` is a name of ")
        .name(named.join(" and "));
    subject.sides = vec![side_shown(view, view.head, winner, SideName::Desired)];
    subject.affects = winner.entry.seen_by.to_vec();
    subject.resolve = vec![Resolution {
        why: "put this environment's own value there, or say under `parity` why it is the other's (`differences`)".into(),
        argv: vec![],
    }];
    subject
}

#[cfg(test)]
#[path = "foreign_environment_tests.rs"]
mod tests;
