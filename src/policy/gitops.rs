//! What the deployers' own configuration in git says not to compare: Argo CD's
//! `ignoreDifferences`, Flux's drift ignore rules, and annotations on the objects themselves.
//!
//! A rule counts only for what its deployer deploys: one of an Application for targets whose
//! `deployed:` names it, one of argocd-cm for every target that Argo CD deploys, an annotation for
//! the object that has it. Sources: argo-cd `docs/user-guide/diffing.md`, helm-controller
//! `docs/spec/v2/helmreleases.md`, kustomize-controller `docs/spec/v1/kustomizations.md`.

mod found;
mod labels;
mod paths;

pub use found::from_objects;
pub use paths::FieldSteps;

use crate::model::{
    desired::DesiredObject,
    entry::EntryKey,
    finding::{Accepted, Finding, Subject},
    observation::ObjectId,
    path::KeyPath,
    place::Place,
    policy::Pattern,
    target::DeployedSpec,
    tree::NodeRef,
};

/// By what an object is ignored, as [`Accepted::by`] says it.
pub const BY_ARGO: &str = "argo-cd ignoreDifferences";
/// By what an object is ignored, as [`Accepted::by`] says it.
pub const BY_FLUX: &str = "flux drift ignore";

/// A rule of a deployer.
#[derive(Clone, Debug, PartialEq)]
pub struct GitopsIgnore {
    /// For whose targets it counts.
    pub of: Deployer,
    /// Which objects.
    pub target: Target,
    /// Which fields of them.
    pub what: What,
    /// [`BY_ARGO`] or [`BY_FLUX`].
    pub by: &'static str,
    /// The rule in the deployer's own words, for people.
    pub said: Box<str>,
    /// Where it is written.
    pub place: Place,
}

/// Which targets a rule is about, by the object that deploys them.
#[derive(Clone, Debug, PartialEq)]
pub enum Deployer {
    /// Everything that Argo CD deploys (argocd-cm).
    AnyArgo,
    /// An Application; `*` where an ApplicationSet fills its name in.
    Application(Pattern),
    /// A Flux object: `Kustomization` or `HelmRelease`, and its name.
    Flux(Box<str>, Pattern),
}

/// Which objects a rule is about; what is absent restricts nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Target {
    /// API group; the core group is the empty text.
    pub group: Option<Pattern>,
    /// Version of the API.
    pub version: Option<Pattern>,
    /// Kind.
    pub kind: Option<Pattern>,
    /// Namespace.
    pub namespace: Option<Pattern>,
    /// Name.
    pub name: Option<Pattern>,
    /// Label selectors that the object's labels must satisfy.
    pub labels: Option<labels::Requirements>,
    /// The same for its annotations.
    pub annotations: Option<labels::Requirements>,
}

/// Which fields a rule is about.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// This field and everything below it.
    Field(FieldSteps),
    /// What this manager owns.
    Manager(Box<str>),
}

/// All rules that were found, and those parts of them that nobody here understands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The rules.
    pub rules: Vec<GitopsIgnore>,
    /// Rules that are not honoured: where, and what.
    pub not_understood: Vec<(Place, Box<str>)>,
}

/// How an object of git is found: of the service, in the environment.
pub type ObjectOf<'a> = &'a dyn Fn(&str, &str, &ObjectId) -> Option<&'a DesiredObject>;
/// How a target is deployed: the service in the environment.
pub type DeployedBy<'a> = &'a dyn Fn(&str, &str) -> Option<&'a DeployedSpec>;

/// The deployers' rules, and what is needed to apply them.
pub struct Gitops<'a> {
    /// The rules; base's.
    pub rules: &'a [GitopsIgnore],
    /// Objects as base has them: indices of lists, labels and annotations are theirs.
    pub object_of: ObjectOf<'a>,
    /// How targets are deployed.
    pub deployed_by: DeployedBy<'a>,
}

/// What accepts a finding.
pub(super) struct Match {
    /// Index into the rules; absent for an annotation.
    pub(super) rule: Option<usize>,
    /// What to say.
    pub(super) accepted: Accepted,
}

/// Rules about what live is; a restart that is due is no difference.
const ABOUT: &[&str] = &["conflicting", "drifted", "missing", "unmanaged"];

/// Whether a deployer's rule may be about a finding, and whose: only then they are worth looking
/// for.
#[must_use]
pub fn may_be_about(finding: &Finding, deployed: Option<&DeployedSpec>) -> bool {
    ABOUT.contains(&finding.rule.id)
        && matches!(
            deployed,
            Some(DeployedSpec::ArgoCd { .. } | DeployedSpec::Flux { .. })
        )
}

impl Gitops<'_> {
    /// What accepts this finding, if anything does.
    pub(super) fn find(&self, finding: &Finding) -> Option<Match> {
        if !ABOUT.contains(&finding.rule.id) {
            return None;
        }
        let s = &finding.subject;
        let id = s.object.as_ref()?.object()?;
        let object = (self.object_of)(&s.service, &s.environment, id);
        let deployed = (self.deployed_by)(&s.service, &s.environment);
        if let Some(accepted) = object.and_then(|o| by_annotation(o, s, deployed)) {
            return Some(Match {
                rule: None,
                accepted,
            });
        }
        let rule = self
            .rules
            .iter()
            .position(|r| r.of.deploys(deployed) && covers(r, s, id, object))?;
        let found = &self.rules[rule];
        Some(Match {
            rule: Some(rule),
            accepted: accepted(found.by, &found.said, found.place.clone()),
        })
    }
}

fn accepted(by: &'static str, reason: &str, place: Place) -> Accepted {
    Accepted {
        by,
        reason: reason.into(),
        owner: None,
        expires: None,
        place: Some(place),
    }
}

impl Deployer {
    fn deploys(&self, deployed: Option<&DeployedSpec>) -> bool {
        match (self, deployed) {
            (Deployer::AnyArgo, Some(DeployedSpec::ArgoCd { .. })) => true,
            (Deployer::Application(name), Some(DeployedSpec::ArgoCd { application, .. })) => {
                name.matches(application)
            }
            (Deployer::Flux(of, name), Some(DeployedSpec::Flux { kind, name: n, .. })) => {
                of == kind && name.matches(n)
            }
            _ => false,
        }
    }
}

fn covers(rule: &GitopsIgnore, s: &Subject, id: &ObjectId, object: Option<&DesiredObject>) -> bool {
    if !rule.target.is(id, object) {
        return false;
    }
    match &rule.what {
        What::Field(steps) if s.key == EntryKey::Object => steps.is_whole(),
        What::Field(steps) => field(s).is_some_and(|path| {
            let tree = object.map(|o| o.tree.root());
            steps.cover(&path, tree)
        }),
        What::Manager(name) => written_by(s, name),
    }
}

/// Where in its object the finding is: the field, or the field that holds the setting.
fn field(s: &Subject) -> Option<KeyPath> {
    match &s.key {
        EntryKey::Field(path) => Some(path.clone()),
        EntryKey::Setting(_) => s.live.as_ref()?.field.as_ref()?.parse().ok(),
        EntryKey::Object => None,
    }
}

fn written_by(s: &Subject, manager: &str) -> bool {
    s.key != EntryKey::Object
        && s.live
            .iter()
            .filter_map(|l| l.written.as_ref())
            .flat_map(|w| &w.writers)
            .any(|w| *w.name == *manager)
}

impl Target {
    fn is(&self, id: &ObjectId, object: Option<&DesiredObject>) -> bool {
        let fits =
            |wanted: &Option<Pattern>, text: &str| wanted.as_ref().is_none_or(|p| p.matches(text));
        let version = |o: &DesiredObject| {
            let version = o.api_version.rsplit('/').next().unwrap_or_default();
            fits(&self.version, version)
        };
        let selected = |wanted: &Option<labels::Requirements>, of: &str| {
            wanted.as_ref().is_none_or(|w| {
                object
                    .and_then(|o| o.tree.root().at(&["metadata", of]))
                    .map_or_else(
                        || w.are_met_by(|_| None),
                        |map| w.are_met_by(|key| Some(map.member(key)?.scalar_text().into_owned())),
                    )
            })
        };
        fits(&self.group, &id.group)
            && fits(&self.kind, &id.kind)
            && fits(&self.name, &id.name)
            && fits(&self.namespace, id.namespace.as_deref().unwrap_or_default())
            && (self.version.is_none() || object.is_some_and(version))
            // Labels of an object that git has not are not known here.
            && (object.is_some() || (self.labels.is_none() && self.annotations.is_none()))
            && selected(&self.labels, "labels")
            && selected(&self.annotations, "annotations")
    }
}

const FLUX_SSA: &str = "kustomize.toolkit.fluxcd.io/ssa";
const FLUX_RECONCILE: &str = "kustomize.toolkit.fluxcd.io/reconcile";
const FLUX_DRIFT: &str = "helm.toolkit.fluxcd.io/driftDetection";
const ARGO_COMPARE: &str = "argocd.argoproj.io/compare-options";

/// An annotation of the object in git that takes it out of its deployer's comparison.
fn by_annotation(
    object: &DesiredObject,
    s: &Subject,
    deployed: Option<&DeployedSpec>,
) -> Option<Accepted> {
    let root = object.tree.root();
    let marked = |of: &str, key: &str| root.at(&["metadata", of, key]);
    let annotation = |key: &str| marked("annotations", key);
    let whole_object = s.key == EntryKey::Object;
    let is_missing = s.state == Some(crate::model::state::State::Missing);
    let flux = !matches!(deployed, Some(DeployedSpec::ArgoCd { .. }));
    let argo = !matches!(deployed, Some(DeployedSpec::Flux { .. }));
    let said = |node: NodeRef<'_>, by, what: &str| accepted(by, what, object.place_of(node));
    if flux {
        if let Some(n) = is(annotation(FLUX_RECONCILE), "disabled") {
            return Some(said(n, BY_FLUX, "reconcile: disabled on the object"));
        }
        if let Some(n) = is(annotation(FLUX_SSA), "Ignore") {
            return Some(said(n, BY_FLUX, "ssa: Ignore on the object"));
        }
        // It is created when it is missing, and left alone from then on.
        if let Some(n) = is(annotation(FLUX_SSA), "IfNotPresent")
            && !(whole_object && is_missing)
        {
            return Some(said(n, BY_FLUX, "ssa: IfNotPresent on the object"));
        }
        let drift = is(annotation(FLUX_DRIFT), "disabled")
            .or_else(|| is(marked("labels", FLUX_DRIFT), "disabled"));
        if let Some(n) = drift {
            return Some(said(n, BY_FLUX, "driftDetection: disabled on the object"));
        }
    }
    let extraneous = annotation(ARGO_COMPARE).filter(|n| {
        n.scalar_text()
            .split(',')
            .any(|o| o.trim() == "IgnoreExtraneous")
    });
    match extraneous {
        // It is about objects that git has not (any more), never about fields.
        Some(n) if argo && whole_object && !is_missing => Some(said(
            n,
            BY_ARGO,
            "compare-options: IgnoreExtraneous on the object",
        )),
        _ => None,
    }
}

fn is<'a>(node: Option<NodeRef<'a>>, value: &str) -> Option<NodeRef<'a>> {
    node.filter(|n| n.as_text().is_some_and(|t| t.eq_ignore_ascii_case(value)))
}

/// Whether a file may hold a rule of a deployer: a cheap look before it is parsed. What is no
/// UTF-8 is no manifest.
#[must_use]
pub fn may_hold(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        ["ignoreDifferences", "driftDetection", "driftIgnoreRules"]
            .iter()
            .any(|word| text.contains(word))
    })
}

#[cfg(test)]
mod tests;
