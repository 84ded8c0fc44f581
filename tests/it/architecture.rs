//! The structure of the sources: dependencies point one way, each vendor crate lives behind one
//! module, siblings don't know each other, and what must be pure is pure. The rules are data; what
//! deviates is listed with its reason, and an exception that is not needed any more fails too.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// Modules by layer, lowest first. A module may import those of lower layers.
const LAYERS: &[&[&str]] = &[
    &["model"],
    &["document", "git", "net", "process", "text", "classify"],
    // What both sides of a file of settings share.
    &["settings"],
    &["source", "desired", "snapshot"],
    &[
        "kubernetes",
        "merge",
        "compare",
        "catalogue",
        "code",
        "history",
        "plan",
        "config",
    ],
    &["check"],
    &["policy"],
    &["explain"],
    &["render", "publish"],
    &["pipeline"],
    &["cli"],
];

/// Imports inside one layer: `(from, to)`. They have no cycle.
const BESIDE: &[(&str, &str)] = &[
    // A ConfigMap's keys, pairing, ownership and environments are what comparing is made of.
    ("compare", "kubernetes"),
    // A layer is what merging its files makes of it, before its sides are compared.
    ("compare", "merge"),
    // A password inside of a configuration file that a ConfigMap holds is one too.
    ("classify", "document"),
    // What is read follows what objects refer to.
    ("plan", "kubernetes"),
];

/// A file that may use what its module may not.
struct Exception {
    file: &'static str,
    uses: &'static str,
    #[expect(dead_code, reason = "for readers")]
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[
    Exception {
        file: "model/equality.rs",
        uses: "kubernetes::quantity",
        reason: "equality of values is typed, and how quantities are spelt is Kubernetes' own arithmetic; pure",
    },
    Exception {
        file: "check/states.rs",
        uses: "policy::severity",
        reason: "a finding is made with its default severity; the table is pure and knows the model only",
    },
    Exception {
        file: "source/kubernetes/exec.rs",
        uses: "rustix",
        reason: "an exec plugin of the kubeconfig runs in the caller's own environment, unlike all other children",
    },
    Exception {
        file: "model/time.rs",
        uses: "clock",
        reason: "defines Timestamp::now, which only cli and pipeline may call",
    },
];

/// Vendor crates and the only places that know them: folders end in `/`.
const VENDORS: &[(&str, &[&str])] = &[
    ("git2", &["git/"]),
    ("kube", &["source/kubernetes/"]),
    ("k8s_openapi", &["source/kubernetes/"]),
    ("http", &["source/kubernetes/"]),
    ("http_body_util", &["source/kubernetes/"]),
    ("rustls", &["source/kubernetes/"]),
    ("granit_parser", &["document/"]),
    ("jsonc_parser", &["document/"]),
    ("toml_edit", &["document/"]),
    ("hcl_edit", &["document/"]),
    ("clap", &["cli/", "main.rs"]),
    ("clap_complete", &["cli/"]),
    ("indicatif", &["cli/"]),
    ("schemars", &["config/"]),
    ("rustix", &["process/"]),
    ("jiff", &["model/time.rs"]),
    // The runtime is started by the pipeline, and used by sources.
    ("tokio", &["source/", "pipeline/"]),
    ("futures", &["source/", "pipeline/"]),
    // Borders of the program only; modules have error types of their own.
    ("anyhow", &["cli/", "pipeline/", "main.rs"]),
];

/// Modules whose children are siblings that don't import each other, and their children that all
/// of them share.
const SIBLINGS: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("check", &["between", "waived"]),
    ("render", &["lines", "parts", "value", "words"]),
    (
        "desired",
        &[
            "cache", "disk", "export", "invalid", "objects", "opaque", "path", "plain", "render",
            "scope", "settings", "shape", "world",
        ],
    ),
];

/// No I/O, no clock, no environment, no output.
const PURE: &[&str] = &[
    "model",
    "merge",
    "compare",
    "check",
    "policy",
    "explain",
    "render",
    "kubernetes",
];

#[test]
fn the_sources_keep_to_the_architecture() {
    let files = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(files.len() > 100, "only {} files found", files.len());
    let found = violations(&files, EXCEPTIONS);
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn imports_inside_a_layer_have_no_cycle() {
    for (from, to) in BESIDE {
        assert_eq!(rank(from), rank(to), "{from} and {to} are in one layer");
        assert!(!reaches(to, from), "{from} and {to} import each other");
    }
}

fn reaches(from: &str, to: &str) -> bool {
    from == to || BESIDE.iter().any(|(a, b)| *a == from && reaches(b, to))
}

/// A source file: its path below `src/`, and its text.
type Source = (String, String);

fn sources(root: &Path) -> Vec<Source> {
    let mut out = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.into()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(root).expect("below src");
                let text = std::fs::read_to_string(&path).expect("UTF-8");
                out.push((name.to_string_lossy().replace('\\', "/"), text));
            }
        }
    }
    out.sort();
    out
}

fn rank(module: &str) -> Option<usize> {
    LAYERS.iter().position(|l| l.contains(&module))
}

/// Everything that breaks a rule, as `file:line: what`.
fn violations(files: &[Source], exceptions: &[Exception]) -> Vec<String> {
    let tests = test_files(files);
    let mut used = BTreeSet::new();
    let mut out = Vec::new();
    for (file, text) in files.iter().filter(|(f, _)| !tests.contains(f)) {
        let code = without_tests(&blank(text));
        let mut say = |line: usize, uses: &str, what: String| {
            let allowed = exceptions
                .iter()
                .position(|e| e.file == file && uses.starts_with(e.uses));
            match allowed {
                Some(i) => _ = used.insert(i),
                None => out.push(format!("src/{file}:{line}: {what}")),
            }
        };
        let own = module_of(file);
        for found in paths(&code, &own) {
            let line = found.line;
            check_layer(&own, &found.segments, &mut |uses, what| {
                say(line, uses, what)
            });
            check_vendor(file, &found.segments, &mut |uses, what| {
                say(line, uses, what)
            });
            check_siblings(&own, &found.segments, &mut |uses, what| {
                say(line, uses, what)
            });
            check_pure(&own, &found.segments, &mut |uses, what| {
                say(line, uses, what)
            });
        }
        for (line, name) in macros(&code) {
            let prints = matches!(
                name.as_str(),
                "println" | "eprintln" | "print" | "eprint" | "dbg"
            );
            if prints && own.first().is_some_and(|m| PURE.contains(&m.as_str())) {
                say(line, "print", format!("{name}! in a pure module"));
            }
        }
    }
    for (i, e) in exceptions.iter().enumerate() {
        if !used.contains(&i) {
            out.push(format!(
                "src/{}: the exception for {} is not needed",
                e.file, e.uses
            ));
        }
    }
    out
}

type Say<'a> = &'a mut dyn FnMut(&str, String);

fn check_layer(own: &[String], path: &[String], say: Say<'_>) {
    let ["crate", to, ..] = path.iter().map(String::as_str).collect::<Vec<_>>()[..] else {
        return;
    };
    let Some(from) = own.first().map(String::as_str) else {
        return; // lib.rs and main.rs
    };
    if from == to {
        return;
    }
    let Some(high) = rank(from) else {
        return say(
            from,
            format!("the module `{from}` has no layer: give it one in LAYERS"),
        );
    };
    let Some(low) = rank(to) else {
        return; // an item of lib.rs, which has none beside modules
    };
    let allowed = low < high || BESIDE.contains(&(from, to));
    if !allowed {
        let uses = path[1..].join("::");
        say(
            &uses,
            format!("`{from}` must not know `{to}` ({})", path.join("::")),
        );
    }
}

fn check_vendor(file: &str, path: &[String], say: Say<'_>) {
    let Some((name, places)) = VENDORS.iter().find(|(name, _)| *name == path[0]) else {
        return;
    };
    let allowed = places.iter().any(|p| {
        if p.ends_with('/') {
            file.starts_with(p)
        } else {
            file == *p
        }
    });
    if !allowed {
        say(name, format!("{name} belongs behind {}", places.join(", ")));
    }
}

fn check_siblings(own: &[String], path: &[String], say: Say<'_>) {
    let [parent, me, ..] = own else { return };
    let Some((_, shared)) = SIBLINGS.iter().find(|(p, _)| p == parent) else {
        return;
    };
    if path.len() < 3 || path[0] != "crate" || path[1] != *parent {
        return;
    }
    let other = &path[2];
    // Items of the parent start with a capital, or are functions of its mod.rs; modules are files.
    let is_module = other
        .chars()
        .all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit());
    let is_sibling = is_module && path.len() > 3 && other != me;
    let are_shared = shared.contains(&me.as_str()) || shared.contains(&other.as_str());
    if is_sibling && !are_shared {
        say(
            &path[1..].join("::"),
            format!("{parent}::{me} must not know its sibling {other}"),
        );
    }
}

fn check_pure(own: &[String], path: &[String], say: Say<'_>) {
    let in_pure = own.first().is_some_and(|m| PURE.contains(&m.as_str()));
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    let what = match parts[..] {
        ["std", "env" | "fs" | "net" | "process" | "thread", ..] => "I/O or the environment",
        ["std", "io", "stdout" | "stderr" | "stdin", ..] => "output",
        ["std", "time", "SystemTime" | "Instant", ..] => "the clock",
        [.., "SystemTime" | "Timestamp" | "Instant" | "Zoned", "now"] => "the clock",
        _ => return,
    };
    if in_pure {
        let uses = if what == "the clock" { "clock" } else { what };
        say(
            uses,
            format!("a pure module uses {what} ({})", path.join("::")),
        );
    }
}

/// `git/store.rs` is `[git, store]`; `git/mod.rs` is `[git]`; `lib.rs` is nothing.
fn module_of(file: &str) -> Vec<String> {
    let stem = file.strip_suffix(".rs").expect("a Rust file");
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    if matches!(stem, "lib" | "main") {
        return vec![];
    }
    stem.split('/').map(Into::into).collect()
}

/// Files that `#[cfg(test)] mod …;` names, and those below them.
fn test_files(files: &[Source]) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for (file, text) in files {
        let code = blank(text);
        for item in test_items(&code) {
            let words = identifiers(&code[item.clone()]);
            let Some(at) = words.iter().position(|w| w == "mod") else {
                continue;
            };
            let Some(name) = words.get(at + 1) else {
                continue;
            };
            let folder = Path::new(file).parent().expect("below src");
            // The attribute's text is blanked in `code`.
            let named = text[item.clone()]
                .split_once("path = \"")
                .and_then(|(_, rest)| Some(rest.split_once('"')?.0.to_owned()));
            let mut found: Vec<String> = Vec::new();
            match named {
                Some(named) => found.push(folder.join(named).to_string_lossy().into()),
                None => {
                    let own = module_of(file).join("/");
                    found.push(format!("{own}/{name}.rs"));
                    found.push(format!("{own}/{name}/"));
                }
            }
            for (other, _) in files {
                if found
                    .iter()
                    .any(|f| other == f || (f.ends_with('/') && other.starts_with(f)))
                {
                    out.insert(other.clone());
                }
            }
        }
    }
    out
}

/// The same text with comments, strings and characters blanked: every byte keeps its place.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match literal_end(bytes, at) {
            Some(end) => end,
            None => {
                at += 1;
                continue;
            }
        };
        for b in &mut out[at..end] {
            if *b != b'\n' {
                *b = b' ';
            }
        }
        at = end;
    }
    String::from_utf8(out).expect("blanks are ASCII")
}

/// Where the comment or literal that starts at `at` ends.
fn literal_end(b: &[u8], at: usize) -> Option<usize> {
    let from = |n: usize| b.get(at + n).copied().unwrap_or(0);
    let before = at.checked_sub(1).map_or(0, |i| b[i]);
    let in_word = before == b'_' || before.is_ascii_alphanumeric();
    match b[at] {
        b'/' if from(1) == b'/' => Some(
            b[at..]
                .iter()
                .position(|c| *c == b'\n')
                .map_or(b.len(), |n| at + n),
        ),
        b'/' if from(1) == b'*' => {
            let (mut depth, mut i) = (1, at + 2);
            while i < b.len() && depth > 0 {
                match &b[i..(i + 2).min(b.len())] {
                    b"/*" => (depth, i) = (depth + 1, i + 2),
                    b"*/" => (depth, i) = (depth - 1, i + 2),
                    _ => i += 1,
                }
            }
            Some(i)
        }
        b'r' if !in_word && matches!(from(1), b'"' | b'#') => raw_end(b, at + 1),
        b'b' if !in_word && from(1) == b'r' && matches!(from(2), b'"' | b'#') => raw_end(b, at + 2),
        b'"' => {
            let mut i = at + 1;
            while i < b.len() && b[i] != b'"' {
                i += if b[i] == b'\\' { 2 } else { 1 };
            }
            Some((i + 1).min(b.len()))
        }
        b'\'' if from(1) == b'\\' => b[at + 3..]
            .iter()
            .position(|c| *c == b'\'')
            .map(|n| at + 3 + n + 1),
        b'\'' => {
            // A character, not a lifetime: closed after one character.
            let width = match from(1) {
                0xf0.. => 4,
                0xe0.. => 3,
                0xc0.. => 2,
                _ => 1,
            };
            (from(1 + width) == b'\'').then_some(at + width + 2)
        }
        _ => None,
    }
}

fn raw_end(b: &[u8], hashes_at: usize) -> Option<usize> {
    let hashes = b[hashes_at..].iter().take_while(|c| **c == b'#').count();
    if b.get(hashes_at + hashes) != Some(&b'"') {
        return None; // r#keyword
    }
    let close: Vec<u8> = std::iter::once(b'"').chain(vec![b'#'; hashes]).collect();
    let body = hashes_at + hashes + 1;
    b[body..]
        .windows(close.len())
        .position(|w| w == close)
        .map(|n| body + n + close.len())
}

/// The items under `#[cfg(test)]`, attribute included.
fn test_items(code: &str) -> Vec<std::ops::Range<usize>> {
    let mut out: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, _) in code.match_indices("#[cfg(test)]") {
        if out.last().is_some_and(|r| r.contains(&at)) {
            continue;
        }
        let rest = &code[at..];
        let mut depth = 0usize;
        let mut end = rest.len();
        for (i, c) in rest.char_indices() {
            match c {
                '{' | '(' | '[' => depth += 1,
                '}' | ')' | ']' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 && c == '}' {
                        end = i + 1;
                        break;
                    }
                }
                ';' if depth == 0 => {
                    end = i + 1;
                    break;
                }
                _ => {}
            }
        }
        out.push(at..at + end);
    }
    out
}

fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    for item in test_items(code) {
        let blanked: String = code[item.clone()]
            .chars()
            .map(|c| if c == '\n' { '\n' } else { ' ' })
            .collect();
        // Multi-byte characters outside of literals don't occur in these sources.
        out.replace_range(item, &blanked);
    }
    out
}

fn identifiers(code: &str) -> Vec<String> {
    tokens(code)
        .into_iter()
        .filter(|t| is_word(&t.1))
        .map(|t| t.1)
        .collect()
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c == '_' || c.is_alphabetic())
}

/// Line and text of words, `::` and single characters.
fn tokens(code: &str) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    let mut line = 1;
    let mut chars = code.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\n' {
            line += 1;
        } else if c == '_' || c.is_alphanumeric() {
            let mut word = c.to_string();
            while let Some(n) = chars.next_if(|n| *n == '_' || n.is_alphanumeric()) {
                word.push(n);
            }
            out.push((line, word));
        } else if c == ':' && chars.next_if_eq(&':').is_some() {
            out.push((line, "::".into()));
        } else if !c.is_whitespace() {
            out.push((line, c.into()));
        }
    }
    out
}

/// Line and name of every macro call.
fn macros(code: &str) -> Vec<(usize, String)> {
    let tokens = tokens(code);
    tokens
        .windows(3)
        .filter(|w| is_word(&w[0].1) && w[1].1 == "!" && matches!(w[2].1.as_str(), "(" | "[" | "{"))
        .map(|w| w[0].clone())
        .collect()
}

#[derive(Debug, PartialEq)]
struct Found {
    line: usize,
    segments: Vec<String>,
}

/// Every path with at least two segments, groups of `use` spread, `self` and `super` resolved, so
/// that those of this crate start with `crate`.
fn paths(code: &str, own: &[String]) -> Vec<Found> {
    let tokens = tokens(code);
    let mut out = Vec::new();
    let mut inline: Vec<(String, usize)> = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    while at < tokens.len() {
        let text = tokens[at].1.as_str();
        let next = |n: usize| tokens.get(at + n).map_or("", |t| t.1.as_str());
        match text {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                if inline.last().is_some_and(|(_, d)| *d == depth) {
                    inline.pop();
                }
            }
            "mod" if is_word(next(1)) && next(2) == "{" => {
                inline.push((next(1).to_owned(), depth));
            }
            _ => {}
        }
        let before = at.checked_sub(1).map_or("", |i| tokens[i].1.as_str());
        let starts = is_word(text) && next(1) == "::" && !matches!(before, "::" | ".");
        let whole_crate = before == "use" && is_word(text) && matches!(next(1), ";" | "as");
        if starts {
            let module: Vec<String> = own
                .iter()
                .cloned()
                .chain(inline.iter().map(|(n, _)| n.clone()))
                .collect();
            at = tree(&tokens, at, &[], &module, &mut out);
        } else {
            if whole_crate {
                out.push(Found {
                    line: tokens[at].0,
                    segments: vec![text.into(), "*".into()],
                });
            }
            at += 1;
        }
    }
    out
}

/// Reads a path or a group after `prefix`; gives the index behind it.
fn tree(
    tokens: &[(usize, String)],
    mut at: usize,
    prefix: &[String],
    module: &[String],
    out: &mut Vec<Found>,
) -> usize {
    let mut segments = prefix.to_vec();
    let line = tokens[at].0;
    let text = |i: usize| tokens.get(i).map_or("", |t| t.1.as_str());
    loop {
        match text(at) {
            "{" => {
                at += 1;
                while at < tokens.len() && text(at) != "}" {
                    at = match text(at) {
                        "," => at + 1,
                        _ => tree(tokens, at, &segments, module, out),
                    };
                }
                return at + 1;
            }
            word if is_word(word) || word == "*" => {
                segments.push(word.into());
                at += 1;
            }
            _ => break,
        }
        if text(at) != "::" {
            break;
        }
        at += 1;
    }
    if text(at) == "as" {
        at += 2;
    }
    if segments.last().is_some_and(|s| s == "self") && segments.len() > 1 {
        segments.pop();
        segments.push("*".into());
    }
    if let Some(segments) = resolve(&segments, module) {
        out.push(Found { line, segments });
    }
    // Always past at least one token.
    at.max(1)
}

fn resolve(segments: &[String], module: &[String]) -> Option<Vec<String>> {
    let mut base: Vec<String> = module.to_vec();
    let mut rest = segments;
    match segments.first()?.as_str() {
        "super" => {
            while let [first, more @ ..] = rest
                && first == "super"
            {
                base.pop();
                rest = more;
            }
        }
        "self" => rest = &segments[1..],
        _ => return Some(segments.to_vec()),
    }
    Some(
        std::iter::once("crate".to_owned())
            .chain(base)
            .chain(rest.iter().cloned())
            .collect(),
    )
}

// The checker itself.

fn of(files: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<Source> = files
        .iter()
        .map(|(f, t)| ((*f).to_owned(), (*t).to_owned()))
        .collect();
    violations(&files, &[])
}

#[test]
fn planted_violations_are_found() {
    for (file, text, expected) in [
        (
            "model/tree.rs",
            "use crate::git::Files;",
            "src/model/tree.rs:1: `model` must not know `git` (crate::git::Files)",
        ),
        (
            "model/tree.rs",
            "\n\nfn f() { crate::git::open(); }",
            "src/model/tree.rs:3: `model` must not know `git` (crate::git::open)",
        ),
        (
            "compare/mod.rs",
            "use crate::{model::{a, b}, pipeline::X};",
            "src/compare/mod.rs:1: `compare` must not know `pipeline` (crate::pipeline::X)",
        ),
        (
            "compare/a/b.rs",
            "use super::super::super::render::words;",
            "src/compare/a/b.rs:1: `compare` must not know `render` (crate::render::words)",
        ),
        (
            "render/text.rs",
            "mod inner { use super::super::super::cli::Cli; }",
            "src/render/text.rs:1: `render` must not know `cli` (crate::cli::Cli)",
        ),
        (
            "history.rs",
            "use crate::compare::Compared;",
            "src/history.rs:1: `history` must not know `compare` (crate::compare::Compared)",
        ),
        (
            "extra/mod.rs",
            "use crate::model::tree;",
            "src/extra/mod.rs:1: the module `extra` has no layer: give it one in LAYERS",
        ),
        (
            "pipeline/live.rs",
            "use git2::{Repository};",
            "src/pipeline/live.rs:1: git2 belongs behind git/",
        ),
        (
            "pipeline/live.rs",
            "use git2;",
            "src/pipeline/live.rs:1: git2 belongs behind git/",
        ),
        (
            "model/report.rs",
            "#[derive(schemars::JsonSchema)] struct A;",
            "src/model/report.rs:1: schemars belongs behind config/",
        ),
        (
            "git/mod.rs",
            "fn f() -> anyhow::Result<()> { Ok(()) }",
            "src/git/mod.rs:1: anyhow belongs behind cli/, pipeline/, main.rs",
        ),
        (
            "check/drifted.rs",
            "use super::states::DRIFTED;",
            "src/check/drifted.rs:1: check::drifted must not know its sibling states",
        ),
        (
            "source/aws.rs",
            "use crate::source::kubernetes::connect;",
            "src/source/aws.rs:1: source::aws must not know its sibling kubernetes",
        ),
        (
            "desired/helm/chart.rs",
            "use super::super::kustomize::build;",
            "src/desired/helm/chart.rs:1: desired::helm must not know its sibling kustomize",
        ),
        (
            "render/json.rs",
            "use super::text::page::wrap;",
            "src/render/json.rs:1: render::json must not know its sibling text",
        ),
        (
            "compare/mod.rs",
            "use std::{collections::BTreeMap, fs};",
            "src/compare/mod.rs:1: a pure module uses I/O or the environment (std::fs)",
        ),
        (
            "check/mod.rs",
            "fn f() { std::env::var(); }",
            "src/check/mod.rs:1: a pure module uses I/O or the environment (std::env::var)",
        ),
        (
            "policy/mod.rs",
            "fn f() { std::time::SystemTime::now(); }",
            "src/policy/mod.rs:1: a pure module uses the clock (std::time::SystemTime::now)",
        ),
        (
            "policy/mod.rs",
            "fn f() { Timestamp::now(); }",
            "src/policy/mod.rs:1: a pure module uses the clock (Timestamp::now)",
        ),
        (
            "render/text.rs",
            "fn f() { println!(); }",
            "src/render/text.rs:1: println! in a pure module",
        ),
    ] {
        assert_eq!(of(&[(file, text)]), [expected], "{file}: {text}");
    }
}

#[test]
fn what_is_allowed_is_silent() {
    for (file, text) in [
        (
            "git/store.rs",
            "use git2::Oid; use crate::model::problem::Problem; use super::path;",
        ),
        (
            "cli/check.rs",
            "use crate::{pipeline, render, text}; fn f() { std::env::var(); println!(); }",
        ),
        (
            "compare/mod.rs",
            "// use crate::cli::Cli;\n/* git2:: /* nested */ crate::cli */ use crate::kubernetes::pairing;",
        ),
        (
            "compare/mod.rs",
            r##"const A: &str = "crate::cli::Cli"; const B: &str = r#"git2::"x""#; const C: char = '"'; const D: &str = "\"git2::";"##,
        ),
        (
            "model/a.rs",
            "fn f<'a>(x: &'a str) -> char { '\\'' } // std::fs",
        ),
        (
            "model/a.rs",
            "#[cfg(test)]\nmod tests { use crate::cli::Cli; fn f() { std::fs::read(); } }",
        ),
        (
            "render/json.rs",
            "use super::{Format, Style, message, value::shown};",
        ),
        ("lib.rs", "pub mod cli; pub use crate::cli::main;"),
        (
            "desired/mod.rs",
            "use self::helm::chart::read; use crate::git::Files;",
        ),
    ] {
        assert_eq!(of(&[(file, text)]), [""; 0], "{file}: {text}");
    }
}

#[test]
fn test_files_and_only_they_are_left_out() {
    let files = [
        ("git/mod.rs", "#[cfg(test)]\nmod testing;\nmod store;"),
        ("git/testing.rs", "use crate::cli::Cli;"),
        (
            "git/store.rs",
            "#[cfg(test)]\n#[path = \"store_tests.rs\"]\nmod tests;",
        ),
        ("git/store_tests.rs", "use crate::cli::Cli;"),
        ("git/tests.rs", "use crate::cli::Cli;"),
        ("config/mod.rs", "#[cfg(test)]\nmod tests;"),
        ("config/tests/mod.rs", "use crate::cli::Cli;"),
    ];
    assert_eq!(
        of(&files),
        ["src/git/tests.rs:1: `git` must not know `cli` (crate::cli::Cli)"]
    );
}

#[test]
fn an_exception_holds_for_its_file_and_must_be_needed() {
    let exception = |file| {
        [Exception {
            file,
            uses: "kubernetes::quantity",
            reason: "a test",
        }]
    };
    let files = vec![(
        "model/value.rs".to_owned(),
        "use crate::kubernetes::quantity;".to_owned(),
    )];
    assert_eq!(violations(&files, &exception("model/value.rs")), [""; 0]);
    assert_eq!(violations(&files, &exception("model/tree.rs")).len(), 2);
}
