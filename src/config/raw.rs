//! driftgate.yaml as it is written. The JSON Schema is generated from these types: their comments
//! are what an editor shows, so they speak to the person who writes the file.

use super::{
    leaf::{Map, Scalar, Seconds, Stages, Text, Version, Word},
    read::{Cx, Fields, FromNode},
    words::{Keys, Later},
};
use crate::model::{
    report::FailOn,
    target::Tier,
    tree::{Kind, NodeRef, Span},
};
use schemars::JsonSchema;

/// Declares a map with fixed fields: the type, its schema and its reader come from one list.
/// Field names are the Rust names in kebab-case. `later` names the documented fields that this
/// release does not have.
macro_rules! fields {
    (
        $(#[$meta:meta])*
        struct $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }
        later $later:expr;
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, JsonSchema)]
        #[schemars(rename_all = "kebab-case", deny_unknown_fields)]
        #[schemars(extend("patternProperties" = { "^x-": true }))]
        pub(in crate::config) struct $name {
            $(
                $(#[$field_meta])*
                #[allow(dead_code, reason = "the version is only checked")]
                pub(in crate::config) $field: $type,
            )*
            /// Where it stands.
            #[schemars(skip)]
            #[allow(dead_code, reason = "not every map is pointed at")]
            pub(in crate::config) span: Option<Span>,
            /// Whether something in it could not be read: what follows from its absence is unsure.
            #[schemars(skip)]
            #[allow(dead_code, reason = "not every map is asked")]
            pub(in crate::config) flawed: bool,
            /// Its own fields that are written and could not be read.
            #[schemars(skip)]
            #[allow(dead_code, reason = "not every map is asked")]
            pub(in crate::config) lost: Vec<String>,
        }

        impl FromNode for $name {
            fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self> {
                let before = cx.problems.len();
                let mut fields = Fields::of(cx, node)?;
                let known: Vec<String> = vec![$(field_name(stringify!($field))),*];
                $(let $field = fields.take::<$type>(cx, &field_name(stringify!($field)));)*
                let lost = fields.finish(cx, &known, &$later);
                Some($name {
                    $($field: $field?,)*
                    span: node.key_span().or_else(|| node.span()),
                    flawed: cx.problems.len() > before,
                    lost,
                })
            }
        }
    };
}

mod layer;
mod policy;

pub(super) use layer::{
    Compose, ConfigMapRef, Desired, FileItem, Files, Helm, Kubernetes, Layer, Live, LiveFile,
    Spring, ValuesItem,
};

pub(super) use policy::{
    Difference, EnvironmentList, EnvironmentRef, Ignore, ParityGroup, SeverityRule, Waiver,
};

fn field_name(rust: &str) -> String {
    rust.trim_start_matches("r#").replace('_', "-")
}

fields! {
    /// What driftgate compares: services in environments, where git says what should run, and
    /// where to read what is running.
    struct Project {
        /// The version of this file's format.
        version: Version,
        /// Your applications by name. The name `"*"` stands for many: one service per match of its
        /// `each`; further entries refine those by name.
        #[schemars(extend("minProperties" = 1))]
        services: Map<Service>,
        /// The places they run in, by name.
        #[schemars(extend("minProperties" = 1))]
        environments: Map<Environment>,
        /// What makes the check fail.
        gate: Option<Gate>,
        /// What rendering (kustomize, helm) may do.
        render: Option<Render>,
        /// Field managers that apply what git says, beside the well-known ones (Argo CD, Flux, Helm,
        /// kubectl apply …): a change that one of them wrote is a deploy, not drift.
        #[schemars(example = ["my-deploy-bot"])]
        deployers: Option<Vec<Text>>,
        /// How names of settings meet across spelling styles, for all services; `words` when this
        /// is left out.
        keys: Option<Word<Keys>>,
        /// Other checkouts that layers read from, by name: folders relative to that of
        /// driftgate.yaml.
        #[schemars(example = serde_json::json!({ "config": "../config" }))]
        repositories: Option<Map<Text>>,
        /// Environments that should agree, and where they may differ.
        parity: Option<Vec<ParityGroup>>,
        /// Stages in the order in which a value goes through them: each a list of environments.
        #[schemars(example = serde_json::json!([["staging"], ["production-us", "production-eu"]]))]
        promotion: Option<Stages>,
        /// What findings are worth here. Later entries win.
        severity: Option<Vec<SeverityRule>>,
        /// Lasting rules about live: what something else owns, rightly.
        ignore: Option<Vec<Ignore>>,
        /// Accepted findings, each until a day.
        waivers: Option<Vec<Waiver>>,
        /// The file with the findings that were known when driftgate was introduced.
        #[schemars(example = ".driftgate/baseline.json")]
        baseline: Option<Text>,
    }
    later ["rules", "report", "snapshots"];
}

fields! {
    /// An application: its layers, lowest precedence first.
    struct Service {
        /// Values for `${name}` in this service's layers. They hide variables of the environment
        /// with the same name. A variable can't refer to another one.
        #[schemars(example = serde_json::json!({ "path": "services/api" }))]
        variables: Option<Map<Scalar>>,
        /// The environments it runs in; all of them when this is left out.
        environments: Option<Vec<Text>>,
        /// Where its values come from, lowest precedence first: later layers win. An entry that
        /// refines `"*"` replaces layers of the same name and appends new ones.
        layers: Option<Vec<Layer>>,
        /// Only under `"*"`: what there is one service for.
        each: Option<Each>,
        /// How names of settings meet across spelling styles in this service.
        keys: Option<Word<Keys>>,
    }
    later ["schema", "code", "parity", "owner"];
}

fields! {
    /// One service per match: for `folders`, or for the names in a `file`.
    struct Each {
        /// One service per folder that matches, called like the folder's last part; `${path}` is
        /// the folder.
        #[schemars(example = "services/*")]
        folders: Option<Text>,
        /// A file that lists the services; `${environment}` and the environment's variables may
        /// stand in it. A service runs only where it is listed.
        #[schemars(example = "values-${environment}.yaml")]
        file: Option<Text>,
        /// Where the names are in the file: `[*]` goes through all items of a list or map; at the
        /// end stands a text, a list of texts, or a map whose keys are the names.
        #[schemars(example = "apps[*].name")]
        select: Option<Text>,
    }
    later ["rendered"];
}

fields! {
    /// A place that services run in.
    struct EnvironmentFields {
        /// What it is for; `production` when this is left out.
        tier: Option<Word<Tier>>,
        /// Values for `${name}` in layers and in this environment.
        #[schemars(example = serde_json::json!({ "context": "prod-eu", "region": "eu-west-1" }))]
        variables: Option<Map<Scalar>>,
        /// Its own names: region, account, cluster. A value that holds them differs between
        /// environments rightly.
        names: Option<Vec<Text>>,
        /// How to learn which revision was applied; estimated when this is left out.
        deployed: Option<Deployed>,
        /// How long after a merge its deploy should be done; later, being behind is a warning.
        deploys_within: Option<Seconds>,
        /// How young a difference may be to count as a deploy under way.
        settle: Option<Seconds>,
        /// The git ref that this environment follows instead of the change's own branch.
        tracks: Option<Text>,
        /// When merging does not deploy here.
        deploys: Option<Word<Later>>,
    }
    later ["owner", "differences"];
}

/// An environment; `production:` alone takes every default.
#[derive(Clone, Debug)]
pub(super) struct Environment(pub(super) Option<EnvironmentFields>);

impl FromNode for Environment {
    fn read(cx: &mut Cx<'_>, node: NodeRef<'_>) -> Option<Self> {
        match node.kind() {
            Kind::Null => Some(Environment(None)),
            _ => EnvironmentFields::read(cx, node).map(|fields| Environment(Some(fields))),
        }
    }
}

impl JsonSchema for Environment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Environment".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = EnvironmentFields::json_schema(generator);
        schema.insert("type".into(), serde_json::json!(["object", "null"]));
        schema
    }
}

fields! {
    /// How to learn which revision was applied: exactly one of these. `${service}` may stand in it.
    struct Deployed {
        /// A Flux object in the same cluster.
        flux: Option<Flux>,
        /// An Argo CD Application in the same cluster.
        argo_cd: Option<ArgoCd>,
        /// A git ref that the pipeline moves after a deploy.
        #[schemars(example = "deployed/production")]
        r#ref: Option<Text>,
        /// An annotation on the workloads that holds the revision.
        #[schemars(example = "example.com/revision")]
        annotation: Option<Text>,
    }
    later [];
}

fields! {
    /// A Flux Kustomization or HelmRelease.
    struct Flux {
        /// The Kustomization's name.
        kustomization: Option<Text>,
        /// The HelmRelease's name.
        helm_release: Option<Text>,
        /// Its namespace; `flux-system` when this is left out.
        namespace: Option<Text>,
    }
    later [];
}

fields! {
    /// An Argo CD Application.
    struct ArgoCd {
        /// The Application's name.
        #[schemars(example = "${service}-${environment}")]
        application: Text,
        /// Its namespace; `argocd` when this is left out.
        namespace: Option<Text>,
    }
    later [];
}

fields! {
    /// What makes the check fail.
    struct Gate {
        /// From which severity on a finding fails the check; `error` when this is left out.
        fail_on: Option<Word<FailOn>>,
        /// Older snapshots are not believed; `24h` when this is left out.
        snapshot_max_age: Option<Seconds>,
    }
    later ["strict", "require"];
}

fields! {
    /// What rendering may do.
    struct Render {
        /// Whether bases and charts from elsewhere may be fetched. They may not by default: the
        /// same revision then always renders the same.
        allow_remote: Option<bool>,
        /// How long one render may take; `60s` when this is left out.
        timeout: Option<Seconds>,
    }
    later ["render-untrusted-head", "untrusted-head"];
}
