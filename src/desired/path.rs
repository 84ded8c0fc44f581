//! Paths in a repository: relative to its root, with `/`, never out of it.

use std::sync::Arc;

/// `path` as seen from `folder`, without `.` and `..`; nothing when it leads out of the repository.
pub(super) fn join(folder: &str, path: &str) -> Option<Arc<str>> {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/").into())
}

/// The folder that `path` lies in; `""` is the root.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_out_of_the_repository() {
        assert_eq!(
            join("deploy/over", "../base/").as_deref(),
            Some("deploy/base")
        );
        assert_eq!(join("deploy", "./..").as_deref(), Some(""));
        assert_eq!(join("deploy", "../.."), None);
        assert_eq!(join("", "../x"), None);
        assert_eq!(parent("a/b.yaml"), "a");
        assert_eq!(parent("b.yaml"), "");
    }
}
