//! Which paths are read: relative, with `/`, without a way out and never into `.git`.

use super::error::FileError;

/// The segments of a path. `""` and `.` are the root; `.` segments and one `/` at the end are
/// allowed, since people write `./deploy/`.
///
/// # Errors
/// [`FileError::Leaves`] for `..` and absolute paths, [`FileError::Invalid`] for the rest.
pub(super) fn segments(path: &str) -> Result<Vec<&str>, FileError> {
    if path.starts_with('/') {
        return Err(FileError::Leaves { path: path.into() });
    }
    let trimmed = path.strip_suffix('/').unwrap_or(path);
    if trimmed.is_empty() {
        return Ok(Vec::new());
    }
    let mut out = Vec::new();
    for segment in trimmed.split('/') {
        match segment {
            "." => {}
            ".." => return Err(FileError::Leaves { path: path.into() }),
            _ => {
                if let Some(why) = refused(segment) {
                    return Err(FileError::Invalid {
                        path: path.escape_debug().to_string(),
                        why,
                    });
                }
                out.push(segment);
            }
        }
    }
    Ok(out)
}

/// Why a single name is not read; none when it is. Names in a hostile tree object can be
/// anything, so this holds for them as well.
pub(super) fn refused(name: &str) -> Option<&'static str> {
    // `git~1` is the short name of `.git` on Windows file systems.
    if name.eq_ignore_ascii_case(".git") || name.eq_ignore_ascii_case("git~1") {
        return Some("git's own folder is not read");
    }
    match name {
        "" => Some("it has an empty segment"),
        "." | ".." => Some("a name cannot be `.` or `..`"),
        _ if name.contains('\0') => Some("it contains a NUL"),
        _ if name.contains('/') => Some("a name contains a `/`"),
        _ if cfg!(windows) && name.contains(['\\', ':']) => Some("write `/` between folders"),
        _ => None,
    }
}

/// `folder/name`, or `name` at the root.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.into()
    } else {
        format!("{folder}/{name}")
    }
}

/// Whether `path` is `folder` or below it.
pub(super) fn is_within(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_paths_are_split() {
        assert_eq!(segments("deploy/api.yaml"), Ok(vec!["deploy", "api.yaml"]));
        assert_eq!(segments("./deploy/"), Ok(vec!["deploy"]));
        assert_eq!(segments(""), Ok(vec![]));
        assert_eq!(segments("."), Ok(vec![]));
        assert_eq!(segments("..a/b.."), Ok(vec!["..a", "b.."]));
        assert_eq!(segments(".github/x"), Ok(vec![".github", "x"]));
    }

    #[test]
    fn hostile_paths_are_refused() {
        for out in ["..", "a/..", "a/../../etc", "/etc/passwd", "//x", "./.."] {
            assert!(
                matches!(segments(out), Err(FileError::Leaves { .. })),
                "{out}"
            );
        }
        for wrong in [
            "a//b",
            "a/\0",
            ".git",
            "a/.GIT/config",
            "sub/.git",
            "GIT~1/x",
        ] {
            assert!(
                matches!(segments(wrong), Err(FileError::Invalid { .. })),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn a_sibling_with_the_same_start_is_not_within() {
        assert!(is_within("deploy/a", "deploy"));
        assert!(is_within("deploy", "deploy"));
        assert!(is_within("x", ""));
        assert!(!is_within("deployment/a", "deploy"));
    }
}
