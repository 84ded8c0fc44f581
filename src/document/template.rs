//! Files that only become YAML when somebody renders them.

use super::DocumentProblem;
use crate::model::tree::Span;

/// The problem of a document that is an unrendered template, if it is one: its line `line` (from
/// 1), the one before it, or a line of its own (`{{- if … }}`) has braces of a template engine.
pub(super) fn problem(
    document: &str,
    first_line: u32,
    line: u32,
    span: Option<Span>,
) -> Option<DocumentProblem> {
    let suspect = document.lines().zip(first_line..).any(|(text, n)| {
        let near = n == line || n + 1 == line;
        let text = text.trim_start();
        (near && has_braces(text)) || text.starts_with("{{") || text.starts_with("{%")
    });
    suspect.then(|| not_rendered(span))
}

/// Says that a template is no document.
pub(super) fn not_rendered(span: Option<Span>) -> DocumentProblem {
    DocumentProblem::new(
        span,
        "this is a template (`{{ … }}`) that was not rendered, and no YAML",
        Some(
            "let driftgate render it (`helm:`, `kustomize:`), give it the rendered files, or leave the file out",
        ),
    )
}

fn has_braces(line: &str) -> bool {
    line.contains("{{") || line.contains("{%")
}
