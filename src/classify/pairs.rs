//! Names and values inside a text: `password=…`, `"password": "…"`.

use super::{look::start_of, names::is_secret_name, value::may_be_secret};

/// `--password=…`, `Password=…;`, `?token=…`, `PGPASSWORD=… psql`, `password="…";`,
/// `{"password":"…"}`, `user: x, password: …`; comments in files included.
pub(super) fn has_secret_pair(text: &str) -> bool {
    text.match_indices(['=', ':']).any(|(at, by)| {
        let (before, behind) = (&text[..at], start_of(&text[at + 1..]));
        if behind.starts_with(['=', ':', '~']) || behind.starts_with("//") {
            return false;
        }
        let Some(name) = name_before(before, by == ":" || starts_quoted(behind)) else {
            return false;
        };
        let value = match by {
            "=" => value_of_equals(behind),
            _ => value_of_colon(before, behind),
        };
        value.is_some_and(|value| {
            let named_pwd =
                name.eq_ignore_ascii_case("pwd") && !value.starts_with(['/', '~', '\\']);
            (named_pwd || is_secret_name(name))
                && !is_label(name, before, by)
                && value.bytes().any(|b| b.is_ascii_alphanumeric())
                && may_be_secret(name, value)
                && !is_code(value)
                && !is_type(value)
        })
    })
}

/// The name that ends a text, without quotes and blanks behind it; none behind `$`.
fn name_before(text: &str, with_blanks: bool) -> Option<&str> {
    let text = match with_blanks {
        true => text.trim_end_matches([' ', '\t']),
        false => text,
    };
    let text = text
        .trim_end_matches(['"', '\'', '`'])
        .trim_end_matches('\\');
    let start = |text: &str| {
        text.char_indices()
            .rev()
            .take(200)
            .take_while(|(_, c)| c.is_ascii() && is_name(c.encode_utf8(&mut [0; 4])))
            .last()
            .map_or(text.len(), |(at, _)| at)
    };
    let mut at = start(text);
    if matches!(&text[at..], "key" | "keys" | "string") && text[..at].ends_with(' ') {
        // `# old API key: …`
        at = start(&text[..at - 1]);
    }
    let is_variable =
        text[..at].ends_with(['$', '{']) && text[..at].trim_end_matches('{').ends_with('$');
    (at < text.len() && !is_variable).then(|| &text[at..])
}

fn starts_quoted(text: &str) -> bool {
    text.trim_start_matches([' ', '\t'])
        .trim_start_matches('\\')
        .starts_with(['"', '\'', '`'])
}

fn quoted(text: &str) -> Option<&str> {
    let text = text
        .trim_start_matches([' ', '\t'])
        .trim_start_matches('\\');
    let quote = text
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let inner = text[1..].split(quote).next()?;
    Some(inner.trim_end_matches('\\'))
}

fn value_of_equals(behind: &str) -> Option<&str> {
    if let Some(value) = quoted(behind) {
        return Some(value);
    }
    behind
        .split(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | '?' | ',' | '"' | '\''))
        .next()
}

/// Behind a name without quotes it is one word up to the next pair or the line's end; a sentence
/// is none.
fn value_of_colon<'a>(before: &str, behind: &'a str) -> Option<&'a str> {
    if let Some(value) = quoted(behind) {
        return Some(value);
    }
    let name_is_quoted = before.trim_end().ends_with(['"', '\'']);
    if !name_is_quoted && !behind.starts_with([' ', '\t']) {
        return None;
    }
    let value = behind.split(['\n', '\r', ',', ';', '}']).next()?.trim();
    if value.starts_with(['&', '*', '!', '|', '>', '{', '[']) {
        return None;
    }
    // A comment behind it.
    let value = value.split(" #").next()?.trim();
    let word = value.split_whitespace().next()?;
    let mixed = word.len() >= 6
        && word.bytes().any(|b| b.is_ascii_digit())
        && word.bytes().any(|b| b.is_ascii_alphabetic());
    (word.len() == value.len() || mixed).then_some(word)
}

/// A label of a metric: `kube_secret_info{secret="api-tls"}`.
fn is_label(name: &str, before: &str, by: &str) -> bool {
    let ahead = before.strip_suffix(name).unwrap_or_default();
    by == "=" && name == "secret" && ahead.trim_end().ends_with(['{', ','])
}

/// What a schema says of a value.
fn is_type(value: &str) -> bool {
    [
        "string",
        "str",
        "number",
        "integer",
        "int",
        "bool",
        "boolean",
        "object",
        "bytes",
        "text",
        "undefined",
        "varchar",
    ]
    .iter()
    .any(|t| value.eq_ignore_ascii_case(t))
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
        // Of redis.
        if let Some(value) = ["requirepass ", "masterauth "]
            .iter()
            .find_map(|directive| line.strip_prefix(directive))
        {
            return may_be_secret("password", value.trim_matches(['"', ' ']));
        }
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
pub(super) fn is_code(value: &str) -> bool {
    value.ends_with(['(', '{', '[']) || (value.contains('(') && value.ends_with([')', ';']))
}
