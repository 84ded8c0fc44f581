//! `helm:`: what `helm template` makes of a chart and values at a revision, offline.

mod chart;
mod source;
mod values;

use super::{
    DesiredContext,
    export::Export,
    objects::{Extracted, Origin, extract},
    render::{self, Failed, Key, Rendered, Tool, whole},
    world::{How, WorldBuilder},
};
use crate::{
    git::Files,
    model::{desired::DesiredWorld, target::HelmSpec},
    process::{PrivateFolder, ProcessError},
};
use chart::Chart;
use source::Sources;
use std::{ffi::OsString, path::Path};
use values::ValuesFile;

/// Renders a chart.
pub(super) fn read(spec: &HelmSpec, files: &Files, cx: &DesiredContext<'_>) -> DesiredWorld {
    let mut world = WorldBuilder::default();
    if let Err(failed) = render_into(&mut world, spec, files, cx) {
        world.problem(*failed.problem, failed.cause);
    }
    world.finish()
}

fn render_into(
    world: &mut WorldBuilder,
    spec: &HelmSpec,
    files: &Files,
    cx: &DesiredContext<'_>,
) -> Result<(), Failed> {
    // Helm installs into the release's namespace what names none.
    let cx = &DesiredContext {
        default_namespace: spec.namespace.as_deref().or(cx.default_namespace),
        ..*cx
    };
    let chart = Chart::read(&spec.chart, files, cx.render.allow_remote)?;
    let place = whole(&chart.file);
    let values = values::read(&spec.values, files)?;
    let tool = render::tool("helm", render::INSTALL_HELM, &place, cx)?;
    let export = Export::plan(files, &chart.folders, &place)?;
    for file in export.paths().chain(values.iter().map(|v| &v.file)) {
        world.input(file);
    }
    let mut key = Key::new("helm", &tool, cx);
    for part in flags(spec, cx) {
        key.add(part.as_encoded_bytes());
    }
    key.add(spec.release.as_bytes());
    key.add(chart.path.as_bytes());
    for file in &values {
        key.add(&file.content);
    }
    export.identify(&mut key)?;
    let job = Job {
        spec,
        chart: &chart,
        values: &values,
        tool: &tool,
        cx,
    };
    let extracted = render::objects(
        key.finish(),
        cx,
        || job.render(&export),
        |rendered| objects(rendered, &chart, &export, cx),
    )?;
    for problem in values.iter().filter_map(|v| v.doubt.clone()) {
        world.problem(problem, crate::model::value::UnreadCause::Malformed);
    }
    world.add(&extracted, How::Named);
    Ok(())
}

struct Job<'a> {
    spec: &'a HelmSpec,
    chart: &'a Chart,
    values: &'a [ValuesFile],
    tool: &'a Tool,
    cx: &'a DesiredContext<'a>,
}

impl Job<'_> {
    fn render(&self, export: &Export<'_>) -> Result<Rendered, Failed> {
        let home = PrivateFolder::new().map_err(|e| self.failed(&e))?;
        let folder = home.folder("files").map_err(|e| self.failed(&e))?;
        export.write(&folder)?;
        self.chart.vendor(&folder)?;
        let mut arguments = flags(self.spec, self.cx);
        if self.cx.render.allow_remote && !self.chart.missing.is_empty() {
            arguments.push("--dependency-update".into());
        }
        for (i, file) in self.values.iter().enumerate() {
            let path = home
                .file(&format!("values-{i}.yaml"), &file.content)
                .map_err(|e| self.failed(&e))?;
            let mut flag = OsString::from("--values=");
            flag.push(path);
            arguments.push(flag);
        }
        arguments.push("--".into());
        arguments.push((*self.spec.release).into());
        arguments.push(Path::new("files").join(&*self.chart.path).into());
        export.render_as_often_as_needed(|| self.once(&arguments, &home))
    }

    fn once(&self, arguments: &[OsString], home: &PrivateFolder) -> Result<Vec<u8>, Failed> {
        let network = self.cx.render.allow_remote;
        render::run(
            &self.tool.program,
            arguments.to_vec(),
            home,
            network,
            self.cx,
        )
        .map(|output| output.stdout)
        .map_err(|e| self.failed(&e))
    }

    fn failed(&self, error: &ProcessError) -> Failed {
        Failed::refused(whole(&self.chart.file), error.to_string())
    }
}

/// Flags are written `--flag=value`, so that no value is taken for a flag.
fn flags(spec: &HelmSpec, cx: &DesiredContext<'_>) -> Vec<OsString> {
    let mut out: Vec<OsString> = vec![
        "template".into(),
        "--include-crds".into(),
        "--skip-tests".into(),
    ];
    if let Some(namespace) = cx.default_namespace {
        out.push(format!("--namespace={namespace}").into());
    }
    for (key, value) in &spec.set {
        out.push(format!("--set-string={key}={}", escaped(value)).into());
    }
    out
}

/// `--set` separates by commas and reads `{a,b}` as a list (helm's strvals).
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, '\\' | ',' | '{' | '}') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn objects(
    rendered: &Rendered,
    chart: &Chart,
    export: &Export<'_>,
    cx: &DesiredContext<'_>,
) -> Extracted {
    let parsed = rendered.parse();
    let sources = Sources::new(&parsed.documents, chart, export.paths());
    extract(
        &parsed,
        &Origin::Rendered {
            place: &|document, _| sources.place(document),
            whole: &whole(&chart.file),
        },
        &[],
        cx,
    )
}

#[cfg(test)]
mod tests;
