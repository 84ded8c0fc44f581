//! Files of environment variables. Each dialect has a reader of its own: of 54 ways to write a
//! value, dotenv, python-dotenv and a shell agree on 17.

mod compose;
mod docker;
mod dotenv;
mod shell;
#[cfg(test)]
mod tests;

use super::{
    EnvDialect, Parsed,
    input::Input,
    pairs::{Allowance, Pairs},
};
use rustc_hash::FxHashMap;

/// The symbol of a variable that the file passes through and does not set.
const FROM_ENVIRONMENT: &str = "from the environment";

pub(super) fn parse(bytes: &[u8], dialect: EnvDialect) -> Parsed {
    let input = match Input::plain(bytes) {
        Ok(input) => input,
        Err(problem) => return Parsed::broken(problem),
    };
    let mut pairs = match Pairs::of(&input) {
        Ok(pairs) => pairs,
        Err(broken) => return broken,
    };
    match dialect {
        EnvDialect::Dotenv => dotenv::read(&mut pairs),
        EnvDialect::Shell => shell::read(&mut pairs, input.has_mark()),
        EnvDialect::Docker => docker::read(&mut pairs),
        EnvDialect::Compose => compose::read(&mut pairs),
    }
    pairs.finish()
}

/// The variables that a file has set so far, for those that refer to them.
#[derive(Default)]
struct Known {
    /// Absent text: set, and not knowable.
    values: FxHashMap<Box<str>, Option<Box<str>>>,
    allowance: Allowance,
}

impl Known {
    fn set(&mut self, name: &str, value: Option<&str>) {
        self.values.insert(name.into(), value.map(Into::into));
    }

    /// The text of a variable, if the file set it and it may be repeated once more.
    fn text(&mut self, name: &str) -> Option<&str> {
        let text = self.values.get(name)?.as_deref()?;
        self.allowance.take(text.len()).then_some(text)
    }
}
