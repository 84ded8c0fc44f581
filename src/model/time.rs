//! Times as servers and commits give them: whole seconds, UTC.

use serde::{Deserialize, Serialize, de};
use std::{fmt, str::FromStr};

/// Seconds since 1970-01-01T00:00:00Z. Shown and serialised as RFC 3339 (`2026-08-03T02:14:07Z`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The clock of this machine. Called once, by the pipeline; everything else is told the time.
    #[must_use]
    pub fn now() -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_second())
    }
}

/// Not an RFC 3339 time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time: expected RFC 3339 like 2026-08-03T02:14:07Z")]
pub struct TimeError(pub String);

impl FromStr for Timestamp {
    type Err = TimeError;
    fn from_str(s: &str) -> Result<Timestamp, TimeError> {
        jiff::Timestamp::from_str(s)
            .map(|t| Timestamp(t.as_second()))
            .map_err(|_| TimeError(s.into()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(t) => write!(f, "{t}"),
            Err(_) => write!(f, "{} s", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Timestamp, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// Parses a span of time as `driftgate.yaml` writes it: `90s`, `10m`, `24h`, `7d`, also combined (`1h30m`).
/// Returns seconds.
///
/// # Errors
/// When `text` is empty, has no unit, or an unknown one.
pub fn parse_span(text: &str) -> Result<i64, String> {
    let wrong = || {
        format!(
            "`{text}` is not a span of time: expected a number and s, m, h or d, like 90s, 10m, 24h or 7d"
        )
    };
    let (mut total, mut digits) = (0i64, String::new());
    for c in text.trim().chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let unit = match c {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let n: i64 = digits.parse().map_err(|_| wrong())?;
        total = n
            .checked_mul(unit)
            .and_then(|s| total.checked_add(s))
            .ok_or_else(wrong)?;
        digits.clear();
    }
    if !digits.is_empty() || text.trim().is_empty() {
        return Err(wrong());
    }
    Ok(total)
}

/// A span for people: the two largest units (`3d 4h`, `12m`, `45s`).
#[must_use]
pub fn show_span(seconds: i64) -> String {
    let s = seconds.max(0);
    let units = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let Some(first) = units.iter().position(|(n, _)| s >= *n) else {
        return "0s".into();
    };
    let (n, u) = units[first];
    let rest = s % n;
    match units.get(first + 1) {
        Some((m, v)) if rest / m > 0 => format!("{}{u} {}{v}", s / n, rest / m),
        _ => format!("{}{u}", s / n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_round_trip_and_drop_fractions() {
        let t: Timestamp = "2026-08-03T02:14:07Z".parse().expect("a time");
        assert_eq!(t.to_string(), "2026-08-03T02:14:07Z");
        let micro: Timestamp = "2026-08-03T02:14:07.123456Z".parse().expect("a time");
        assert_eq!(micro, t);
        assert!("yesterday".parse::<Timestamp>().is_err());
    }

    #[test]
    fn spans_of_time() {
        assert_eq!(parse_span("24h"), Ok(86_400));
        assert_eq!(parse_span("1h30m"), Ok(5400));
        for wrong in ["", "5", "5w", "h", "1.5h", "-1h", "99999999999999999999d"] {
            assert!(parse_span(wrong).is_err(), "{wrong}");
        }
        assert_eq!(show_span(90_061), "1d 1h");
        assert_eq!(show_span(45), "45s");
    }
}
