//! `kustomize:`: what `kustomize build` makes of a folder at a revision.

mod closure;
mod origin;

use super::{
    DesiredContext,
    export::Export,
    objects::{Extracted, Origin, extract},
    path::{join, parent},
    render::{self, Failed, Key, Rendered, Tool, whole},
    world::{How, WorldBuilder},
};
use crate::{
    git::{FileError, Files},
    model::desired::DesiredWorld,
    process::PrivateFolder,
};
use closure::Closure;
use origin::Origins;
use std::{ffi::OsString, fmt::Write};

const INSTALL: &str = "https://kubectl.docs.kubernetes.io/installation/kustomize/, or hand over your own render with `rendered:` and --rendered";
/// Renders the kustomization in `folder`.
pub(super) fn read(folder: &str, files: &Files, cx: &DesiredContext<'_>) -> DesiredWorld {
    let mut world = WorldBuilder::default();
    if let Err(failed) = render_into(&mut world, folder, files, cx) {
        world.problem(*failed.problem, failed.cause);
    }
    world.finish()
}

fn render_into(
    world: &mut WorldBuilder,
    folder: &str,
    files: &Files,
    cx: &DesiredContext<'_>,
) -> Result<(), Failed> {
    let closure = closure::of(folder, files, cx.render.allow_remote)?;
    for file in &closure.named {
        world.input(file);
    }
    let place = whole(&closure.root);
    let tool = render::tool("kustomize", INSTALL, &place, cx)?;
    let helm = match closure.charts {
        true => Some(render::tool("helm", render::INSTALL_HELM, &place, cx)?),
        false => None,
    };
    let export = Export::plan(files, &closure.folders, &place)?;
    let mut key = Key::new("kustomize", &tool, cx);
    key.add(parent(&closure.root).as_bytes());
    if let Some(helm) = &helm {
        key.add(helm.program.as_os_str().as_encoded_bytes());
        key.add(helm.version.as_bytes());
    }
    export.identify(&mut key)?;
    let extracted = render::objects(
        key.finish(),
        cx,
        || build(&closure, &export, &tool, helm.as_ref(), cx),
        |rendered| objects(rendered, &closure, files, cx),
    )?;
    world.add(&extracted, How::Named);
    Ok(())
}

/// Whether there is a kustomization at all.
pub(super) fn is_there(folder: &str, files: &Files) -> Result<bool, FileError> {
    for name in closure::NAMES {
        let path = join(folder, name).unwrap_or_default();
        if files.exists(&path)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The folder of the export, from the folder of our overlay beside it.
const EXPORT: &str = "files";

fn build(
    closure: &Closure,
    export: &Export<'_>,
    tool: &Tool,
    helm: Option<&Tool>,
    cx: &DesiredContext<'_>,
) -> Result<Rendered, Failed> {
    let place = whole(&closure.root);
    let failed = |e: crate::process::ProcessError| {
        Failed::refused(place.clone(), e.to_string()).hint(
            "if the repository renders with plugins or another tool, hand over its own render with `rendered:`",
        )
    };
    let home = PrivateFolder::new().map_err(failed)?;
    export.write(&home.folder(EXPORT).map_err(failed)?)?;
    home.folder("overlay").map_err(failed)?;
    home.file("overlay/kustomization.yaml", overlay(closure).as_bytes())
        .map_err(failed)?;
    let mut arguments: Vec<OsString> = vec!["build".into(), "overlay".into()];
    if let Some(helm) = helm {
        arguments.push("--enable-helm".into());
        arguments.push("--helm-command".into());
        arguments.push(helm.program.clone().into_os_string());
    }
    let network = cx.render.allow_remote;
    let once = || {
        render::run(&tool.program, arguments.clone(), &home, network, cx)
            .map(|output| output.stdout)
            .map_err(failed)
    };
    if closure.charts {
        return export.render_as_often_as_needed(once);
    }
    Ok(Rendered {
        stdout: once()?,
        again: None,
    })
}

/// Renders through a kustomization of ours that asks for origins. Of `buildMetadata` only the
/// root's counts, so that ours repeats what the repository's says.
fn overlay(closure: &Closure) -> String {
    let folder = parent(&closure.root);
    let mut path = format!("../{EXPORT}");
    if !folder.is_empty() {
        let _ = write!(path, "/{folder}");
    }
    let mut metadata = vec!["originAnnotations"];
    // The one other that ends up in objects of a cluster.
    if closure.build_metadata.iter().any(|m| m == "managedByLabel") {
        metadata.push("managedByLabel");
    }
    // JSON is YAML: no path breaks out of its quotes.
    serde_json::json!({ "resources": [path], "buildMetadata": metadata }).to_string()
}

fn objects(
    rendered: &Rendered,
    closure: &Closure,
    files: &Files,
    cx: &DesiredContext<'_>,
) -> Extracted {
    let parsed = rendered.parse();
    let origins = Origins::of(&parsed.documents, &closure.root, EXPORT, files);
    extract(
        &parsed,
        &Origin::Rendered {
            place: &|_, object| origins.place(object),
            whole: &whole(&closure.root),
        },
        &[origin::ANNOTATION],
        cx,
    )
}

#[cfg(test)]
mod tests;
