//! Label selectors as Kubernetes writes them (`app=api,tier in (a, b),!legacy`).
//! Source: k8s.io/apimachinery `pkg/labels/selector.go`.

/// All of them must be met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: Box<str>,
    what: Wanted,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Exists,
    Absent,
    In(Vec<Box<str>>),
    NotIn(Vec<Box<str>>),
}

impl Requirements {
    /// Reads a selector; absent for what is none, or uses `>` and `<`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Requirements> {
        let mut out = Vec::new();
        for part in parts(text)? {
            out.push(requirement(part.trim())?);
        }
        Some(Requirements(out))
    }

    /// Whether labels satisfy all of it.
    #[must_use]
    pub fn are_met_by(&self, label: impl Fn(&str) -> Option<String>) -> bool {
        self.0.iter().all(|r| {
            let value = label(&r.key);
            let among = |all: &[Box<str>]| {
                value
                    .as_deref()
                    .is_some_and(|v| all.iter().any(|a| **a == *v))
            };
            match &r.what {
                Wanted::Exists => value.is_some(),
                Wanted::Absent => value.is_none(),
                Wanted::In(all) => among(all),
                Wanted::NotIn(all) => !among(all),
            }
        })
    }
}

/// The parts between commas that are not inside parentheses.
fn parts(text: &str) -> Option<Vec<&str>> {
    let (mut out, mut from, mut inside) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '(' if !inside => inside = true,
            ')' if inside => inside = false,
            '(' | ')' => return None,
            ',' if !inside => {
                out.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    out.push(&text[from..]);
    (!inside).then_some(out)
}

fn requirement(text: &str) -> Option<Requirement> {
    let made = |key: &str, what| {
        let key = key.trim();
        let plain = !key.is_empty()
            && key
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
        plain.then(|| Requirement {
            key: key.into(),
            what,
        })
    };
    let one = |value: &str| vec![Box::<str>::from(value.trim())];
    if let Some(key) = text.strip_prefix('!') {
        return made(key, Wanted::Absent);
    }
    if let Some((key, value)) = text.split_once("!=") {
        return made(key, Wanted::NotIn(one(value)));
    }
    if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        return made(key, Wanted::In(one(value)));
    }
    if let Some((head, list)) = text.split_once('(') {
        let list = list.strip_suffix(')')?;
        let values: Vec<Box<str>> = list.split(',').map(|v| v.trim().into()).collect();
        let mut words = head.split_whitespace();
        let key = words.next()?;
        return match (words.next(), words.next()) {
            (Some("in"), None) => made(key, Wanted::In(values)),
            (Some("notin"), None) => made(key, Wanted::NotIn(values)),
            _ => None,
        };
    }
    made(text, Wanted::Exists)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_of_kubernetes() {
        let labels = |key: &str| match key {
            "app" => Some("api".to_owned()),
            "tier" => Some("web".to_owned()),
            _ => None,
        };
        for (text, met) in [
            ("app=api", true),
            ("app == api", true),
            ("app=other", false),
            ("app!=other,tier", true),
            ("!legacy", true),
            ("!app", false),
            ("tier in (web, worker)", true),
            ("tier notin (web)", false),
            ("environment notin (staging)", true),
            ("legacy", false),
        ] {
            let parsed = Requirements::parse(text).expect(text);
            assert_eq!(parsed.are_met_by(labels), met, "{text}");
        }
        for wrong in ["", "a b", "x > 3", "a in (b", "in (b)", "a) in (b)", ","] {
            assert_eq!(Requirements::parse(wrong), None, "{wrong}");
        }
    }
}
