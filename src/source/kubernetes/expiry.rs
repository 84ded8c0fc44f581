//! When credentials end, as far as they say so themselves: for `doctor`.

use crate::model::time::Timestamp;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

/// The `exp` of a JWT (service account and OIDC tokens). Nothing is verified: the server does that.
pub(super) fn of_token(token: &str) -> Option<Timestamp> {
    let payload = token.trim().split('.').nth(1)?;
    let json = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&json).ok()?;
    claims["exp"].as_i64().map(Timestamp)
}

/// `notAfter` of the first certificate in a PEM text.
pub(super) fn of_certificate(pem: &[u8]) -> Option<Timestamp> {
    let pem = std::str::from_utf8(pem).ok()?;
    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let clean: String = body.split_whitespace().collect();
    let der = STANDARD.decode(clean).ok()?;
    not_after(&der)
}

/// RFC 5280, 4.1: Certificate → tbsCertificate → [version] serial signature issuer validity.
fn not_after(der: &[u8]) -> Option<Timestamp> {
    let (_, certificate, _) = element(der)?;
    let (_, mut tbs, _) = element(certificate)?;
    let (tag, _, rest) = element(tbs)?;
    if tag == 0xa0 {
        tbs = rest;
    }
    for _serial_signature_issuer in 0..3 {
        tbs = element(tbs)?.2;
    }
    let (_, validity, _) = element(tbs)?;
    let (_, _, rest) = element(validity)?;
    let (tag, time, _) = element(rest)?;
    let text = std::str::from_utf8(time).ok()?;
    let full = match tag {
        // UTCTime: years 1950 to 2049.
        0x17 if text.get(..2)? < "50" => format!("20{text}"),
        0x17 => format!("19{text}"),
        0x18 => text.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| full.get(from..to);
    format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?
    )
    .parse()
    .ok()
}

/// Tag, content, and what follows (DER, lengths up to four bytes).
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (len, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let n = usize::from(first & 0x7f);
        if n == 0 || n > 4 {
            return None;
        }
        let digits = rest.get(..n)?;
        let len = digits.iter().fold(0, |l, b| l << 8 | usize::from(*b));
        (len, rest.get(n..)?)
    };
    Some((tag, rest.get(..len)?, rest.get(len..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From kube-client's own tests: an EC certificate, valid from 2026-03-04 until 2126-02-08.
    const PEM: &str = "-----BEGIN CERTIFICATE-----
MIIBgDCCASWgAwIBAgIUVrQf5d//S01a0fbXxYRIx9wc0VQwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJdGVzdC1jYS0xMCAXDTI2MDMwNDEzMDk1MFoYDzIxMjYwMjA4
MTMwOTUwWjAUMRIwEAYDVQQDDAl0ZXN0LWNhLTEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARg57mWJPDsAIEQAgXqMOOfjMQP+PE9HqcZobycO8z94r/uRuV0wKx/
0SvMsKFtnreut0bjgFtmZaWY+6d87Is9o1MwUTAdBgNVHQ4EFgQUjtGuhkM7LtHB
gMPCJIxMwbY69OQwHwYDVR0jBBgwFoAUjtGuhkM7LtHBgMPCJIxMwbY69OQwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAj/WzNVJDg/cBtLqQVM77
tkB+QyIXLG3Vi9Xj1YfW9QECIQDDFW8yFtgLeCg2Zhr4xQNq3/24r/01kI2rjFPO
xBkDMw==
-----END CERTIFICATE-----
";

    #[test]
    fn a_certificate_says_when_it_ends() {
        let end = of_certificate(PEM.as_bytes()).expect("a certificate");
        assert_eq!(end.to_string(), "2126-02-08T13:09:50Z");
        for n in 0..PEM.len() {
            let _ = of_certificate(&PEM.as_bytes()[..n]);
        }
    }

    #[test]
    fn cut_or_hostile_der_is_no_certificate() {
        for der in [
            &b""[..],
            &[0x30],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x30, 0x80, 0, 0],
        ] {
            assert_eq!(not_after(der), None);
        }
    }

    #[test]
    fn a_token_says_when_it_ends_and_an_opaque_one_does_not() {
        let claims = URL_SAFE_NO_PAD.encode(br#"{"exp":1785722047,"sub":"x"}"#);
        assert_eq!(
            of_token(&format!("e30.{claims}.sig")),
            Some(Timestamp(1_785_722_047))
        );
        assert_eq!(of_token("k8s-aws-v1.aHR0cHM"), None);
        assert_eq!(of_token("opaque"), None);
    }
}
