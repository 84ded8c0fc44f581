//! Equality of quantities and durations: exact decimal arithmetic, no floats.
//!
//! A quantity is what `resource.ParseQuantity` of Kubernetes reads: a decimal number with a
//! decimal (`n u m k M G T P E`) or binary (`Ki` … `Ei`) suffix or an exponent (`e3`, `E-3`).
//! What is below a nano is rounded up, away from zero; binary amounts stop at 2^63 - 1.
//! A duration is what Go's `time.ParseDuration` reads.

/// Whether two texts are one quantity (`500m` and `0.5`). False when either is none.
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    match (Quantity::parse(a), Quantity::parse(b)) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

/// Whether two texts are one Go duration (`60s` and `1m0s`). False when either is none.
#[must_use]
pub fn same_duration(a: &str, b: &str) -> bool {
    match (nanoseconds(a), nanoseconds(b)) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

/// A quantity, exactly: `±digits × 10^exponent`, without zeros at either end of the digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantity {
    negative: bool,
    /// Most significant first, each 0 to 9; empty for zero.
    digits: Vec<u8>,
    exponent: i64,
}

/// Decimal suffixes, as powers of ten.
const DECIMAL: [(&str, i64); 10] = [
    ("", 0),
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];
/// Binary suffixes, as powers of 1024 from 1 on.
const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
/// The finest exponent that a quantity keeps.
const NANO: i64 = -9;
/// Where Go's parser caps binary amounts: 2^63 - 1.
const LARGEST_BINARY: &[u8] = b"9223372036854775807";

impl Quantity {
    /// Reads a quantity; nothing when `text` is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Quantity> {
        let (negative, rest) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let end = rest
            .bytes()
            .position(|b| !b.is_ascii_digit() && b != b'.')
            .unwrap_or(rest.len());
        let (number, suffix) = rest.split_at(end);
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        if part.contains('.') || (whole.is_empty() && part.is_empty()) {
            return None;
        }
        let mut out = Quantity {
            negative,
            digits: whole
                .bytes()
                .chain(part.bytes())
                .map(|b| b - b'0')
                .collect(),
            exponent: -i64::try_from(part.len()).ok()?,
        };
        out.scale(suffix)?;
        out.round_up_to_nano();
        Some(out)
    }

    fn scale(&mut self, suffix: &str) -> Option<()> {
        if let Some(power) = BINARY.iter().position(|s| *s == suffix) {
            for _ in 0..=power {
                self.times_1024();
            }
            self.trim();
            self.cap();
            return Some(());
        }
        self.exponent += match DECIMAL.iter().find(|(s, _)| *s == suffix) {
            Some((_, power)) => *power,
            None => exponent(suffix)?,
        };
        self.trim();
        Some(())
    }

    fn times_1024(&mut self) {
        let mut carry = 0u32;
        for d in self.digits.iter_mut().rev() {
            let n = u32::from(*d) * 1024 + carry;
            *d = (n % 10) as u8;
            carry = n / 10;
        }
        while carry > 0 {
            self.digits.insert(0, (carry % 10) as u8);
            carry /= 10;
        }
    }

    fn cap(&mut self) {
        if self.integer_digits() > 19 || self.compare_19_digits().is_gt() {
            self.digits = LARGEST_BINARY.iter().map(|b| b - b'0').collect();
            self.exponent = 0;
        }
    }

    /// How many digits stand before the decimal point.
    fn integer_digits(&self) -> i64 {
        i64::try_from(self.digits.len()).unwrap_or(i64::MAX) + self.exponent
    }

    fn compare_19_digits(&self) -> std::cmp::Ordering {
        if self.integer_digits() < 19 {
            return std::cmp::Ordering::Less;
        }
        let limit: Vec<u8> = LARGEST_BINARY.iter().map(|b| b - b'0').collect();
        let padded = self.digits.iter().copied().chain(std::iter::repeat(0));
        let length = self.digits.len().max(limit.len());
        padded
            .take(length)
            .cmp(limit.into_iter().chain(std::iter::repeat(0)).take(length))
    }

    fn round_up_to_nano(&mut self) {
        let Some(below) = NANO.checked_sub(self.exponent).filter(|n| *n > 0) else {
            return;
        };
        if self.digits.is_empty() {
            return;
        }
        // What is cut off ends in a digit other than zero, so it always counts.
        let keep = usize::try_from(below)
            .ok()
            .and_then(|below| self.digits.len().checked_sub(below))
            .unwrap_or(0);
        self.digits.truncate(keep);
        self.exponent = NANO;
        let mut at = self.digits.len();
        loop {
            if at == 0 {
                self.digits.insert(0, 1);
                break;
            }
            at -= 1;
            if self.digits[at] < 9 {
                self.digits[at] += 1;
                break;
            }
            self.digits[at] = 0;
        }
        self.trim();
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

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// In units of `10^exponent`, rounded up; nothing when it is negative or does not fit.
    fn ceil_in(&self, exponent: i64) -> Option<u128> {
        if self.negative {
            return None;
        }
        let shift = self.exponent.checked_sub(exponent)?;
        let take = if shift < 0 {
            let cut = usize::try_from(shift.checked_neg()?).ok()?;
            self.digits.len().saturating_sub(cut)
        } else {
            self.digits.len()
        };
        let mut n = self.digits[..take]
            .iter()
            .try_fold(0u128, |n, d| n.checked_mul(10)?.checked_add((*d).into()))?;
        if take < self.digits.len() {
            n = n.checked_add(1)?;
        }
        for _ in 0..u32::try_from(shift.max(0)).ok()?.min(64) {
            n = n.checked_mul(10)?;
        }
        Some(n)
    }
}

/// `e3`, `E-3`: what follows a number instead of a suffix.
fn exponent(suffix: &str) -> Option<i64> {
    let digits = suffix.strip_prefix(['e', 'E'])?;
    let plain = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    if plain.is_empty() || !plain.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse::<i32>().ok().map(i64::from)
}

/// What the kubelet puts into an environment variable for a `resourceFieldRef`: the amount divided
/// by the divisor, rounded up, both first rounded up to whole units (for `cpu`: thousandths).
/// Nothing when either is no quantity, or the amount is zero (then the kubelet asks the node).
#[must_use]
pub fn divided(amount: &str, divisor: &str, cpu: bool) -> Option<u128> {
    let unit = if cpu { -3 } else { 0 };
    let divisor = Quantity::parse(divisor).filter(|d| !d.is_zero());
    let divisor = match &divisor {
        Some(d) => d.ceil_in(unit)?,
        None => Quantity::parse("1")?.ceil_in(unit)?,
    };
    let amount = Quantity::parse(amount).filter(|a| !a.is_zero())?;
    Some(amount.ceil_in(unit)?.div_ceil(divisor))
}

/// Units of Go durations in nanoseconds; longer names first, so that `ms` is not read as `m`.
const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// A Go duration in nanoseconds; nothing when `text` is none, or beyond 2^63 ns (292 years).
fn nanoseconds(text: &str) -> Option<i128> {
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0u128;
    while !rest.is_empty() {
        let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
        let (whole, after) = rest.split_at(digits(rest));
        let (part, after) = match after.strip_prefix('.') {
            Some(after) => after.split_at(digits(after)),
            None => ("", after),
        };
        if whole.is_empty() && part.is_empty() {
            return None;
        }
        let (name, unit) = UNITS.iter().find(|(name, _)| after.starts_with(name))?;
        rest = &after[name.len()..];
        let whole: u128 = if whole.is_empty() {
            0
        } else {
            whole.parse().ok()?
        };
        // Digits beyond the 18th are less than a nanosecond, even of an hour.
        let part = &part[..part.len().min(18)];
        let fraction = part.parse::<u128>().unwrap_or(0) * unit / 10u128.pow(part.len() as u32);
        total = whole
            .checked_mul(*unit)?
            .checked_add(fraction)?
            .checked_add(total)?;
        if total > 1 << 63 {
            return None;
        }
    }
    let total = i128::try_from(total).ok()?;
    Some(if negative { -total } else { total }).filter(|n| *n < 1 << 63)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As a real API server spells what was sent to it.
    const RECORDED: &str =
        include_str!("../../tests/data/kubernetes/recorded/31-quantity-canonical.json");

    #[test]
    fn the_servers_spelling_is_the_same_quantity() {
        let pairs: Vec<(String, String)> = serde_json::from_str(RECORDED).expect("pairs");
        assert_eq!(pairs.len(), 45);
        for (sent, stored) in &pairs {
            // Memory is rounded up to thousandths by the server; that is no property of quantities.
            if ["1u", "0.0001", "1n", "0.1n"].contains(&sent.as_str()) {
                assert!(!same(sent, stored), "{sent} {stored}");
            } else {
                assert!(same(sent, stored), "{sent} {stored}");
            }
        }
    }

    #[test]
    fn one_amount_in_many_spellings() {
        for (a, b) in [
            ("0.5", "500m"),
            ("1", "1000m"),
            ("1e3", "1k"),
            ("1E3", "1000"),
            ("1.5Gi", "1536Mi"),
            ("1024Ki", "1Mi"),
            ("+5", "5"),
            ("-5", "-5000m"),
            (".5", "0.50"),
            ("5.", "5"),
            ("0", "-0Mi"),
            ("1E", "1e18"),
            ("1Ei", "1152921504606846976"),
            ("0.1n", "1n"),
            ("1.0000000001", "1000000001n"),
            ("-0.1n", "-1n"),
            ("0.9999999999", "1"),
            ("16Ei", "8Ei"),
            ("1e-9", "1n"),
            ("1e2000000000", "10e1999999999"),
            ("100000000000000000000000000", "100e24"),
        ] {
            assert!(same(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("1G", "1Gi"),
            ("1m", "1M"),
            ("1", "-1"),
            ("9007199254740993", "9007199254740992"),
            ("7Ei", "8Ei"),
            ("1e2000000000", "1e1999999999"),
            ("1n", "2n"),
        ] {
            assert!(!same(a, b), "{a} {b}");
        }
    }

    #[test]
    fn what_is_no_quantity_equals_nothing() {
        for text in [
            "",
            "+",
            "-",
            ".",
            "1 ",
            " 1",
            "1K",
            "1ki",
            "1KiB",
            "1e",
            "1e+",
            "1e1.5",
            "0x10",
            "1,5",
            "1..2",
            "1.2.3",
            "1_000",
            "m",
            "NaN",
            "inf",
            "--1",
            "1mm",
            "1e99999999999",
            "٣",
            "1µ",
            "60s",
            "info",
        ] {
            assert!(!same(text, text), "{text}");
        }
    }

    #[test]
    fn a_number_and_a_text_of_one_amount() {
        use crate::model::value::{Plain, Value, ValueType};
        let (n, t) = (
            Value::Plain(Plain::Number("1".into())),
            Value::text("1000m"),
        );
        let equal = crate::model::secret::Sameness::Equal;
        assert_eq!(n.same(&t, ValueType::Quantity), equal);
        assert_ne!(n.same(&t, ValueType::Text), equal);
    }

    #[test]
    fn durations() {
        for (a, b) in [
            ("60s", "1m"),
            ("1m0s", "60s"),
            ("1h30m", "90m"),
            ("1.5s", "1500ms"),
            ("0", "0s"),
            ("-0", "0h"),
            ("1us", "1\u{b5}s"),
            ("1\u{3bc}s", "1000ns"),
            (".5h", "30m"),
            ("5.s", "5s"),
            ("+1s", "1s"),
            ("1m1m", "2m"),
            ("0.0000000001s", "0s"),
            ("-1.5h", "-90m"),
            ("2562047h", "9223369200s"),
        ] {
            assert!(same_duration(a, b), "{a} {b}");
        }
        for (a, b) in [("1m", "1ms"), ("1s", "-1s"), ("1h", "60s")] {
            assert!(!same_duration(a, b), "{a} {b}");
        }
        for text in [
            "",
            "-",
            "1",
            "60",
            "1d",
            "s",
            "1 s",
            "1.s.",
            "1e3s",
            ".s",
            "1h30",
            "3000000h",
            "99999999999999999999999999999999999999999s",
            "٣s",
        ] {
            assert!(!same_duration(text, text), "{text}");
        }
    }

    #[test]
    fn amounts_as_the_kubelet_writes_them_into_variables() {
        assert_eq!(divided("250m", "0", true), Some(1));
        assert_eq!(divided("250m", "1m", true), Some(250));
        assert_eq!(divided("1Gi", "1Mi", false), Some(1024));
        assert_eq!(divided("1G", "1Mi", false), Some(954));
        assert_eq!(divided("1Gi", "", false), Some(1 << 30));
        assert_eq!(divided("0", "1", true), None);
        assert_eq!(divided("lots", "1", true), None);
        assert_eq!(divided("-1", "1", true), None);
        assert_eq!(divided("1e2000000000", "1", false), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(a in ".{0,24}", b in "[-+]?[0-9.]{0,30}[a-zA-Z]{0,2}[-+]?[0-9]{0,12}") {
            let _ = (same(&a, &b), same_duration(&a, &b), divided(&a, &b, true));
            let _ = (same(&b, &b), divided(&b, &b, false));
        }

        #[test]
        fn agrees_with_integers(n in 0u64..1 << 50, zeros in 0usize..6) {
            let longer = format!("{:0>w$}.{:0>zeros$}", n, "", w = zeros);
            prop_assert!(same(&n.to_string(), &longer));
            let kilo = format!("{n}k");
            let thousand = format!("{}", u128::from(n) * 1000);
            prop_assert!(same(&kilo, &thousand));
            let kibi = format!("{n}Ki");
            let bytes = format!("{}", u128::from(n) * 1024);
            prop_assert!(same(&kibi, &bytes));
        }
    }
}
