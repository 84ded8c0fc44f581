//! `file:`: settings in files of the repository, lowest precedence first.

mod cloudformation;
#[cfg(test)]
mod tests;

use super::{
    DesiredContext,
    settings::{self, Absent, Collector, Found, Load, SettingsFile, Wrong, format_of_file},
};
use crate::{
    document::{self, Format},
    git::{FileError, Files},
    model::{
        desired::DesiredWorld,
        path::KeyPath,
        place::Place,
        problem::Problem,
        target::{FileFormat, FilePart, FileSpec},
        tree::{Kind, NodeRef},
        value::UnreadCause,
    },
};

/// Reads the settings.
pub(super) fn read(spec: &FileSpec, files: &Files, cx: &DesiredContext<'_>) -> DesiredWorld {
    let mut out = Collector::default();
    for part in &spec.parts {
        let before = out.blocked();
        read_part(part, files, cx, &mut out);
        // What was not read of this file, later files win over.
        if out.blocked() > before {
            out.all_above_wins();
        }
    }
    out.finish()
}

/// Whether any part is there: its file, and in it what is selected.
pub(super) fn is_there(spec: &FileSpec, files: &Files) -> Result<bool, FileError> {
    for part in &spec.parts {
        if !files.exists(&part.file)? {
            continue;
        }
        let (Some(select), Some(format)) = (&part.select, format_of_file(&part.file, part.format))
        else {
            return Ok(true);
        };
        let parsed = document::parse(&files.read(&part.file)?.bytes, format);
        // What is broken is there, and so is what may be hidden.
        let root = match parsed.documents.as_slice() {
            [one] if parsed.problems.iter().all(|p| !p.blocks) => one.tree.root(),
            [] if parsed.problems.iter().all(|p| !p.blocks) => continue,
            _ => return Ok(true),
        };
        let below = |prefix: String| {
            let mut keys = root.children().map(|c| c.key().as_str());
            keys.any(|k| k.starts_with(&prefix))
        };
        let found = match (format, settings::prefix(select)) {
            (Format::Properties, Some(prefix)) => below(prefix),
            _ => !settings::select(root, select).is_err_and(|not| not.certain),
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

fn read_part(part: &FilePart, files: &Files, cx: &DesiredContext<'_>, out: &mut Collector) {
    let Some(format) = format_of_file(&part.file, part.format) else {
        let place = Place::exact((*part.file).into(), None);
        let message = format!("{} has a name that tells no format", part.file);
        return out.malformed(Problem::new(Some(place), message).hint(
            "say which one it is: `format: yaml`, `json`, `toml`, `dotenv`, `properties`, `ini` …",
        ));
    };
    let how = Load {
        format,
        detect: matches!(part.format, None | Some(FileFormat::Cloudformation)),
        sealed: true,
    };
    match settings::load(&part.file, how, files, cx) {
        Ok(file) => read_file(part, &file, cx, out),
        Err(error @ FileError::NotFound { .. }) => {
            match settings::missing(&part.file, &error, files) {
                Absent::Certain(_) if part.if_absent_skip => {}
                Absent::Certain(problem) | Absent::Dangling(problem) => {
                    out.problem(problem, UnreadCause::MissingObject);
                }
            }
        }
        Err(error) => out.unreadable(&error, &part.file),
    }
}

fn read_file(part: &FilePart, file: &SettingsFile, cx: &DesiredContext<'_>, out: &mut Collector) {
    out.input(&file.path);
    for problem in &file.problems {
        out.malformed(problem.clone());
    }
    let mut documents = file.documents.iter();
    let Some(document) = documents.next() else {
        // What is empty has no such part either; what is broken was said already.
        if file.problems.iter().all(|p| !p.blocks)
            && let Some(select) = part.select.as_ref().filter(|_| !part.if_absent_skip)
        {
            let place = Place::exact(file.path.clone(), None);
            let message = format!("there is no `{select}`: the file is empty");
            out.malformed(Problem::new(Some(place), message));
        }
        return;
    };
    if let Some(second) = documents.next() {
        let place = Place::exact(file.path.clone(), Some(second.start));
        let message = format!(
            "a second YAML document: a file of settings is one document, this one has {}",
            file.documents.len()
        );
        return out.malformed(Problem::new(Some(place), message).hint(
            "keep the documents in files of their own and list them; for the documents of Spring Boot use `spring:`",
        ));
    }
    let root = document.tree.root();
    if file.is_template || part.format == Some(FileFormat::Cloudformation) {
        return cloudformation::read(part, file, root, cx, out);
    }
    read_part_of(part, file, root, out);
}

/// The settings of the part of a sealed tree that `part` selects.
fn read_part_of(part: &FilePart, file: &SettingsFile, root: NodeRef<'_>, out: &mut Collector) {
    let everything = KeyPath::default();
    let base = part.select.as_ref().unwrap_or(&everything);
    if let (Format::Properties, Some(prefix)) = (file.format, settings::prefix(base)) {
        return read_below_prefix(part, &prefix, file, root, out);
    }
    let selected = match settings::select(root, base) {
        Ok(node) => node,
        Err(not) if part.if_absent_skip && not.certain => return,
        Err(not) => return out.malformed(not_there(&not, file, root)),
    };
    read_node(base, file, selected, out);
}

fn read_node(base: &KeyPath, file: &SettingsFile, node: NodeRef<'_>, out: &mut Collector) {
    let found = Found {
        file: &file.path,
        in_git: true,
        base,
        format: file.format,
    };
    if let Err(wrong) = settings::entries(node, &found, &mut out.settings) {
        out.malformed(no_settings(wrong, base, file, node));
    }
}

/// Properties keep their dots: a part of such a file is all keys that begin alike.
fn read_below_prefix(
    part: &FilePart,
    prefix: &str,
    file: &SettingsFile,
    root: NodeRef<'_>,
    out: &mut Collector,
) {
    let before = out.settings.len();
    read_node(&KeyPath::default(), file, root, out);
    let all = out.settings.split_off(before);
    out.settings.extend(settings::below_prefix(all, prefix));
    if out.settings.len() == before && !part.if_absent_skip {
        let place = Place::exact(file.path.clone(), None);
        let message = format!("no key begins with `{prefix}`");
        out.malformed(Problem::new(Some(place), message));
    }
}

fn not_there(not: &settings::NotSelected, file: &SettingsFile, root: NodeRef<'_>) -> Problem {
    let reached = settings::select(root, &not.reached).unwrap_or(root);
    let span = reached.key_span().or_else(|| reached.span());
    Problem {
        hint: not.hint.clone(),
        ..Problem::new(
            Some(Place::exact(file.path.clone(), span)),
            not.message.clone(),
        )
    }
}

fn no_settings(wrong: Wrong, base: &KeyPath, file: &SettingsFile, node: NodeRef<'_>) -> Problem {
    let what = match base.0.is_empty() {
        true => "the file".to_owned(),
        false => format!("`{base}`"),
    };
    let place = Some(Place::exact(file.path.clone(), node.span()));
    match wrong {
        Wrong::List => Problem::new(
            place,
            format!("{what} is a list: expected a map, or a list of `{{ name, value }}`"),
        )
        .hint("choose an item with `select`: `[identity]` by its name, key or id, or `[#0]`"),
        Wrong::Scalar => Problem::new(
            place,
            format!("{what} is {}: expected a map of settings", kind(node)),
        )
        .hint("name the map around it with `select`"),
        Wrong::Hidden => Problem::new(
            place,
            format!("{what} is not readable from here: expected a map of settings"),
        ),
    }
}

fn kind(node: NodeRef<'_>) -> &'static str {
    match node.kind() {
        Kind::True | Kind::False => "a boolean",
        Kind::Number => "a number",
        _ => "a text",
    }
}
