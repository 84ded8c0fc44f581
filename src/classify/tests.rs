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

/// Paths of what is sealed in a file of settings.
fn seals_in_settings(yaml: &str) -> Vec<String> {
    let parsed = document::parse(yaml.as_bytes(), Format::Yaml(Dialect::Core));
    let id = ItemId::Document("settings.yml".into());
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    let tree = parsed.documents.into_iter().next().expect("one").tree;
    seals(
        &id,
        &serde_json::to_string(&crate::model::tree::WithoutSecrets(tree.root())).expect("JSON"),
    )
}

#[test]
fn ordinary_settings_stay_readable() {
    const ORDINARY: &str = r##"
image: registry.example.com:5000/shop/api@sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0
tenant: 5f2b7c1e-8a7d-4a2e-9a51-3f0d9b6e7c11
commit: 826bf7d0c1b2a3948576e5d4c3b2a19087654321
url: https://shop.example.com:8443/orders?page=2#top
scoped: https://cdn.example.com/@shop/widgets@1.4.2/index.js
plain-port: http://api:8080/users/@me
database-url: jdbc:postgresql://db:5432/shop?sslmode=require
oracle-url: jdbc:oracle:thin:@//db.example.com:1521/shop
tokenTtl: 3600
passwordPolicy: { minLength: 12, maxAge: 90d, pattern: "[a-z]+", specialChars: "!@#" }
password-policy.history: 5
secretName: api-tls
secretRef: { name: db, key: password }
secretKeyRef: { name: db, key: password }
passwordSecret: { name: shop-db, key: password }
imagePullSecrets: [ { name: regcred } ]
keyPath: /etc/tls/tls.key
keyStore: /etc/ssl/keystore.jks
primaryKey: id
primary: { key: id }
partitionKey: customer
partition: { key: customer_id }
routingKey: orders.created
API_KEY_HEADER: X-Api-Key
cache: { key: { prefix: shop }, keys: [orders, carts] }
cache.key.separator: ":"
app: { key: shop, name: shop }
storage: { key: terraform/state }
PUBLIC_KEY: MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A
jwt: { publicKey: MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A, issuer: shop, ttl: 3600, algorithm: RS256 }
auth: { enabled: true, type: oauth2, realm: shop, url: "https://id.example.com" }
auth-mode: basic
AUTH_URL: https://id.example.com/token
AUTH: none
authorization: { mode: RBAC, rules: strict }
authorization-mode: Node,RBAC
proxyAuthorization: basic
pass-through: true
passthrough: all
bypass: internal
compass: north
proxy_pass: http://api
tokenizer: standard
tokenizers: { default: whitespace }
author: Ada
authority: example.com
MAX_TOKENS: 100000000
llm: { maxTokens: 128000, max_tokens: "4096000", stopTokens: end }
token: { ttl: 3600, issuer: "https://id.example.com", enabled: true, header: X-Token, prefix: Bearer, type: jwt, audience: shop, timeout: 5s, length: 32 }
tokens: { ttl: 300, expiry: 24h, issuer: shop, algorithm: HS256 }
secret: { name: api, enabled: true, type: Opaque, mountPath: /etc/secrets, secretName: api, annotations: { team: shop } }
secrets: { enabled: true, backend: vault, provider: aws, path: /vault/secrets, refreshInterval: 1h }
password: { minLength: 8, required: true, encoder: bcrypt, hint: none }
credentials: { username: shop, type: basic, path: /etc/creds.json, enabled: false }
withCredentials: true
fetch: { credentials: same-origin }
db: { host: db, port: 5432, user: shop, password: "${DB_PASSWORD}", pass: "${DB_PASS:}", name: shop }
db.password: "${DB_PASSWORD:}"
db-password: "{{ .Values.password }}"
db.passwordFile: "${DB_PASSWORD_FILE:-/run/secrets/db}"
admin-password: "${ADMIN_PASSWORD:?must be set}"
vault-token: "${env:VAULT_TOKEN}"
npm-token: $NPM_TOKEN
sso-token: "Bearer ${SSO_TOKEN}"
user-and-password: "${DB_USER}:${DB_PASSWORD}"
session-timeout: 30m
session: { key: user_id }
salt-master: salt.example.com
keyboard: qwerty
monkey: patch
connectionTimeout: 5000
connectionStrings: { Shop: "Server=db;Database=shop;Integrated Security=SSPI" }
env: [ { name: LOG_LEVEL, value: debug }, { name: TOKEN_TTL, value: "300" }, { name: DB_PASSWORD, valueFrom: { secretKeyRef: { name: db, key: password } } } ]
headers: [ { name: Accept, value: application/json }, { name: X-Request-Id, value: abc } ]
args: [ --port, "8080", --token-file, /etc/token, -p, "8080", --password-stdin, registry.example.com ]
command: [ docker, run, -p, "8080:80", shop ]
cmd: mysql -h db -P 3306 -u shop --password-file /etc/db
curl: curl -u $USER https://example.com
note: "the basic idea of a bearer of rings"
scheme: Bearer authentication
help: "use --token to pass one, and --password for the other"
sentence: "password: that of the database, which is in the vault"
schema: '{"password":{"type":"string","minLength":8},"token":{"type":"string"}}'
json: '{"retries":3,"url":"https://example.com","tokenTtl":300}'
query: sum(rate(kube_secret_info{secret="api-tls"}[5m])) by (namespace)
opts: -Xmx512m -Dspring.profiles.active=prod -Djavax.net.ssl.trustStore=/etc/trust.jks
log-pattern: "%d{HH:mm:ss} [%X{token}] %-5level %logger{36}: %msg%n"
time: "12:34:56"
cors: "Authorization, X-Api-Key, Content-Type"
cron: "*/5 * * * *"
release: 1.2.3+build.5
wipe-tokens: "true"
csv: "a,b,c"
mongo: mongodb://h1:27017,h2:27017/shop?replicaSet=rs0
account: { id: 123456789012, key: shop }
"##;
    let count = ORDINARY.lines().filter(|l| l.contains(':')).count();
    assert!(count >= 80, "{count}");
    assert_eq!(seals_in_settings(ORDINARY), [""; 0]);
}

#[test]
fn secrets_of_every_shape_are_sealed() {
    // Every setting has `geheim` where its secret is.
    const SECRETS: &str = r##"
api: { key: geheim }
db: { pass: geheim, password: { value: geheim } }
jwt: { key: geheim, signingKey: geheim, secret: geheim }
password-map: { eu: geheim, user: geheim }
passwordList: [ geheim, geheim ]
passwords: { service: geheim, deep: { er: geheim } }
secretKeys: { a: geheim }
encryption: { keys: [ geheim ] }
credentials: { db: geheim }
secrets: { stripe: geheim, mail: { smtp: geheim }, list: [ geheim ] }
secrets.mail.smtp: geheim
password-map.us: geheim
tokens: [ geheim ]
TOKENS: geheim
SECRETS: geheim
api-tokens: "geheim,b"
apiSecrets: geheim
PASS: geheim
pass: geheim
PW: geheim
pwd: geheim
dbpw: geheim
dbpass: geheim
HASH_SALT: geheim
pin-password: 4711
authorization: geheim
Proxy-Authorization: geheim
basic-auth: "u:geheim"
registry: { auth: dTpnZWhlaW0= }
httpHeaders: [ { name: Authorization, value: geheim }, { name: X-Api-Key, value: geheim } ]
items: [ { key: DB_PASSWORD, val: geheim }, { name: API_TOKEN, value: geheim } ]
named-secrets: [ { name: stripe, value: geheim } ]
apiKeys: [ { name: partner, key: geheim-1 } ]
users: [ { name: root, pass: geheim } ]
default-1: { password: "${DB_PASSWORD:geheim}" }
default-2: { password: "${DB_PASSWORD:-geheim}" }
default-3: { password: "${DB_PASSWORD-geheim}" }
default-4: { password: "${A:${B:geheim}}" }
default-5: { password: "${A}-geheim" }
default-6: { password: '{{ .Values.password | default "geheim" }}' }
default-7: { url: "postgres://u:${DB_PASSWORD:-geheim}@h/d" }
default-8: { any: "x-${DB_PASSWORD:-geheim}" }
default-9: { password: "$(echo geheim)" }
default-10: { password: "${db-password:geheim}" }
url-1: "postgres://u:ge/heim@h/d"
url-2: "postgres://u:ge#heim@h/d"
url-3: "postgres://u:ge?heim@h/d"
url-4: "postgres://u:12/geheim@h/d"
url-5: "https://u:ge/heim@example.com/x"
url-6: "redis://:geheim@h"
url-7: "jdbc:oracle:thin:scott/geheim@h:1521:x"
flag-1: "--password geheim"
flag-2: "mysqladmin -uroot -pgeheim ping"
flag-3: "redis-cli -a geheim ping"
flag-4: "curl -u admin:geheim https://example.com"
flag-5: "echo x | docker login -u u -p geheim registry.example.com"
flag-6: "sshpass -p geheim ssh host"
flag-7: "sh -c 'mongodump --uri x -p geheim'"
command: [ mysqladmin, "-pgeheim", ping ]
entrypoint: [ redis-cli, -a, geheim ]
jaas: 'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="geheim";'
json-1: '{"password":"geheim"}'
json-2: '{"a":1,"clientSecret": "geheim"}'
json-3: '{"api":{"key":"geheim"}}'
json-4: '[{"name":"DB_PASSWORD","value":"geheim"}]'
odbc-1: "Server=h;Database=d;Uid=u;Pwd=geheim;"
odbc-2: "DRIVER=x;SERVER=h;UID=u;PWD=geheim"
inline: "user: x, password: geheim"
bearer-1: "Bearer geheimgeheimgeheim"
bearer-2: "Authorization: Bearer geheimgeheim"
netrc: "machine h login u password geheim"
redis: "port 1\nrequirepass geheim"
marked: { sensitive: true, default: geheim }
parameter: { NoEcho: true, Default: geheim }
DbPassword: { Type: String, Default: geheim }
file-1: "port: 80\n# old password: geheim\n"
file-2: "port: 80 # password: geheim\nhost: x\n"
file-3: "port=80\n# db.password=geheim\n"
file-4: "api:\n  key: geheim\nport: 80\n"
file-5: "# old API key: geheim\nport: 80\n"
app: { key: "base64:Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmFyYmF6MTI=" }
"##;
    let parsed = document::parse(SECRETS.as_bytes(), Format::Yaml(Dialect::Core));
    assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
    let id = ItemId::Document("settings.yml".into());
    let tree = parsed.documents.into_iter().next().expect("one").tree;
    let key = DigestKey::for_this_run(&[5; 32]);
    let sealed = tree.seal(&key, &|leaf, path| ByNameAndLook.sealing(&id, path, leaf));
    let mut open = Vec::new();
    fn walk(node: NodeRef<'_>, top: &str, open: &mut Vec<String>, sealed: &mut usize) {
        let text = node.as_text().unwrap_or_default();
        *sealed += usize::from(node.kind() == Kind::Sealed);
        if ["heim", "4711", "dTpn", "Zm9v"]
            .iter()
            .any(|s| node.text().contains(s) || text.contains(s))
        {
            open.push(format!("{top}: {}", node.text()));
        }
        for child in node.children() {
            walk(child, top, open, sealed);
        }
    }
    let mut count = 0;
    for child in sealed.root().children() {
        walk(child, child.key().as_str(), &mut open, &mut count);
    }
    assert_eq!(open, [""; 0]);
    assert!(count >= 60, "{count}");
}
