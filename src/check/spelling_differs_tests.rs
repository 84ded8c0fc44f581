use super::*;
use crate::{
    check::testing::{Made, lines, made, world},
    compare::parity::testing::{config, typed, unread},
};

fn run_all(made: &[Made]) -> Vec<String> {
    let world = world(&[("eu", &[]), ("us", &[])]);
    world.run(made, |cx| lines(&run(cx, &between::compare(cx))))
}

fn with_live(ty: ValueType, git: &str, live: &str) -> Vec<String> {
    let mut one = made("api", "eu", &[]);
    one.head = typed(config(&[("X", git)]), "X", ty);
    one.live = Some(typed(config(&[("X", live)]), "X", ty));
    run_all(&[one])
}

#[test]
fn git_and_live_of_one_setting() {
    assert_eq!(
        with_live(ValueType::Duration, "60s", "1m"),
        ["info api: X is spelt 1m live, 60s in git"]
    );
    assert_eq!(
        with_live(ValueType::Boolean, "true", "True"),
        ["warning api: X is spelt True live, true in git"]
    );
    assert_eq!(with_live(ValueType::Duration, "60s", "61s"), [""; 0]);
    assert_eq!(with_live(ValueType::Text, "60s", "1m"), [""; 0]);
    assert_eq!(with_live(ValueType::Text, "x", "x"), [""; 0]);
}

#[test]
fn what_is_borrowed_or_unknown_is_nobodys_spelling() {
    let mut one = made("api", "eu", &[]);
    one.head = typed(config(&[("X", "60s")]), "X", ValueType::Duration);
    one.live = Some(unread(typed(
        config(&[("X", "1m")]),
        "X",
        ValueType::Duration,
    )));
    assert_eq!(run_all(&[one]), [""; 0]);
    let mut one = made("api", "eu", &[]);
    one.head = typed(config(&[("X", "60s")]), "X", ValueType::Duration);
    let mut live = typed(config(&[("X", "1m")]), "X", ValueType::Duration);
    live.layers[0].borrowed = true;
    one.live = Some(live);
    assert_eq!(run_all(&[one]), [""; 0]);
}

#[test]
fn between_environments() {
    let (mut eu, mut us) = (made("api", "eu", &[]), made("api", "us", &[]));
    eu.head = typed(
        config(&[("A", "true"), ("B", "x "), ("C", "1")]),
        "A",
        ValueType::Boolean,
    );
    us.head = typed(
        config(&[("A", "True"), ("B", "x"), ("C", "2")]),
        "A",
        ValueType::Boolean,
    );
    assert_eq!(
        run_all(&[eu, us]),
        [
            "warning api: A is spelt true in eu, True in us",
            "warning api: B is spelt \"x \" in eu, x in us",
        ]
    );
}
