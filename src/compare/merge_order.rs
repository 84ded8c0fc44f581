//! The order in which a target merges its sources, as its manifests say it: environments that
//! merge the same sources in another order give the same file another effect.

use crate::{
    kubernetes::workload,
    model::{desired::DesiredWorld, place::Place, tree::NodeRef},
};
use std::sync::Arc;

/// The sources of one container's environment, lowest precedence first.
#[derive(Clone, Debug)]
pub struct MergeOrder {
    /// What it is called in every environment: `Deployment/api container api`, the environment's
    /// own names taken out.
    pub consumer: Arc<str>,
    /// `ConfigMap/api-config`, the environment's own names and generated hashes taken out.
    pub sources: Vec<Arc<str>>,
    /// Where the list is written.
    pub place: Place,
}

/// The `envFrom` of every container that git has.
#[must_use]
pub fn of_git(world: &DesiredWorld, names: &[&str]) -> Vec<MergeOrder> {
    let mut out = vec![];
    for (id, object) in &world.objects {
        for container in workload::containers(object.tree.root()) {
            let Some(list) = container.node.member("envFrom") else {
                continue;
            };
            let sources = list.children().filter_map(|item| source(item, names));
            let kind = &id.kind;
            let own = without(&id.name, names);
            out.push(MergeOrder {
                consumer: format!("{kind}/{own} container {}", container.name).into(),
                sources: sources.collect(),
                place: object.place_of_key(list),
            });
        }
    }
    out
}

fn source(item: NodeRef<'_>, names: &[&str]) -> Option<Arc<str>> {
    let (kind, reference) = [("ConfigMap", "configMapRef"), ("Secret", "secretRef")]
        .into_iter()
        .find_map(|(kind, member)| Some((kind, item.member(member)?)))?;
    let name = reference.text_at(&["name"])?;
    let stem = crate::kubernetes::pairing::generated_name(name).map_or(name, |(stem, _)| stem);
    let prefix = item.text_at(&["prefix"]).unwrap_or_default();
    let own = without(stem, names);
    Some(match prefix {
        "" => format!("{kind}/{own}").into(),
        prefix => format!("{kind}/{own} as {prefix}*").into(),
    })
}

/// A name without an environment's own names, where they stand as whole words: `api-config-eu` is
/// `api-config`.
#[must_use]
pub fn without(name: &str, names: &[&str]) -> String {
    let mut sorted: Vec<&str> = names.to_vec();
    sorted.sort_by_key(|n| std::cmp::Reverse(n.len()));
    let mut out = name.to_owned();
    for own in sorted.into_iter().filter(|n| !n.is_empty()) {
        while let Some(at) = whole_word(&out, own) {
            let end = at + own.len();
            let (before, after) = (out[..at].to_owned(), out[end..].to_owned());
            // The separator that joined it goes with it.
            out = match (before.strip_suffix(['-', '_', '.']), after.is_empty()) {
                (Some(before), _) => format!("{before}{after}"),
                (None, false) => {
                    let after = after.strip_prefix(['-', '_', '.']).unwrap_or(&after);
                    format!("{before}{after}")
                }
                (None, true) => before,
            };
        }
    }
    out
}

/// Where `word` stands in `text` with no letter or digit beside it.
#[must_use]
pub fn whole_word(text: &str, word: &str) -> Option<usize> {
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(word).map(|(at, _)| at).find(|at| {
        !is_part(text[..*at].chars().next_back())
            && !is_part(text[at + word.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_names_are_taken_out_as_whole_words() {
        for (name, names, expected) in [
            ("api-config-eu", &["eu", "production-eu"][..], "api-config"),
            ("api-production-eu", &["eu", "production-eu"], "api"),
            ("eu-api", &["eu"], "api"),
            ("neutral", &["eu"], "neutral"),
            ("eu", &["eu"], ""),
            ("api", &[""], "api"),
        ] {
            assert_eq!(without(name, names), expected, "{name}");
        }
    }
}
