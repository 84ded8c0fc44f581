//! Finds the deployers' rules in the objects of git.

use super::{
    BY_ARGO, BY_FLUX, Deployer, FieldSteps, Found, GitopsIgnore, Target, What, labels::Requirements,
};
use crate::{
    document,
    model::{
        desired::DesiredObject,
        place::Place,
        policy::Pattern,
        tree::{Kind, NodeRef},
    },
};

/// The rules of all Applications, ApplicationSets, argocd-cm, HelmReleases and Kustomizations
/// among `objects`. Two of one text at one place are one rule, whatever world they are from. Where
/// several objects have one name (one per cluster), only what all of them say is a rule: nobody
/// knows which of them is meant.
pub fn from_objects<'a>(objects: impl Iterator<Item = &'a DesiredObject>) -> Found {
    let mut found = Found::default();
    let mut namesakes: Vec<(Deployer, Place)> = Vec::new();
    for object in objects {
        let mut at = At {
            object,
            found: &mut found,
            namesakes: &mut namesakes,
        };
        let root = object.tree.root();
        let name = &*object.id.name;
        match (&*object.id.group, &*object.id.kind) {
            ("argoproj.io", "Application") => {
                let of = Deployer::Application(filled(name));
                at.argo_rules(root.at(&["spec", "ignoreDifferences"]), &of);
            }
            ("argoproj.io", "ApplicationSet") => {
                let template = root.at(&["spec", "template"]);
                let name = template.and_then(|t| t.text_at(&["metadata", "name"]));
                if let (Some(template), Some(name)) = (template, name) {
                    let of = Deployer::Application(filled(name));
                    at.argo_rules(template.at(&["spec", "ignoreDifferences"]), &of);
                }
            }
            ("", "ConfigMap") if name == "argocd-cm" => at.argocd_cm(root.member("data")),
            ("helm.toolkit.fluxcd.io", "HelmRelease") => {
                let of = Deployer::Flux("HelmRelease".into(), filled(name));
                at.flux_rules(root.at(&["spec", "driftDetection", "ignore"]), &of);
            }
            ("kustomize.toolkit.fluxcd.io", "Kustomization") => {
                let of = Deployer::Flux("Kustomization".into(), filled(name));
                at.flux_rules(root.at(&["spec", "driftIgnoreRules"]), &of);
            }
            _ => {}
        }
    }
    said_by_all(&mut found, &namesakes);
    found
}

/// Takes out what not all objects of a name say.
fn said_by_all(found: &mut Found, namesakes: &[(Deployer, Place)]) {
    let all = std::mem::take(&mut found.rules);
    for rule in &all {
        let silent = namesakes.iter().find(|(of, place)| {
            *of == rule.of
                && !all.iter().any(|r| {
                    r.of == *of
                        && r.place.file == place.file
                        && (&r.target, &r.what) == (&rule.target, &rule.what)
                })
        });
        match silent {
            None => found.rules.push(rule.clone()),
            Some((_, place)) => found.not_understood.push((
                rule.place.clone(),
                format!(
                    "{} (the object of the same name in {} does not say so)",
                    rule.said, place.file
                )
                .into(),
            )),
        }
    }
}

/// A name in which a generator fills in `{{ … }}` or `${ … }`: anything may stand there.
fn filled(name: &str) -> Pattern {
    let mut out = String::new();
    let mut rest = name;
    while let Some((at, close)) = [("{{", "}}"), ("${", "}")]
        .iter()
        .filter_map(|(open, close)| Some((rest.find(open)?, *close)))
        .min()
    {
        out.push_str(&rest[..at]);
        out.push('*');
        rest = match rest[at..].find(close) {
            Some(end) => &rest[at + end + close.len()..],
            None => "",
        };
    }
    out.push_str(rest);
    Pattern::new(&out)
}

fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("${")
}

/// The rules of one object.
struct At<'a> {
    object: &'a DesiredObject,
    found: &'a mut Found,
    namesakes: &'a mut Vec<(Deployer, Place)>,
}

impl At<'_> {
    fn place(&self, node: NodeRef<'_>) -> Place {
        // A node of a text inside a ConfigMap has its own lines.
        if node.root().is_same_node(self.object.tree.root()) {
            self.object.place_of(node)
        } else {
            self.object.place.clone()
        }
    }

    fn not_understood(&mut self, place: Place, what: &str) {
        let what = (place, what.into());
        if !self.found.not_understood.contains(&what) {
            self.found.not_understood.push(what);
        }
    }

    fn add(&mut self, rule: GitopsIgnore) {
        if !self.found.rules.contains(&rule) {
            self.found.rules.push(rule);
        }
    }

    fn named(&mut self, of: &Deployer) {
        let one = (of.clone(), self.object.place.clone());
        if !self.namesakes.contains(&one) {
            self.namesakes.push(one);
        }
    }

    fn argo_rules(&mut self, list: Option<NodeRef<'_>>, of: &Deployer) {
        self.named(of);
        for item in items(list) {
            let place = self.place(item);
            let text = |member: &str| member_of(item, member).and_then(|n| n.as_text());
            let pattern = |member: &str| text(member).map(Pattern::new);
            let exact = |member: &str| {
                // Names are no globs: one with a star is nobody's.
                text(member).filter(|t| !t.is_empty()).map(filled)
            };
            let target = Target {
                // An absent group is the core group.
                group: Some(pattern("group").unwrap_or_else(|| Pattern::new(""))),
                kind: pattern("kind"),
                name: exact("name"),
                namespace: exact("namespace"),
                ..Target::default()
            };
            if target.kind.is_none() {
                self.not_understood(place, "ignoreDifferences without a kind");
                continue;
            }
            self.argo_fields(item, of, &target, &place);
        }
    }

    fn argo_fields(&mut self, item: NodeRef<'_>, of: &Deployer, target: &Target, place: &Place) {
        type Read = fn(&str) -> Option<What>;
        let readers: [(&str, Read); 3] = [
            ("jsonPointers", |t| {
                let whole = FieldSteps::is_whole;
                // Argo CD refuses to remove the root.
                let steps = FieldSteps::from_pointer(t).filter(|s| !whole(s))?;
                Some(What::Field(steps))
            }),
            ("jqPathExpressions", |t| {
                FieldSteps::from_jq(t).map(What::Field)
            }),
            ("managedFieldsManagers", |t| Some(What::Manager(t.into()))),
        ];
        for (member, read) in readers {
            for node in items(member_of(item, member)) {
                let text = node.scalar_text();
                let what = Some(&*text).filter(|t| !is_template(t)).and_then(read);
                let Some(what) = what else {
                    self.not_understood(place.clone(), &format!("{member}: {text}"));
                    continue;
                };
                self.add(GitopsIgnore {
                    of: of.clone(),
                    target: target.clone(),
                    what,
                    by: BY_ARGO,
                    said: text.into(),
                    place: place.clone(),
                });
            }
        }
    }

    /// `resource.customizations.ignoreDifferences.<group>_<kind>` and `….all`.
    fn argocd_cm(&mut self, data: Option<NodeRef<'_>>) {
        const PREFIX: &str = "resource.customizations.ignoreDifferences.";
        for node in data.into_iter().flat_map(NodeRef::children) {
            let Some(of_what) = node.key().as_str().strip_prefix(PREFIX) else {
                continue;
            };
            let place = self.place(node);
            let target = match of_what.split('_').collect::<Vec<_>>()[..] {
                ["all"] => Target::default(),
                [kind] => of_kind("", kind),
                [group, kind] => of_kind(group, kind),
                _ => {
                    self.not_understood(place, node.key().as_str());
                    continue;
                }
            };
            let text = node.as_text().unwrap_or_default();
            match document::embedded("x.yaml", text) {
                Some(tree) => {
                    self.argo_fields(tree.root(), &Deployer::AnyArgo, &target, &place);
                }
                None => self.not_understood(place, node.key().as_str()),
            }
        }
    }

    fn flux_rules(&mut self, list: Option<NodeRef<'_>>, of: &Deployer) {
        self.named(of);
        for item in items(list) {
            let place = self.place(item);
            let target = match item.member("target") {
                None => Some(Target::default()),
                Some(target) => flux_target(target),
            };
            let Some(target) = target else {
                self.not_understood(place, "a target that is no plain name, pattern or label");
                continue;
            };
            for node in items(item.member("paths")) {
                let text = node.scalar_text();
                let steps = Some(&*text)
                    .filter(|t| !is_template(t))
                    .and_then(FieldSteps::from_pointer);
                let Some(steps) = steps else {
                    self.not_understood(place.clone(), &format!("paths: {text}"));
                    continue;
                };
                self.add(GitopsIgnore {
                    of: of.clone(),
                    target: target.clone(),
                    what: What::Field(steps),
                    by: BY_FLUX,
                    said: if text.is_empty() {
                        "the whole object".into()
                    } else {
                        text.into()
                    },
                    place: place.clone(),
                });
            }
        }
    }
}

fn of_kind(group: &str, kind: &str) -> Target {
    Target {
        group: Some(Pattern::new(group)),
        kind: Some(Pattern::new(kind)),
        ..Target::default()
    }
}

/// The items of a list; a scalar is a list of one, as people write it by mistake and both
/// deployers refuse it: nothing.
fn items(list: Option<NodeRef<'_>>) -> impl Iterator<Item = NodeRef<'_>> {
    list.filter(|l| l.kind() == Kind::List)
        .into_iter()
        .flat_map(NodeRef::children)
}

/// A member by its name, whatever its case: Argo CD reads JSON as Go does.
fn member_of<'a>(map: NodeRef<'a>, name: &str) -> Option<NodeRef<'a>> {
    map.member(name).or_else(|| {
        map.children()
            .find(|c| c.key().as_str().eq_ignore_ascii_case(name))
    })
}

/// Flux's targets are regular expressions around the whole text: plain ones are understood.
fn flux_target(node: NodeRef<'_>) -> Option<Target> {
    let text = |member: &str| {
        node.text_at(&[member])
            .filter(|t| !t.is_empty() && !is_template(t))
    };
    let expression = |member: &str| match node.member(member) {
        None => Some(None),
        Some(n) if n.as_text() == Some("") => Some(None),
        Some(_) => Some(Some(plain_expression(text(member)?)?)),
    };
    let selector = |member: &str| match node.member(member) {
        None => Some(None),
        Some(n) if n.as_text() == Some("") => Some(None),
        Some(_) => Some(Some(Requirements::parse(text(member)?)?)),
    };
    Some(Target {
        group: expression("group")?,
        version: expression("version")?,
        kind: expression("kind")?,
        name: expression("name")?,
        namespace: expression("namespace")?,
        labels: selector("labelSelector")?,
        annotations: selector("annotationSelector")?,
    })
}

/// A regular expression that is a name, or one with `.*` in it.
fn plain_expression(text: &str) -> Option<Pattern> {
    let text = text.strip_prefix('^').unwrap_or(text);
    let text = text.strip_suffix('$').unwrap_or(text);
    let parts: Vec<&str> = text.split(".*").collect();
    let plain = |part: &&str| {
        part.chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.')
    };
    // A `.` stands for any character; in names it is meant as itself, and that is less.
    parts
        .iter()
        .all(plain)
        .then(|| Pattern::new(&parts.join("*")))
}
