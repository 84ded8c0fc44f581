//! What plain scalars mean, in the two dialects.
//!
//! `K8s` follows `resolve.go` of go.yaml.in/yaml/v2, which sigs.k8s.io/yaml reads with, and the
//! JSON that it makes of the result; `Core` follows YAML 1.2.2, section 10.3.2.

use super::Dialect;
use std::borrow::Cow;

/// The meaning of a plain scalar.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Plain<'t> {
    Null,
    Bool(bool),
    /// Digits that `f64` reads; integers in full.
    Number(Cow<'t, str>),
    Text,
    /// `.inf`, `.nan`: numbers that JSON does not have.
    NotFinite,
}

/// Reads a plain scalar.
pub(super) fn resolve(text: &str, dialect: Dialect) -> Plain<'_> {
    let Some(first) = text.bytes().next() else {
        return Plain::Null;
    };
    match first {
        b'0'..=b'9' | b'+' | b'-' | b'.' => {
            if is_not_finite(text) {
                return Plain::NotFinite;
            }
            let number = match dialect {
                Dialect::K8s => number_1_1(text),
                Dialect::Core | Dialect::CloudFormation => number_1_2(text),
            };
            number.map_or(Plain::Text, Plain::Number)
        }
        b'~' if text == "~" => Plain::Null,
        b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'y' | b'Y' | b'o' | b'O' => word(text, dialect),
        _ => Plain::Text,
    }
}

fn word(text: &str, dialect: Dialect) -> Plain<'_> {
    match text {
        "null" | "Null" | "NULL" => Plain::Null,
        "true" | "True" | "TRUE" => Plain::Bool(true),
        "false" | "False" | "FALSE" => Plain::Bool(false),
        _ if dialect != Dialect::K8s => Plain::Text,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Plain::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Plain::Bool(false),
        _ => Plain::Text,
    }
}

fn is_not_finite(text: &str) -> bool {
    matches!(
        text.strip_prefix(['+', '-']).unwrap_or(text),
        ".inf" | ".Inf" | ".INF"
    ) || matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// A number as Go's `strconv` reads it.
fn number_1_1(text: &str) -> Option<Cow<'_, str>> {
    if text.starts_with('.') {
        // Only `ParseFloat` sees these; it takes underscores between digits.
        let plain = without_underscores(text);
        let accepted = is_float(&plain) && underscores_separate_digits(text);
        return Some(float_1_1(&plain).filter(|_| accepted)?.into_owned().into());
    }
    let plain = without_underscores(text);
    if let Some(integer) = integer_1_1(&plain) {
        return Some(if integer == text {
            text.into()
        } else {
            integer.into()
        });
    }
    if !is_float(&plain) {
        return None;
    }
    Some(float_1_1(&plain)?.into_owned().into())
}

fn without_underscores(text: &str) -> Cow<'_, str> {
    if text.contains('_') {
        text.replace('_', "").into()
    } else {
        text.into()
    }
}

fn underscores_separate_digits(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| {
        at.and_then(|i| bytes.get(i))
            .is_some_and(u8::is_ascii_digit)
    };
    let mut places = bytes.iter().enumerate().filter(|(_, b)| **b == b'_');
    places.all(|(i, _)| is_digit(i.checked_sub(1)) && is_digit(Some(i + 1)))
}

/// `ParseInt` with base 0, then `ParseUint`.
fn integer_1_1(plain: &str) -> Option<String> {
    let digits = plain.strip_prefix(['+', '-']).unwrap_or(plain);
    let (radix, body) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    let Some(n) = integer(body, radix).filter(|n| fits(*n, plain)) else {
        // yaml.v2 tries binary once more, and by then takes a sign behind the `0b`.
        let signed = i64::from_str_radix(plain.strip_prefix("0b")?, 2);
        return signed.ok().map(|n| n.to_string());
    };
    Some(if plain.starts_with('-') { -n } else { n }.to_string())
}

fn integer(digits: &str, radix: u32) -> Option<i128> {
    digits
        .bytes()
        .all(|b| b.is_ascii_alphanumeric())
        .then(|| i128::from_str_radix(digits, radix).ok())
        .flatten()
}

/// Whether Go's `int64` or, without a sign, `uint64` holds it.
fn fits(n: i128, written: &str) -> bool {
    match written.as_bytes().first() {
        Some(b'-') => -n >= i128::from(i64::MIN),
        Some(b'+') => n <= i128::from(i64::MAX),
        _ => n <= i128::from(u64::MAX),
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`: the same in both dialects.
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(text);
    let mut rest = &text[whole..];
    if let Some(behind) = rest.strip_prefix('.') {
        let n = digits(behind);
        if whole + n == 0 {
            return false;
        }
        rest = &behind[n..];
    } else if whole == 0 {
        return false;
    }
    match rest.strip_prefix(['e', 'E']) {
        None => rest.is_empty(),
        Some(power) => {
            let power = power.strip_prefix(['+', '-']).unwrap_or(power);
            !power.is_empty() && digits(power) == power.len()
        }
    }
}

/// What Go's `float64` makes of it; integers beyond 64 bits keep their digits, because the server
/// may, and a number too large for a float is a text there too.
fn float_1_1(text: &str) -> Option<Cow<'_, str>> {
    let value: f64 = text.parse().ok().filter(|v: &f64| v.is_finite())?;
    if let Some(whole) = whole_digits(text)
        && value.abs() >= 1e18
    {
        return Some(whole.into_owned().into());
    }
    Some(shown(value).into())
}

/// A float as the JSON says it that Go writes and we read back: whole ones as integers.
pub(super) fn shown(value: f64) -> String {
    if value == 0.0 && value.is_sign_positive() {
        return "0".into();
    }
    if value.fract() == 0.0 && value != 0.0 && value.abs() < 18_446_744_073_709_551_616.0 {
        // Exact: a whole float of at most 64 bits.
        return format!("{value:.0}");
    }
    format!("{value:?}")
}

/// Sign and digits without `+` and leading zeros, if these are all there is.
fn whole_digits(text: &str) -> Option<Cow<'_, str>> {
    let (minus, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let bare = match digits.trim_start_matches('0') {
        "" => return Some("0".into()),
        bare => bare,
    };
    Some(
        match (minus, bare.len() + usize::from(minus) == text.len()) {
            (_, true) => text.into(),
            (true, false) => format!("-{bare}").into(),
            (false, false) => bare.into(),
        },
    )
}

/// A number of YAML 1.2: no octal by a leading zero, no binary, no underscores; floats stay as
/// they were written.
fn number_1_2(text: &str) -> Option<Cow<'_, str>> {
    if let Some(digits) = whole_digits(text) {
        return Some(digits);
    }
    if let Some((body, radix)) = text
        .strip_prefix("0x")
        .map(|b| (b, 16))
        .or_else(|| text.strip_prefix("0o").map(|b| (b, 8)))
    {
        return integer(body, radix).map(|n| n.to_string().into());
    }
    if !is_float(text) || !text.parse::<f64>().is_ok_and(f64::is_finite) {
        return None;
    }
    Some(text.strip_prefix('+').unwrap_or(text).into())
}

/// A number of JSON: integers in full, floats as [`shown`]; absent when no float holds it.
pub(super) fn json_number(text: &str) -> Option<Cow<'_, str>> {
    if let Some(digits) = whole_digits(text) {
        return Some(digits);
    }
    let value: f64 = text.parse().ok().filter(|v: &f64| v.is_finite())?;
    Some(shown(value).into())
}

/// The member name that a plain key makes; absent when it makes none (`null`, `.inf`).
pub(super) fn key(text: &str, dialect: Dialect) -> Option<Cow<'_, str>> {
    match (resolve(text, dialect), dialect) {
        (Plain::Text, _) => Some(text.into()),
        (Plain::Null, Dialect::K8s) => None,
        (Plain::NotFinite, Dialect::K8s) => Some(not_finite_key(text)),
        (Plain::Bool(b), Dialect::K8s) => Some(if b { "true" } else { "false" }.into()),
        (Plain::Number(_), Dialect::K8s) => number_key(text),
        (Plain::Null, _) => Some("null".into()),
        _ => Some(text.into()),
    }
}

fn not_finite_key(text: &str) -> Cow<'static, str> {
    if text.ends_with(['n', 'N']) {
        ".nan".into()
    } else if text.starts_with('-') {
        "-.inf".into()
    } else {
        ".inf".into()
    }
}

/// Integers in decimal, if `int64` holds them; other numbers as Go's `FormatFloat(f, 'g', -1, 32)`.
fn number_key(text: &str) -> Option<Cow<'_, str>> {
    let plain = without_underscores(text);
    if let Some(integer) = integer_1_1(&plain) {
        return integer.parse::<i64>().is_ok().then(|| integer.into());
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "sigs.k8s.io/yaml rounds to 32 bits, too"
    )]
    let value = plain.parse::<f64>().unwrap_or_default() as f32;
    if value.is_infinite() {
        return Some(not_finite_key(if value > 0.0 { ".inf" } else { "-.inf" }));
    }
    let written = format!("{value:e}");
    Some(
        match written.split_once('e').map(|(d, p)| (d, p.parse::<i32>())) {
            Some((digits, Ok(p))) if !(-4..6).contains(&p) => {
                format!("{digits}e{}{:02}", if p < 0 { '-' } else { '+' }, p.abs()).into()
            }
            _ => value.to_string().into(),
        },
    )
}
