//! Values that are no secrets whatever they are called.

use super::names;
use base64::Engine;
use std::borrow::Cow;

/// Whether the value of something with a secret name may be the secret: not if it is empty, a
/// switch, a short number or duration, a placeholder, or says where the secret is.
pub(super) fn may_be_secret(name: &str, value: &str) -> bool {
    let value = value.trim();
    if !is_written_out(value) || is_switch(value) || is_elsewhere(value) {
        return false;
    }
    // A password of four digits is one.
    if is_short_number(value) && !(names::is_password(name) && is_number_of_four(value)) {
        return false;
    }
    if names::is_authorization(name) {
        return !is_scheme(value);
    }
    if names::is_user_and_password(name) {
        return is_user_and_password(value);
    }
    // A connection string may well hold no password.
    let name = name.to_ascii_lowercase();
    if name.contains("dsn") || name.contains("conn") {
        let value = value.to_ascii_lowercase();
        return value.contains('@')
            || [
                "password",
                "pwd",
                "accountkey",
                "accesskey",
                "secret",
                "token",
            ]
            .iter()
            .any(|w| value.contains(w));
    }
    true
}

/// Not empty, no placeholder, not blotted out; a placeholder's default counts.
pub(super) fn is_written_out(value: &str) -> bool {
    let placeholder = (value.starts_with('<') && value.ends_with('>'))
        || (value.len() > 2 && value.starts_with('%') && value.ends_with('%'))
        || (value.len() > 1 && value.starts_with('$') && value[1..].bytes().all(is_variable_byte))
        || (value.starts_with("__") && value.ends_with("__"));
    if placeholder {
        return false;
    }
    // Nobody's placeholder is so long, and a hostile one takes long.
    if value.len() > 16 << 10 {
        return true;
    }
    let left = without_placeholders(value, 0);
    if let Cow::Owned(left) = &left {
        let left = left.trim();
        // `${HOME}/.ssh/id_rsa`, `${USER}:${PASS}`, `Bearer ${TOKEN}`
        return !left.starts_with('/')
            && left.bytes().any(|b| b.is_ascii_alphanumeric())
            && !is_scheme(left)
            && !is_switch(left)
            && !is_elsewhere(left);
    }
    !left.is_empty() && !left.bytes().all(|b| matches!(b, b'*' | b'x' | b'X'))
}

/// Placeholders inside the defaults of placeholders.
const DEEPEST: usize = 10;

/// What is left of a text without its placeholders, their defaults in their places. One that is
/// not closed takes everything behind it.
fn without_placeholders(text: &str, depth: usize) -> Cow<'_, str> {
    const PAIRS: [(&str, &str); 4] = [("${", "}"), ("$(", ")"), ("{{", "}}"), ("#{", "}")];
    let Some(_) = PAIRS.iter().find(|(open, _)| text.contains(open)) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::new();
    let mut rest = text;
    while let Some((at, (open, close))) = PAIRS
        .iter()
        .filter_map(|p| Some((rest.find(p.0)?, p)))
        .min_by_key(|(at, _)| *at)
    {
        out.push_str(&rest[..at]);
        let inner = &rest[at + open.len()..];
        let Some(end) = closing(inner, open, close) else {
            return Cow::Owned(out);
        };
        let default = match *open {
            "${" => default_of(&inner[..end]).map_or("", |(_, default)| default),
            "{{" => template_default(&inner[..end]),
            "$(" => printed(&inner[..end]),
            _ => "",
        };
        if depth < DEEPEST {
            out.push_str(&without_placeholders(default, depth + 1));
        } else {
            out.push_str(default);
        }
        rest = &inner[end + close.len()..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Where the placeholder that `open` began is closed; others may stand inside.
pub(super) fn closing(inner: &str, open: &str, close: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(rest) = inner.get(at..) {
        if rest.starts_with(close) {
            if depth == 0 {
                return Some(at);
            }
            depth -= 1;
            at += close.len();
        } else if rest.starts_with(open) {
            depth += 1;
            at += open.len();
        } else {
            at += rest.chars().next()?.len_utf8();
        }
    }
    None
}

/// The name and the default of what stands in `${…}`: the shell's and Compose's `NAME:-default`,
/// `NAME-default`, `NAME:=…`, `NAME:+…`; Spring's `name:default`. Not `env:NAME`, which says where
/// to look, nor `NAME:?message`.
pub(super) fn default_of(inner: &str) -> Option<(&str, &str)> {
    const RESOLVERS: &str = " env sys opt self file vault secret ssm aws cf s3 param sm kms var op \
     secretsmanager azure gcp kv akv keyvault date java main docker k8s system sops consul config \
     properties const script url base64 ctx map bundle marker spring web ";
    let end = inner
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']')))
        .unwrap_or(inner.len());
    let (name, rest) = inner.split_at(end);
    // Spring's names have hyphens: `${db-password:…}`. In the shell's, `-` begins a default.
    if let Some(default) = rest.strip_prefix('-') {
        let whole = inner.split(':').next().unwrap_or_default();
        let is_kebab =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._[]".contains(&b);
        if !whole.bytes().all(is_kebab) {
            return Some((name, default));
        }
        let default = inner[whole.len()..].strip_prefix(':')?;
        return Some((whole, default.trim_start_matches(['-', '=', '+'])));
    }
    let rest = rest.trim_start();
    if let Some(default) = rest.strip_prefix(['=', '+']) {
        return Some((name, default));
    }
    // Serverless: `${env:NAME, 'default'}`.
    if let Some((_, default)) = rest.rsplit_once(',') {
        let default = default.trim();
        let quoted = default.starts_with(['\'', '"']) && default.len() > 2;
        return quoted.then(|| (name, default.trim_matches(['\'', '"'])));
    }
    let default = rest.strip_prefix(':')?;
    if default.starts_with('?') {
        return None;
    }
    match default.strip_prefix(['-', '=', '+']) {
        Some(default) => Some((name, default)),
        None if names::listed(RESOLVERS, &name.to_ascii_lowercase()) => None,
        None => Some((name, default)),
    }
}

/// `{{ .Values.password | default "geheim" }}`
fn template_default(inner: &str) -> &str {
    let behind = inner.split_once("default").map_or("", |(_, behind)| behind);
    let behind = behind.trim_start_matches(|c: char| c == '(' || c.is_whitespace());
    let Some(quote) = behind
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\'' | '`'))
    else {
        return "";
    };
    behind[1..].split(quote).next().unwrap_or_default()
}

/// `$(echo geheim)`
fn printed(inner: &str) -> &str {
    let inner = inner.trim_start();
    let printed = inner
        .strip_prefix("echo ")
        .or_else(|| inner.strip_prefix("printf "));
    // What it prints may again be taken from elsewhere.
    printed.map_or("", |p| p.split('|').next().unwrap_or_default())
}

/// Whether a text is `user:password` in base64.
pub(super) fn is_basic(text: &str) -> bool {
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .is_ok_and(|plain| {
            std::str::from_utf8(&plain)
                .is_ok_and(|t| t.split_once(':').is_some_and(|(_, pw)| is_written_out(pw)))
        })
}

/// `user:password`; not `host:8080`, no address, no sentence.
fn is_user_and_password(value: &str) -> bool {
    let written = value.split_once(':').is_some_and(|(user, password)| {
        !user.is_empty()
            && !password.starts_with(['/', ' '])
            && !password.bytes().all(|b| b.is_ascii_digit())
            && is_written_out(password)
    });
    (written && !value.contains([' ', '\n'])) || is_basic(value)
}

/// How one authorizes, and not with what.
fn is_scheme(value: &str) -> bool {
    let known = " bearer basic digest token jwt oauth oauth2 oidc openid rbac abac node webhook iam \
     aws_iam custom cognito_user_pools apikey api-key negotiate kerberos saml ldap mtls alwaysallow \
     alwaysdeny simple userpass";
    value
        .split([' ', ','])
        .all(|w| w.is_empty() || names::listed(known, &w.to_ascii_lowercase()))
}

/// Both cases and digits, and long: made by a machine.
pub(super) fn is_random(value: &str) -> bool {
    value.len() >= 20
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+/=_-.:".contains(&b))
        && value.bytes().any(|b| b.is_ascii_lowercase())
        && value.bytes().any(|b| b.is_ascii_uppercase())
        && value.bytes().any(|b| b.is_ascii_digit())
}

fn is_number_of_four(value: &str) -> bool {
    value.len() >= 4 && value.bytes().all(|b| b.is_ascii_digit())
}

fn is_variable_byte(b: u8) -> bool {
    b == b'_' || b.is_ascii_uppercase() || b.is_ascii_digit()
}

fn is_switch(value: &str) -> bool {
    [
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "null",
        "none",
        "nil",
        "enabled",
        "disabled",
        "always",
        "never",
        "required",
        "optional",
        "redacted",
        "[redacted]",
        "include",
        "omit",
        "same-origin",
        "auto",
    ]
    .iter()
    .any(|w| value.eq_ignore_ascii_case(w))
}

/// `300`, `-1`, `0.5`, `24h`, `500ms`.
fn is_short_number(value: &str) -> bool {
    let digits = value.trim_start_matches('-');
    let unit = digits.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    digits.len() <= 6
        && unit.len() < digits.len()
        && matches!(
            unit,
            "" | "ms" | "s" | "m" | "h" | "d" | "w" | "y" | "Ki" | "Mi" | "Gi" | "K" | "M" | "G"
        )
}

/// A path of a file, or an address in a store of secrets.
fn is_elsewhere(value: &str) -> bool {
    const FOLDERS: [&str; 18] = [
        "/etc/",
        "/var/",
        "/run/",
        "/secrets/",
        "/secret/",
        "/vault/",
        "/mnt/",
        "/opt/",
        "/home/",
        "/usr/",
        "/tmp/",
        "/app/",
        "/config/",
        "/tls/",
        "/certs/",
        "/data/",
        "/root/",
        "/srv/",
    ];
    const STORES: [&str; 14] = [
        "file:",
        "vault:",
        "ref+",
        "arn:aws",
        "op://",
        "sm://",
        "gcp-sm:",
        "awssm:",
        "azurekv:",
        "akv:",
        "keyvault:",
        "ssm:",
        "secretref:",
        "env:",
    ];
    FOLDERS.iter().any(|f| value.starts_with(f))
        || STORES.iter().any(|s| value.starts_with(s))
        || (value.starts_with("projects/") && value.contains("/secrets/"))
        || ((value.starts_with("http://") || value.starts_with("https://")) && !value.contains('@'))
}

/// A name that an object may have, with words in it: `api-tls`, `shop/api-tls`.
pub(super) fn is_object_name(value: &str) -> bool {
    let allowed =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'/');
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    value.len() <= 253
        && value.starts_with(|c: char| c.is_ascii_lowercase())
        && value.bytes().all(allowed)
        && digits * 4 <= value.len()
}
