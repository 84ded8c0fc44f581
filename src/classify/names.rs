//! Names that promise a secret.

/// Words that say it alone, wherever they stand in a name.
const STRONG: [&str; 9] = [
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "pwd",
    "credential",
    "credentials",
    "creds",
    "dsn",
];

/// Words that say it unless another follows that takes it back.
const WEAK: [&str; 2] = ["secret", "token"];

/// What makes a `key` a secret one.
const KEYS: [&str; 26] = [
    "access",
    "account",
    "admin",
    "aes",
    "api",
    "app",
    "auth",
    "deploy",
    "encryption",
    "gpg",
    "hmac",
    "host",
    "jwt",
    "license",
    "master",
    "private",
    "root",
    "rsa",
    "secret",
    "shared",
    "signing",
    "ssh",
    "storage",
    "subscription",
    "webhook",
    "decryption",
];

/// Words written together.
const JOINED: [&str; 12] = [
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "secretkey",
    "accesskey",
    "privatekey",
    "signingkey",
    "connectionstring",
    "connstring",
    "connstr",
    "credentials",
];

/// Endings that say: not the value itself, but something about it.
const ABOUT: &str = " name names ref refs reference references file files filename filepath path \
 paths dir directory folder mount volume url urls uri uris endpoint endpoints host hosts hostname \
 port domain ttl timeout timeouts length len size min max minimum maximum count limit limits \
 expiry expires expired expiration expire age lifetime lifespan duration interval period day days \
 hour hours minute minutes seconds second sec secs ms millis enabled enable disabled disable \
 required require optional allowed allow supported policy policies type types kind format header \
 headers prefix suffix id ids uuid issuer issuers audience audiences algorithm algorithms alg algo \
 cipher hasher encoding encoder provider providers manager store stores backend driver engine \
 strategy scheme schemes method methods mode scope scopes version region zone namespace namespaces \
 label labels selector field fields claim claims param parameter column table role roles user \
 username users email rotation rotate reset change changed update validation validator validate \
 verify verification check checks regex pattern strength complexity rule rules hint prompt \
 placeholder template templates cache bucket request requests response service server controller \
 operator class configmap settings option options attempts retries retry rate threshold window \
 leeway skew grace status state source target location owner title description message error \
 errors text page form input reload match auto create created creation exists generate generated \
 sync refresh spec resource resources property index order per used usage budget context audit ";

/// Endings that say nothing: `API_TOKEN_OLD`, `PASSWORD_2`.
const QUALIFIERS: &str = " old new prev previous current next primary secondary tertiary backup \
 base base64 b64 value values plain plaintext dev development test testing qa uat stage staging \
 preprod prod production live default internal external ";

/// Beginnings that say: a name or a sum of the secret, not the secret.
const PREFIXES: &str = " checksum hash digest sha sha1 sha256 md5 existing public no without ";

/// Whether a member, a variable or a flag of this name is expected to hold a secret. Words are
/// split at anything but letters and digits, and at changes of case.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    if name.len() > 200 || !mentions_secrets(name) {
        return false;
    }
    let joined = words(name);
    let mut words: Vec<&str> = joined.split(' ').filter(|w| !w.is_empty()).collect();
    // The shell's working directory.
    if matches!(&*words, ["pwd"] | ["oldpwd"] | ["old", "pwd"]) {
        return false;
    }
    while words.len() > 1 && words.last().is_some_and(|w| is_qualifier(w)) {
        words.pop();
    }
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return false;
    };
    if listed(PREFIXES, first) || listed(ABOUT, last) || is_about_a_key(&words) {
        return false;
    }
    words.iter().any(|w| {
        STRONG.contains(w)
            || WEAK.contains(w)
            || JOINED.iter().any(|j| w.ends_with(j))
            || (w.len() > 6 && (w.ends_with("token") || w.ends_with("secret")))
            || (w.len() > 3 && w.ends_with("pwd"))
    }) || ends_in_pair(&words)
}

/// `PASSWORD_KEY`, `tokenKey`, `imagePullSecret`, `secretStore`: the name of a key or of a Secret.
fn is_about_a_key(words: &[&str]) -> bool {
    match words {
        [.., before, "key"] => {
            matches!(*before, "password" | "token" | "credential" | "credentials")
                || words.contains(&"existing")
        }
        [.., "pull" | "existing", "secret" | "secrets"] => true,
        // nginx's directive.
        [.., "proxy", "pass"] => true,
        _ => false,
    }
}

fn ends_in_pair(words: &[&str]) -> bool {
    match words {
        [.., before, "key" | "keys"] => KEYS.contains(before),
        [.., "connection", "string" | "strings"] => true,
        [.., _, "pass"] => true,
        _ => false,
    }
}

/// Whether a name may also be that of a reference: `secret: api-tls`, `tlsSecret: api-tls` in an
/// object's spec; not `clientSecret`.
pub(super) fn may_name_a_secret(name: &str) -> bool {
    const ITSELF: &str = " client app shared webhook jwt session cookie signing api consumer oauth \
     hmac encryption auth token bot ";
    let joined = words(name);
    let mut words = joined.trim().rsplit(' ');
    matches!(words.next(), Some("secret" | "credentials"))
        && !words.next().is_some_and(|before| listed(ITSELF, before))
}

/// For annotations: the last word must be the one.
pub(super) fn ends_in_secret(name: &str) -> bool {
    let joined = words(name);
    let words: Vec<&str> = joined.split(' ').filter(|w| !w.is_empty()).collect();
    words.last().is_some_and(|w| {
        STRONG.contains(w) || WEAK.contains(w) || JOINED.iter().any(|j| w.ends_with(j))
    }) || ends_in_pair(&words)
}

/// A cheap look for the stems of all words above: most names and files have none.
pub(super) fn mentions_secrets(text: &str) -> bool {
    const STEMS: [&[u8]; 9] = [
        b"pass", b"pwd", b"secret", b"token", b"key", b"cred", b"dsn", b"conn", b"auth",
    ];
    let bytes = text.as_bytes();
    bytes.iter().enumerate().any(|(i, b)| {
        matches!(b | 0x20, b'p' | b's' | b't' | b'k' | b'c' | b'd' | b'a')
            && STEMS.iter().any(|stem| {
                bytes
                    .get(i..i + stem.len())
                    .is_some_and(|w| w.eq_ignore_ascii_case(stem))
            })
    })
}

fn listed(list: &str, word: &str) -> bool {
    list.split(' ').any(|w| !w.is_empty() && w == word)
}

fn is_qualifier(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit()) || listed(QUALIFIERS, word)
}

/// Lower-case words between single blanks, with one in front: ` db password`.
fn words(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 8);
    out.push(' ');
    let mut before = ' ';
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        if !c.is_alphanumeric() {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else {
            let next_is_lower = chars.peek().is_some_and(|n| n.is_lowercase());
            let begins = c.is_uppercase()
                && (before.is_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_uppercase() && next_is_lower));
            if begins && !out.ends_with(' ') {
                out.push(' ');
            }
            out.extend(c.to_lowercase());
        }
        before = c;
    }
    out
}
