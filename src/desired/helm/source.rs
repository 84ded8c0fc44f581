//! Where helm says that a document comes from: `# Source: shop/charts/db/templates/x.yaml`.

use super::{super::path::join, chart::Chart};
use crate::{
    document::Document,
    model::place::{Exactness, Place},
};
use std::{collections::BTreeSet, sync::Arc};

/// The comments of one render, and the files they may mean.
pub(super) struct Sources<'a> {
    chart: &'a Chart,
    known: BTreeSet<&'a Arc<str>>,
    /// Byte offset of a document and its comment: a file of CRDs has one for all its documents.
    comments: Vec<(u32, Box<str>)>,
}

impl<'a> Sources<'a> {
    pub(super) fn new(
        documents: &[Document],
        chart: &'a Chart,
        known: impl Iterator<Item = &'a Arc<str>>,
    ) -> Sources<'a> {
        Sources {
            chart,
            known: known.collect(),
            comments: documents
                .iter()
                .filter_map(|d| Some((d.start.start, d.source_comment.clone()?)))
                .collect(),
        }
    }

    /// The template that a document was made from; the chart where that is not known.
    pub(super) fn place(&self, document: &Document) -> Place {
        let before = self
            .comments
            .partition_point(|(at, _)| *at <= document.start.start);
        let file = before
            .checked_sub(1)
            .and_then(|i| self.file(&self.comments[i].1));
        Place {
            file: file.unwrap_or_else(|| self.chart.file.clone()),
            span: None,
            exact: Exactness::Approximate("source comment"),
        }
    }

    /// Begins with the chart's name, not its folder's.
    fn file(&self, comment: &str) -> Option<Arc<str>> {
        let inside = comment
            .strip_prefix(&*self.chart.name)
            .and_then(|rest| rest.strip_prefix('/'))
            .unwrap_or(comment);
        let known = |path: Arc<str>| self.known.contains(&path).then_some(path);
        if let Some(path) = join(&self.chart.path, inside).and_then(known) {
            return Some(path);
        }
        // In `charts/<name>/…` there may be an archive, or a folder that lies elsewhere.
        let below = inside.strip_prefix("charts/")?;
        let (name, rest) = below.split_once('/')?;
        let vendored = self.chart.vendored.iter().find(|v| &*v.name == name);
        if let Some(path) = vendored.and_then(|v| join(&v.from, rest)).and_then(known) {
            return Some(path);
        }
        let archive = join(&self.chart.path, &format!("charts/{name}-"))?;
        self.known
            .iter()
            .find(|k| k.starts_with(&*archive) && k.ends_with(".tgz"))
            .map(|k| Arc::clone(k))
    }
}
