//! Secrets in `fieldsV1`. It names what is owned, not what it is, with two exceptions: the items of
//! a set are written with their value (`v:"…"`), and those of a list of maps with their keys
//! (`k:{…}`).

use serde_json::{Map, Value};

/// Stands for a secret value. No item of a set is found by it, so nobody is said to own one.
const HIDDEN: &str = "[secret]";

/// `fields` with every value that looks secret replaced; nothing when there is none. What is no
/// JSON, and so could hide anything, becomes an empty text, which is no `fieldsV1` either.
pub(super) fn without_secrets(fields: &str, looks_secret: &dyn Fn(&str) -> bool) -> Option<String> {
    // Almost no text has one, so almost none is parsed.
    if !may_have_secret(fields, looks_secret) {
        return None;
    }
    let Ok(mut value) = serde_json::from_str::<Value>(fields) else {
        return Some(String::new());
    };
    let mut found = false;
    clean(&mut value, looks_secret, &mut found);
    found.then(|| value.to_string())
}

/// Whether a text in it is a key with a secret, or can't be told.
fn may_have_secret(fields: &str, looks_secret: &dyn Fn(&str) -> bool) -> bool {
    let mut rest = fields;
    while let Some(open) = rest.find('"') {
        let text = &rest[open..];
        let Some(close) = closing_quote(text) else {
            return looks_secret(text);
        };
        let key = &text[..=close];
        // `\u0076:` is `v:` too.
        if key.starts_with("\"v:") || key.starts_with("\"k:") || key.starts_with("\"\\") {
            match serde_json::from_str::<String>(key) {
                Ok(key) if clean_key(&key, looks_secret).is_none() => {}
                _ => return true,
            }
        }
        rest = &text[close + 1..];
    }
    false
}

/// Where the JSON text that `text` begins with ends.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().enumerate().skip(1).find_map(|(at, b)| {
        let closes = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        closes.then_some(at)
    })
}

fn clean(node: &mut Value, looks_secret: &dyn Fn(&str) -> bool, found: &mut bool) {
    let Value::Object(members) = node else { return };
    let old = std::mem::take(members);
    for (key, mut below) in old {
        clean(&mut below, looks_secret, found);
        match clean_key(&key, looks_secret) {
            None => _ = members.insert(key, below),
            Some(hidden) => {
                *found = true;
                // Two secrets of one set are one mark.
                members.entry(hidden).or_insert(below);
            }
        }
    }
}

/// The key without its secret; nothing for a key that has none.
fn clean_key(key: &str, looks_secret: &dyn Fn(&str) -> bool) -> Option<String> {
    let (kind, json) = key.split_once(':')?;
    let hidden = |value: &mut Value| match value {
        Value::String(text) if looks_secret(text) => {
            *value = HIDDEN.into();
            true
        }
        _ => false,
    };
    let unreadable = || looks_secret(json).then(|| format!("{kind}:null"));
    match kind {
        "v" => {
            let Ok(mut value) = serde_json::from_str::<Value>(json) else {
                return unreadable();
            };
            hidden(&mut value).then(|| format!("v:{value}"))
        }
        "k" => {
            let Ok(mut keys) = serde_json::from_str::<Map<String, Value>>(json) else {
                return unreadable();
            };
            let any = keys.values_mut().filter_map(|v| hidden(v).then_some(()));
            (any.count() > 0).then(|| format!("k:{}", Value::Object(keys)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(fields: &str) -> Option<String> {
        without_secrets(fields, &|text| text.contains("hunter2"))
    }

    #[test]
    fn only_what_looks_secret_is_replaced() {
        let fields = r#"{"f:spec":{"f:hosts":{".":{},"v:\"a.example\"":{},"v:\"x-hunter2\"":{},"v:\"y-hunter2\"":{},"v:8":{}},"f:users":{"k:{\"name\":\"hunter2\",\"port\":80}":{"f:id":{}}}}}"#;
        let clean = cleaned(fields).expect("there are secrets");
        assert_eq!(
            clean,
            r#"{"f:spec":{"f:hosts":{".":{},"v:\"[secret]\"":{},"v:\"a.example\"":{},"v:8":{}},"f:users":{"k:{\"name\":\"[secret]\",\"port\":80}":{"f:id":{}}}}}"#
        );
    }

    #[test]
    fn what_has_no_secret_stays_as_it_was_sent() {
        for fields in [
            r#"{"f:data":{"f:hunter2":{}}}"#,
            r#"{ "f:spec": {"v:\"a.example\"":{}} }"#,
            r#"{"f:spec":{"k:{\"name\":\"http\"}":{".":{}}}}"#,
            "{}",
            "",
        ] {
            assert_eq!(cleaned(fields), None, "{fields}");
        }
    }

    #[test]
    fn no_spelling_of_json_and_no_damage_lets_one_through() {
        for fields in [
            r#"{"f:s":{"v:\u0022x-hunter2\u0022":{}}}"#,
            r#"{"f:s":{"\u0076:\"x-hunter2\"":{}}}"#,
            r#"{"f:s":{"\u0076: \"x-hunter2\"":{}}}"#,
            r#"{"f:s":{"v: \"x-hunter2\"":{}}}"#,
            r#"{"f:s":{"k:{\"a\":\"x-hunter2\"":{}}}"#,
            r#"{"f:s":{"v:\"x-hunter2\"":{}}"#,
            r#"{"f:s":{"v:\"x-hunter2"#,
        ] {
            let clean = cleaned(fields).expect(fields);
            assert!(!clean.contains("hunter2"), "{clean}");
        }
    }
}
