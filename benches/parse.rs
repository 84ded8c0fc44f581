//! Texts to trees, and snapshots: `cargo bench --bench parse`.

mod support;

use divan::{
    Bencher,
    counter::{BytesCount, ItemsCount},
};
use driftgate::{
    document::{self, Dialect, Format},
    model::{
        secret::DigestKey,
        tree::{Prune, Tree},
    },
    snapshot::{self, Section, SourceName},
};
use support::Shape;

const OBJECTS: usize = 1_000;

/// Manifests as people write them, one document per object.
fn manifests(objects: usize) -> Vec<String> {
    let shape = Shape::of(objects);
    let yaml = |o: support::Object| serde_yaml::to_string(&o.desired).expect("generated YAML");
    shape.groups().flatten().map(yaml).collect()
}

fn bytes<T: AsRef<[u8]>>(texts: &[T]) -> BytesCount {
    BytesCount::new(texts.iter().map(|t| t.as_ref().len()).sum::<usize>())
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn yaml_with_places(bencher: Bencher<'_, '_>) {
    let texts = manifests(OBJECTS);
    bencher.counter(bytes(&texts)).bench(|| {
        let parse = |t: &String| document::parse(t.as_bytes(), Format::Yaml(Dialect::K8s));
        texts
            .iter()
            .map(parse)
            .map(|p| p.documents.len())
            .sum::<usize>()
    });
}

/// One file of many documents, as `helm template` and `kubectl get` write them.
#[divan::bench(args = [1_000, 5_000, 20_000], sample_count = 3, sample_size = 1)]
fn yaml_stream(bencher: Bencher<'_, '_>, documents: usize) {
    let text = manifests(documents).join("---\n");
    bencher
        .counter(BytesCount::new(text.len()))
        .bench(|| document::parse(text.as_bytes(), Format::Yaml(Dialect::K8s)));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn json_with_places(bencher: Bencher<'_, '_>) {
    let texts: Vec<String> = Shape::of(OBJECTS)
        .groups()
        .flatten()
        .map(|o| o.desired.to_string())
        .collect();
    bencher.counter(bytes(&texts)).bench(|| {
        let parse = |t: &String| document::parse(t.as_bytes(), Format::Json);
        texts
            .iter()
            .map(parse)
            .map(|p| p.documents.len())
            .sum::<usize>()
    });
}

/// Objects as the API server sends them, less their status and `managedFields`.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn live_json(bencher: Bencher<'_, '_>) {
    let texts: Vec<String> = Shape::of(OBJECTS)
        .groups()
        .flatten()
        .map(|o| o.live.to_string())
        .collect();
    bencher.counter(bytes(&texts)).bench(|| {
        let parse = |t: &String| Tree::from_json(t.as_bytes(), Prune::LIVE).expect("JSON");
        texts
            .iter()
            .map(parse)
            .map(|t| t.node_count())
            .sum::<usize>()
    });
}

fn recording(objects: usize) -> Vec<u8> {
    let key = DigestKey::for_this_run(&[7; 32]);
    let observation = support::live(Shape::of(objects), &key);
    let mut out = Vec::new();
    write(&observation, &key, &mut out);
    out
}

fn write(
    observation: &driftgate::model::observation::Observation,
    key: &DigestKey,
    out: &mut Vec<u8>,
) {
    let source = SourceName {
        name: "kubernetes".into(),
        describe: "context production".into(),
    };
    let section = Section {
        environment: Some("production"),
        source: &source,
        taken: None,
        observation,
    };
    snapshot::write(&[section], key, out).expect("memory takes everything");
}

#[divan::bench(args = [1_000, 10_000, 50_000], sample_count = 5, sample_size = 1)]
fn snapshot_read(bencher: Bencher<'_, '_>, objects: usize) {
    let recorded = recording(objects);
    bencher
        .counter(BytesCount::new(recorded.len()))
        .counter(ItemsCount::new(objects))
        .bench(|| snapshot::read(&mut &recorded[..], None).expect("a snapshot"));
}

#[divan::bench(args = [1_000, 10_000, 50_000], sample_count = 5, sample_size = 1)]
fn snapshot_write(bencher: Bencher<'_, '_>, objects: usize) {
    let key = DigestKey::for_this_run(&[7; 32]);
    let observation = support::live(Shape::of(objects), &key);
    bencher.counter(ItemsCount::new(objects)).bench(|| {
        let mut out = Vec::new();
        write(&observation, &key, &mut out);
        out
    });
}

fn main() {
    divan::main();
}
