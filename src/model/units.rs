//! Numbers, spans of time, sizes and truth as texts write them: exact, without floats.
//!
//! Every reader gives nothing for what it does not know for sure; callers then compare by text.

/// Longer texts are no number of anything: they are compared by text.
const LONGEST: usize = 256;

/// A decimal number, exactly: `±digits × 10^exponent`, without zeros at either end of the digits.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    /// Most significant first, each 0 to 9; empty for zero.
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    /// `20`, `-0.5`, `+1.`, `.5`, `1e3`.
    fn parse(text: &str) -> Option<Decimal> {
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent_of(exponent)?),
            None => (text, 0),
        };
        let (negative, number) = signed(number);
        let mut out = Decimal::plain(number)?;
        out.exponent += exponent;
        out.negative = negative;
        out.trim();
        Some(out)
    }

    /// Digits with at most one point among them.
    fn plain(number: &str) -> Option<Decimal> {
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let digits = || whole.bytes().chain(part.bytes());
        if number.len() > LONGEST || digits().next().is_none() {
            return None;
        }
        if !digits().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let mut out = Decimal {
            negative: false,
            digits: digits().map(|b| b - b'0').collect(),
            exponent: -i64::try_from(part.len()).ok()?,
        };
        out.trim();
        Some(out)
    }

    fn trim(&mut self) {
        let zeros = self.digits.iter().take_while(|d| **d == 0).count();
        self.digits.drain(..zeros);
        while self.digits.last() == Some(&0) {
            self.digits.pop();
            self.exponent += 1;
        }
        if self.digits.is_empty() {
            self.exponent = 0;
            self.negative = false;
        }
    }
}

/// Up to nine digits: what is beyond nobody means.
fn exponent_of(text: &str) -> Option<i64> {
    let (negative, digits) = signed(text);
    if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let n: i64 = digits.parse().ok()?;
    Some(if negative { -n } else { n })
}

fn signed(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

fn both<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a == b)
}

/// Whether two texts are one number (`20` and `2.0e1`), however many digits they have.
#[must_use]
pub fn same_number(a: &str, b: &str) -> bool {
    both(Decimal::parse(a), Decimal::parse(b))
}

/// The truth that a text says, in any case; nothing for all other texts.
#[must_use]
pub fn truth(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|w| text.eq_ignore_ascii_case(w));
    if is(&["true", "yes", "on", "1", "y", "t"]) {
        Some(true)
    } else if is(&["false", "no", "off", "0", "n", "f"]) {
        Some(false)
    } else {
        None
    }
}

/// The items of a comma-separated list, without the blanks around them. A blank text has none.
#[must_use]
pub fn items(text: &str) -> Vec<&str> {
    if text.trim().is_empty() {
        return vec![];
    }
    text.split(',').map(str::trim).collect()
}

/// Whether two texts are one span of time. Written as Go, Java and Spring do (`1m30s`, `500ms`,
/// `1d`), in words (`1 minute`), in ISO 8601 without years and months, whose length differs
/// (`PT1M30S`), or as .NET does (`00:01:30`). A number alone has no unit and is none, except zero.
#[must_use]
pub fn same_duration(a: &str, b: &str) -> bool {
    both(duration(a), duration(b))
}

/// In 10^-18 seconds, so that fractions of all units are exact.
fn duration(text: &str) -> Option<i128> {
    if text.len() > LONGEST {
        return None;
    }
    let (negative, rest) = signed(text);
    let length = iso_8601(rest)
        .or_else(|| clock(rest))
        .or_else(|| with_units(rest))
        .or_else(|| {
            Decimal::plain(rest)
                .filter(|n| n.digits.is_empty())
                .map(|_| 0)
        })?;
    Some(if negative { -length } else { length })
}

/// A second in the finest unit.
const SECOND: i128 = 1_000_000_000_000_000_000;
const MINUTE: i128 = 60 * SECOND;
const HOUR: i128 = 60 * MINUTE;
const DAY: i128 = 24 * HOUR;
const WEEK: i128 = 7 * DAY;

/// Units in the case that they are written in: `M` is a month, or a million.
const SYMBOLS: [(&str, i128); 9] = [
    ("ns", SECOND / 1_000_000_000),
    ("us", SECOND / 1_000_000),
    ("\u{b5}s", SECOND / 1_000_000),
    ("\u{3bc}s", SECOND / 1_000_000),
    ("ms", SECOND / 1_000),
    ("s", SECOND),
    ("m", MINUTE),
    ("h", HOUR),
    ("d", DAY),
];

/// Units in any case, also with an `s` at the end.
const WORDS: [(&str, i128); 14] = [
    ("nanosecond", SECOND / 1_000_000_000),
    ("microsecond", SECOND / 1_000_000),
    ("millisecond", SECOND / 1_000),
    ("millis", SECOND / 1_000),
    ("msec", SECOND / 1_000),
    ("second", SECOND),
    ("sec", SECOND),
    ("minute", MINUTE),
    ("min", MINUTE),
    ("hour", HOUR),
    ("hr", HOUR),
    ("day", DAY),
    ("week", WEEK),
    ("w", WEEK),
];

fn unit_of_time(word: &str) -> Option<i128> {
    if let Some((_, length)) = SYMBOLS.iter().find(|(s, _)| *s == word) {
        return Some(*length);
    }
    let lower = word.to_lowercase();
    let one = lower.strip_suffix('s').unwrap_or(&lower);
    let found = WORDS.iter().find(|(w, _)| *w == lower || *w == one);
    found.map(|(_, length)| *length)
}

/// The longest prefix of digits and points, and what follows.
fn number_and_rest(text: &str) -> (&str, &str) {
    let end = text
        .bytes()
        .position(|b| !b.is_ascii_digit() && b != b'.')
        .unwrap_or(text.len());
    text.split_at(end)
}

/// `amount` units of `length`; nothing where that is too large, or finer than all units.
fn span(amount: &str, length: i128) -> Option<i128> {
    let amount = Decimal::plain(amount)?;
    let digits = amount
        .digits
        .iter()
        .try_fold(0i128, |n, d| n.checked_mul(10)?.checked_add(i128::from(*d)))?;
    let product = digits.checked_mul(length)?;
    let shift = u32::try_from(amount.exponent.unsigned_abs()).ok()?;
    let power = 10i128.checked_pow(shift)?;
    if amount.exponent >= 0 {
        product.checked_mul(power)
    } else {
        (product % power == 0).then_some(product / power)
    }
}

/// `1m30s`, `1.5h`, `1 hour 30 minutes`.
fn with_units(text: &str) -> Option<i128> {
    let mut rest = text;
    let mut total = 0i128;
    while !rest.is_empty() {
        let (amount, after) = number_and_rest(rest);
        let after = after.trim_start();
        let end = after
            .find(|c: char| c.is_ascii_digit() || c.is_whitespace() || c == '.')
            .unwrap_or(after.len());
        let (word, after) = after.split_at(end);
        total = total.checked_add(span(amount, unit_of_time(word)?)?)?;
        rest = after.trim_start();
    }
    (!text.is_empty()).then_some(total)
}

/// `P1DT2H`, `PT1M30S`, `P2W`: in this order, each at most once, in any case.
fn iso_8601(text: &str) -> Option<i128> {
    let upper = text.to_ascii_uppercase();
    let body = upper.strip_prefix('P')?;
    let (date, time) = match body.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (body, ""),
    };
    if body.is_empty() {
        return None;
    }
    let days = designated(date, &[('W', WEEK), ('D', DAY)])?;
    days.checked_add(designated(
        time,
        &[('H', HOUR), ('M', MINUTE), ('S', SECOND)],
    )?)
}

fn designated(text: &str, units: &[(char, i128)]) -> Option<i128> {
    let mut rest = text;
    let mut total = 0i128;
    for (letter, length) in units {
        let (amount, after) = number_and_rest(rest);
        if let Some(after) = after.strip_prefix(*letter) {
            total = total.checked_add(span(amount, *length)?)?;
            rest = after;
        }
    }
    rest.is_empty().then_some(total)
}

/// `00:01:30`, `1.12:00:00`, `00:00:00.250`: hours, minutes and seconds, so that nobody mistakes
/// `1:30` for either.
fn clock(text: &str) -> Option<i128> {
    let mut parts = text.split(':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (days, hours) = hours.split_once('.').unwrap_or(("0", hours));
    let is_pair = |s: &str| s.len() == 2 && s.bytes().all(|b| b.is_ascii_digit()) && s < "60";
    let whole_seconds = seconds.split('.').next().unwrap_or_default();
    let is_whole = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !is_pair(minutes) || !is_pair(whole_seconds) || !is_whole(days) || !is_whole(hours) {
        return None;
    }
    [
        (days, DAY),
        (hours, HOUR),
        (minutes, MINUTE),
        (seconds, SECOND),
    ]
    .iter()
    .try_fold(0i128, |n, (amount, length)| {
        n.checked_add(span(amount, *length)?)
    })
}

/// Whether two texts are one size in bytes. `KiB`, `MiB` … and `Ki`, `Mi` … are powers of 1024,
/// `kB`, `MB` … powers of 1000, a number alone is bytes. A single letter (`512k`, `10M`) is one or
/// the other depending on who reads it, so that it equals only amounts with the same letter.
#[must_use]
pub fn same_bytes(a: &str, b: &str) -> bool {
    both(bytes(a), bytes(b))
}

#[derive(PartialEq, Eq)]
struct Size {
    /// The letter of a unit that nobody knows for sure.
    unclear: Option<u8>,
    amount: Decimal,
}

fn bytes(text: &str) -> Option<Size> {
    if text.len() > LONGEST {
        return None;
    }
    let (negative, rest) = signed(text);
    let (number, unit) = number_and_rest(rest);
    let (unclear, base, power) = unit_of_size(unit.trim_start())?;
    let mut amount = Decimal::plain(number)?;
    amount.negative = negative;
    for _ in 0..power {
        amount = times(amount, base);
    }
    amount.trim();
    let unclear = unclear.filter(|_| !amount.digits.is_empty());
    Some(Size { unclear, amount })
}

const LETTERS: &[u8] = b"kmgtpe";

fn unit_of_size(unit: &str) -> Option<(Option<u8>, u32, usize)> {
    let lower = unit.to_ascii_lowercase();
    if matches!(lower.as_str(), "" | "b" | "byte" | "bytes") {
        return Some((None, 1, 0));
    }
    let (first, rest) = (*lower.as_bytes().first()?, lower.get(1..)?);
    let power = LETTERS.iter().position(|l| *l == first)? + 1;
    match rest {
        "" => Some((Some(first), 1, 0)),
        "i" | "ib" => Some((None, 1024, power)),
        // `Mb` is a megabit.
        "b" if unit.ends_with('B') || unit == lower => Some((None, 1000, power)),
        _ => None,
    }
}

fn times(mut n: Decimal, factor: u32) -> Decimal {
    let mut carry = 0u32;
    for d in n.digits.iter_mut().rev() {
        let product = u32::from(*d) * factor + carry;
        *d = (product % 10) as u8;
        carry = product / 10;
    }
    let mut front = Vec::new();
    while carry > 0 {
        front.push((carry % 10) as u8);
        carry /= 10;
    }
    front.reverse();
    n.digits.splice(0..0, front);
    n
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers() {
        for (a, b) in [
            ("20", "20.0"),
            ("1e3", "1000"),
            ("+5", "5"),
            ("-0", "0"),
            (".5", "0.50"),
            ("9007199254740993", "9007199254740993.0"),
            (
                "123456789012345678901234567890",
                "123456789012345678901234567890",
            ),
        ] {
            assert!(same_number(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("9007199254740993", "9007199254740992"),
            ("0.1", "0.1000000000000000055"),
            ("1", "-1"),
            ("1e400", "2e400"),
            (
                "123456789012345678901234567890",
                "123456789012345678901234567891",
            ),
        ] {
            assert!(!same_number(a, b), "{a} {b}");
        }
        for text in [
            "",
            "+",
            ".",
            "e3",
            "1e",
            "0x10",
            "1_000",
            "1,5",
            "NaN",
            "inf",
            "٣",
            "1 0",
            "--1",
            "1e9999999999",
        ] {
            assert!(!same_number(text, text), "{text}");
        }
    }

    #[test]
    fn spans_of_time() {
        for (a, b) in [
            ("60s", "1m"),
            ("1m0s", "60s"),
            ("PT1M", "60s"),
            ("pt1m", "60s"),
            ("P1DT12H", "36h"),
            ("P1W", "7d"),
            ("PT0.5S", "500ms"),
            ("1d", "24h"),
            ("1 minute", "60s"),
            ("1 hour 30 minutes", "90m"),
            ("5min 20s", "320s"),
            ("2 Weeks", "14d"),
            ("1w", "7d"),
            ("00:01:30", "90s"),
            ("1.12:00:00", "36h"),
            ("00:00:00.2500000", "250ms"),
            ("1.5h", "90m"),
            ("-1.5h", "-90m"),
            ("1us", "1\u{b5}s"),
            ("0", "0s"),
            ("0.0", "PT0S"),
            ("1m1m", "2m"),
        ] {
            assert!(same_duration(a, b), "{a} {b}");
            assert!(same_duration(b, a), "{b} {a}");
        }
        for (a, b) in [
            ("60", "60s"),
            ("60", "60"),
            ("1m", "1ms"),
            ("1m", "1M"),
            ("P1M", "30d"),
            ("PT1M", "P1M"),
            ("1s", "-1s"),
            ("1:30", "90s"),
            ("00:60:00", "1h"),
            ("00:00:60", "1m"),
            ("0.0000000001s", "0s"),
        ] {
            assert!(!same_duration(a, b), "{a} {b}");
        }
        for text in [
            "",
            "-",
            "P",
            "PT",
            "P1DT",
            "PT1S1M",
            "s",
            "1x",
            "1h30",
            "P1Y",
            "1..5s",
            "1.2.3s",
            "٣s",
            ":::",
            "::",
            "00:01",
            "a:b:c",
            "1 month",
            "99999999999999999999999999999999999999s",
        ] {
            assert!(!same_duration(text, text), "{text}");
        }
    }

    #[test]
    fn sizes() {
        for (a, b) in [
            ("1GiB", "1024MiB"),
            ("1Gi", "1GiB"),
            ("1GB", "1000MB"),
            ("1 GB", "1000mb"),
            ("10MB", "10000000"),
            ("1kB", "1000 bytes"),
            ("1KiB", "1024"),
            ("512k", "512K"),
            ("0.5GiB", "512MiB"),
            ("-1", "-1B"),
            ("0k", "0"),
            ("16EiB", "18446744073709551616"),
        ] {
            assert!(same_bytes(a, b), "{a} {b}");
            assert!(same_bytes(b, a), "{b} {a}");
        }
        for (a, b) in [
            ("10MB", "10MiB"),
            ("1024k", "1m"),
            ("1000k", "1m"),
            ("512k", "512kB"),
            ("512k", "512KiB"),
            ("1", "1024"),
            ("1GiB", "1GB"),
        ] {
            assert!(!same_bytes(a, b), "{a} {b}");
        }
        for text in [
            "",
            "MB",
            "10Mb",
            "10 furlongs",
            "1e3MB",
            "1,5GB",
            "٣MB",
            "1 2MB",
            "10é",
        ] {
            assert!(!same_bytes(text, text), "{text}");
        }
    }

    #[test]
    fn truths_and_items() {
        assert_eq!(truth("YES"), Some(true));
        assert_eq!(truth("Off"), Some(false));
        assert_eq!(truth("2"), None);
        assert_eq!(truth(""), None);
        assert_eq!(items(" a, b ,c"), ["a", "b", "c"]);
        assert_eq!(items("a,,"), ["a", "", ""]);
        assert!(items(" ").is_empty());
    }

    proptest! {
        #[test]
        fn no_text_panics(a in ".{0,24}", b in "[-+]?[Pp]?[0-9.:]{0,12}[a-zA-Zµ ]{0,4}[0-9.]{0,5}[a-zA-Z]{0,3}") {
            for text in [&a, &b] {
                let _ = (same_number(text, text), same_duration(text, text), same_bytes(text, text));
                let _ = (truth(text), items(text));
            }
        }

        #[test]
        fn agrees_with_integers(n in 0u64..1 << 50) {
            let seconds = format!("{n}s");
            for same in [
                format!("{}ms", u128::from(n) * 1000),
                format!("PT{n}S"),
                format!("{}h{}m{}s", n / 3600, n / 60 % 60, n % 60),
            ] {
                prop_assert!(same_duration(&seconds, &same), "{} {}", seconds, same);
            }
            let (kibi, bytes) = (format!("{n}KiB"), format!("{}", u128::from(n) * 1024));
            prop_assert!(same_bytes(&kibi, &bytes));
            let (mega, kilo) = (format!("{n}MB"), format!("{n}000kB"));
            prop_assert!(same_bytes(&mega, &kilo));
            let (plain, shifted) = (n.to_string(), format!("{n}000e-3"));
            prop_assert!(same_number(&plain, &shifted));
            let next = (n + 1).to_string();
            prop_assert!(!same_number(&plain, &next));
        }
    }
}
