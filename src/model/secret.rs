//! Values that can be compared, and neither printed nor serialised.

use base64::Engine;
use std::fmt;
use zeroize::Zeroizing;

/// The key of all digests of one run: `DRIFTGATE_KEY`, or random bytes for this run only.
///
/// Everything is derived from it for one purpose each, so that what one purpose shows is
/// useless against another.
pub struct DigestKey {
    compare: [u8; 32],
    file: [u8; 32],
    baseline: [u8; 32],
    id: KeyId,
    lasting: bool,
}

/// Names a key without telling anything about it. Digests of different keys are never compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 8]);

/// Why `DRIFTGATE_KEY` is refused. Never quotes what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not the form that `driftgate key new` prints.
    #[error(
        "DRIFTGATE_KEY is not a key made by `driftgate key new`: expected `dgk1_` and 72 hexadecimal digits (passphrases are refused, because a snapshot would let anyone guess them offline)"
    )]
    Form,
    /// The form is right, the check digits are not.
    #[error("DRIFTGATE_KEY: the check digits do not match; was it cut off or changed?")]
    CheckDigits,
}

const PREFIX: &str = "dgk1_";

impl DigestKey {
    /// Reads a key as [`DigestKey::new_text`] writes it: only machine-made keys. A passphrase would let
    /// anyone who holds a snapshot try passwords offline at a billion per second.
    ///
    /// # Errors
    /// [`KeyError`], without the text.
    pub fn parse(text: &str) -> Result<DigestKey, KeyError> {
        let hex = text.trim().strip_prefix(PREFIX).ok_or(KeyError::Form)?;
        if hex.len() != 72 || !hex.is_ascii() {
            return Err(KeyError::Form);
        }
        let key = Zeroizing::new(unhex::<32>(&hex[..64]).ok_or(KeyError::Form)?);
        if check_digits(&key) != hex[64..] {
            return Err(KeyError::CheckDigits);
        }
        Ok(Self::derive(&key, true))
    }

    /// The text of a new key from 32 random bytes: prefix, key, check digits.
    #[must_use]
    pub fn new_text(random: &[u8; 32]) -> Zeroizing<String> {
        let digits = Zeroizing::new(hex(random));
        Zeroizing::new(format!("{PREFIX}{}{}", *digits, check_digits(random)))
    }

    /// For one run: nothing made with it can be compared with anything outside the run.
    #[must_use]
    pub fn for_this_run(random: &[u8; 32]) -> DigestKey {
        Self::derive(random, false)
    }

    fn derive(key: &[u8; 32], lasting: bool) -> DigestKey {
        let id = blake3::derive_key("driftgate v1 key id", key);
        let mut short = [0; 8];
        short.copy_from_slice(&id[..8]);
        DigestKey {
            compare: blake3::derive_key("driftgate v1 compare", key),
            file: blake3::derive_key("driftgate v1 snapshot mac", key),
            baseline: blake3::derive_key("driftgate v1 baseline", key),
            id: KeyId(short),
            lasting,
        }
    }

    /// The key's name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// Whether digests outlive the run and may go into a snapshot.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        self.lasting
    }

    /// Seals bytes. The caller drops its own copy.
    #[must_use]
    pub fn seal(&self, plain: &[u8]) -> SecretValue {
        SecretValue {
            digest: Some(Digest {
                key: self.id,
                mac: *blake3::keyed_hash(&self.compare, plain).as_bytes(),
            }),
        }
    }

    /// Seals what standard base64 encodes (a Secret's `data`), white space inside ignored;
    /// text that is no base64 is sealed as it is.
    #[must_use]
    pub fn seal_base64(&self, encoded: &[u8]) -> SecretValue {
        let clean: Zeroizing<Vec<u8>> = Zeroizing::new(
            encoded
                .iter()
                .copied()
                .filter(|b| !b.is_ascii_whitespace())
                .collect(),
        );
        match base64::engine::general_purpose::STANDARD.decode(&*clean) {
            Ok(plain) => self.seal(&Zeroizing::new(plain)),
            Err(_) => self.seal(encoded),
        }
    }

    /// The hasher of a snapshot's MAC.
    #[must_use]
    pub fn file_hasher(&self) -> blake3::Hasher {
        blake3::Hasher::new_keyed(&self.file)
    }

    /// The hasher of values in a baseline: under the key when it is lasting, else under none, so
    /// that a baseline works without one. Values of secrets are never given to it.
    #[must_use]
    pub fn baseline_hasher(&self) -> blake3::Hasher {
        if self.lasting {
            blake3::Hasher::new_keyed(&self.baseline)
        } else {
            blake3::Hasher::new_derive_key("driftgate v1 baseline without a key")
        }
    }
}

/// Says nothing of the key.
impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey")
    }
}

fn check_digits(key: &[u8; 32]) -> String {
    blake3::hash(key).to_hex()[..8].to_string()
}

/// Bytes as lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::new(), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

/// The bytes of exactly `2 * N` hexadecimal digits.
#[must_use]
pub fn unhex<const N: usize>(s: &str) -> Option<[u8; N]> {
    if s.len() != 2 * N || !s.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut out = [0; N];
    for (i, b) in out.iter_mut().enumerate() {
        *b = u8::from_str_radix(&s[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(out)
}

/// A keyed digest. Goes into snapshots, never into reports, logs or comments: whoever may choose
/// a desired value could otherwise look up what a public snapshot holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    /// Under which key it was made.
    pub key: KeyId,
    /// The keyed hash.
    pub mac: [u8; 32],
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest")
    }
}

/// A secret value: only its keyed digest is kept. No `Display`, no `Serialize`, no `Deref`;
/// `Debug` says nothing, not even the length.
///
/// ```compile_fail
/// let key = driftgate::model::secret::DigestKey::for_this_run(&[0; 32]);
/// println!("{}", key.seal(b"hunter2"));
/// ```
/// ```compile_fail
/// let key = driftgate::model::secret::DigestKey::for_this_run(&[0; 32]);
/// serde_json::to_string(&key.seal(b"hunter2")).unwrap();
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue {
    /// Absent in a snapshot that was taken without a lasting key.
    digest: Option<Digest>,
}

impl SecretValue {
    /// Compares by digest; digests of different keys, or none, are not comparable.
    #[must_use]
    pub fn same(&self, other: &SecretValue) -> Sameness {
        match (self.digest, other.digest) {
            (Some(a), Some(b)) if a.key == b.key => Sameness::of(a.mac == b.mac),
            (Some(_), Some(_)) => Sameness::NotComparable("recorded under another DRIFTGATE_KEY"),
            _ => Sameness::NotComparable("recorded without DRIFTGATE_KEY"),
        }
    }

    /// For the snapshot writer, and nobody else.
    #[must_use]
    pub fn stored(&self) -> Option<Digest> {
        self.digest
    }

    /// For the snapshot reader, and nobody else.
    #[must_use]
    pub fn from_stored(digest: Option<Digest>) -> SecretValue {
        SecretValue { digest }
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Three answers, not two: what cannot be compared is neither equal nor different.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sameness {
    /// The same value.
    Equal,
    /// Another value.
    Different,
    /// Nobody can tell from here; why.
    NotComparable(&'static str),
}

impl Sameness {
    /// From a comparison that always has an answer.
    #[must_use]
    pub fn of(equal: bool) -> Sameness {
        if equal {
            Sameness::Equal
        } else {
            Sameness::Different
        }
    }

    /// All parts equal: equal. One different: different. Else not comparable.
    #[must_use]
    pub fn and(self, other: Sameness) -> Sameness {
        match (self, other) {
            (Sameness::Different, _) | (_, Sameness::Different) => Sameness::Different,
            (n @ Sameness::NotComparable(_), _) | (_, n @ Sameness::NotComparable(_)) => n,
            _ => Sameness::Equal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_machine_made_keys() {
        let text = DigestKey::new_text(&[3; 32]);
        let key = DigestKey::parse(&text).expect("our own key");
        assert!(key.is_lasting());
        assert_eq!(
            DigestKey::parse("correct horse battery staple").err(),
            Some(KeyError::Form)
        );
        let wide = format!("dgk1_{}é{}", "0".repeat(63), "0".repeat(7));
        assert_eq!(DigestKey::parse(&wide).err(), Some(KeyError::Form));
        let mut cut = text.to_string();
        cut.pop();
        assert_eq!(DigestKey::parse(&cut).err(), Some(KeyError::Form));
        let changed = text.replace("dgk1_03", "dgk1_04");
        assert_eq!(
            DigestKey::parse(&changed).err(),
            Some(KeyError::CheckDigits)
        );
    }

    #[test]
    fn other_keys_do_not_compare() {
        let (a, b) = (
            DigestKey::for_this_run(&[1; 32]),
            DigestKey::for_this_run(&[2; 32]),
        );
        assert_eq!(a.seal(b"x").same(&a.seal(b"x")), Sameness::Equal);
        assert_eq!(a.seal(b"x").same(&a.seal(b"y")), Sameness::Different);
        assert!(matches!(
            a.seal(b"x").same(&b.seal(b"x")),
            Sameness::NotComparable(_)
        ));
        assert_eq!(format!("{:?}", a.seal(b"hunter2")), "[secret]");
    }

    #[test]
    fn base64_is_compared_by_what_it_encodes() {
        let key = DigestKey::for_this_run(&[1; 32]);
        assert_eq!(key.seal_base64(b"aHVu\n dGVyMg=="), key.seal(b"hunter2"));
        assert_eq!(key.seal_base64(b"not base64!"), key.seal(b"not base64!"));
    }
}
