//! The order in which a target merges its sources, as its manifests say it: environments that
//! merge the same sources in another order give the same file another effect.

use crate::{
    kubernetes::workload,
    model::{desired::DesiredWorld, place::Place, target::DesiredSpec, tree::NodeRef},
};
use std::sync::Arc;

/// The sources of one container's environment, or of one layer, lowest precedence first.
#[derive(Clone, Debug)]
pub struct MergeOrder {
    /// What it is called in every environment: `envFrom of Deployment/api container api`, the
    /// environment's own names taken out; `files of layer defaults`.
    pub consumer: Arc<str>,
    /// Whether an environment may lack some of them: overrides that not every environment has.
    /// Then only the order of those that all have counts.
    pub may_lack: bool,
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
                consumer: format!("envFrom of {kind}/{own} container {}", container.name).into(),
                may_lack: false,
                sources: sources.collect(),
                place: object.place_of_key(list),
            });
        }
    }
    out
}

/// The files that a layer's settings are read from, and Helm's values files, in their order.
#[must_use]
pub fn of_files(
    layer: &str,
    spec: &DesiredSpec,
    world: &DesiredWorld,
    names: &[&str],
) -> Option<MergeOrder> {
    let mut files: Vec<&str> = vec![];
    let what = match spec {
        DesiredSpec::Helm(helm) => {
            files.extend(helm.values.iter().map(|v| &*v.file));
            "values files"
        }
        spec if !spec.has_objects() => {
            let places = world
                .settings
                .iter()
                .filter_map(|s| s.entry.origin()?.place.as_ref());
            for place in places {
                if !files.contains(&&*place.file) {
                    files.push(&place.file);
                }
            }
            "files"
        }
        _ => return None,
    };
    let place = Place::exact((*files.first()?).into(), None);
    Some(MergeOrder {
        consumer: format!("{what} of layer {layer}").into(),
        may_lack: true,
        sources: files.iter().map(|f| without(f, names).into()).collect(),
        place,
    })
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
    use crate::model::target::{HelmSpec, ValuesSpec};

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

    #[test]
    fn values_files_without_the_environments_names() {
        let file = |file: &str| ValuesSpec {
            file: file.into(),
            select: None,
            if_absent_skip: false,
        };
        let spec = DesiredSpec::Helm(HelmSpec {
            values: vec![file("values.yaml"), file("values-production-eu.yaml")],
            ..HelmSpec::default()
        });
        let world = DesiredWorld::default();
        let order = of_files("workload", &spec, &world, &["production-eu"]).expect("an order");
        assert_eq!(&*order.consumer, "values files of layer workload");
        let sources: Vec<&str> = order.sources.iter().map(|s| &**s).collect();
        assert_eq!(sources, ["values.yaml", "values.yaml"]);
        assert!(order.may_lack);
        let none = DesiredSpec::Manifests { paths: vec![] };
        assert!(of_files("workload", &none, &world, &[]).is_none());
    }
}
