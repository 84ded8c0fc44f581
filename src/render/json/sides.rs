//! Several values of one entry.

use crate::{
    model::{finding::SideShown, observation::ItemId, report::SideName},
    render::{
        message,
        parts::{ByJson, PlaceJson, ShownJson, WrittenJson, made_from},
    },
};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct SideJson<'a> {
    environment: &'a str,
    layer: &'a str,
    side: SideName,
    #[serde(flatten)]
    value: ShownJson<'a>,
    #[serde(flatten)]
    place: Option<PlaceJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    made_from: Vec<PlaceJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    field: String,
    #[serde(flatten)]
    by: Option<ByJson<'a>>,
    #[serde(flatten)]
    written: Option<WrittenJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl<'a> SideJson<'a> {
    pub(super) fn of(s: &'a SideShown) -> SideJson<'a> {
        SideJson {
            environment: &s.environment,
            layer: &s.layer,
            side: s.side,
            value: ShownJson::of(&s.value),
            place: s.place.as_ref().map(PlaceJson::of),
            made_from: made_from(&s.made_from),
            object: (s.object.as_ref())
                .filter(|item| !is_file_of_git(item, s))
                .map(ToString::to_string),
            field: s.path.to_string(),
            by: s.commit.as_ref().map(ByJson::of),
            written: s.written.as_ref().map(WrittenJson::of),
            note: s.note.as_ref().map(message),
        }
    }
}

/// A file of git is no object: `file` says where in it.
fn is_file_of_git(item: &ItemId, side: &SideShown) -> bool {
    side.place.is_some() && matches!(item, ItemId::Document(_))
}
