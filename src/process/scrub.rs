//! What may be shown of a child's standard error: renderers quote values and print rendered
//! manifests when something is wrong with them.

use std::fmt;

const LINES: usize = 20;
const CHARACTERS: usize = 400;

/// Scrubbed lines of a child's standard error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stderr {
    /// Without control characters; what looks like a secret is left out.
    pub lines: Vec<String>,
}

/// `: first line`, further lines indented below; nothing when the child said nothing.
impl fmt::Display for Stderr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, line) in self.lines.iter().enumerate() {
            f.write_str(if i == 0 { ": " } else { "\n  " })?;
            f.write_str(line)?;
        }
        Ok(())
    }
}

impl Stderr {
    /// Scrubs. Left out are: lines that are pieces of a document rather than words about one, PEM
    /// blocks, values that the tools are known to quote, and lines that name a secret or look like
    /// one.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Stderr {
        let text = String::from_utf8_lossy(bytes);
        let mut lines: Vec<String> = Vec::new();
        let mut in_pem = false;
        for line in text.lines().filter(|l| !l.trim().is_empty()) {
            if lines.len() == LINES {
                lines.push("…".to_owned());
                break;
            }
            let begins = line.contains("-----BEGIN");
            let ends = line.contains("-----END");
            let hidden = in_pem || begins || ends || is_content(line);
            in_pem = (in_pem || begins) && !ends;
            if !hidden {
                lines.push(scrub(line));
            } else if lines.last().is_none_or(|l| l != HIDDEN) {
                lines.push(HIDDEN.to_owned());
            }
        }
        Stderr { lines }
    }
}

const HIDDEN: &str = "[hidden: it may hold values]";

/// Whether a line is a piece of YAML or JSON: kustomize prints the patch that it can't read.
/// Helm's list of schema violations looks alike and is handled by [`without_values`].
fn is_content(line: &str) -> bool {
    let text = line.trim_start();
    if text.starts_with("- at '") || place(text).contains(".") {
        return false;
    }
    if text.starts_with(['-', '{', '}', '[', ']', '"', '|']) {
        return true;
    }
    let Some((key, _)) = text.split_once(':') else {
        return false;
    };
    let says = key.to_lowercase();
    let known = ["error", "warning", "fatal", "panic", "usage", "coalesce"];
    !key.contains(' ') && !known.iter().any(|k| says.ends_with(k))
}

fn scrub(line: &str) -> String {
    let clean: String = line
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .filter(|c| !c.is_control())
        .collect();
    let clean = without_values(&clean);
    if tells_a_secret(&clean) {
        // Where it went wrong is worth keeping, and is no value.
        let kept = place(&clean);
        let gap = if kept.is_empty() { "" } else { " " };
        return format!("{kept}{gap}{HIDDEN}");
    }
    match clean.char_indices().nth(CHARACTERS) {
        Some((at, _)) => format!("{}…", &clean[..at]),
        None => clean,
    }
}

/// The line up to where the tools quote a value: Helm's schema check (`at '/url': 'value' does
/// not match`), Go's `parsing "value"`, and documents that kustomize puts in brackets.
fn without_values(line: &str) -> String {
    let quoted = [
        "': '",
        "': \"",
        "parsing \"",
        "parsing '",
        "parsing time \"",
    ]
    .iter()
    .filter_map(|mark| Some(line.find(mark)? + mark.len() - 1))
    .min();
    let content = [" [", "`", "{"]
        .iter()
        .filter_map(|mark| line.find(mark).map(|at| at + mark.len()))
        .filter(|at| line[*at..].contains([':', '{', '"']))
        .min();
    match quoted.into_iter().chain(content).min() {
        Some(at) => format!("{}{HIDDEN}", &line[..at]),
        None => line.to_owned(),
    }
}

const WORDS: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "access_key",
    "accesskey",
    "private",
    "credential",
    "bearer",
    "stringdata",
];

fn tells_a_secret(line: &str) -> bool {
    let low = line.to_lowercase();
    let named = WORDS.iter().any(|w| {
        low.match_indices(w)
            // `templates/secret.yaml` is a file, `password: x` tells.
            .any(|(at, _)| !inside_a_path(&low, at))
    });
    named
        || line
            .split(|c: char| c.is_whitespace() || "'\"`,;()=".contains(c))
            .any(looks_secret)
}

/// Whether the word at `at` is part of a file's path.
fn inside_a_path(line: &str, at: usize) -> bool {
    let stop = |c: char| c.is_whitespace() || "'\"`(),=".contains(c);
    let from = line[..at].rfind(stop).map_or(0, |i| i + 1);
    let to = line[at..].find(stop).map_or(line.len(), |i| at + i);
    let word = &line[from..to];
    let file = word.split(':').next().unwrap_or(word);
    [".yaml", ".yml", ".tpl", ".json"]
        .iter()
        .any(|e| file.ends_with(e))
        && at - from < file.len()
}

/// Long words without a space that mix letters and digits: tokens, keys, digests. This module
/// stands below the classifier, and on this side of the line a false alarm costs a word of a
/// message only.
fn looks_secret(word: &str) -> bool {
    word.len() > 30
        && word.bytes().any(|b| b.is_ascii_digit())
        && word.bytes().any(|b| b.is_ascii_alphabetic())
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'.'))
}

/// The line up to its last `file.yaml:3:5`, or nothing.
fn place(line: &str) -> &str {
    let mut end = 0;
    for extension in [".yaml", ".yml", ".tpl"] {
        for (at, found) in line.match_indices(extension) {
            let rest = &line[at + found.len()..];
            let digits = rest
                .find(|c: char| !c.is_ascii_digit() && c != ':')
                .unwrap_or(rest.len());
            if !tells_a_secret(&line[..at]) {
                end = end.max(at + found.len() + digits);
            }
        }
    }
    line[..end].trim_end_matches(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Stderr::of(text.as_bytes()).to_string()
    }

    #[test]
    fn where_it_failed_is_shown_and_values_are_not() {
        let said = shown(
            "Error: execution error at (shop/templates/a.yaml:1:4): password is hunter2\n\nUse --debug flag to render out invalid YAML",
        );
        assert_eq!(
            said,
            ": Error: execution error at (shop/templates/a.yaml:1:4 [hidden: it may hold values]\n  Use --debug flag to render out invalid YAML"
        );
        for whole in [
            "Error: YAML parse error on shop/templates/secret.yaml: error converting YAML to JSON: yaml: line 4: did not find expected key",
            "Error: template: v/templates/a.yaml:1:13: executing \"v/templates/a.yaml\" at <.Values.x.y.z>: nil pointer evaluating interface {}.y",
            "Error: accumulating resources: accumulation err='accumulating resources from '../b': open /x/b: no such file or directory'",
            "Error: no matches for Id Deployment.v1.apps/shop.[noNs]; failed to find unique target for patch",
            "- at '/replicas': got string, want integer",
        ] {
            assert_eq!(shown(whole), format!(": {whole}"));
        }
    }

    #[test]
    fn values_that_tools_are_known_to_quote() {
        let said = shown(
            "Error: values don't meet the specifications of the schema(s) in the following chart(s):\nv:\n- at '/dbUrl': 'postgres://app:hunter2@db/x' does not match pattern '^x'\nstrconv.Atoi: parsing \"hunter2\": invalid syntax\n",
        );
        assert!(!said.contains("hunter2"), "{said}");
        assert!(said.contains("- at '/dbUrl': ["), "{said}");
        let said = shown(
            "Error: trouble configuring builtin PatchTransformer with config: `\npath: p.yaml\n`: unable to parse SM or JSON patch from [- op: replace\n  path: /spec\n  value: hunter2\n- hunter2\n{\"value\": \"hunter2\"}\n]",
        );
        assert!(!said.contains("hunter2"), "{said}");
        assert!(said.contains("PatchTransformer"), "{said}");
        let said =
            shown("Error: invalid header xoxb-123456789012-abcdefABCDEF0123456789 in request");
        assert_eq!(said, ": [hidden: it may hold values]");
        let said = shown("Error: json patch from [{\"op\":\"add\",\"x\":\"hunter2\"}] failed");
        assert_eq!(
            said,
            ": Error: json patch from [[hidden: it may hold values]"
        );
    }

    #[test]
    fn a_pem_block_is_hidden_as_a_whole() {
        let said = shown(
            "invalid key\n-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----\nend",
        );
        assert_eq!(said, ": invalid key\n  [hidden: it may hold values]\n  end");
    }

    #[test]
    fn cut_and_without_control_characters() {
        let many = "x\n".repeat(100);
        assert_eq!(Stderr::of(many.as_bytes()).lines.len(), LINES + 1);
        assert_eq!(shown("\u{1b}[31mred\u{7}\ttext"), ": [31mred text");
        assert!(shown(&"y ".repeat(10_000)).chars().count() < 410);
        assert_eq!(shown("  \n\n"), "");
        assert!(Stderr::of(b"\xff\xfe bad").to_string().contains("bad"));
    }
}
