//! `${name}`: the only templating there is. Values are filled in once, per target, and checked
//! where they stand.

use super::{
    form::{Form, Misfit, visible},
    leaf::{Map, Scalar, Text},
    read::Cx,
    suggest::{did_you_mean, listed},
};
use crate::model::tree::Span;
use std::collections::{BTreeMap, BTreeSet};

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece<'t> {
    Literal(&'t str),
    Variable(&'t str),
}

/// Why a text is no template.
struct Malformed<'t> {
    part: &'t str,
    message: String,
    hint: &'static str,
}

/// Splits a text at its variables. `$${` is a literal `${`.
fn pieces(text: &str) -> Result<Vec<Piece<'_>>, Malformed<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            out.push(Piece::Literal(&rest[..at - 1]));
            out.push(Piece::Literal("${"));
            rest = &rest[at + 2..];
            continue;
        }
        out.push(Piece::Literal(&rest[..at]));
        let Some(length) = rest[at..].find('}') else {
            return Err(Malformed {
                part: &rest[at..],
                message: "`${` is not closed".into(),
                hint: "write `${name}`, or `$${` for a literal `${`",
            });
        };
        let part = &rest[at..=at + length];
        let name = &part[2..part.len() - 1];
        if !is_variable(name) {
            return Err(Malformed {
                part,
                message: format!("`{}` is no variable", visible(part)),
                hint: "a variable is `${name}` and nothing else: no defaults, no functions; write `$${` for a literal `${`",
            });
        }
        out.push(Piece::Variable(name));
        rest = &rest[at + length + 1..];
    }
    out.push(Piece::Literal(rest));
    Ok(out)
}

fn has_wildcard(value: &str) -> bool {
    value.contains(['*', '?', '[', ']', '{', '}'])
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-'))
}

/// Names that driftgate sets itself.
const RESERVED: [&str; 3] = ["environment", "service", "each"];

/// What variables a place knows.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// Absent value: it could not be read, which is a problem already.
    values: BTreeMap<String, Option<String>>,
    /// Whether the variables could not all be read, so that an unknown one proves nothing.
    unsure: bool,
    /// Whom a problem is about: `staging`, `api in staging`.
    about: String,
}

impl Scope {
    /// No variables yet.
    pub(super) fn new(about: String, unsure: bool) -> Scope {
        Scope {
            values: BTreeMap::new(),
            unsure,
            about,
        }
    }

    /// The variables of `self`, hidden by those of `map`.
    pub(super) fn add(&mut self, map: Option<&Map<Scalar>>) {
        for entry in map.map_or(&[][..], |m| &m.0) {
            let value = entry.value.as_ref().map(|v| unescape(&v.0.value));
            self.values.insert(entry.name.value.clone(), value);
        }
    }

    /// Takes over all variables of another scope, and its doubts.
    pub(super) fn inherit(&mut self, other: &Scope) {
        self.values.extend(other.values.clone());
        self.unsure |= other.unsure;
    }

    /// From here on an unknown variable proves nothing.
    pub(super) fn doubt(&mut self) {
        self.unsure = true;
    }

    /// Sets one variable.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.values.insert(name.into(), Some(value.into()));
    }

    /// All variables that could be read.
    pub(super) fn readable(&self) -> BTreeMap<Box<str>, Box<str>> {
        let pairs = self.values.iter();
        pairs
            .filter_map(|(k, v)| Some((k.as_str().into(), v.as_deref()?.into())))
            .collect()
    }
}

/// In a variable's value `$${` is a literal `${` too.
fn unescape(value: &str) -> String {
    value.replace("$${", "${")
}

/// Checks a map of variables as such: their names, and that none refers to another.
pub(super) fn check_variables(cx: &mut Cx<'_>, map: Option<&Map<Scalar>>) {
    for entry in map.map_or(&[][..], |m| &m.0) {
        let name = entry.name.value.as_str();
        if RESERVED.contains(&name) {
            cx.problem(entry.name.span, format!("`{name}` is set by driftgate"))
                .hint("choose another name for the variable".to_string());
        } else if !is_variable(name) {
            let message = format!("`{}` is no name for a variable", visible(name));
            cx.problem(entry.name.span, message)
                .hint("letters, digits, `_` and `-`, beginning with a letter or `_`".to_string());
        }
        let Some(Scalar(value)) = &entry.value else {
            continue;
        };
        let refers = match pieces(&value.value) {
            Ok(pieces) => pieces.iter().any(|p| matches!(p, Piece::Variable(_))),
            Err(_) => true,
        };
        if refers {
            let span = cx.part_of(value.span, "${");
            cx.problem(span, "a variable can't refer to another variable")
                .hint("write its value out, or `$${` for a literal `${`".to_string());
        }
    }
}

/// Whether a text refers to the variable `name`.
pub(super) fn mentions(text: &Text, name: &str) -> bool {
    pieces(&text.value).is_ok_and(|p| p.contains(&Piece::Variable(name)))
}

/// Fills in templates and gathers what goes wrong: a mistake in a template shows once, not once
/// per target.
#[derive(Default)]
pub(super) struct Filler {
    /// By template: for whom it was filled in.
    evaluated: BTreeMap<Template, BTreeSet<String>>,
    /// By place, template and kind of mistake.
    failed: BTreeMap<(Option<Span>, Template, String), Failure>,
}

/// A template by its place and its text: what an alias brings has one place.
type Template = (Option<Span>, String);

struct Failure {
    wrong: Wrong,
    about: BTreeSet<String>,
}

struct Wrong {
    span: Option<Span>,
    message: String,
    hint: Option<String>,
    /// Whether it depends on variables: else every target has the same mistake.
    varies: bool,
}

impl Filler {
    /// The text with its variables filled in, if it fits its place.
    pub(super) fn fill(
        &mut self,
        cx: &Cx<'_>,
        text: &Text,
        scope: &Scope,
        form: Form,
    ) -> Option<Box<str>> {
        if text.value.is_empty() {
            // It stands in for one that is missing, which is a problem already.
            return None;
        }
        self.evaluated
            .entry((text.span, text.value.clone()))
            .or_default()
            .insert(scope.about.clone());
        let pieces = match pieces(&text.value) {
            Ok(pieces) => pieces,
            Err(m) => {
                let wrong = Wrong {
                    span: cx.part_of(text.span, m.part),
                    message: m.message,
                    hint: Some(m.hint.into()),
                    varies: false,
                };
                self.fail(text, scope, "malformed", wrong);
                return None;
            }
        };
        let (mut out, mut used, mut complete) = (String::new(), Vec::new(), true);
        for piece in &pieces {
            match piece {
                Piece::Literal(literal) => out.push_str(literal),
                Piece::Variable(name) => match self.look_up(cx, text, scope, name) {
                    Some(value) if form.is_glob() && has_wildcard(&value) => {
                        let part = format!("${{{name}}}");
                        let wrong = Wrong {
                            span: cx.part_of(text.span, &part),
                            message: format!("`{}` brings a wildcard into a path", visible(&value)),
                            hint: Some(format!(
                                "filled in from `{part}`; write wildcards where the path is"
                            )),
                            varies: true,
                        };
                        self.fail(text, scope, name, wrong);
                        complete = false;
                    }
                    Some(value) => {
                        out.push_str(&value);
                        used.push(*name);
                    }
                    None => complete = false,
                },
            }
        }
        if !complete {
            return None;
        }
        match form.check(&out) {
            Ok(fit) => Some(fit),
            Err(misfit) => {
                self.misfit(cx, text, scope, &used, misfit);
                None
            }
        }
    }

    fn look_up(&mut self, cx: &Cx<'_>, text: &Text, scope: &Scope, name: &str) -> Option<String> {
        match scope.values.get(name) {
            Some(value) => value.clone(),
            None if scope.unsure => None,
            None => {
                let part = format!("${{{name}}}");
                let span = cx.part_of(text.span, &part);
                let known = scope.values.keys().map(String::as_str);
                let known = known.filter(|name| is_variable(name));
                let mut hint = format!("known here: {}", listed(known.clone()));
                if let Some(meant) = did_you_mean(name, known) {
                    hint = format!("{meant} {hint}");
                }
                let wrong = Wrong {
                    span,
                    message: format!("unknown variable `{part}`"),
                    hint: Some(hint),
                    varies: true,
                };
                self.fail(text, scope, name, wrong);
                None
            }
        }
    }

    fn misfit(&mut self, cx: &Cx<'_>, text: &Text, scope: &Scope, used: &[&str], why: Misfit) {
        let (span, hint) = match used {
            [] => (text.span, None),
            [one] => {
                let part = format!("${{{one}}}");
                (
                    cx.part_of(text.span, &part),
                    Some(format!("filled in from `{part}`")),
                )
            }
            many => {
                let parts: Vec<String> = many.iter().map(|n| format!("${{{n}}}")).collect();
                let listed = listed(parts.iter().map(String::as_str));
                (text.span, Some(format!("filled in from {listed}")))
            }
        };
        let wrong = Wrong {
            span,
            message: why.message,
            hint,
            varies: !used.is_empty(),
        };
        self.fail(text, scope, why.class, wrong);
    }

    /// Records that a text, once filled in, is wrong for a reason that only its place knows.
    pub(super) fn refuse(
        &mut self,
        text: &Text,
        scope: &Scope,
        class: &str,
        message: String,
        hint: String,
    ) {
        let wrong = Wrong {
            span: text.span,
            message,
            hint: Some(hint),
            varies: true,
        };
        self.fail(text, scope, class, wrong);
    }

    fn fail(&mut self, text: &Text, scope: &Scope, class: &str, wrong: Wrong) {
        let template = (text.span, text.value.clone());
        let key = (wrong.span, template, class.to_string());
        let failure = self.failed.entry(key).or_insert(Failure {
            wrong,
            about: BTreeSet::new(),
        });
        failure.about.insert(scope.about.clone());
    }

    /// Whether something went wrong so far.
    pub(super) fn has_failed(&self) -> bool {
        !self.failed.is_empty()
    }

    /// Turns what went wrong into problems: where only some targets are concerned, they are named.
    pub(super) fn finish(self, cx: &mut Cx<'_>) {
        for ((span, template, _), failure) in self.failed {
            let all = self.evaluated.get(&template).map_or(0, BTreeSet::len);
            let Wrong {
                mut message, hint, ..
            } = failure.wrong;
            if failure.wrong.varies && failure.about.len() < all {
                let first = failure.about.first().map_or("", String::as_str);
                message.push_str(&match failure.about.len() {
                    1 => format!(" ({first})"),
                    n => format!(" ({first} and {} more)", n - 1),
                });
            }
            cx.problem(span, message).hint(hint);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Option<String> {
        let mut scope = Scope::new("api in eu".into(), false);
        scope.set("service", "api");
        scope.set("region", "eu");
        let text = Text {
            value: text.into(),
            span: None,
        };
        let cx = Cx::new("driftgate.yaml", "");
        let out = Filler::default().fill(&cx, &text, &scope, Form::Line);
        out.map(|s| s.into())
    }

    #[test]
    fn names_are_filled_in_once() {
        for (text, out) in [
            ("deploy/${service}-${region}", Some("deploy/api-eu")),
            ("$${service}", Some("${service}")),
            ("a$${x}${region}$", Some("a${x}eu$")),
            ("$service {x} $$", Some("$service {x} $$")),
            ("${nobody}", None),
            ("${service", None),
            ("${}", None),
            ("${region:-eu}", None),
            ("${ region }", None),
            ("${${region}}", None),
        ] {
            assert_eq!(filled(text).as_deref(), out, "{text}");
        }
    }
}
