//! Values that look like secrets, and values that are none whatever they are called.

use super::names::is_secret_name;
use base64::Engine;

/// Whether a text is, or holds, a secret by its look: private keys, passwords in URLs and flags,
/// well-known tokens, credentials of HTTP.
#[must_use]
pub fn looks_secret(text: &str) -> bool {
    if text.len() < 6 {
        return false;
    }
    let marks = Marks::of(text);
    (marks.dashes && has_private_key(text))
        || (marks.scheme && has_password_in_url(text))
        || (marks.token && has_token(text))
        || (marks.equals && has_secret_pair(text))
        || (marks.blank && has_http_credentials(text))
}

/// What one pass over a text finds; most texts have nothing.
#[derive(Clone, Copy, Default)]
struct Marks {
    /// `-----`
    dashes: bool,
    /// `://`
    scheme: bool,
    /// A run of at least 16 characters of tokens that begins like one.
    token: bool,
    equals: bool,
    blank: bool,
}

impl Marks {
    fn of(text: &str) -> Marks {
        let bytes = text.as_bytes();
        let mut marks = Marks::default();
        let mut run = 0;
        for (i, b) in bytes.iter().enumerate() {
            match b {
                b'=' => marks.equals = true,
                b' ' => marks.blank = true,
                b':' => marks.scheme |= bytes[i..].starts_with(b"://"),
                b'-' => marks.dashes |= bytes[i..].starts_with(b"-----BEGIN"),
                _ => {}
            }
            if is_token_byte(*b) {
                run += 1;
                marks.token |= run >= 16;
            } else {
                run = 0;
            }
        }
        marks
    }
}

fn is_token_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'+' | b'/')
}

fn has_private_key(text: &str) -> bool {
    text.split("-----BEGIN ").skip(1).any(|rest| {
        rest.lines()
            .next()
            .is_some_and(|l| l.contains("PRIVATE KEY"))
    })
}

/// `scheme://user:password@host`, the password written out.
fn has_password_in_url(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let end = rest.find(|c: char| {
            matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>') || c.is_whitespace()
        });
        // A password may hold a slash; what counts is an `@` before the host.
        let authority = &rest[..end.unwrap_or(rest.len())];
        authority
            .rsplit_once('@')
            .and_then(|(user, _)| user.split_once(':'))
            .is_some_and(|(_, password)| is_written_out(password))
    })
}

struct Shape {
    prefix: &'static str,
    /// Characters behind the prefix, at least.
    least: usize,
}

const fn shape(prefix: &'static str, least: usize) -> Shape {
    Shape { prefix, least }
}

/// Prefixes that their makers chose so that secrets can be found.
const SHAPES: [Shape; 38] = [
    shape("ghp_", 36),
    shape("gho_", 36),
    shape("ghu_", 36),
    shape("ghs_", 36),
    shape("ghr_", 36),
    shape("github_pat_", 22),
    shape("glpat-", 20),
    shape("gldt-", 20),
    shape("glrt-", 20),
    shape("xoxb-", 20),
    shape("xoxp-", 20),
    shape("xoxa-", 20),
    shape("xoxr-", 20),
    shape("xoxs-", 20),
    shape("xapp-", 20),
    shape("sk_live_", 16),
    shape("rk_live_", 16),
    shape("sk_test_", 16),
    shape("whsec_", 24),
    shape("AIza", 35),
    shape("ya29.", 20),
    shape("GOCSPX-", 20),
    shape("dgk1_", 72),
    shape("npm_", 36),
    shape("pypi-AgEI", 50),
    shape("hvs.", 24),
    shape("hvb.", 24),
    shape("SG.", 40),
    shape("sk-ant-", 20),
    shape("sk-proj-", 20),
    shape("dop_v1_", 64),
    shape("doo_v1_", 64),
    shape("shpat_", 32),
    shape("dckr_pat_", 20),
    shape("AGE-SECRET-KEY-1", 50),
    shape("lin_api_", 32),
    shape("NRAK-", 27),
    shape("atlasv1.", 60),
];

fn has_token(text: &str) -> bool {
    let mut key_id = false;
    let mut forty = false;
    for run in text.split(|c: char| !c.is_ascii() || !is_token_byte(c as u8)) {
        if run.len() < 16 {
            continue;
        }
        if is_token(run) || run.contains("hooks.slack.com/services/T") {
            return true;
        }
        key_id |= is_aws_key_id(run);
        forty |= run.len() == 40 && is_mixed(run);
    }
    // An access key's id alone opens nothing.
    key_id && forty
}

fn is_token(run: &str) -> bool {
    // A prefix may follow a separator that tokens hold, too (`x-access/ghp_…`).
    let starts = run
        .char_indices()
        .filter(|(i, _)| *i == 0 || matches!(run.as_bytes()[i - 1], b'/' | b'+' | b'.'));
    starts.map(|(i, _)| &run[i..]).any(|rest| {
        SHAPES
            .iter()
            .any(|s| rest.len() >= s.prefix.len() + s.least && rest.starts_with(s.prefix))
            || is_jwt(rest)
    })
}

/// `header.claims.signature`, the header JSON in base64.
fn is_jwt(run: &str) -> bool {
    let mut parts = run.split('.');
    run.starts_with("eyJ")
        && parts.by_ref().take(3).filter(|p| p.len() >= 8).count() == 3
        && parts.next().is_none_or(str::is_empty)
}

fn is_aws_key_id(run: &str) -> bool {
    run.len() == 20
        && (run.starts_with("AKIA") || run.starts_with("ASIA"))
        && run
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Both cases and digits: no hash, no word.
fn is_mixed(run: &str) -> bool {
    run.bytes().any(|b| b.is_ascii_lowercase())
        && run.bytes().any(|b| b.is_ascii_uppercase())
        && run.bytes().any(|b| b.is_ascii_digit())
}

/// `Bearer …` and `Basic …` with something that can be one.
fn has_http_credentials(text: &str) -> bool {
    let mut words = text
        .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | ';'))
        .filter(|w| !w.is_empty())
        .peekable();
    while let Some(word) = words.next() {
        let scheme = word.rsplit_once(':').map_or(word, |(_, s)| s);
        let Some(next) = words.peek() else {
            return false;
        };
        if scheme.eq_ignore_ascii_case("bearer")
            && next.len() >= 16
            && next.bytes().any(|b| b.is_ascii_digit())
            && next
                .bytes()
                .all(|b| is_token_byte(b) || b == b'=' || b == b'~')
        {
            return true;
        }
        if scheme.eq_ignore_ascii_case("basic")
            && base64::engine::general_purpose::STANDARD
                .decode(next)
                .is_ok_and(|plain| {
                    std::str::from_utf8(&plain)
                        .is_ok_and(|t| t.split_once(':').is_some_and(|(_, pw)| is_written_out(pw)))
                })
        {
            return true;
        }
    }
    false
}

/// `--password=…`, `Password=…;`, `?token=…`, `PGPASSWORD=… psql`.
fn has_secret_pair(text: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '?' | ',' | '"' | '\''))
        .filter_map(|piece| piece.split_once('='))
        .any(|(name, value)| {
            !name.is_empty()
                && is_name(name)
                && is_secret_name(name)
                && may_be_secret(name, value)
                && !is_code(value)
        })
}

/// A line `name=value` or `name: value` of a file in any format; what is commented out is as
/// readable as the rest.
pub(super) fn has_secret_line(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim();
        let bare = line
            .trim_start_matches(['#', ';', '!', '/', '*'])
            .trim_start();
        let is_comment = bare.len() < line.len();
        let line = bare.strip_prefix("export ").unwrap_or(bare);
        let line = line.strip_prefix("- ").unwrap_or(line);
        let Some(at) = line.find(['=', ':']) else {
            return false;
        };
        let name = line[..at].trim().trim_matches(['"', '\'']);
        let value = line[at + 1..]
            .trim()
            .trim_end_matches(',')
            .trim_matches(['"', '\'', '`']);
        is_name(name)
            && is_secret_name(name)
            && may_be_secret(name, value)
            && !is_code(value)
            && !(is_comment && value.contains(' '))
    })
}

fn is_name(name: &str) -> bool {
    name.bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b'[' | b']'))
}

/// A call or a block, in a script or a template, that says where the value comes from.
fn is_code(value: &str) -> bool {
    value.ends_with(['(', '{', '[']) || (value.contains('(') && value.ends_with([')', ';']))
}

/// Whether the value of something with a secret name may be the secret: not if it is empty, a
/// switch, a short number or duration, a placeholder, or says where the secret is.
pub(super) fn may_be_secret(name: &str, value: &str) -> bool {
    let value = value.trim();
    if !is_written_out(value) || is_switch(value) || is_short_number(value) || is_elsewhere(value) {
        return false;
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

/// Not empty, no placeholder, not blotted out.
fn is_written_out(value: &str) -> bool {
    let placeholder = value.starts_with("$(")
        || value.starts_with("${")
        || value.starts_with("{{")
        || value.starts_with("#{")
        || (value.starts_with('<') && value.ends_with('>'))
        || (value.len() > 2 && value.starts_with('%') && value.ends_with('%'))
        || (value.len() > 1 && value.starts_with('$') && value[1..].bytes().all(is_variable_byte))
        || (value.starts_with("__") && value.ends_with("__"));
    !value.is_empty() && !placeholder && !value.bytes().all(|b| matches!(b, b'*' | b'x' | b'X'))
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
