//! What is said about wrong files, word for word.

use super::{Repository, load_alone};

/// What it is about, the files of the repository, driftgate.yaml, and what is said.
type Case = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
    &'static str,
);

#[test]
fn every_problem_is_said_at_once() {
    for (about, files, yaml, expected) in CASES {
        let repository = Repository::of(files);
        let folder = repository.folder.path().display().to_string();
        let said = repository.refused(yaml).replace(&folder, "<repository>");
        assert!(said == *expected, "{about}:\n{said}\nexpected:\n{expected}");
    }
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    for bytes in [&b"version: 1\n\xff\xfe"[..], b"\0", b"\x1b[31m: 1\n"] {
        let repository = Repository::of(&[]);
        let files = crate::git::Files::folder(repository.folder.path());
        let problems = crate::config::load(bytes, "driftgate.yaml", &files).expect_err("problems");
        let said = super::show(&problems);
        assert!(
            said.chars().all(|c| c == '\n' || !c.is_control()),
            "{said:?}"
        );
    }
}

#[test]
fn few_lines_cannot_ask_for_everything() {
    use std::fmt::Write;
    let mut yaml = String::from("version: 1\nx-l: &l\n");
    for n in 0..300 {
        writeln!(yaml, "  - {{ name: l{n}, desired: {{ manifests: d }} }}").expect("a String");
    }
    yaml.push_str("services:\n  a: { layers: *l }\nenvironments:\n");
    for n in 0..300 {
        writeln!(yaml, "  e{n}:").expect("a String");
    }
    let said = load_alone(&yaml).expect_err("too much");
    assert_eq!(
        said,
        "driftgate.yaml: more than 50000 layers, all targets together\n       = split the file: one driftgate.yaml for each group of services\n"
    );
}

const CASES: &[Case] = &[
    (
        "an unknown field",
        &[],
        r#"version: 1
services:
  api:
    layers: [ { name: w, desired: { manifests: deploy } } ]
enviroments:
  production: { tier: production }
"#,
        r#"driftgate.yaml:5:1: unknown field `enviroments`
    5 | enviroments:
      | ^^^^^^^^^^^ did you mean `environments`?
"#,
    ),
    (
        "everything at once",
        &[],
        r#"version: 1
services:
  api:
    enviroments: [production]
    environments: [prodution]
    layers:
      - name: workload
        desired:
          manifests: deploy
          kustomize: [deploy]
        live:
          kubernetes: { context: "${contxt}", namespace: Shop, secrets: show, timeout: 60 }
        workloads: deployment/api
      - name: workload
      - desired: { file: values.yaml }
environments:
  production:
    tier: prod
    variables: { context: prod, region: "${context}" }
    deploys-within: 1 day
    tier: staging
parity:
  - environments: [production]
gate: { failon: error, fail-on: fatal }
"#,
        r#"driftgate.yaml:4:5: unknown field `enviroments`
    4 |     enviroments: [production]
      |     ^^^^^^^^^^^ did you mean `environments`?
driftgate.yaml:5:20: environment `prodution` does not exist
    5 |     environments: [prodution]
      |                    ^^^^^^^^^ did you mean `production`?
driftgate.yaml:10:11: `kustomize`: expected a text, found a list
   10 |           kustomize: [deploy]
      |           ^^^^^^^^^
driftgate.yaml:12:35: unknown variable `${contxt}`
   12 |           kubernetes: { context: "${contxt}", namespace: Shop, secrets: show, timeout: 60 }
      |                                   ^^^^^^^^^ did you mean `context`? known here: `context`, `environment`, `region` and `service`
driftgate.yaml:12:58: `Shop` is no Kubernetes namespace: expected at most 63 of a-z, 0-9 and `-`, with a letter or digit at both ends
   12 |           kubernetes: { context: "${contxt}", namespace: Shop, secrets: show, timeout: 60 }
      |                                                          ^^^^
driftgate.yaml:12:73: unknown secrets mode `show`
   12 |           kubernetes: { context: "${contxt}", namespace: Shop, secrets: show, timeout: 60 }
      |                                                                         ^^^^ known: `references`, `presence` and `digest`
driftgate.yaml:12:88: `timeout`: expected a span of time like 90s, 10m, 24h or 7d, found a number
   12 |           kubernetes: { context: "${contxt}", namespace: Shop, secrets: show, timeout: 60 }
      |                                                                                        ^^ say the unit: `60s`
driftgate.yaml:13:20: `workloads`: expected a list, found a text
   13 |         workloads: deployment/api
      |                    ^^^^^^^^^^^^^^ put it in brackets: `[ … ]`
driftgate.yaml:14:15: layer `workload` has neither `desired` nor `live`
   14 |       - name: workload
      |               ^^^^^^^^ say where git has its values, or where to read them live; `outside: "…"` where driftgate can't see it
driftgate.yaml:14:15: two layers are called `workload`
   14 |       - name: workload
      |               ^^^^^^^^ the first is on line 7
driftgate.yaml:15:9: `name` is missing
   15 |       - desired: { file: values.yaml }
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
driftgate.yaml:19:42: a variable can't refer to another variable
   19 |     variables: { context: prod, region: "${context}" }
      |                                          ^^ write its value out, or `$${` for a literal `${`
driftgate.yaml:20:21: `1 day` is not a span of time
   20 |     deploys-within: 1 day
      |                     ^^^^^ a number and s, m, h or d, like 90s, 10m, 24h or 7d
driftgate.yaml:21:5: `tier` is written twice in one map: first on line 18, again on line 21
   21 |     tier: staging
      |     ^^^^ remove one of the two
driftgate.yaml:23:5: parity needs at least two environments
   23 |   - environments: [production]
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^ like `environments: [ staging, production ]`
driftgate.yaml:24:9: unknown field `failon`
   24 | gate: { failon: error, fail-on: fatal }
      |         ^^^^^^ did you mean `fail-on`?
driftgate.yaml:24:33: unknown severity `fatal`
   24 | gate: { failon: error, fail-on: fatal }
      |                                 ^^^^^ known: `error`, `warning`, `info` and `never`
"#,
    ),
    (
        "not even YAML",
        &[],
        r#"version: 1
services: { api: [
"#,
        r#"driftgate.yaml:2:18: this is no YAML: unclosed bracket '['
    2 | services: { api: [
      |                  ^
"#,
    ),
    (
        "nothing",
        &[],
        r#""#,
        r#"driftgate.yaml: the file is empty
       = docs/configuration.md has one to begin with
"#,
    ),
    (
        "a list",
        &[],
        r#"- version: 1
"#,
        r#"driftgate.yaml:1:1: expected a map of fields, found a list
    1 | - version: 1
      | ^^^^^^^^^^^^
"#,
    ),
    (
        "two documents",
        &[],
        r#"version: 1
services: { api: { layers: [ { name: w, desired: { manifests: d } } ] } }
environments: { production: }
---
version: 1
"#,
        r#"driftgate.yaml:5:1: a second document begins here: expected one
    5 | version: 1
      | ^^^^^^^^^^ remove the `---` before it
"#,
    ),
    (
        "a newer version",
        &[],
        r#"version: 2
services: [ { of: another, kind: true } ]
"#,
        r#"driftgate.yaml:1:10: version 2: this driftgate knows version 1
    1 | version: 2
      |          ^ update driftgate
"#,
    ),
    (
        "no version",
        &[],
        r#"services: { api: { layers: [ { name: w, desired: { manifests: d } } ] } }
environments: { production: }
"#,
        r#"driftgate.yaml:1:1: `version` is missing
    1 | services: { api: { layers: [ { name: w, desired: { manifests: d } } ] } }
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
"#,
    ),
    (
        "a version in quotes",
        &[],
        r#"version: "1"
services: { api: { layers: [ { name: w, desired: { manifests: d } } ] } }
environments: { production: }
"#,
        r#"driftgate.yaml:1:10: `version`: expected the number 1, found a text
    1 | version: "1"
      |          ^^^ write `version: 1`
"#,
    ),
    (
        "nothing in it",
        &[],
        r#"version: 1
services: {}
environments: {}
"#,
        r#"driftgate.yaml:1:1: `environments` is empty
    1 | version: 1
      | ^^^^^^^^^^ name at least one: `production: { tier: production }`
driftgate.yaml:1:1: `services` is empty
    1 | version: 1
      | ^^^^^^^^^^ name at least one, with its layers
"#,
    ),
    (
        "a service without layers",
        &[],
        r#"version: 1
services:
  api: {}
  web: { layers: [] }
  job:
environments: { production: }
"#,
        r#"driftgate.yaml:3:3: service `api` has no layers
    3 |   api: {}
      |   ^^^ say where its values come from: `layers: [ … ]`
driftgate.yaml:4:3: service `web` has an empty list of layers
    4 |   web: { layers: [] }
      |   ^^^
driftgate.yaml:5:3: `job`: expected a map of fields, found nothing
    5 |   job:
      |   ^^^
"#,
    ),
    (
        "layers without sides",
        &[],
        r#"version: 1
services:
  api:
    layers:
      - name: a
      - name: b
        desired: {}
      - name: c
        live: {}
      - name: d
        desired: { manifests: [] }
      - name: "e ${environment}"
        desired: { manifests: x, rendered: y }
environments: { production: }
"#,
        r#"driftgate.yaml:5:15: layer `a` has neither `desired` nor `live`
    5 |       - name: a
      |               ^ say where git has its values, or where to read them live; `outside: "…"` where driftgate can't see it
driftgate.yaml:7:9: `desired` does not say where to read from
    7 |         desired: {}
      |         ^^^^^^^ add one of `manifests`, `kustomize`, `helm`, `rendered`, `file`, `spring` and `compose`
driftgate.yaml:9:9: `live` does not say where to read from
    9 |         live: {}
      |         ^^^^ add `kubernetes: { context: …, namespace: … }`, `env: [ … ]` or `file: …`
driftgate.yaml:11:9: `manifests` is an empty list
   11 |         desired: { manifests: [] }
      |         ^^^^^^^ name a file, a folder or a glob
driftgate.yaml:12:15: a layer's name can't hold variables
   12 |       - name: "e ${environment}"
      |               ^^^^^^^^^^^^^^^^^^ it is the same in every environment
driftgate.yaml:13:9: `desired` has `manifests` and `rendered`: expected one
   13 |         desired: { manifests: x, rendered: y }
      |         ^^^^^^^ write a layer for each
"#,
    ),
    (
        "what later releases have",
        &[],
        r#"version: 1
services:
  api:
    schema: schemas/api.schema.json
    code: [src]
    layers:
      - name: b
        desired: { file: b.yaml }
        live: { aws-ssm: { path: /x } }
environments: { production: }
rules: []
"#,
        r#"driftgate.yaml:4:5: `schema` is not part of this version of driftgate yet
    4 |     schema: schemas/api.schema.json
      |     ^^^^^^ remove it, or keep it for later as `x-…`
driftgate.yaml:5:5: `code` is not part of this version of driftgate yet
    5 |     code: [src]
      |     ^^^^ remove it, or keep it for later as `x-…`
driftgate.yaml:9:17: `aws-ssm` is not part of this version of driftgate yet
    9 |         live: { aws-ssm: { path: /x } }
      |                 ^^^^^^^ remove it, or keep it for later as `x-…`
driftgate.yaml:11:1: `rules` is not part of this version of driftgate yet
   11 | rules: []
      | ^^^^^ remove it, or keep it for later as `x-…`
"#,
    ),
    (
        "files of settings",
        &[],
        r#"version: 1
repositories: { config: /srv/config, other: "https://example.com/x.git", "a b": x }
services:
  api:
    layers:
      - { name: a, desired: { file: [] } }
      - { name: b, desired: { file: { file: b.yml } } }
      - { name: c, desired: { file: [ c.yml ], select: x, format: yaml } }
      - { name: d, desired: { manifests: d, if-absent: skip, nulls: keep } }
      - { name: e, desired: { file: e.yml, select: "a[", format: yml, nulls: remove } }
      - { name: f, desired: { file: [ { file: ../f.yml, select: ".x", format: propertis, if-absent: true }, { select: x }, 3 ] } }
      - { name: g, desired: { file: g.yml, format: yaml, parameters: { A: b, C: [ d ] } } }
      - { name: h, desired: { file: h.yml, repository: confg } }
      - { name: i, desired: { rendered: i, repository: config } }
      - { name: j, desired: { file: j.yml, manifests: k } }
      - { name: k, desired: { file: k.yml, selct: x } }
      - { name: l, desired: { file: [ { file: l.env, format: dotenv, parameters: { A: b } } ] } }
environments: { production: }
"#,
        r#"driftgate.yaml:2:25: `/srv/config` is no relative path: expected a folder relative to that of driftgate.yaml
    2 | repositories: { config: /srv/config, other: "https://example.com/x.git", "a b": x }
      |                         ^^^^^^^^^^^
driftgate.yaml:2:45: `https://example.com/x.git` is an address: expected a folder with a checkout
    2 | repositories: { config: /srv/config, other: "https://example.com/x.git", "a b": x }
      |                                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^
driftgate.yaml:2:74: `a b` is no name for the repository
    2 | repositories: { config: /srv/config, other: "https://example.com/x.git", "a b": x }
      |                                                                          ^^^^^ letters, digits, `-`, `_` and `.`, beginning with a letter or digit
driftgate.yaml:6:20: `file` is an empty list
    6 |       - { name: a, desired: { file: [] } }
      |                    ^^^^^^^ name a file
driftgate.yaml:7:31: `file`: expected a file or a list of files, found a map
    7 |       - { name: b, desired: { file: { file: b.yml } } }
      |                               ^^^^ write `{ file: b.yml, select: … }`, or `{ file: [ { file: b.yml, select: … } ] }`
driftgate.yaml:8:20: `select` and `format` beside a list of files
    8 |       - { name: c, desired: { file: [ c.yml ], select: x, format: yaml } }
      |                    ^^^^^^^ write it at the file: `{ file: …, select: … }`
driftgate.yaml:9:20: `if-absent` and `nulls` without `file`
    9 |       - { name: d, desired: { manifests: d, if-absent: skip, nulls: keep } }
      |                    ^^^^^^^ it belongs to a file of settings: `file: config.yml`
driftgate.yaml:10:52: `a[` is no path of keys: expected one like `apps[api].helm.values`
   10 |       - { name: e, desired: { file: e.yml, select: "a[", format: yml, nulls: remove } }
      |                                                    ^^^^
driftgate.yaml:10:66: unknown format `yml`
   10 |       - { name: e, desired: { file: e.yml, select: "a[", format: yml, nulls: remove } }
      |                                                                  ^^^ did you mean `yaml`? known: `yaml`, `helm-values`, `json`, `jsonc`, `toml`, `dotenv`, `shell-env`, `docker-env`, `compose-env`, `properties`, `ini`, `tfvars` and 1 more
driftgate.yaml:10:78: unknown meaning of `null` `remove`
   10 |       - { name: e, desired: { file: e.yml, select: "a[", format: yml, nulls: remove } }
      |                                                                              ^^^^^^ known: `delete` and `keep`
driftgate.yaml:11:47: `../f.yml` leaves the repository
   11 |       - { name: f, desired: { file: [ { file: ../f.yml, select: ".x", format: propertis, if-absent: true }, { select: x }, 3 ] } }
      |                                               ^^^^^^^^
driftgate.yaml:11:65: `.x` is no path of keys: expected one like `apps[api].helm.values`
   11 |       - { name: f, desired: { file: [ { file: ../f.yml, select: ".x", format: propertis, if-absent: true }, { select: x }, 3 ] } }
      |                                                                 ^^^^
driftgate.yaml:11:79: unknown format `propertis`
   11 |       - { name: f, desired: { file: [ { file: ../f.yml, select: ".x", format: propertis, if-absent: true }, { select: x }, 3 ] } }
      |                                                                               ^^^^^^^^^ did you mean `properties`? known: `yaml`, `helm-values`, `json`, `jsonc`, `toml`, `dotenv`, `shell-env`, `docker-env`, `compose-env`, `properties`, `ini`, `tfvars` and 1 more
driftgate.yaml:11:101: `if-absent`: expected one of `skip`, found `true`
   11 |       - { name: f, desired: { file: [ { file: ../f.yml, select: ".x", format: propertis, if-absent: true }, { select: x }, 3 ] } }
      |                                                                                                     ^^^^
driftgate.yaml:11:109: `file` is missing
   11 |       - { name: f, desired: { file: [ { file: ../f.yml, select: ".x", format: propertis, if-absent: true }, { select: x }, 3 ] } }
      |                                                                                                             ^^^^^^^^^^^^^
driftgate.yaml:11:124: expected a file, or a map with `file`, found a number
   11 |       - { name: f, desired: { file: [ { file: ../f.yml, select: ".x", format: propertis, if-absent: true }, { select: x }, 3 ] } }
      |                                                                                                                            ^
driftgate.yaml:12:20: `parameters` are those of a CloudFormation template: this file has another `format`
   12 |       - { name: g, desired: { file: g.yml, format: yaml, parameters: { A: b, C: [ d ] } } }
      |                    ^^^^^^^ remove one of the two
driftgate.yaml:12:78: `C`: expected a text or a number, found a list
   12 |       - { name: g, desired: { file: g.yml, format: yaml, parameters: { A: b, C: [ d ] } } }
      |                                                                              ^
driftgate.yaml:13:56: repository `confg` is not declared
   13 |       - { name: h, desired: { file: h.yml, repository: confg } }
      |                                                        ^^^^^ did you mean `config`?
driftgate.yaml:14:56: `rendered` manifests are in no `repository`
   14 |       - { name: i, desired: { rendered: i, repository: config } }
      |                                                        ^^^^^^ they are handed over with `--rendered`
driftgate.yaml:15:20: `desired` has `manifests` and `file`: expected one
   15 |       - { name: j, desired: { file: j.yml, manifests: k } }
      |                    ^^^^^^^ write a layer for each
driftgate.yaml:16:44: unknown field `selct`
   16 |       - { name: k, desired: { file: k.yml, selct: x } }
      |                                            ^^^^^ did you mean `select`?
driftgate.yaml:17:39: `parameters` are those of a CloudFormation template: this file has another `format`
   17 |       - { name: l, desired: { file: [ { file: l.env, format: dotenv, parameters: { A: b } } ] } }
      |                                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ remove one of the two
"#,
    ),
    (
        "a repository that nobody declared",
        &[],
        r#"version: 1
services:
  api:
    layers: [ { name: h, desired: { file: "${nobody}.yml", repository: "${service}" } } ]
environments: { production: }
"#,
        r#"driftgate.yaml:4:44: unknown variable `${nobody}`
    4 |     layers: [ { name: h, desired: { file: "${nobody}.yml", repository: "${service}" } } ]
      |                                            ^^^^^^^^^ known here: `environment` and `service`
driftgate.yaml:4:72: repository `api` is not declared
    4 |     layers: [ { name: h, desired: { file: "${nobody}.yml", repository: "${service}" } } ]
      |                                                                        ^^^^^^^^^^^^ say where it is: `repositories: { config: ../config }`
"#,
    ),
    (
        "spring, compose and config maps",
        &[],
        r#"version: 1
services:
  api:
    variables: { profile: "../../etc" }
    layers:
      - { name: a, desired: { spring: { name: app, profiles: [ "a/b", "${profile}", "x,y" ] } } }
      - { name: b, desired: { spring: { folder: ../x, name: "a/b" } } }
      - { name: c, desired: { compose: { files: [], env-file: [], service: "a b" } } }
      - { name: d, desired: { compose: compose.yaml } }
      - { name: e, desired: { compose: { env_file: x } } }
      - { name: f, config-map: { layer: workloed, name: Api_Config, key: "../application.yml" } }
      - { name: g, config-map: { layer: a, name: api-config, key: application.yml } }
      - { name: h, config-map: { layer: h, name: api-config } }
      - { name: i, config-map: { layer: workload, name: x, key: y }, live: { env: [ A ] } }
      - { name: j, desired: { compose: {} } }
      - { name: k, config-map: { layer: j, name: api-config, key: application.yml } }
      - { name: workload, live: { kubernetes: {} } }
environments: { production: }
"#,
        r#"driftgate.yaml:6:31: `folder` is missing
    6 |       - { name: a, desired: { spring: { name: app, profiles: [ "a/b", "${profile}", "x,y" ] } } }
      |                               ^^^^^^
driftgate.yaml:6:64: `a/b` is no part of a file's name: expected no blanks and none of / \ , : * ?
    6 |       - { name: a, desired: { spring: { name: app, profiles: [ "a/b", "${profile}", "x,y" ] } } }
      |                                                                ^^^^^
driftgate.yaml:6:72: `../../etc` is no part of a file's name: expected no blanks and none of / \ , : * ?
    6 |       - { name: a, desired: { spring: { name: app, profiles: [ "a/b", "${profile}", "x,y" ] } } }
      |                                                                        ^^^^^^^^^^ filled in from `${profile}`
driftgate.yaml:6:85: `x,y` is no part of a file's name: expected no blanks and none of / \ , : * ?
    6 |       - { name: a, desired: { spring: { name: app, profiles: [ "a/b", "${profile}", "x,y" ] } } }
      |                                                                                     ^^^^^
driftgate.yaml:7:49: `../x` leaves the repository
    7 |       - { name: b, desired: { spring: { folder: ../x, name: "a/b" } } }
      |                                                 ^^^^
driftgate.yaml:7:61: `a/b` is no part of a file's name: expected no blanks and none of / \ , : * ?
    7 |       - { name: b, desired: { spring: { folder: ../x, name: "a/b" } } }
      |                                                             ^^^^^
driftgate.yaml:8:20: `env-file` is an empty list
    8 |       - { name: c, desired: { compose: { files: [], env-file: [], service: "a b" } } }
      |                    ^^^^^^^ name a file, or remove it for `.env`
driftgate.yaml:8:20: `files` is an empty list
    8 |       - { name: c, desired: { compose: { files: [], env-file: [], service: "a b" } } }
      |                    ^^^^^^^ name a Compose file, or remove it for `compose.yaml`
driftgate.yaml:8:76: `a b` holds a blank: expected one word
    8 |       - { name: c, desired: { compose: { files: [], env-file: [], service: "a b" } } }
      |                                                                            ^^^^^
driftgate.yaml:9:40: `compose`: expected a map of fields, found a text
    9 |       - { name: d, desired: { compose: compose.yaml } }
      |                                        ^^^^^^^^^^^^
driftgate.yaml:10:42: unknown field `env_file`
   10 |       - { name: e, desired: { compose: { env_file: x } } }
      |                                          ^^^^^^^^ did you mean `env-file`?
driftgate.yaml:11:41: `api` has no other layer `workloed`
   11 |       - { name: f, config-map: { layer: workloed, name: Api_Config, key: "../application.yml" } }
      |                                         ^^^^^^^^ did you mean `workload`?
driftgate.yaml:11:57: `Api_Config` is no Kubernetes name: expected at most 253 of a-z, 0-9, `-` and `.`, with a letter or digit at both ends
   11 |       - { name: f, config-map: { layer: workloed, name: Api_Config, key: "../application.yml" } }
      |                                                         ^^^^^^^^^^
driftgate.yaml:11:74: `../application.yml` is no key of a ConfigMap: expected at most 253 letters, digits, `-`, `_` and `.`
   11 |       - { name: f, config-map: { layer: workloed, name: Api_Config, key: "../application.yml" } }
      |                                                                          ^^^^^^^^^^^^^^^^^^^^
driftgate.yaml:13:20: `key` is missing
   13 |       - { name: h, config-map: { layer: h, name: api-config } }
      |                    ^^^^^^^^^^
driftgate.yaml:13:41: `api` has no other layer `h`
   13 |       - { name: h, config-map: { layer: h, name: api-config } }
      |                                         ^ its other layers: `a`, `b`, `c`, `d`, `e`, `f`, `g`, `i`, `j`, `k` and `workload`
driftgate.yaml:14:20: layer `i` has `config-map` and `live`
   14 |       - { name: i, config-map: { layer: workload, name: x, key: y }, live: { env: [ A ] } }
      |                    ^^^^^^^^^^ its values are those of the ConfigMap, which the named layer reads
driftgate.yaml:16:41: layer `j` has no Kubernetes objects
   16 |       - { name: k, config-map: { layer: j, name: api-config, key: application.yml } }
      |                                         ^ name the layer whose manifests have the ConfigMap
"#,
    ),
    (
        "what is live, and what is outside",
        &[],
        r#"version: 1
services:
  api:
    layers:
      - { name: a, live: { env: [] } }
      - { name: b, live: { env: [ "A=b", "X_*", "a b", 3 ] } }
      - { name: c, live: { env: A } }
      - { name: d, live: { file: ~/app.yml } }
      - { name: e, live: { file: { format: yml, path: "", select: "[" } } }
      - { name: f, live: { env: [ A ], kubernetes: {} } }
      - { name: g, desired: { manifests: g }, live: { file: g.yml } }
      - { name: h, desired: { file: h.yml }, live: { kubernetes: {} } }
      - { name: i, outside: set by hand, desired: { file: h.yml } }
      - { name: j, outside: "  " }
      - { name: k, outside: true }
      - { name: l, prefix: "A B", types: { X: duraton }, desired: { file: l } }
      - { name: m, keys: exact, live: { env: [ A ] } }
    keys: exactly
environments: { production: }
"#,
        r#"driftgate.yaml:5:20: `env` is an empty list
    5 |       - { name: a, live: { env: [] } }
      |                    ^^^^ name the variables to read: `env: [ LOG_LEVEL ]`
driftgate.yaml:6:35: `A=b` is no name of an environment variable: expected no blanks, `=` or `*`
    6 |       - { name: b, live: { env: [ "A=b", "X_*", "a b", 3 ] } }
      |                                   ^^^^^
driftgate.yaml:6:42: `X_*` is no name of an environment variable: expected no blanks, `=` or `*`
    6 |       - { name: b, live: { env: [ "A=b", "X_*", "a b", 3 ] } }
      |                                          ^^^^^
driftgate.yaml:6:49: `a b` is no name of an environment variable: expected no blanks, `=` or `*`
    6 |       - { name: b, live: { env: [ "A=b", "X_*", "a b", 3 ] } }
      |                                                 ^^^^^
driftgate.yaml:6:56: expected a text, found a number
    6 |       - { name: b, live: { env: [ "A=b", "X_*", "a b", 3 ] } }
      |                                                        ^ put it in quotes
driftgate.yaml:7:33: `env`: expected a list, found a text
    7 |       - { name: c, live: { env: A } }
      |                                 ^ put it in brackets: `[ … ]`
driftgate.yaml:8:34: `~/app.yml` begins with `~`, which only a shell knows: write the path out
    8 |       - { name: d, live: { file: ~/app.yml } }
      |                                  ^^^^^^^^^
driftgate.yaml:9:44: unknown format `yml`
    9 |       - { name: e, live: { file: { format: yml, path: "", select: "[" } } }
      |                                            ^^^ did you mean `yaml`? known: `yaml`, `helm-values`, `json`, `jsonc`, `toml`, `dotenv`, `shell-env`, `docker-env`, `compose-env`, `properties`, `ini`, `tfvars` and 1 more
driftgate.yaml:9:55: expected a text, found an empty one
    9 |       - { name: e, live: { file: { format: yml, path: "", select: "[" } } }
      |                                                       ^^
driftgate.yaml:9:67: `[` is no path of keys: expected one like `apps[api].helm.values`
    9 |       - { name: e, live: { file: { format: yml, path: "", select: "[" } } }
      |                                                                   ^^^
driftgate.yaml:10:20: `live` has `kubernetes` and `env`: expected one
   10 |       - { name: f, live: { env: [ A ], kubernetes: {} } }
      |                    ^^^^ write a layer for each
driftgate.yaml:11:17: `desired` has Kubernetes objects, `live` has none
   11 |       - { name: g, desired: { manifests: g }, live: { file: g.yml } }
      |                 ^ write a layer for each of the two
driftgate.yaml:12:17: `live` has Kubernetes objects, `desired` has none
   12 |       - { name: h, desired: { file: h.yml }, live: { kubernetes: {} } }
      |                 ^ write a layer for each of the two
driftgate.yaml:13:29: layer `i` is `outside` and has `desired`
   13 |       - { name: i, outside: set by hand, desired: { file: h.yml } }
      |                             ^^^^^^^^^^^ `outside` is for a layer that driftgate can't see
driftgate.yaml:14:29: the text says nothing
   14 |       - { name: j, outside: "  " }
      |                             ^^^^
driftgate.yaml:15:29: `outside`: expected a text, found `true`
   15 |       - { name: k, outside: true }
      |                             ^^^^ put it in quotes
driftgate.yaml:16:28: `A B` holds a blank: expected one word
   16 |       - { name: l, prefix: "A B", types: { X: duraton }, desired: { file: l } }
      |                            ^^^^^
driftgate.yaml:16:47: unknown type `duraton`
   16 |       - { name: l, prefix: "A B", types: { X: duraton }, desired: { file: l } }
      |                                               ^^^^^^^ did you mean `duration`? known: `text`, `quantity`, `duration`, `bytes`, `boolean`, `number`, `json`, `list` and `set`
driftgate.yaml:17:20: `keys` is not part of this version of driftgate yet
   17 |       - { name: m, keys: exact, live: { env: [ A ] } }
      |                    ^^^^ remove it, or keep it for later as `x-…`
driftgate.yaml:18:11: unknown way to compare names `exactly`
   18 |     keys: exactly
      |           ^^^^^^^ did you mean `exact`? known: `words` and `exact`
"#,
    ),
    (
        "parity and promotion",
        &[],
        r#"version: 1
services: { api: { layers: [ { name: workload, live: { kubernetes: {} } } ] }, web: { layers: [ { name: w, live: { kubernetes: {} } } ] } }
environments: { staging: { tier: staging, variables: { region: us } }, production: }
parity:
  - environments: [ staging ]
  - environments: [ staging, prodution ]
  - environments: [ staging, staging, production ]
  - environments: { tier: preview }
  - environments: { tier: produktion }
  - environments: staging
  - { strict: yes }
  - environments: [ staging, production ]
    services: [ apy, "x*" ]
    strict: maybe
    differences:
      - { key: A }
      - { key: A, reason: "" }
      - { key: A, reason: r, expected: "${region}" }
      - { key: A, service: nobody, reason: r }
      - { key: "*", reason: r }
      - { reason: r }
      - { key: A, object: Deployment/api, reason: r }
      - { field: spec.replicas, reason: r }
      - { object: Deployment, reason: r }
      - { object: Deployment/api, field: "spec..x", reason: r }
      - { key: "${region}", reason: r, expected: [ a ] }
      - { key: A, reasn: r }
  - { environments: [ staging, production ], services: [] }
promotion: [ [ staging, prod ], [ staging ], [] ]
"#,
        r#"driftgate.yaml:5:5: parity needs at least two environments
    5 |   - environments: [ staging ]
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^ like `environments: [ staging, production ]`
driftgate.yaml:6:30: environment `prodution` does not exist
    6 |   - environments: [ staging, prodution ]
      |                              ^^^^^^^^^ did you mean `production`?
driftgate.yaml:7:30: environment `staging` is listed twice
    7 |   - environments: [ staging, staging, production ]
      |                              ^^^^^^^ remove one of the two
driftgate.yaml:8:5: no environment is of this tier
    8 |   - environments: { tier: preview }
      |     ^^^^^^^^^^^^ an environment's tier is `production` unless it says otherwise
driftgate.yaml:9:27: unknown tier `produktion`
    9 |   - environments: { tier: produktion }
      |                           ^^^^^^^^^^ did you mean `production`? known: `production`, `staging`, `development` and `preview`
driftgate.yaml:10:19: `environments`: expected a list of environments, or `{ tier: … }`, found a text
   10 |   - environments: staging
      |                   ^^^^^^^
driftgate.yaml:11:5: `environments` is missing
   11 |   - { strict: yes }
      |     ^^^^^^^^^^^^^^^
driftgate.yaml:11:15: `strict`: expected `true` or `false`, found a text
   11 |   - { strict: yes }
      |               ^^^
driftgate.yaml:13:17: service `apy` does not exist
   13 |     services: [ apy, "x*" ]
      |                 ^^^ did you mean `api`?
driftgate.yaml:13:22: no service matches `x*`
   13 |     services: [ apy, "x*" ]
      |                      ^^^^ known: `api` and `web`
driftgate.yaml:14:13: `strict`: expected `true` or `false`, found a text
   14 |     strict: maybe
      |             ^^^^^
driftgate.yaml:16:9: `reason` is missing
   16 |       - { key: A }
      |         ^^^^^^^^^^
driftgate.yaml:17:27: expected a text, found an empty one
   17 |       - { key: A, reason: "" }
      |                           ^^
driftgate.yaml:18:41: unknown variable `${region}` (api in production and 1 more)
   18 |       - { key: A, reason: r, expected: "${region}" }
      |                                         ^^^^^^^^^ known here: `environment` and `service`
driftgate.yaml:19:28: service `nobody` does not exist
   19 |       - { key: A, service: nobody, reason: r }
      |                            ^^^^^^ known: `api` and `web`
driftgate.yaml:20:9: this would accept everything
   20 |       - { key: "*", reason: r }
      |         ^^^^^^^^^^^^^^^^^^^^^^^ say more than `*` in one of its fields
driftgate.yaml:21:9: this does not say what it is about
   21 |       - { reason: r }
      |         ^^^^^^^^^^^^^ add `key: …`, or `object: …` and perhaps `field: …`
driftgate.yaml:22:9: `key` is a setting, `object` and `field` are none: expected one of the two
   22 |       - { key: A, object: Deployment/api, reason: r }
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ write an entry for each
driftgate.yaml:23:9: `field` without `object`
   23 |       - { field: spec.replicas, reason: r }
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ add `object: Kind/name`
driftgate.yaml:24:19: `Deployment` is no object: expected `Kind/name` or `Kind/namespace/name`
   24 |       - { object: Deployment, reason: r }
      |                   ^^^^^^^^^^
driftgate.yaml:25:42: `spec..x` is no field: expected one like `spec.replicas`
   25 |       - { object: Deployment/api, field: "spec..x", reason: r }
      |                                          ^^^^^^^^^
driftgate.yaml:26:17: unknown variable `${region}`
   26 |       - { key: "${region}", reason: r, expected: [ a ] }
      |                 ^^^^^^^^^ known here: none
driftgate.yaml:26:40: `expected`: expected a text or a number, found a list
   26 |       - { key: "${region}", reason: r, expected: [ a ] }
      |                                        ^^^^^^^^
driftgate.yaml:27:19: unknown field `reasn`
   27 |       - { key: A, reasn: r }
      |                   ^^^^^ did you mean `reason`?
driftgate.yaml:28:5: `services` is an empty list
   28 |   - { environments: [ staging, production ], services: [] }
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ remove it for all services
driftgate.yaml:29:1: a stage of `promotion` is empty
   29 | promotion: [ [ staging, prod ], [ staging ], [] ]
      | ^^^^^^^^^ name its environments, or remove it
driftgate.yaml:29:25: environment `prod` does not exist
   29 | promotion: [ [ staging, prod ], [ staging ], [] ]
      |                         ^^^^ known: `production` and `staging`
driftgate.yaml:29:35: environment `staging` is listed twice
   29 | promotion: [ [ staging, prod ], [ staging ], [] ]
      |                                   ^^^^^^^ remove one of the two
"#,
    ),
    (
        "one stage is no promotion",
        &[],
        r#"version: 1
services: { api: { layers: [ { name: workload, live: { kubernetes: {} } } ] }, web: { layers: [ { name: w, live: { kubernetes: {} } } ] } }
environments: { staging: { tier: staging, variables: { region: us } }, production: }
promotion: [ [ staging, production ] ]
parity: { environments: [ staging, production ] }
"#,
        r#"driftgate.yaml:4:1: `promotion` has one stage: expected at least two
    4 | promotion: [ [ staging, production ] ]
      | ^^^^^^^^^ a stage is a list of environments: `[ [ staging ], [ production ] ]`
driftgate.yaml:5:1: `parity`: expected a list, found a map
    5 | parity: { environments: [ staging, production ] }
      | ^^^^^^
"#,
    ),
    (
        "severities",
        &[],
        r#"version: 1
services: { api: { layers: [ { name: workload, live: { kubernetes: {} } } ] }, web: { layers: [ { name: w, live: { kubernetes: {} } } ] } }
environments: { staging: { tier: staging, variables: { region: us } }, production: }
severity:
  - { is: info }
  - { rule: "*", is: info }
  - { rule: drfted, is: info }
  - { rule: "x-*", is: info }
  - { rule: source-unavailable, is: warning }
  - { rule: drifted, is: fatal }
  - { rule: drifted, severity: info }
  - { rule: drifted, for: nightly, is: info }
  - { rule: drifted, environment: "prod*", tier: prod, service: wep, is: info }
  - { rule: drifted, object: Deployment/api, is: info }
"#,
        r#"driftgate.yaml:5:5: this would change every finding
    5 |   - { is: info }
      |     ^^^^^^^^^^^^ name a `rule`, or what else it is about; what fails the check is said by `gate: { fail-on: … }`
driftgate.yaml:6:5: this would change every finding
    6 |   - { rule: "*", is: info }
      |     ^^^^^^^^^^^^^^^^^^^^^^^ name a `rule`, or what else it is about; what fails the check is said by `gate: { fail-on: … }`
driftgate.yaml:7:13: rule `drfted` does not exist
    7 |   - { rule: drfted, is: info }
      |             ^^^^^^ did you mean `drifted`?
driftgate.yaml:8:13: no rule matches `x-*`
    8 |   - { rule: "x-*", is: info }
      |             ^^^^^ known: `ambiguous-key`, `conflicting`, `deploy-overdue`, `difference-declared-twice`, `difference-unused`, `drifted`, `duplicate-definition`, `expired`, `foreign-environment`, `missing`, `parity-gap`, `pending-restart` and 6 more
driftgate.yaml:9:13: `source-unavailable` can't be lowered
    9 |   - { rule: source-unavailable, is: warning }
      |             ^^^^^^^^^^^^^^^^^^ what was not read is not known to be right: the verdict is incomplete
driftgate.yaml:10:26: unknown severity `fatal`
   10 |   - { rule: drifted, is: fatal }
      |                          ^^^^^ known: `error`, `warning` and `info`
driftgate.yaml:11:5: `is` is missing
   11 |   - { rule: drifted, severity: info }
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
driftgate.yaml:11:22: unknown field `severity`
   11 |   - { rule: drifted, severity: info }
      |                      ^^^^^^^^ known here: `rule`, `service`, `environment`, `tier`, `key`, `for` and `is`
driftgate.yaml:12:27: unknown occasion `nightly`
   12 |   - { rule: drifted, for: nightly, is: info }
      |                           ^^^^^^^ known: `review`, `deploy` and `audit`
driftgate.yaml:13:50: unknown tier `prod`
   13 |   - { rule: drifted, environment: "prod*", tier: prod, service: wep, is: info }
      |                                                  ^^^^ known: `production`, `staging`, `development` and `preview`
driftgate.yaml:13:65: service `wep` does not exist
   13 |   - { rule: drifted, environment: "prod*", tier: prod, service: wep, is: info }
      |                                                                 ^^^ did you mean `web`?
driftgate.yaml:14:22: unknown field `object`
   14 |   - { rule: drifted, object: Deployment/api, is: info }
      |                      ^^^^^^ known here: `rule`, `service`, `environment`, `tier`, `key`, `for` and `is`
"#,
    ),
    (
        "ignores",
        &[],
        r#"version: 1
services: { api: { layers: [ { name: workload, live: { kubernetes: {} } } ] }, web: { layers: [ { name: w, live: { kubernetes: {} } } ] } }
environments: { staging: { tier: staging, variables: { region: us } }, production: }
ignore:
  - { key: A, reason: r }
  - { rule: drifted, key: A }
  - { rule: drifted, reason: r }
  - { rule: drifted, key: "*", reason: r }
  - { rule: drifted, object: "**", field: "*", writer: "*", reason: r }
  - { rule: source-unavailable, key: A, reason: r }
  - { rule: "nothing-*", key: A, reason: r }
  - { rule: drifted, environment: stagin, layer: worklod, key: A, reason: r }
  - { rule: drifted, layer: "x*", key: "${region}", environment: production, reason: r }
  - { rule: drifted, key: "a\tb", writer: 3, reason: "  " }
  - drifted
"#,
        r#"driftgate.yaml:5:5: `rule` is missing
    5 |   - { key: A, reason: r }
      |     ^^^^^^^^^^^^^^^^^^^^^
driftgate.yaml:6:5: `reason` is missing
    6 |   - { rule: drifted, key: A }
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^
driftgate.yaml:7:5: this does not say what is ignored
    7 |   - { rule: drifted, reason: r }
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ add at least one of `key`, `object`, `field` and `writer`
driftgate.yaml:8:5: this would ignore everything
    8 |   - { rule: drifted, key: "*", reason: r }
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ say more than `*` in one of its fields
driftgate.yaml:9:5: this would ignore everything
    9 |   - { rule: drifted, object: "**", field: "*", writer: "*", reason: r }
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ say more than `*` in one of its fields
driftgate.yaml:10:13: `source-unavailable` can't be ignored
   10 |   - { rule: source-unavailable, key: A, reason: r }
      |             ^^^^^^^^^^^^^^^^^^ what was not read is not known to be right: the verdict is incomplete
driftgate.yaml:11:13: no rule matches `nothing-*`
   11 |   - { rule: "nothing-*", key: A, reason: r }
      |             ^^^^^^^^^^^ known: `ambiguous-key`, `conflicting`, `deploy-overdue`, `difference-declared-twice`, `difference-unused`, `drifted`, `duplicate-definition`, `expired`, `foreign-environment`, `missing`, `parity-gap`, `pending-restart` and 6 more
driftgate.yaml:12:35: environment `stagin` does not exist
   12 |   - { rule: drifted, environment: stagin, layer: worklod, key: A, reason: r }
      |                                   ^^^^^^ did you mean `staging`?
driftgate.yaml:12:50: layer `worklod` does not exist
   12 |   - { rule: drifted, environment: stagin, layer: worklod, key: A, reason: r }
      |                                                  ^^^^^^^ did you mean `workload`?
driftgate.yaml:13:29: no layer matches `x*`
   13 |   - { rule: drifted, layer: "x*", key: "${region}", environment: production, reason: r }
      |                             ^^^^ known: `w` and `workload`
driftgate.yaml:13:41: unknown variable `${region}`
   13 |   - { rule: drifted, layer: "x*", key: "${region}", environment: production, reason: r }
      |                                         ^^^^^^^^^ known here: `environment`
driftgate.yaml:14:27: `a\u{9}b` holds a control character (a line break, a tab or the like)
   14 |   - { rule: drifted, key: "a\tb", writer: 3, reason: "  " }
      |                           ^^^^^^
driftgate.yaml:14:43: `writer`: expected a text, found a number
   14 |   - { rule: drifted, key: "a\tb", writer: 3, reason: "  " }
      |                                           ^ put it in quotes
driftgate.yaml:14:54: the text says nothing
   14 |   - { rule: drifted, key: "a\tb", writer: 3, reason: "  " }
      |                                                      ^^^^
driftgate.yaml:15:5: expected a map of fields, found a text
   15 |   - drifted
      |     ^^^^^^^
"#,
    ),
    (
        "waivers",
        &[],
        r#"version: 1
services: { api: { layers: [ { name: workload, live: { kubernetes: {} } } ] }, web: { layers: [ { name: w, live: { kubernetes: {} } } ] } }
environments: { staging: { tier: staging, variables: { region: us } }, production: }
waivers:
  - {}
  - { rule: "dri*", environment: "*", key: A, reason: r, owner: o, expires: 2026-12-01 }
  - { rule: drifted, environment: staging, reason: r, owner: o, expires: 2026-12-01 }
  - { rule: drifted, environment: staging, key: "*", reason: r, owner: o, expires: 2026-12-01 }
  - { rule: drifted, environment: staging, key: A, field: x, reason: r, owner: o, expires: 2026-12-01 }
  - { rule: source-unavailable, environment: staging, key: A, reason: r, owner: o, expires: 2026-12-01 }
  - { rule: drifted, environment: staging, key: A, reason: r, owner: "", expires: 2026-02-30 }
  - { rule: drifted, environment: staging, key: A, reason: r, owner: o, expires: tomorrow }
  - { rule: drifted, environment: staging, key: A, reason: r, owner: o, expires: 2026 }
  - { rule: drifted, environment: staging, key: A, reason: r, owner: o, expires: 01.12.2026 }
  - { rule: drifted, environment: staging, key: A, reason: r, owner: o, expires: 2026-12-01 12:00 }
  - { rule: drifted, environment: staging, key: A, value: [ a ], reason: r, owner: o, expires: 2026-12-01T12:00:00 }
  - { rule: drifted, environment: stagin, key: A, value: "${x}", reason: "${x}", owner: o, expires: 2026-12-01, writer: me }
baseline: /var/baseline.json
"#,
        r#"driftgate.yaml:5:5: `environment` is missing
    5 |   - {}
      |     ^^
driftgate.yaml:5:5: `expires` is missing
    5 |   - {}
      |     ^^
driftgate.yaml:5:5: `owner` is missing
    5 |   - {}
      |     ^^
driftgate.yaml:5:5: `reason` is missing
    5 |   - {}
      |     ^^
driftgate.yaml:5:5: `rule` is missing
    5 |   - {}
      |     ^^
driftgate.yaml:6:13: a waiver names one rule
    6 |   - { rule: "dri*", environment: "*", key: A, reason: r, owner: o, expires: 2026-12-01 }
      |             ^^^^^^ it accepts a finding that someone looked at; a lasting rule is an `ignore`
driftgate.yaml:6:34: a waiver names one environment
    6 |   - { rule: "dri*", environment: "*", key: A, reason: r, owner: o, expires: 2026-12-01 }
      |                                  ^^^ it accepts a finding that someone looked at; a lasting rule is an `ignore`
driftgate.yaml:7:5: this does not say what it is about
    7 |   - { rule: drifted, environment: staging, reason: r, owner: o, expires: 2026-12-01 }
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ add `key: …`, or `object: …` and perhaps `field: …`
driftgate.yaml:8:5: this would accept everything
    8 |   - { rule: drifted, environment: staging, key: "*", reason: r, owner: o, expires: 2026-12-01 }
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ say more than `*` in one of its fields
driftgate.yaml:9:5: `key` is a setting, `object` and `field` are none: expected one of the two
    9 |   - { rule: drifted, environment: staging, key: A, field: x, reason: r, owner: o, expires: 2026-12-01 }
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ write an entry for each
driftgate.yaml:10:13: `source-unavailable` can't be waived
   10 |   - { rule: source-unavailable, environment: staging, key: A, reason: r, owner: o, expires: 2026-12-01 }
      |             ^^^^^^^^^^^^^^^^^^ what was not read is not known to be right: the verdict is incomplete
driftgate.yaml:11:70: expected a text, found an empty one
   11 |   - { rule: drifted, environment: staging, key: A, reason: r, owner: "", expires: 2026-02-30 }
      |                                                                      ^^
driftgate.yaml:11:83: `2026-02-30` is no date
   11 |   - { rule: drifted, environment: staging, key: A, reason: r, owner: "", expires: 2026-02-30 }
      |                                                                                   ^^^^^^^^^^ year, month and day, like 2026-12-01: it ends with that day, in UTC
driftgate.yaml:12:82: `tomorrow` is no date
   12 |   - { rule: drifted, environment: staging, key: A, reason: r, owner: o, expires: tomorrow }
      |                                                                                  ^^^^^^^^ year, month and day, like 2026-12-01: it ends with that day, in UTC
driftgate.yaml:13:82: `expires`: expected a date like 2026-12-01, found a number
   13 |   - { rule: drifted, environment: staging, key: A, reason: r, owner: o, expires: 2026 }
      |                                                                                  ^^^^
driftgate.yaml:14:82: `01.12.2026` is no date
   14 |   - { rule: drifted, environment: staging, key: A, reason: r, owner: o, expires: 01.12.2026 }
      |                                                                                  ^^^^^^^^^^ year, month and day, like 2026-12-01: it ends with that day, in UTC
driftgate.yaml:15:82: `2026-12-01 12:00` is no date
   15 |   - { rule: drifted, environment: staging, key: A, reason: r, owner: o, expires: 2026-12-01 12:00 }
      |                                                                                  ^^^^^^^^^^^^^^^^ year, month and day, like 2026-12-01: it ends with that day, in UTC
driftgate.yaml:16:52: `value`: expected a text or a number, found a list
   16 |   - { rule: drifted, environment: staging, key: A, value: [ a ], reason: r, owner: o, expires: 2026-12-01T12:00:00 }
      |                                                    ^^^^^
driftgate.yaml:16:96: `2026-12-01T12:00:00` is no date
   16 |   - { rule: drifted, environment: staging, key: A, value: [ a ], reason: r, owner: o, expires: 2026-12-01T12:00:00 }
      |                                                                                                ^^^^^^^^^^^^^^^^^^^ year, month and day, like 2026-12-01: it ends with that day, in UTC
driftgate.yaml:17:35: environment `stagin` does not exist
   17 |   - { rule: drifted, environment: stagin, key: A, value: "${x}", reason: "${x}", owner: o, expires: 2026-12-01, writer: me }
      |                                   ^^^^^^ did you mean `staging`?
driftgate.yaml:17:113: unknown field `writer`
   17 |   - { rule: drifted, environment: stagin, key: A, value: "${x}", reason: "${x}", owner: o, expires: 2026-12-01, writer: me }
      |                                                                                                                 ^^^^^^ known here: `rule`, `service`, `environment`, `layer`, `key`, `object`, `field`, `value`, `reason`, `owner` and `expires`
driftgate.yaml:18:11: `/var/baseline.json` is an absolute path: paths start at the repository's root
   18 | baseline: /var/baseline.json
      |           ^^^^^^^^^^^^^^^^^^
"#,
    ),
    (
        "paths that leave",
        &[],
        r#"version: 1
services:
  api:
    variables: { up: ../.., abs: /etc, star: "*" }
    layers:
      - { name: a, desired: { manifests: [ ../other, "${up}/x", "${star}.yaml" ] } }
      - { name: b, desired: { kustomize: "${abs}/passwd" } }
      - { name: c, desired: { helm: { chart: "oci://registry/chart", release: Api, values: [ 'a\b.yaml', { file: "" } ] } } }
environments: { production: }
"#,
        r#"driftgate.yaml:6:44: `../other` leaves the repository
    6 |       - { name: a, desired: { manifests: [ ../other, "${up}/x", "${star}.yaml" ] } }
      |                                            ^^^^^^^^
driftgate.yaml:6:55: `../../x` leaves the repository
    6 |       - { name: a, desired: { manifests: [ ../other, "${up}/x", "${star}.yaml" ] } }
      |                                                       ^^^^^ filled in from `${up}`
driftgate.yaml:6:66: `*` brings a wildcard into a path
    6 |       - { name: a, desired: { manifests: [ ../other, "${up}/x", "${star}.yaml" ] } }
      |                                                                  ^^^^^^^ filled in from `${star}`; write wildcards where the path is
driftgate.yaml:7:43: `/etc/passwd` is an absolute path: paths start at the repository's root
    7 |       - { name: b, desired: { kustomize: "${abs}/passwd" } }
      |                                           ^^^^^^ filled in from `${abs}`
driftgate.yaml:8:46: `oci://registry/chart` is an address: expected a path in the repository
    8 |       - { name: c, desired: { helm: { chart: "oci://registry/chart", release: Api, values: [ 'a\b.yaml', { file: "" } ] } } }
      |                                              ^^^^^^^^^^^^^^^^^^^^^^
driftgate.yaml:8:79: `Api` is no Helm release: expected at most 53 of a-z, 0-9, `-` and `.`, with a letter or digit at both ends
    8 |       - { name: c, desired: { helm: { chart: "oci://registry/chart", release: Api, values: [ 'a\b.yaml', { file: "" } ] } } }
      |                                                                               ^^^
driftgate.yaml:8:94: `a\b.yaml` holds a backslash: paths are written with `/`
    8 |       - { name: c, desired: { helm: { chart: "oci://registry/chart", release: Api, values: [ 'a\b.yaml', { file: "" } ] } } }
      |                                                                                              ^^^^^^^^^^
driftgate.yaml:8:114: expected a text, found an empty one
    8 |       - { name: c, desired: { helm: { chart: "oci://registry/chart", release: Api, values: [ 'a\b.yaml', { file: "" } ] } } }
      |                                                                                                                  ^^
"#,
    ),
    (
        "names that are none",
        &[],
        r#"version: 1
services:
  api:
    variables: { ns: "kube-system/x" }
    layers:
      - name: a
        live: { kubernetes: { context: "a\nb", namespace: "${ns}" } }
        workloads: [ api, deploy/api, deployment/Api, "deployment/${ns}" ]
  "my api": { layers: [ { name: a, desired: { manifests: d } } ] }
environments:
  production:
    tracks: --upload-pack=x
    deployed: { flux: { kustomization: a, helm-release: b, namespace: A }, ref: x }
  prod/eu: { deployed: { argo-cd: { namespace: x } } }
  us: { deployed: { flux: {} } }
  eu: { deployed: {} }
"#,
        r#"driftgate.yaml:7:40: `a\u{a}b` holds a control character (a line break, a tab or the like)
    7 |         live: { kubernetes: { context: "a\nb", namespace: "${ns}" } }
      |                                        ^^^^^^
driftgate.yaml:7:60: `kube-system/x` is no Kubernetes namespace: expected at most 63 of a-z, 0-9 and `-`, with a letter or digit at both ends
    7 |         live: { kubernetes: { context: "a\nb", namespace: "${ns}" } }
      |                                                            ^^^^^ filled in from `${ns}`
driftgate.yaml:8:22: `api` is no workload: expected `kind/name`, like `deployment/api`
    8 |         workloads: [ api, deploy/api, deployment/Api, "deployment/${ns}" ]
      |                      ^^^
driftgate.yaml:8:27: `deploy/api` is no workload: expected deployment, statefulset, daemonset, job, cronjob, replicaset or pod before the `/`
    8 |         workloads: [ api, deploy/api, deployment/Api, "deployment/${ns}" ]
      |                           ^^^^^^^^^^
driftgate.yaml:8:39: `Api` is no Kubernetes name: expected at most 253 of a-z, 0-9, `-` and `.`, with a letter or digit at both ends
    8 |         workloads: [ api, deploy/api, deployment/Api, "deployment/${ns}" ]
      |                                       ^^^^^^^^^^^^^^
driftgate.yaml:8:67: `kube-system/x` is no Kubernetes name: expected at most 253 of a-z, 0-9, `-` and `.`, with a letter or digit at both ends
    8 |         workloads: [ api, deploy/api, deployment/Api, "deployment/${ns}" ]
      |                                                                   ^^^^^ filled in from `${ns}`
driftgate.yaml:9:3: `my api` is no name for the service
    9 |   "my api": { layers: [ { name: a, desired: { manifests: d } } ] }
      |   ^^^^^^^^ letters, digits, `-`, `_` and `.`, beginning with a letter or digit
driftgate.yaml:12:13: `--upload-pack=x` is no git ref
   12 |     tracks: --upload-pack=x
      |             ^^^^^^^^^^^^^^^
driftgate.yaml:13:5: `deployed` says more than one way
   13 |     deployed: { flux: { kustomization: a, helm-release: b, namespace: A }, ref: x }
      |     ^^^^^^^^ keep one of `flux`, `argo-cd`, `ref` and `annotation`
driftgate.yaml:13:17: `flux` names two objects
   13 |     deployed: { flux: { kustomization: a, helm-release: b, namespace: A }, ref: x }
      |                 ^^^^ keep `kustomization` or `helm-release`
driftgate.yaml:13:71: `A` is no Kubernetes namespace: expected at most 63 of a-z, 0-9 and `-`, with a letter or digit at both ends
   13 |     deployed: { flux: { kustomization: a, helm-release: b, namespace: A }, ref: x }
      |                                                                       ^
driftgate.yaml:14:3: `prod/eu` is no name for the environment
   14 |   prod/eu: { deployed: { argo-cd: { namespace: x } } }
      |   ^^^^^^^ letters, digits, `-`, `_` and `.`, beginning with a letter or digit
driftgate.yaml:14:26: `application` is missing
   14 |   prod/eu: { deployed: { argo-cd: { namespace: x } } }
      |                          ^^^^^^^
driftgate.yaml:15:21: `flux` names no object
   15 |   us: { deployed: { flux: {} } }
      |                     ^^^^ add `kustomization` or `helm-release`
driftgate.yaml:16:9: `deployed` does not say how
   16 |   eu: { deployed: {} }
      |         ^^^^^^^^ add one of `flux`, `argo-cd`, `ref` and `annotation`
"#,
    ),
    (
        "variables",
        &[],
        r#"version: 1
services:
  api:
    variables: { environment: x, "a b": y, other: "${region}", unclosed: "${", fine: "$${x}", list: [a] }
    layers:
      - { name: a, desired: { manifests: "${regoin}/${fine}" } }
      - { name: b, desired: { manifests: "${region:-eu}" } }
      - { name: c, desired: { manifests: "x/${region" } }
      - { name: d, desired: { manifests: "${only-us}" } }
      - { name: e, live: { kubernetes: { context: "${broken}" } } }
environments:
  eu: { variables: { region: eu, broken: "" } }
  us: { variables: { region: us, only-us: x, broken: x } }
  asia: { names: [ "${service}" ], variables: { region: asia, only-us: /x, broken: x } }
"#,
        r#"driftgate.yaml:4:18: `environment` is set by driftgate
    4 |     variables: { environment: x, "a b": y, other: "${region}", unclosed: "${", fine: "$${x}", list: [a] }
      |                  ^^^^^^^^^^^ choose another name for the variable
driftgate.yaml:4:34: `a b` is no name for a variable
    4 |     variables: { environment: x, "a b": y, other: "${region}", unclosed: "${", fine: "$${x}", list: [a] }
      |                                  ^^^^^ letters, digits, `_` and `-`, beginning with a letter or `_`
driftgate.yaml:4:52: a variable can't refer to another variable
    4 |     variables: { environment: x, "a b": y, other: "${region}", unclosed: "${", fine: "$${x}", list: [a] }
      |                                                    ^^ write its value out, or `$${` for a literal `${`
driftgate.yaml:4:75: a variable can't refer to another variable
    4 |     variables: { environment: x, "a b": y, other: "${region}", unclosed: "${", fine: "$${x}", list: [a] }
      |                                                                           ^^ write its value out, or `$${` for a literal `${`
driftgate.yaml:4:95: `list`: expected a text or a number, found a list
    4 |     variables: { environment: x, "a b": y, other: "${region}", unclosed: "${", fine: "$${x}", list: [a] }
      |                                                                                               ^^^^
driftgate.yaml:6:43: unknown variable `${regoin}`
    6 |       - { name: a, desired: { manifests: "${regoin}/${fine}" } }
      |                                           ^^^^^^^^^ did you mean `region`? known here: `broken`, `environment`, `fine`, `list`, `only-us`, `other`, `region`, `service` and `unclosed`
driftgate.yaml:6:53: `${x}` brings a wildcard into a path
    6 |       - { name: a, desired: { manifests: "${regoin}/${fine}" } }
      |                                                     ^^^^^^^ filled in from `${fine}`; write wildcards where the path is
driftgate.yaml:7:43: `${region:-eu}` is no variable
    7 |       - { name: b, desired: { manifests: "${region:-eu}" } }
      |                                           ^^^^^^^^^^^^^ a variable is `${name}` and nothing else: no defaults, no functions; write `$${` for a literal `${`
driftgate.yaml:8:45: `${` is not closed
    8 |       - { name: c, desired: { manifests: "x/${region" } }
      |                                             ^^^^^^^^ write `${name}`, or `$${` for a literal `${`
driftgate.yaml:9:43: `/x` is an absolute path: paths start at the repository's root (api in asia)
    9 |       - { name: d, desired: { manifests: "${only-us}" } }
      |                                           ^^^^^^^^^^ filled in from `${only-us}`
driftgate.yaml:9:43: unknown variable `${only-us}` (api in eu)
    9 |       - { name: d, desired: { manifests: "${only-us}" } }
      |                                           ^^^^^^^^^^ known here: `broken`, `environment`, `fine`, `list`, `other`, `region`, `service` and `unclosed`
driftgate.yaml:10:52: the text is empty (api in eu)
   10 |       - { name: e, live: { kubernetes: { context: "${broken}" } } }
      |                                                    ^^^^^^^^^ filled in from `${broken}`
driftgate.yaml:14:21: unknown variable `${service}`
   14 |   asia: { names: [ "${service}" ], variables: { region: asia, only-us: /x, broken: x } }
      |                     ^^^^^^^^^^ known here: `broken`, `environment`, `only-us` and `region`
"#,
    ),
    (
        "wrong types",
        &[],
        r#"version: 1
services:
  api:
    environments: production
    layers:
      - name: 12
        desired: { helm: { chart: c, release: r, values: [ 1, { select: x } ], set: { a: [1] } } }
        closed: "yes"
        deploy-time: [ { a: b } ]
        types: { A: money }
      - a text
environments:
  production: { settle: 10, names: { a: b }, deploys: never, variables: [ a ] }
gate: error
render: { timeout: 0s, allow-remote: 1 }
deployers: [ 1 ]
"#,
        r#"driftgate.yaml:4:19: `environments`: expected a list, found a text
    4 |     environments: production
      |                   ^^^^^^^^^^ put it in brackets: `[ … ]`
driftgate.yaml:6:15: `name`: expected a text, found a number
    6 |       - name: 12
      |               ^^ put it in quotes
driftgate.yaml:7:60: expected a file, or a map with `file`, found a number
    7 |         desired: { helm: { chart: c, release: r, values: [ 1, { select: x } ], set: { a: [1] } } }
      |                                                            ^
driftgate.yaml:7:63: `file` is missing
    7 |         desired: { helm: { chart: c, release: r, values: [ 1, { select: x } ], set: { a: [1] } } }
      |                                                               ^^^^^^^^^^^^^
driftgate.yaml:7:87: `a`: expected a text or a number, found a list
    7 |         desired: { helm: { chart: c, release: r, values: [ 1, { select: x } ], set: { a: [1] } } }
      |                                                                                       ^
driftgate.yaml:8:17: `closed`: expected `true` or `false`, found a text
    8 |         closed: "yes"
      |                 ^^^^^
driftgate.yaml:9:24: expected a text, found a map
    9 |         deploy-time: [ { a: b } ]
      |                        ^^^^^^^^
driftgate.yaml:10:21: unknown type `money`
   10 |         types: { A: money }
      |                     ^^^^^ known: `text`, `quantity`, `duration`, `bytes`, `boolean`, `number`, `json`, `list` and `set`
driftgate.yaml:11:9: expected a map of fields, found a text
   11 |       - a text
      |         ^^^^^^
driftgate.yaml:13:25: `settle`: expected a span of time like 90s, 10m, 24h or 7d, found a number
   13 |   production: { settle: 10, names: { a: b }, deploys: never, variables: [ a ] }
      |                         ^^ say the unit: `10s`
driftgate.yaml:13:29: `names`: expected a list, found a map
   13 |   production: { settle: 10, names: { a: b }, deploys: never, variables: [ a ] }
      |                             ^^^^^
driftgate.yaml:13:55: unknown way to deploy `never`
   13 |   production: { settle: 10, names: { a: b }, deploys: never, variables: [ a ] }
      |                                                       ^^^^^ known: `later`
driftgate.yaml:13:62: `variables`: expected a map by name, found a list
   13 |   production: { settle: 10, names: { a: b }, deploys: never, variables: [ a ] }
      |                                                              ^^^^^^^^^
driftgate.yaml:14:7: `gate`: expected a map of fields, found a text
   14 | gate: error
      |       ^^^^^
driftgate.yaml:15:20: a timeout must be longer than nothing and shorter than a lifetime
   15 | render: { timeout: 0s, allow-remote: 1 }
      |                    ^^ like 60s
driftgate.yaml:15:38: `allow-remote`: expected `true` or `false`, found a number
   15 | render: { timeout: 0s, allow-remote: 1 }
      |                                      ^
driftgate.yaml:16:14: expected a text, found a number
   16 | deployers: [ 1 ]
      |              ^ put it in quotes
"#,
    ),
    (
        "each where it does not belong",
        &[],
        r#"version: 1
services:
  "*": { layers: [ { name: a, desired: { manifests: "${each}" } } ] }
  api:
    each: { folders: x }
    layers: [ { name: a, desired: { manifests: d } } ]
environments: { production: }
"#,
        r#"driftgate.yaml:3:3: `"*"` stands for many services and needs `each`
    3 |   "*": { layers: [ { name: a, desired: { manifests: "${each}" } } ] }
      |   ^^^ like `each: { folders: "services/*" }`
driftgate.yaml:5:5: `each` belongs under `"*"`
    5 |     each: { folders: x }
      |     ^^^^ call the service `"*"`: it becomes one service per match
"#,
    ),
    (
        "each without a whole",
        &[],
        r#"version: 1
services:
  "*":
    each: { file: values.yaml }
environments: { production: }
"#,
        r#"driftgate.yaml:3:3: `"*"` has no layers
    3 |   "*":
      |   ^^^ say where its services' values come from: `layers: [ … ]`
driftgate.yaml:4:5: `file` needs `select`: where in it the names are
    4 |     each: { file: values.yaml }
      |     ^^^^ write `{ folders: "services/*" }` or `{ file: values.yaml, select: "apps[*].name" }`
"#,
    ),
    (
        "an anchor that is none",
        &[],
        r#"version: 1
services:
  api: { layers: *layers }
environments: { production: }
"#,
        r#"driftgate.yaml:3:18: this is no YAML: while parsing node, found unknown anchor
    3 |   api: { layers: *layers }
      |                  ^
"#,
    ),
    (
        "patterns that find nothing",
        &[
            (
                r#"values-eu.yaml"#,
                r#"apps: []
"#,
            ),
            (
                r#"values-us.yaml"#,
                r#"apps: [ { name: api } ]
"#,
            ),
        ],
        r#"version: 1
services:
  "*":
    each: { file: "values-${environment}.yaml", select: "apps[*].name" }
    layers: [ { name: a, desired: { manifests: d } } ]
environments: { eu: , us: , asia: }
"#,
        r#"driftgate.yaml:4:19: values-asia.yaml does not exist in <repository>
    4 |     each: { file: "values-${environment}.yaml", select: "apps[*].name" }
      |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ where there are no services, leave the environment out: `environments: [ … ]`
driftgate.yaml:4:57: `apps[*].name` finds nothing in values-eu.yaml
    4 |     each: { file: "values-${environment}.yaml", select: "apps[*].name" }
      |                                                         ^^^^^^^^^^^^^^ a pattern that finds nothing would leave services out silently
"#,
    ),
    (
        "folders that nobody has",
        &[(r#"services/README.md"#, r#""#)],
        r#"version: 1
services:
  "*":
    each: { folders: "services/*" }
    layers: [ { name: a, desired: { manifests: "${path}" } } ]
environments: { eu: , us: }
"#,
        r#"driftgate.yaml:4:22: `services/*` matches no folder
    4 |     each: { folders: "services/*" }
      |                      ^^^^^^^^^^^^ a pattern that finds nothing would leave services out silently
"#,
    ),
    (
        "folders that are no names, or one name twice",
        &[
            (r#"a/api/x"#, r#""#),
            (r#"b/api/x"#, r#""#),
            (r#"a/my app/x"#, r#""#),
        ],
        r#"version: 1
services:
  "*":
    each: { folders: "{a,b}/*" }
    layers: [ { name: a, desired: { manifests: "${path}" } } ]
environments: { eu: , us: }
"#,
        r#"driftgate.yaml:4:22: `a/api` and `b/api` are both service `api`
    4 |     each: { folders: "{a,b}/*" }
      |                      ^^^^^^^^^ narrow the pattern
driftgate.yaml:4:22: the folder `a/my app` is no service's name
    4 |     each: { folders: "{a,b}/*" }
      |                      ^^^^^^^^^ letters, digits, `-`, `_` and `.`; narrow the pattern
"#,
    ),
    (
        "names that are none in the file",
        &[(
            r#"list.yaml"#,
            r#"apps:
  - name: api
  - name: api
  - name: hunter2 secret
  - name: [ x ]
  - name:
      sub: x
"#,
        )],
        r#"version: 1
services:
  "*":
    each: { file: list.yaml, select: "apps[*].name" }
    layers: [ { name: a, desired: { manifests: d } } ]
environments: { eu: }
"#,
        r#"list.yaml:3:11: service `api` is listed twice
       = selected by `apps[*].name` in driftgate.yaml
list.yaml:4:11: this is no service's name: letters, digits, `-`, `_` and `.`
       = selected by `apps[*].name` in driftgate.yaml
"#,
    ),
    (
        "a broken file",
        &[(
            r#"list.yaml"#,
            r#"apps: [ api
"#,
        )],
        r#"version: 1
services:
  "*":
    each: { file: list.yaml, select: apps }
    layers: [ { name: a, desired: { manifests: d } } ]
  api: {}
environments: { eu: }
"#,
        r#"list.yaml:1:7: this is no YAML: unclosed bracket '['
"#,
    ),
    (
        "refining what is not found",
        &[(
            r#"list.yaml"#,
            r#"eu: [ api ]
us: [ web ]
"#,
        )],
        r#"version: 1
services:
  "*":
    each: { file: list.yaml, select: "${environment}" }
    layers: [ { name: a, desired: { manifests: d } } ]
  api: { environments: [ eu, us ] }
  wep: { environments: [ eu ] }
environments: { eu: , us: }
"#,
        r#"driftgate.yaml:6:30: `"*"` does not find `api` in `us`
    6 |   api: { environments: [ eu, us ] }
      |                              ^^ remove it here, or add the service there
driftgate.yaml:7:3: service `wep` has no layers
    7 |   wep: { environments: [ eu ] }
      |   ^^^ `"*"` does not find it: did you mean `web`?
"#,
    ),
    (
        "a pattern and a path of keys that are none",
        &[(
            r#"list.yaml"#,
            r#"eu: [ api ]
"#,
        )],
        r#"version: 1
services:
  "*":
    each: { file: list.yaml, select: "eu[" }
    layers: [ { name: a, desired: { manifests: d } } ]
environments: { eu: }
"#,
        r#"driftgate.yaml:4:38: not a key path at character 3: expected a name
    4 |     each: { file: list.yaml, select: "eu[" }
      |                                      ^^^^^ like `apps[*].name`
"#,
    ),
    (
        "a glob that is none",
        &[(
            r#"list.yaml"#,
            r#"eu: [ api ]
"#,
        )],
        r#"version: 1
services:
  "*":
    each: { folders: "services/[" }
    layers: [ { name: a, desired: { manifests: d } } ]
environments: { eu: }
"#,
        r#"driftgate.yaml:4:22: `services/[` is no pattern: unclosed character class; missing ']'
    4 |     each: { folders: "services/[" }
      |                      ^^^^^^^^^^^^
"#,
    ),
];
