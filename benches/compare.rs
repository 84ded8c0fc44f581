//! Pairing and comparing what is in memory already: `cargo bench --bench compare`.

mod support;

use divan::{Bencher, counter::ItemsCount};
use driftgate::{
    compare::{LayerInput, compare_layer},
    kubernetes::pairing,
    model::{
        desired::DesiredWorld,
        observation::Observation,
        secret::DigestKey,
        state::Sides,
        target::{Layer, SecretsMode},
    },
};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};
use support::Shape;

const SIZES: [usize; 3] = [1_000, 10_000, 50_000];

struct Both {
    git: DesiredWorld,
    live: Observation,
}

/// Both sides of so many objects, made once.
fn both(objects: usize) -> &'static Both {
    static MADE: Mutex<Vec<(usize, &'static Both)>> = Mutex::new(Vec::new());
    let mut made = MADE.lock().expect("no benchmark panics");
    if let Some((_, known)) = made.iter().find(|(n, _)| *n == objects) {
        return known;
    }
    let shape = Shape::of(objects);
    let new: &'static Both = Box::leak(Box::new(Both {
        git: support::desired(shape),
        live: support::live(shape, &DigestKey::for_this_run(&[7; 32])),
    }));
    made.push((objects, new));
    new
}

fn layer() -> Layer {
    Layer {
        name: "workload".into(),
        closed: true,
        ..Layer::default()
    }
}

#[divan::bench(args = SIZES, sample_count = 10, sample_size = 1)]
fn pair(bencher: Bencher<'_, '_>, objects: usize) {
    let both = both(objects);
    let git = Sides {
        base: &both.git,
        head: &both.git,
        deployed: &both.git,
        live: &both.git,
    };
    bencher
        .counter(ItemsCount::new(objects))
        .bench(|| pairing::pair(&git, Some(&both.live)));
}

/// An audit: one world of git, and live.
#[divan::bench(args = SIZES, sample_count = 10, sample_size = 1)]
fn audit(bencher: Bencher<'_, '_>, objects: usize) {
    let both = both(objects);
    compare(bencher, objects, both, &both.git);
}

/// A review: one object in fifty was read anew for head; the others are the same on both sides.
#[divan::bench(args = SIZES, sample_count = 10, sample_size = 1)]
fn review(bencher: Bencher<'_, '_>, objects: usize) {
    let both = both(objects);
    let mut head = both.git.clone();
    for (n, object) in head.objects.values_mut().enumerate() {
        if n.is_multiple_of(50) {
            *object = Arc::new((**object).clone());
        }
    }
    compare(bencher, objects, both, &head);
}

fn compare(bencher: Bencher<'_, '_>, objects: usize, both: &Both, head: &DesiredWorld) {
    let (layer, claimed) = (layer(), BTreeSet::new());
    let input = LayerInput {
        layer: &layer,
        base: &both.git,
        head,
        deployed: &both.git,
        live: Some(&both.live),
        secrets: SecretsMode::References,
        deployer: None,
        claimed: &claimed,
        deployers: &[],
    };
    let found = compare_layer(&input);
    assert!(
        found.entries.len() >= objects / 250,
        "the drift that is there is found: {} entries",
        found.entries.len()
    );
    bencher
        .counter(ItemsCount::new(objects))
        .bench(|| compare_layer(&input));
}

fn main() {
    divan::main();
}
