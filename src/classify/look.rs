//! Values that look like secrets.

use super::{
    command::has_secret_flag,
    names::is_secret_name,
    pairs::has_secret_pair,
    value::{closing, default_of, is_basic, is_written_out, may_be_secret},
};

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
        || (marks.oracle && has_password_of_oracle(text))
        || (marks.token && has_token(text))
        || (marks.pair && has_secret_pair(text))
        || (marks.blank && (has_http_credentials(text) || has_secret_flag(text)))
        || (marks.braces && has_secret_default(text))
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
    /// `=` or `:`
    pair: bool,
    blank: bool,
    /// `${`
    braces: bool,
    /// `:thin:` or `:oci:`
    oracle: bool,
}

impl Marks {
    fn of(text: &str) -> Marks {
        let bytes = text.as_bytes();
        let mut marks = Marks::default();
        let mut run = 0;
        for (i, b) in bytes.iter().enumerate() {
            match b {
                b'=' => marks.pair = true,
                b' ' => marks.blank = true,
                b'$' => marks.braces |= bytes.get(i + 1) == Some(&b'{'),
                b':' => {
                    marks.pair = true;
                    marks.scheme |= bytes[i..].starts_with(b"://");
                    marks.oracle |=
                        bytes[i..].starts_with(b":thin:") || bytes[i..].starts_with(b":oci:");
                }
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
    text.match_indices("://")
        .any(|(at, _)| has_userinfo(&text[..at], start_of(&text[at + 3..])))
}

/// As much as an address or a pair may need: a hostile text is not read once per character.
pub(super) fn start_of(text: &str) -> &str {
    &text[..text.floor_char_boundary(4096)]
}

fn has_userinfo(before: &str, rest: &str) -> bool {
    let end = rest.find(|c: char| matches!(c, '"' | '\'' | '<' | '>') || c.is_whitespace());
    let url = &rest[..end.unwrap_or(rest.len())];
    let authority = &url[..outside_braces(url, &['/', '?', '#']).unwrap_or(url.len())];
    if let Some((user, _)) = authority.rsplit_once('@')
        && let Some(at) = outside_braces(user, &[':'])
        && is_written_out(&user[at + 1..])
    {
        return true;
    }
    // A password may hold a slash: what looks like a port is none, and an `@` follows.
    let host = authority.rsplit_once('@').map_or(authority, |(_, h)| h);
    let Some(colon) = outside_braces(host, &[':']).filter(|_| !host.starts_with('[')) else {
        return false;
    };
    let (port, behind) = (&host[colon + 1..], &url[authority.len()..]);
    let is_port = port.is_empty() || port.bytes().all(|b| b.is_ascii_digit());
    // There, a path with an `@` would be the name of a database.
    const STORES: [&str; 9] = [
        "postgres",
        "postgresql",
        "mysql",
        "mariadb",
        "redis",
        "rediss",
        "amqp",
        "amqps",
        "mongodb",
    ];
    let of_store = STORES.iter().any(|s| before.ends_with(s));
    behind.contains('@')
        && !host[..colon].contains(['=', '&'])
        && (!is_port || (of_store && !port.is_empty()))
        && is_written_out(port)
}

/// The first of `wanted` that stands in no `${…}`, `$(…)`, `{{…}}`.
fn outside_braces(text: &str, wanted: &[char]) -> Option<usize> {
    let mut open = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' | '(' => open += 1,
            '}' | ')' => open = open.saturating_sub(1),
            c if open == 0 && wanted.contains(&c) => return Some(at),
            _ => {}
        }
    }
    None
}

/// `jdbc:oracle:thin:user/password@host`
fn has_password_of_oracle(text: &str) -> bool {
    [":thin:", ":oci:"].iter().any(|driver| {
        text.split(driver).skip(1).any(|rest| {
            rest.split_once('@')
                .and_then(|(user, _)| user.split_once('/'))
                .is_some_and(|(user, password)| {
                    !user.contains(char::is_whitespace) && is_written_out(password)
                })
        })
    })
}

/// `${DB_PASSWORD:-geheim}`
fn has_secret_default(text: &str) -> bool {
    text.split("${").skip(1).any(|inner| {
        // One inside another is met on its own.
        let end = closing(inner, "${", "}").unwrap_or(inner.len());
        default_of(&inner[..end])
            .is_some_and(|(name, default)| is_secret_name(name) && may_be_secret(name, default))
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
    let mut before = "";
    while let Some(word) = words.next() {
        let (header, scheme) = word.rsplit_once(':').unwrap_or((before, word));
        before = word;
        let Some(next) = words.peek() else {
            return false;
        };
        if scheme.eq_ignore_ascii_case("bearer") {
            // Alone, or behind the header's name, it is no sentence.
            let is_header = header
                .trim_end_matches(':')
                .to_ascii_lowercase()
                .ends_with("authorization");
            let is_whole = text.split_whitespace().take(3).count() == 2;
            let least = if is_header { 8 } else { 16 };
            if next.len() >= least
                && (is_header || is_whole || next.bytes().any(|b| b.is_ascii_digit()))
                && next
                    .bytes()
                    .all(|b| is_token_byte(b) || b == b'=' || b == b'~')
            {
                return true;
            }
        }
        if scheme.eq_ignore_ascii_case("basic") && is_basic(next) {
            return true;
        }
    }
    false
}
