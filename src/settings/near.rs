//! "did you mean": what is there instead of what was looked for.

/// The names that `word` may be a slip of, or a longer or shorter form: at most three, the nearest
/// first.
pub fn among<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    const MOST: usize = 3;
    let wanted = plain(word);
    let mut near: Vec<(usize, &str)> = names
        .into_iter()
        .filter(|name| *name != word)
        .filter_map(|name| Some((nearness(&wanted, &plain(name))?, name)))
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(MOST).map(|(_, name)| name).collect()
}

/// ``did you mean `x`?``, else what there is, else nothing.
pub fn did_you_mean<'a>(
    word: &str,
    names: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    let quoted = |names: &[&str]| {
        let quoted: Vec<String> = names.iter().map(|n| format!("`{}`", cut(n))).collect();
        quoted
    };
    let near = among(word, names.clone());
    if !near.is_empty() {
        return Some(format!("did you mean {}?", quoted(&near).join(" or ")));
    }
    let all: Vec<&str> = names.into_iter().collect();
    (!all.is_empty()).then(|| format!("there is {}", crate::text::list(&quoted(&all), 8)))
}

/// A name as it may stand in a message.
fn cut(name: &str) -> String {
    crate::text::truncate(&crate::text::terminal(name), 60).into_owned()
}

/// Smaller is nearer; nothing for what is another word.
fn nearness(a: &[char], b: &[char]) -> Option<usize> {
    if a == b {
        return Some(0);
    }
    let shorter = a.len().min(b.len());
    // `prod` and `production`, `api` and `api-v2`.
    if shorter >= 3 && (a.starts_with(b) || b.starts_with(a)) {
        return Some(1);
    }
    let limit = (a.len() / 3).max(1);
    if a.len().abs_diff(b.len()) > limit || shorter == 0 {
        return None;
    }
    let distance = distance(a, b);
    (distance <= limit && distance < a.len()).then_some(1 + distance)
}

/// Lower case, without what separates words; cut, because a key may be as long as its file. The
/// end of a file's name goes too: `.yaml` for `.yml` is the nearest of all.
fn plain(word: &str) -> Vec<char> {
    let stem = ["yaml", "yml", "json", "properties", "toml", "env"]
        .iter()
        .find_map(|end| word.strip_suffix(end)?.strip_suffix('.'))
        .filter(|stem| !stem.is_empty())
        .unwrap_or(word);
    stem.chars()
        .take(64)
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

/// Insertions, deletions and replacements.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abbreviations_slips_and_other_ends() {
        let files = ["production.yml", "staging.yml", "default.yaml"];
        assert_eq!(among("prod.yml", files), ["production.yml"]);
        assert_eq!(among("default.yml", files), ["default.yaml"]);
        assert_eq!(among("stagign.yml", files), ["staging.yml"]);
        assert_eq!(among("qa.yml", files), [""; 0]);
        assert_eq!(
            did_you_mean("qa.yml", files).as_deref(),
            Some("there is `production.yml`, `staging.yml`, `default.yaml`")
        );
        assert_eq!(did_you_mean("x", []), None);
    }
}
