//! The kubelet's rules, one by one, and on recorded objects.

use super::{kubelet::size, *};
use crate::kubernetes::workload::containers;
use crate::model::{
    secret::DigestKey,
    tree::{Prune, Sealing, Step, Tree},
    value::{Part, Shown, UnreadCause},
};
use std::collections::BTreeMap;

/// Objects of one namespace. What is listed as unread is, what is not there is absent.
#[derive(Default)]
struct Objects {
    trees: BTreeMap<(String, String), Tree>,
    unread: Vec<&'static str>,
    secrets: bool,
}

impl Objects {
    fn with(mut self, json: &str) -> Objects {
        let tree = Tree::from_json(json.as_bytes(), Prune::NOTHING).expect("JSON");
        let key = DigestKey::for_this_run(&[5; 32]);
        let kind = tree.root().text_at(&["kind"]).expect("a kind").to_owned();
        let secret = kind == "Secret";
        let tree = tree.seal(&key, &|_, path| match path {
            [Step::Member("data"), _] if secret => Sealing::Base64,
            [Step::Member("stringData"), _] if secret => Sealing::Text,
            [Step::Member("data"), Step::Member("sealed")] => Sealing::Text,
            _ => Sealing::Keep,
        });
        let name = tree.root().text_at(&["metadata", "name"]).expect("a name");
        let id = (kind, name.to_owned());
        self.trees.insert(id, tree);
        self
    }

    fn config_map_of(self, name: &str, data: &str) -> Objects {
        self.with(&format!(
            r#"{{"kind":"ConfigMap","metadata":{{"name":"{name}"}},"data":{data},"binaryData":{{"BIN":"AA=="}}}}"#
        ))
    }

    fn secret_of(mut self, name: &str, rest: &str) -> Objects {
        self.secrets = true;
        self.with(&format!(
            r#"{{"kind":"Secret","metadata":{{"name":"{name}"}},{rest}}}"#
        ))
    }

    fn find(&self, kind: &str, name: &str) -> Reading<NodeRef<'_>> {
        if self.unread.contains(&name) {
            return Reading::Unknown(Unread::new(UnreadCause::Forbidden, "403"));
        }
        let found = self.trees.get(&(kind.to_owned(), name.to_owned()));
        Reading::Present(()).inside(|()| found.map(Tree::root))
    }
}

impl World for Objects {
    fn config_map(&self, namespace: Option<&str>, name: &str) -> Reading<NodeRef<'_>> {
        assert_eq!(namespace, Some("shop"));
        self.find("ConfigMap", name)
    }
    fn secret(&self, _: Option<&str>, name: &str) -> Reading<NodeRef<'_>> {
        assert!(self.secrets, "Secrets are not read");
        self.find("Secret", name)
    }
    fn follows_secrets(&self) -> bool {
        self.secrets
    }
    fn origin_of(&self, kind: &str, namespace: Option<&str>, name: &str) -> ObjectId {
        ObjectId::new("", kind, namespace, name)
    }
}

fn deployment(container: &str) -> Tree {
    let json = format!(
        r#"{{"apiVersion":"apps/v1","kind":"Deployment","spec":{{"template":{{
        "metadata":{{"labels":{{"app":"api"}},"annotations":{{"a.b/c":"42"}}}},
        "spec":{{"serviceAccountName":"robot","containers":[{{"name":"api",{container}}},
          {{"name":"side","resources":{{"limits":{{"cpu":"1500m"}}}}}}]}}}}}}}}"#
    );
    Tree::from_json(json.as_bytes(), Prune::NOTHING).expect("JSON")
}

fn shown(v: &Variable<'_>) -> String {
    match &v.reading {
        Reading::Present(Value::Secret(_)) => "<secret>".into(),
        Reading::Present(Value::Composite(parts)) => parts
            .iter()
            .map(|p| match p {
                Part::Literal(t) => t.to_string(),
                Part::Secret(_) => "<secret>".into(),
                Part::Symbol(s) => format!("<{s}>"),
            })
            .collect(),
        other => match Shown::of(other) {
            Shown::Value(v) => v.to_string(),
            Shown::Opaque(s) => format!("<{s}>"),
            Shown::Absent => "absent".into(),
            Shown::Unknown(why) => format!("unknown: {why}"),
            Shown::Redacted => "redacted".into(),
        },
    }
}

fn api() -> ObjectId {
    ObjectId::new("apps", "Deployment", Some("shop"), "api")
}

/// Runs `look` on the environment of the first container.
fn on<T>(tree: &Tree, world: &Objects, look: impl FnOnce(&Environment<'_>) -> T) -> T {
    let id = api();
    let all = containers(tree.root());
    look(&effective_environment(&id, tree.root(), &all[0], world))
}

fn lines(container: &str, world: &Objects) -> Vec<String> {
    on(&deployment(container), world, |e| {
        let vars = e.variables.iter();
        vars.map(|(n, v)| format!("{n}={}", shown(v))).collect()
    })
}

#[test]
fn env_beats_env_from_and_later_beats_earlier() {
    let world = Objects::default()
        .config_map_of("a", r#"{"X":"a","Y":"a","Z":"a","E":"a"}"#)
        .config_map_of("b", r#"{"Y":"b","application.yml":"k: v","1bad":"x"}"#);
    let got = lines(
        r#""envFrom":[{"configMapRef":{"name":"a"}},{"configMapRef":{"name":"b"}},{"prefix":"P_","configMapRef":{"name":"b"}}],
           "env":[{"name":"Z","value":"first"},{"name":"Z","value":"last"},{"name":"E","value":""},{"name":"N"}]"#,
        &world,
    );
    assert_eq!(
        got,
        [
            "1bad=x",
            "E=",
            "N=",
            "P_1bad=x",
            "P_Y=b",
            "P_application.yml=k: v",
            "X=a",
            "Y=b",
            "Z=last",
            "application.yml=k: v"
        ]
    );
}

#[test]
fn expansion_sees_what_is_declared_so_far() {
    let world =
        Objects::default().config_map_of("a", r#"{"B":"$(C)","LATER":"from list","PATH":"/bin"}"#);
    let got = lines(
        r#""envFrom":[{"configMapRef":{"name":"a"}}],
           "env":[{"name":"A","value":"$(B)"},{"name":"L","value":"$(LATER)/$(NOWHERE)"},{"name":"LATER","value":"own"},
                  {"name":"PATH","value":"$(PATH):/x"},{"name":"SELF","value":"$(SELF)!"},
                  {"name":"M","value":"$(LATER)"},{"name":"R","valueFrom":{"configMapKeyRef":{"name":"a","key":"B"}}},{"name":"S","value":"$(R)$$(R)"}]"#,
        &world,
    );
    assert_eq!(
        got,
        [
            "A=$(C)",
            "B=$(C)",
            "L=from list/$(NOWHERE)",
            "LATER=own",
            "M=own",
            "PATH=/bin:/x",
            "R=$(C)",
            "S=$(C)$(R)",
            "SELF=$(SELF)!"
        ]
    );
}

#[test]
fn an_optional_reference_that_leads_nowhere_changes_nothing() {
    let world = Objects::default().config_map_of("a", r#"{"X":"from list"}"#);
    let container = r#""envFrom":[{"configMapRef":{"name":"a"}},{"configMapRef":{"name":"gone","optional":true}}],
       "env":[{"name":"X","valueFrom":{"configMapKeyRef":{"name":"gone","key":"k","optional":true}}},
              {"name":"Y","valueFrom":{"configMapKeyRef":{"name":"a","key":"k","optional":true}}}]"#;
    assert_eq!(lines(container, &world), ["X=from list"]);
    on(&deployment(container), &world, |e| {
        assert!(e.errors.is_empty())
    });
}

#[test]
fn a_required_reference_that_leads_nowhere_is_an_error() {
    let world = Objects::default().config_map_of("a", r#"{"k":"v"}"#);
    let container = r#""envFrom":[{"configMapRef":{"name":"gone"}}],
       "env":[{"name":"X","valueFrom":{"configMapKeyRef":{"name":"gone","key":"k"}}},
              {"name":"Y","valueFrom":{"configMapKeyRef":{"name":"a","key":"BIN","optional":false}}},{"name":"Z","value":"$(X)"}]"#;
    assert_eq!(lines(container, &world), ["X=absent", "Y=absent", "Z=$(X)"]);
    on(&deployment(container), &world, |e| {
        let all: Vec<_> = e
            .errors
            .iter()
            .map(|m| {
                format!(
                    "{} {:?} {} {:?} {}",
                    m.object, m.key, m.object_exists, m.variable, m.path
                )
            })
            .collect();
        assert_eq!(
            all,
            [
                r"ConfigMap/shop/gone None false None spec.template.spec.containers[api].envFrom",
                r#"ConfigMap/shop/gone Some("k") false Some("X") spec.template.spec.containers[api].env[X].valueFrom.configMapKeyRef"#,
                r#"ConfigMap/shop/a Some("BIN") true Some("Y") spec.template.spec.containers[api].env[Y].valueFrom.configMapKeyRef"#,
            ]
        );
    });
}

#[test]
fn what_could_not_be_read_is_unknown_never_missing() {
    let mut world = Objects::default()
        .config_map_of("a", r#"{"X":"a","P_X":"a"}"#)
        .config_map_of("c", r#"{"P_C":"c"}"#);
    world.unread = vec!["b"];
    let container = r#""envFrom":[{"configMapRef":{"name":"a"}},{"prefix":"P_","configMapRef":{"name":"b","optional":true}},{"configMapRef":{"name":"c"}}],
       "env":[{"name":"P_OWN","value":"own"},{"name":"V","valueFrom":{"configMapKeyRef":{"name":"b","key":"k","optional":true}}},
              {"name":"T","value":"$(P_ANY)"},{"name":"U","value":"$(ANY)$(X)"},{"name":"W","value":"x$(P_X)"}]"#;
    assert_eq!(
        lines(container, &world),
        [
            "P_C=c",
            "P_OWN=own",
            "P_X=unknown: 403",
            "T=unknown: 403",
            "U=$(ANY)a",
            "V=unknown: 403",
            "W=unknown: 403",
            "X=a"
        ]
    );
    on(&deployment(container), &world, |e| {
        assert!(e.errors.is_empty());
        assert!(matches!(e.read("P_GONE"), Reading::Unknown(_)));
        assert!(matches!(e.read("P_"), Reading::Absent(_)));
        assert!(matches!(e.read("GONE"), Reading::Absent(_)));
        assert!(matches!(e.read("P_OWN"), Reading::Present(_)));
    });
}

#[test]
fn secrets_that_are_not_read_are_symbols() {
    let container = r#""envFrom":[{"prefix":"SEC_","secretRef":{"name":"s"}},{"secretRef":{"name":"t","optional":true}}],
       "env":[{"name":"PW","valueFrom":{"secretKeyRef":{"name":"s","key":"DB_PASSWORD"}}},
              {"name":"URL","value":"pg://$(SEC_DB_PASSWORD)@$(PW)"},{"name":"X","value":"$(ANY)"}]"#;
    let world = Objects::default();
    assert_eq!(
        lines(container, &world),
        [
            "PW=<secret s, key DB_PASSWORD>",
            "URL=pg://<secret s, key DB_PASSWORD or secret t, key SEC_DB_PASSWORD>@<secret s, key DB_PASSWORD>",
            "X=<secret t, key ANY>"
        ]
    );
    on(&deployment(container), &world, |e| {
        let names: Vec<_> = e.may_come_from("SEC_A").map(|u| u.name).collect();
        assert_eq!(names, ["s", "t"]);
        assert_eq!(e.unlisted[1].object.to_string(), "Secret/shop/t");
        assert!(e.unlisted[1].optional && e.errors.is_empty() && e.incomplete.is_empty());
    });
}

#[test]
fn secrets_that_are_read_stay_sealed() {
    let world = Objects::default()
        .secret_of(
            "s",
            r#""data":{"PW":"aHVudGVyMg==","A":"YQ=="},"stringData":{"A":"wins","N":null}"#,
        )
        .config_map_of("c", r#"{"sealed":"hunter2","n":null,"b":true}"#);
    let container = r#""envFrom":[{"secretRef":{"name":"s"}},{"configMapRef":{"name":"c"}}],
       "env":[{"name":"K","valueFrom":{"secretKeyRef":{"name":"s","key":"A"}}},{"name":"URL","value":"pg://$(PW)@db"},{"name":"ONLY","value":"$(PW)"}]"#;
    assert_eq!(
        lines(container, &world),
        [
            "A=<secret>",
            "K=<secret>",
            "N=<secret>",
            "ONLY=<secret>",
            "PW=<secret>",
            "URL=pg://<secret>@db",
            "b=true",
            "n=",
            "sealed=<secret>"
        ]
    );
    on(&deployment(container), &world, |e| {
        let (a, k) = (e.read("A"), e.read("K"));
        let (a, k) = (a.present().expect("there"), k.present().expect("there"));
        let same = a.same(k, crate::model::value::ValueType::Text);
        assert_eq!(same, crate::model::secret::Sameness::Equal);
        assert!(e.from("A")[0].1.to_string() == "stringData.A");
        assert!(!format!("{e:?}").contains("hunter2"));
    });
}

#[test]
fn a_secret_that_nobody_sealed_is_not_shown() {
    let json = r#"{"kind":"Secret","metadata":{"name":"s"},"data":{"A":"x"}}"#;
    let tree = Tree::from_json(json.as_bytes(), Prune::NOTHING).expect("JSON");
    let mut world = Objects {
        secrets: true,
        ..Objects::default()
    };
    world.trees.insert(("Secret".into(), "s".into()), tree);
    let got = lines(r#""envFrom":[{"secretRef":{"name":"s"}}]"#, &world);
    assert_eq!(got, ["A=<secret>"]);
}

#[test]
fn fields_of_the_pod() {
    let field = |name: &str, path: &str| {
        format!(
            r#"{{"name":"{name}","valueFrom":{{"fieldRef":{{"apiVersion":"v1","fieldPath":"{path}"}}}}}}"#
        )
    };
    let env = [
        field("A", "metadata.labels['app']"),
        field("B", "metadata.annotations['a.b/c']"),
        field("C", "metadata.labels['none']"),
        field("D", "metadata.namespace"),
        field("E", "spec.serviceAccountName"),
        field("F", "metadata.name"),
        field("G", "status.podIP"),
        field("H", "metadata.labels['pod-template-hash']"),
        field("I", "metadata.labels['app"),
    ];
    let got = lines(
        &format!(r#""env":[{}]"#, env.join(",")),
        &Objects::default(),
    );
    assert_eq!(
        got,
        [
            "A=api",
            "B=42",
            "C=",
            "D=shop",
            "E=robot",
            "F=<fieldRef(metadata.name)>",
            "G=<fieldRef(status.podIP)>",
            "H=<fieldRef(metadata.labels['pod-template-hash'])>",
            "I=<fieldRef(metadata.labels['app)>"
        ]
    );
}

#[test]
fn resources_of_the_container() {
    let of = |name: &str, rest: &str| {
        format!(r#"{{"name":"{name}","valueFrom":{{"resourceFieldRef":{{{rest}}}}}}}"#)
    };
    let env = [
        of("A", r#""resource":"limits.memory","divisor":"1Mi""#),
        of("B", r#""resource":"limits.cpu""#),
        of("C", r#""resource":"limits.cpu","divisor":"1m""#),
        of("D", r#""resource":"requests.memory","divisor":"0""#),
        of("E", r#""resource":"limits.ephemeral-storage""#),
        of("F", r#""resource":"limits.cpu","containerName":"side""#),
        of(
            "G",
            r#""resource":"limits.cpu","containerName":"none","divisor":"1m""#,
        ),
        of("H", r#""resource":"nonsense""#),
    ];
    let got = lines(
        &format!(
            r#""resources":{{"limits":{{"memory":"1G","cpu":0.25}}}},"env":[{}]"#,
            env.join(",")
        ),
        &Objects::default(),
    );
    assert_eq!(
        got,
        [
            "A=954",
            "B=1",
            "C=250",
            "D=1000000000",
            "E=<resourceFieldRef(limits.ephemeral-storage)>",
            "F=2",
            "G=<resourceFieldRef(limits.cpu / 1m of none)>",
            "H=<resourceFieldRef(nonsense)>"
        ]
    );
}

#[test]
fn sources_that_are_not_known() {
    let got = lines(
        r#""env":[{"name":"A","valueFrom":{"fileKeyRef":{"volumeName":"v","path":"f","key":"k"}}},
                  {"name":"B","valueFrom":{"vaultRef":{"x":"y"}}},{"name":"C","valueFrom":{}},{"name":"D","valueFrom":null}]"#,
        &Objects::default(),
    );
    assert_eq!(
        got,
        [
            "A=<fileKeyRef(v/f, key k)>",
            "B=<valueFrom.vaultRef>",
            "C=",
            "D="
        ]
    );
}

#[test]
fn where_values_come_from() {
    let world = Objects::default().config_map_of("a", r#"{"HOST":"db","k":"v"}"#);
    let container = r#""envFrom":[{"configMapRef":{"name":"a"}}],
       "env":[{"name":"USER","value":"app"},{"name":"URL","value":"$(USER)@$(HOST)/$(X)"},{"name":"DSN","value":"x$(URL)$(USER)"},
              {"name":"R","valueFrom":{"configMapKeyRef":{"name":"a","key":"k"}}},{"name":"N"}]"#;
    on(&deployment(container), &world, |e| {
        let from = |name: &str| -> Vec<String> {
            let all = e.from(name);
            all.iter().map(|(o, p)| format!("{} {p}", o.name)).collect()
        };
        let c = "api spec.template.spec.containers[api]";
        assert_eq!(from("HOST"), ["a data.HOST".into(), format!("{c}.envFrom")]);
        let inputs = [format!("{c}.env[USER].value"), "a data.HOST".into()];
        assert_eq!(from("URL")[0], format!("{c}.env[URL].value"));
        assert_eq!(from("URL")[1..], inputs);
        assert_eq!(
            from("DSN")[1..],
            [
                format!("{c}.env[URL].value"),
                inputs[0].clone(),
                inputs[1].clone()
            ]
        );
        assert_eq!(
            from("R"),
            [
                "a data.k".into(),
                format!("{c}.env[R].valueFrom.configMapKeyRef")
            ]
        );
        assert_eq!(from("N"), [format!("{c}.env[N]")]);
        assert!(from("NONE").is_empty());
        assert_eq!(e.variables["URL"].references, ["USER", "HOST", "X"]);
    });
}

#[test]
fn malformed_containers_do_not_matter_to_others() {
    let world = Objects::default()
        .with(r#"{"kind":"ConfigMap","metadata":{"name":"a"},"data":"not a map"}"#);
    for container in [
        r#""env":"x","envFrom":{"a":1}"#,
        r#""env":[null,1,{"name":1},{"value":"x"},{"name":""}],"envFrom":[null,{"configMapRef":null},{"configMapRef":{}},{"configMapRef":{"name":1}}]"#,
    ] {
        assert!(lines(container, &world).is_empty());
    }
    let container = r#""envFrom":[{"configMapRef":{"name":"a"}}]"#;
    on(&deployment(container), &world, |e| {
        assert!(matches!(e.read("X"), Reading::Unknown(u) if u.cause == UnreadCause::Malformed));
    });
    assert_eq!(
        lines(
            r#""env":[{"name":"N","value":5},{"name":"T","value":"$(N)0"}]"#,
            &world
        ),
        ["N=5", "T=50"]
    );
}

#[test]
fn a_manifest_cannot_blow_up_memory() {
    let mut env = vec![r#"{"name":"V0","value":"0123456789"}"#.to_owned()];
    for i in 1..200 {
        let (a, b) = (i - 1, i);
        env.push(format!(r#"{{"name":"V{b}","value":"$(V{a})$(V{a})"}}"#));
    }
    let big = "x".repeat(900_000);
    env.push(format!(r#"{{"name":"BIG","value":"{big}"}}"#));
    for i in 0..500 {
        env.push(format!(r#"{{"name":"C{i}","value":"$(BIG)y"}}"#));
    }
    on(
        &deployment(&format!(r#""env":[{}]"#, env.join(","))),
        &Objects::default(),
        |e| {
            assert!(matches!(e.read("V10"), Reading::Present(_)));
            for name in ["V199", "C499"] {
                assert!(
                    matches!(e.read(name), Reading::Unknown(u) if u.cause == UnreadCause::TooLarge)
                );
            }
            let bytes: usize = e
                .variables
                .values()
                .filter_map(|v| v.reading.present())
                .map(size)
                .sum();
            assert!(bytes < 12 << 20, "{bytes}");
        },
    );
}

fn recorded(name: &str) -> String {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/kubernetes/recorded/"
    );
    std::fs::read_to_string(format!("{folder}{name}")).expect("recorded")
}

fn recorded_world(secrets: bool) -> Objects {
    let list: serde_json::Value =
        serde_json::from_str(&recorded("00-others.list.json")).expect("JSON");
    let mut world = Objects::default();
    for item in list["items"].as_array().expect("a list") {
        world = world.with(&item.to_string());
    }
    world.secrets = secrets;
    world
}

#[test]
fn a_recorded_deployment() {
    let live = Tree::from_json(
        recorded("01-after-kubectl-set-env.deploy.json").as_bytes(),
        Prune::LIVE,
    )
    .expect("JSON");
    let get = |secrets| {
        on(&live, &recorded_world(secrets), |e| -> Vec<String> {
            let vars = e.variables.iter();
            vars.map(|(n, v)| format!("{n}={}", shown(v))).collect()
        })
    };
    let mut wanted = vec![
        "CACHE_TTL=300",
        "DB_TIMEOUT=60s",
        "DB_URL=postgres://db/<secret api-secret, key DB_PASSWORD>?t=60s",
        "LOG_LEVEL=info",
        "MEM_MB=1024",
        "POD_NAME=<fieldRef(metadata.name)>",
        "application.yml=server:\n  port: 8080\n",
    ];
    assert_eq!(get(false), wanted);
    wanted[2] = "DB_URL=postgres://db/<secret>?t=60s";
    wanted.insert(6, "SEC_DB_PASSWORD=<secret>");
    assert_eq!(get(true), wanted);
}

#[test]
fn the_live_order_decides_about_expansion() {
    let live = Tree::from_json(recorded("53-env-order.deploy.json").as_bytes(), Prune::LIVE)
        .expect("JSON");
    on(&live, &Objects::default(), |e| {
        assert_eq!(shown(&e.variables["URL"]), "http://$(HOST)");
        assert_eq!(e.variables["URL"].references, ["HOST"]);
    });
}

#[test]
fn of_duplicates_the_last_counts() {
    let live = Tree::from_json(
        recorded("16-duplicate-env-create.deploy.json").as_bytes(),
        Prune::LIVE,
    )
    .expect("JSON");
    let env = containers(live.root())[0].node.member("env").expect("env");
    let last = env
        .children()
        .filter(|c| c.text_at(&["name"]) == Some("A"))
        .last()
        .and_then(|c| c.text_at(&["value"]))
        .expect("a value");
    on(&live, &Objects::default(), |e| {
        assert_eq!(shown(&e.variables["A"]), last);
    });
}
