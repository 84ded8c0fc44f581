//! What is sealed, and what must not be. The tokens below are made up; they are put together at
//! run time so that no scanner takes this file for a leak.

use super::*;
use crate::model::{
    observation::ObjectId,
    secret::DigestKey,
    tree::{Prune, Tree},
};

fn object(group: &str, kind: &str) -> ItemId {
    ItemId::Object(ObjectId::new(group, kind, Some("shop"), "api"))
}

fn sealed(id: &ItemId, json: &str) -> Tree {
    let key = DigestKey::for_this_run(&[5; 32]);
    Tree::from_json(json.as_bytes(), Prune::NOTHING)
        .expect("JSON")
        .seal(&key, &|leaf, path| ByNameAndLook.sealing(id, path, leaf))
}

/// Paths of sealed leaves.
fn seals(id: &ItemId, json: &str) -> Vec<String> {
    fn walk(node: NodeRef<'_>, path: &str, out: &mut Vec<String>) {
        if node.kind() == Kind::Sealed {
            out.push(path.into());
        }
        for (i, child) in node.children().enumerate() {
            let step = match child.key() {
                Name::NONE => i.to_string(),
                key => key.to_string(),
            };
            walk(child, &format!("{path}/{step}"), out);
        }
    }
    let mut out = Vec::new();
    walk(sealed(id, json).root(), "", &mut out);
    out
}

fn jwt() -> String {
    [
        "eyJhbGciOiJIUzI1NiJ9",
        "eyJzdWIiOiIxMjM0NTY3ODkwIn0",
        "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    ]
    .join(".")
}

#[test]
fn secret_names() {
    for name in [
        "password",
        "PASSWORD",
        "DB_PASSWORD",
        "dbPassword",
        "spring.datasource.password",
        "PGPASSWORD",
        "MYSQL_ROOT_PASSWORD",
        "SMTP_PASS",
        "DB_PWD",
        "passwd",
        "ssh-passphrase",
        "secret",
        "JWT_SECRET",
        "clientSecret",
        "OAUTH2_CLIENT_SECRET",
        "token",
        "GITHUB_TOKEN",
        "accessToken",
        "ACCESSTOKEN",
        "TOKEN_GITHUB",
        "API_TOKEN_OLD",
        "API_KEY",
        "apiKey",
        "apikey",
        "X-Api-Key",
        "STRIPE_APIKEY",
        "AWS_SECRET_ACCESS_KEY",
        "SECRET_KEY",
        "SECRET_KEY_BASE",
        "DJANGO_SECRET_KEY",
        "PRIVATE_KEY",
        "privateKey",
        "ENCRYPTION_KEY",
        "SIGNING_KEY",
        "credentials",
        "GOOGLE_CREDENTIALS",
        "SENTRY_DSN",
        "ConnectionStrings",
        "connection-string",
        "PASSWORD_1",
        "passwordHash",
        "--password",
        "_authToken",
        "S3SecretKey",
    ] {
        assert!(is_secret_name(name), "{name}");
    }
}

#[test]
fn names_that_only_speak_of_secrets() {
    for name in [
        "",
        "name",
        "key",
        "KEY_PREFIX",
        "keyboard",
        "monkey",
        "author",
        "compass",
        "bypass",
        "tokenizer",
        "MAX_TOKENS",
        "secretary",
        "PWD",
        "OLDPWD",
        "SECRET_NAME",
        "secretName",
        "secretRef",
        "secretKeyRef",
        "imagePullSecrets",
        "imagePullSecret",
        "existingSecret",
        "existingSecretPasswordKey",
        "passwordKey",
        "tokenKey",
        "TOKEN_TTL",
        "TOKEN_URL",
        "tokenEndpoint",
        "TOKEN_EXPIRY_SECONDS",
        "PASSWORD_FILE",
        "DB_PASSWORD_FILE",
        "PASSWORD_MIN_LENGTH",
        "password-policy",
        "PASSWORD_RESET_URL",
        "tokenType",
        "TOKEN_HEADER",
        "token_audience",
        "AWS_ACCESS_KEY_ID",
        "API_KEY_ID",
        "API_KEY_ENABLED",
        "credentialsPath",
        "CREDENTIALS_FILE",
        "secretStoreRef",
        "SECRET_MANAGER_REGION",
        "partitionKey",
        "PUBLIC_KEY",
        "checksum/secret",
        "publicToken",
        "proxy_pass",
        "gmsaCredentialSpec",
        "automountServiceAccountTokenPath",
        "serviceAccountName",
        "LOG_INCLUDE_SENSITIVE",
        "CONNECTION_TIMEOUT",
        "MAX_CONNECTIONS",
        "connectionPoolSize",
    ] {
        assert!(!is_secret_name(name), "{name}");
    }
}

#[test]
fn values_that_are_none() {
    for (name, value) in [
        ("DB_PASSWORD", ""),
        ("DB_PASSWORD", "  "),
        ("DB_PASSWORD", "${DB_PASSWORD}"),
        ("DB_PASSWORD", "$(DB_PASSWORD)"),
        ("DB_PASSWORD", "$DB_PASSWORD"),
        ("DB_PASSWORD", "{{ .Values.password }}"),
        ("DB_PASSWORD", "<password>"),
        ("DB_PASSWORD", "****"),
        ("DB_PASSWORD", "%DB_PASSWORD%"),
        ("DB_PASSWORD", "#{DbPassword}#"),
        ("USE_TOKEN", "true"),
        ("USE_TOKEN", "No"),
        ("ACCESS_TOKEN", "300"),
        ("ACCESS_TOKEN", "24h"),
        ("PRIVATE_KEY", "/etc/tls/tls.key"),
        ("API_TOKEN", "/var/run/secrets/token"),
        ("CREDENTIALS", "file:/etc/creds.json"),
        (
            "DB_PASSWORD",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db",
        ),
        ("DB_PASSWORD", "op://vault/db/password"),
        ("TOKEN", "https://auth.example.com/token"),
        ("DATABASE_DSN", "host=db port=5432 dbname=shop"),
        (
            "CONNECTION_STRING",
            "Server=db;Database=shop;Integrated Security=SSPI",
        ),
        ("TOKEN_TTL", "86400000000"),
        ("LOG_INCLUDE_SENSITIVE", "true"),
        ("SECRET_NAME", "api"),
        (
            "IMAGE",
            "registry.example.com/api@sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
        ),
        ("TENANT", "5f2b7c1e-8a7d-4a2e-9a51-3f0d9b6e7c11"),
        ("COMMIT", "826bf7d0c1b2a3948576e5d4c3b2a19087654321"),
        ("UPSTREAM", "http://user@example.com:8080/a:b@c"),
        ("JDBC", "jdbc:postgresql://db:5432/shop?sslmode=require"),
        ("REDIS_URL", "redis://:$(REDIS_PASSWORD)@redis:6379"),
        ("DATABASE_URL", "postgres://app:${DB_PASSWORD}@db/shop"),
        (
            "SCRIPT",
            "TOKEN=$(cat /token) ./run --password=$PASSWORD --token-file=/etc/t",
        ),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("NOTE", "the basic idea of a bearer of rings"),
        (
            "CERT",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        ),
        ("OPTS", "-Xmx512m -Dkey=value -Dspring.profiles.active=prod"),
    ] {
        assert!(!is_secret(name, value), "{name}={value}");
    }
}

#[test]
fn values_that_are_secrets() {
    let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, "app:hunter2");
    for (name, value) in [
        ("DB_PASSWORD", "hunter2".to_owned()),
        ("DB_PASSWORD", "12345678".into()),
        ("TOKEN_GITHUB", "abcdefgh".into()),
        ("PRIVATE_KEY", "MIIEvQIBADANBgkqhkiG9w0B".into()),
        ("DATABASE_DSN", "host=db user=app password=hunter2".into()),
        (
            "CONNECTION_STRING",
            "Server=db;User Id=app;Password=hunter2;".into(),
        ),
        ("A", "postgres://app:hunter2@db:5432/shop".into()),
        ("A", "redis://:hunter2@redis:6379/0".into()),
        ("A", "jdbc:mysql://db/shop?user=app&password=hunter2".into()),
        ("A", "--password=hunter2".into()),
        ("A", "exec server --api-token=abc123def --port=80".into()),
        ("A", "PGPASSWORD=hunter2 psql -h db".into()),
        (
            "A",
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----".into(),
        ),
        ("A", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n".into()),
        (
            "A",
            format!("ghp{}{}", "_", "0123456789abcdefghijABCDEFGHIJ012345"),
        ),
        (
            "A",
            format!("github{}{}", "_pat_", "11ABCDEFG0123456789abcdefghij"),
        ),
        ("A", format!("glpat{}{}", "-", "abcdefghij0123456789")),
        ("A", format!("xoxb{}{}", "-", "123456789012-abcdefghijkl")),
        ("A", format!("sk{}{}", "_live_", "abcdefghijklmnop01234567")),
        (
            "A",
            format!("AI{}{}", "za", "SyA0123456789abcdefghijklmnopqrstuvw"),
        ),
        ("A", format!("dgk1{}{}", "_", "0".repeat(72))),
        ("A", jwt()),
        (
            "A",
            format!("Authorization: Bearer {}", "abcdefghijklmnop0123456789"),
        ),
        ("A", format!("Basic {basic}")),
        (
            "A",
            format!(
                "{} {}",
                "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
            ),
        ),
        (
            "A",
            format!(
                "https://{}.slack.com/services/T00000000/B00000000/abcdefghijkl",
                "hooks"
            ),
        ),
        (
            "A",
            format!(
                "https://x-access-token:ghs{}{}@github.com/a/b",
                "_",
                "0".repeat(36)
            ),
        ),
    ] {
        assert!(is_secret(name, &value), "{name}={value}");
    }
}

#[test]
fn secret_objects_are_sealed_whole() {
    let id = object("", "Secret");
    let json = r#"{"kind":"Secret","metadata":{"name":"api"},"type":"Opaque","data":{"a":"aHVudGVyMg==","n":null},"stringData":{"b":"hunter2","on":"true"}}"#;
    assert_eq!(
        seals(&id, json),
        ["/data/a", "/stringData/b", "/stringData/on"]
    );
    let tree = sealed(&id, json);
    let at = |path: &[&str]| tree.root().at(path).and_then(NodeRef::secret).cloned();
    assert_eq!(at(&["data", "a"]), at(&["stringData", "b"]));
    // Another group's Secret is none.
    assert!(seals(&object("example.io", "Secret"), r#"{"data":{"a":"x"}}"#).is_empty());
}

#[test]
fn environments_are_judged_by_the_name_beside_the_value() {
    let json = r#"{"spec":{"template":{"spec":{"containers":[{"name":"api","env":[
        {"name":"LOG_LEVEL","value":"debug"},
        {"name":"DB_PASSWORD","value":"hunter2"},
        {"name":"DB_PASSWORD_FILE","value":"/etc/db"},
        {"value":"s3cr3tvalue","name":"API_TOKEN"},
        {"name":"TOKEN_TTL","value":"300"},
        {"name":"DB_PASSWORD2","valueFrom":{"secretKeyRef":{"name":"db","key":"password"}}},
        {"name":"DATABASE_URL","value":"postgres://app:$(DB_PASSWORD)@db"},
        {"name":"REDIS_URL","value":"redis://:hunter2@redis"}
    ],"args":["--port","80","--password","hunter2","--token-file","/x","--token","--verbose"]}]}}}}"#;
    assert_eq!(
        seals(&object("apps", "Deployment"), json),
        [
            "/spec/template/spec/containers/0/env/1/value",
            "/spec/template/spec/containers/0/env/3/value",
            "/spec/template/spec/containers/0/env/7/value",
            "/spec/template/spec/containers/0/args/3",
        ]
    );
}

#[test]
fn fields_of_kubernetes_that_speak_of_secrets_are_readable() {
    let json = r#"{"metadata":{"annotations":{
        "checksum/secret":"826bf7d0c1b2a3948576e5d4c3b2a19087654321826bf7d0c1b2a3948576e5d4",
        "nginx.ingress.kubernetes.io/auth-secret":"shop/basic-auth",
        "secret.reloader.stakater.com/reload":"api-secret",
        "vault.hashicorp.com/agent-inject-token":"true",
        "vault.hashicorp.com/agent-inject-secret-db":"secret/data/shop/db"},
        "labels":{"app":"token-service"}},
        "spec":{"automountServiceAccountToken":false,"imagePullSecrets":[{"name":"regcred"}],
        "tls":[{"secretName":"api-tls"}],"secret":"api-tls","tlsSecret":"api-tls",
        "volumes":[{"secret":{"secretName":"x","items":[{"key":"token","path":"token"}]}},
          {"projected":{"sources":[{"serviceAccountToken":{"path":"token","audience":"vault","expirationSeconds":3600}}]}}],
        "tokenRequests":[{"audience":"a"}],
        "credentialName":"api-cert","resources":["secrets"],"passwordSecretRef":{"name":"db","key":"password"}}}"#;
    assert_eq!(seals(&object("example.io", "Thing"), json), [""; 0]);
    // And one that is no reference.
    let json = r#"{"spec":{"password":"hunter2","clientSecret":"geheim","retries":3,"apiKey":1234567890}}"#;
    assert_eq!(
        seals(&object("example.io", "Thing"), json),
        ["/spec/password", "/spec/clientSecret", "/spec/apiKey"]
    );
    let json = r#"{"spec":{"data":[{"secretKey":"DB_PASSWORD","remoteRef":{"key":"shop/db","property":"password"}}]}}"#;
    assert_eq!(
        seals(&object("external-secrets.io", "ExternalSecret"), json),
        [""; 0]
    );
}

#[test]
fn the_last_applied_annotation_is_always_sealed() {
    let json = r#"{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}","a":"b"}}}"#;
    assert_eq!(
        seals(&object("apps", "Deployment"), json),
        ["/metadata/annotations/kubectl.kubernetes.io/last-applied-configuration"]
    );
}

#[test]
fn files_with_a_secret_are_sealed_whole() {
    let id = object("", "ConfigMap");
    let json = serde_json::json!({"data": {
        "application.yml": "server:\n  port: 8080\nspring:\n  datasource:\n    password: hunter2\n",
        "plain.yml": "server:\n  port: 8080\ntokens:\n  ttl: 300\n  password: ${DB_PASSWORD}\n",
        "env.yml": "env:\n  - name: API_TOKEN\n    value: abcdef\n",
        "app.properties": "# password=old\nport=80\ndb.password = hunter2\n",
        "clean.properties": "# password: that of the database\n# set token: yes\nport=80\ndb.password = ${DB_PASSWORD}\npassword.min-length = 8\n",
        "settings.json": "{\n \"ConnectionStrings\": {\"Shop\": \"Server=db;Password=hunter2\"}\n}",
        "settings.toml": "[db]\nurl = \"postgres://app:hunter2@db/shop\"\n",
        "config.ini": "[db]\nsecret_key: \"abcdef\"\n",
        ".env": "DB_HOST=db\nexport DB_PASSWORD='hunter2' # of the app\n",
        ".env.example": "DB_HOST=db\nDB_PASSWORD=\n",
        "split.properties": "db.pass\\\n  word=hunter2\ntoken.ttl=300\n",
        "nested.toml": "[auth]\n[auth.client]\nsecret = [\"abcdef\"]\n",
        "nginx.conf": "server {\n  listen 80;\n  location / { proxy_pass http://api; }\n}\n",
        "comment.conf": "port 80\n# token: abcdef123\n",
        "run.sh": "#!/bin/sh\nTOKEN=$(cat /token)\nexport PASSWORD=\"$PASSWORD\"\nexec api --token \"$TOKEN\"\n",
        "broken.yml": "a: [\npassword: hunter2\n",
        "DB_PASSWORD": "hunter2",
        "DB_HOST": "db",
    }});
    assert_eq!(
        seals(&id, &json.to_string()),
        [
            "/data/.env",
            "/data/DB_PASSWORD",
            "/data/app.properties",
            "/data/application.yml",
            "/data/broken.yml",
            "/data/comment.conf",
            "/data/config.ini",
            "/data/env.yml",
            "/data/nested.toml",
            "/data/settings.json",
            "/data/settings.toml",
            "/data/split.properties",
        ]
    );
}

mod any_text {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_judged_without_a_panic(name in ".{0,40}", value in "(.|[-=:/@\n]|ghp_|eyJ|Basic ){0,60}") {
            let _ = is_secret(&name, &value);
            let _ = is_secret_file(&name, &value);
        }

        #[test]
        fn a_password_is_found_in_every_spelling(stem in "[a-z]{1,8}", sep in "[-_./]", upper in any::<bool>()) {
            let name = format!("{stem}{sep}password");
            let name = if upper { name.to_uppercase() } else { name };
            prop_assert!(is_secret(&name, "hunter2") || ["no", "old"].contains(&&*stem) || is_secret_name(&name));
        }
    }
}

#[test]
fn a_value_of_its_own_is_judged_by_the_last_part_of_its_name() {
    use crate::model::name::Name;
    let sealing = |name: &str, kind, value: &str| {
        let mut tree = crate::model::tree::TreeBuilder::new();
        tree.scalar(Name::NONE, kind, value);
        let id = ItemId::Parameter(name.into());
        ByNameAndLook.sealing(&id, &[], tree.finish().root())
    };
    for (name, value) in [
        ("DB_PASSWORD", "hunter2"),
        ("/production/api/DB_PASSWORD", "hunter2"),
        ("DSN", "postgres://app:hunter2@db.example.com/app"),
        ("APP_CONFIG", "user: app\npassword: hunter2\n"),
    ] {
        assert_eq!(sealing(name, Kind::Text, value), Sealing::Text, "{name}");
    }
    assert_eq!(sealing("PASSWORD", Kind::Number, "47110815"), Sealing::Text);
    for (name, value) in [
        ("DB_TIMEOUT", "10s"),
        ("PASSWORD", ""),
        ("/production/password-service/URL", "https://example.com"),
    ] {
        assert_eq!(sealing(name, Kind::Text, value), Sealing::Keep, "{name}");
    }
    assert_eq!(sealing("PASSWORD", Kind::True, ""), Sealing::Keep);
}
