//! Default severities (the table of docs/severities.md).

use crate::model::{
    finding::{Severity, WriterClass},
    report::Occasion,
    state::State,
};

/// What the severity of a state depends on.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// The state.
    pub state: State,
    /// When the check runs.
    pub occasion: Occasion,
    /// Whether the change under review writes the object.
    pub written_by_change: bool,
    /// Who wrote the live value.
    pub writer: Option<WriterClass>,
    /// A reference that a container needs to start.
    pub required: bool,
    /// Merging does not deploy here.
    pub deploys_later: bool,
    /// The deployer wrote it within the time that a deploy takes to settle.
    pub settling: bool,
}

/// The severity of a state that is a problem.
#[must_use]
pub fn of(c: &Circumstances) -> Severity {
    use Occasion::{Audit, Deploy, Review};
    use Severity::{Error, Info, Warning};
    if c.required {
        return Error;
    }
    if c.settling {
        return Info;
    }
    let controller = c.writer == Some(WriterClass::Controller);
    let severity = match (c.state, c.occasion) {
        (State::Unmanaged, _) if controller => Info,
        (State::Drifted | State::Unmanaged | State::Missing, Review) if !c.written_by_change => {
            Info
        }
        (State::Unmanaged, Review | Deploy) => Warning,
        (State::Missing, Review) => Warning,
        (State::Missing, Deploy) => Info,
        // Conflicting, drifted, and in an audit whatever live has or lacks.
        (_, Review | Deploy | Audit) => Error,
    };
    // The deploy gate is the place where it will count.
    if c.deploys_later && c.occasion == Review && severity == Error {
        Warning
    } else {
        severity
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Circumstances = Circumstances {
        state: State::Drifted,
        occasion: Occasion::Review,
        written_by_change: true,
        writer: Some(WriterClass::Person),
        required: false,
        deploys_later: false,
        settling: false,
    };

    #[test]
    fn the_table_of_the_design() {
        use Occasion::{Audit, Deploy, Review};
        use Severity::{Error, Info, Warning};
        let rows = [
            (State::Conflicting, [Error, Error, Error, Error]),
            (State::Drifted, [Error, Info, Error, Error]),
            (State::Unmanaged, [Warning, Info, Warning, Error]),
            (State::Missing, [Warning, Info, Info, Error]),
        ];
        for (state, expected) in rows {
            let columns = [
                (Review, true),
                (Review, false),
                (Deploy, false),
                (Audit, false),
            ];
            for ((occasion, written_by_change), severity) in columns.into_iter().zip(expected) {
                let c = Circumstances {
                    state,
                    occasion,
                    written_by_change,
                    ..HERE
                };
                assert_eq!(of(&c), severity, "{c:?}");
            }
        }
    }

    #[test]
    fn exceptions() {
        let controller = Circumstances {
            state: State::Unmanaged,
            occasion: Occasion::Audit,
            writer: Some(WriterClass::Controller),
            ..HERE
        };
        assert_eq!(of(&controller), Severity::Info);
        let required = Circumstances {
            state: State::Missing,
            written_by_change: false,
            required: true,
            ..HERE
        };
        assert_eq!(of(&required), Severity::Error);
        let later = Circumstances {
            deploys_later: true,
            ..HERE
        };
        assert_eq!(of(&later), Severity::Warning);
        let settling = Circumstances {
            settling: true,
            occasion: Occasion::Audit,
            ..HERE
        };
        assert_eq!(of(&settling), Severity::Info);
    }
}
