//! Names that promise a secret.

/// Words that say it alone, wherever they stand in a name.
const STRONG: [&str; 10] = [
    "pw",
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
const WEAK: [&str; 4] = ["secret", "token", "secrets", "tokens"];

/// What makes a `key` a secret one.
const KEYS: [&str; 37] = [
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
    "functions",
    "stripe",
    "sendgrid",
    "openai",
    "anthropic",
    "mailgun",
    "mailchimp",
    "twilio",
    "datadog",
    "cosmos",
    "session",
];

/// Those that also stand before keys that are none when the two words are two maps' names:
/// `app: { key: shop }`.
const VAGUE: &str = " account admin app deploy host root session storage ";

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
 sync refresh spec resource resources property index order per used usage budget context audit \
 stdin env variable variables command helper arn arns ";

/// Endings that say so only below a name that promises a secret: `secret: { image: … }`.
const ATTRIBUTES: &str = " image tag tags repository realm tenant client grant signed secure samesite \
 iterations rounds cost memory parallelism bits bytes chars special uppercase lowercase digits symbols \
 history lockout revision annotations comment note documentation link contact team env environment \
 lease cron schedule readonly immutable replicas pull protocol ";

/// Of all these, those that may have a secret each: `passwords: { user: …, service: … }`.
const HOLDERS: &str = " user users email service server operator bucket cache client owner role \
 account form page order requests reload team tenant ";

/// Behind the word that promises secrets: there are several.
const CONTAINERS: &str = " map maps list lists array set dict entries items all data values by ";

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
    // The shell's working directory.
    if name.len() > 200 || !mentions_secrets(name) || matches!(name, "PWD" | "OLDPWD") {
        return false;
    }
    let joined = words(name);
    let words = without_qualifiers(&joined);
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return false;
    };
    if (listed(PREFIXES, first) && *last != "salt") || listed(ABOUT, last) || is_about_a_key(&words)
    {
        return false;
    }
    words.iter().any(|w| is_secret_word(w)) || ends_in_pair(&words) || ends_in_auth(&words)
}

/// The words of a name, without endings that say nothing.
fn without_qualifiers(joined: &str) -> Vec<&str> {
    let mut words: Vec<&str> = joined.split(' ').filter(|w| !w.is_empty()).collect();
    while words.len() > 1 && words.last().is_some_and(|w| is_qualifier(w)) {
        words.pop();
    }
    words
}

fn is_secret_word(w: &str) -> bool {
    STRONG.contains(&w)
        || WEAK.contains(&w)
        || JOINED.iter().any(|j| w.ends_with(j))
        || (w.len() > 6 && (w.ends_with("token") || w.ends_with("secret")))
        || (w.len() > 3 && (w.ends_with("pwd") || w.ends_with("pw")))
}

/// `PASSWORD_KEY`, `tokenKey`, `imagePullSecret`, `secretStore`: the name of a key or of a Secret.
fn is_about_a_key(words: &[&str]) -> bool {
    match words {
        [.., before, "key"] => {
            matches!(*before, "password" | "token" | "credential" | "credentials")
                || words.contains(&"existing")
        }
        [.., "pull" | "existing", "secret" | "secrets"] => true,
        // How many, or which, of a text's.
        [.., before, "tokens"] => listed(
            " max min num number total stop special reserved input output prompt completion ",
            before,
        ),
        // nginx's directive.
        [.., "proxy", "pass"] => true,
        _ => false,
    }
}

fn ends_in_pair(words: &[&str]) -> bool {
    const NO_PASSWORDS: &str = " bypass compass trespass surpass overpass underpass multipass \
     encompass gopass ";
    match words {
        [.., before, "key" | "keys"] => KEYS.contains(before),
        [.., "connection", "string" | "strings"] => true,
        [.., "pass" | "salt"] => true,
        [.., last] => last.len() > 4 && last.ends_with("pass") && !listed(NO_PASSWORDS, last),
        [] => false,
    }
}

/// `Authorization`, `basicAuth`: what the value is decides.
fn ends_in_auth(words: &[&str]) -> bool {
    matches!(words, [.., "authorization" | "auth" | "basicauth"])
}

/// Whether a name is that of HTTP's header, whose value may be a scheme only.
pub(super) fn is_authorization(name: &str) -> bool {
    matches!(*without_qualifiers(&words(name)), [.., "authorization"])
}

/// Whether a name is that of `user:password`, and of much else.
pub(super) fn is_user_and_password(name: &str) -> bool {
    matches!(
        *without_qualifiers(&words(name)),
        [.., "auth" | "basicauth"]
    )
}

/// Whether a name says password, which a number may well be; tokens have lifetimes.
pub(super) fn is_password(name: &str) -> bool {
    let joined = words(name);
    without_qualifiers(&joined).last().is_some_and(|w| {
        ["password", "passwd", "passphrase", "pass", "pwd", "pw"]
            .iter()
            .any(|p| w.ends_with(p))
    })
}

/// How the names above a leaf, and its own, say that it is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Above {
    /// They don't.
    No,
    /// They do if the value looks like one.
    Perhaps,
    /// They do.
    Yes,
}

/// What the names of the maps around a leaf make of it, its own the last one: `api: { key: … }`,
/// `secrets: { stripe: … }`; not `token: { ttl: … }`.
pub(super) fn above(names: &[&str]) -> Above {
    let Some((_, maps)) = names.split_last().filter(|(_, maps)| !maps.is_empty()) else {
        return Above::No;
    };
    if !names.iter().any(|n| mentions_secrets(n)) {
        return Above::No;
    }
    let below = |at: usize| {
        let is_plural = is_plural(names[at]);
        let mut rest = names[at + 1..].iter().enumerate();
        !rest.any(|(n, name)| is_attribute(name, is_plural && n == 0))
    };
    let mut found = Above::No;
    for tail in (2..=3).filter_map(|n| names.len().checked_sub(n)) {
        found = strongest(found, pair(&names[tail..]));
    }
    for at in 0..maps.len() {
        let holds = match holds_secrets(names[at]) {
            true => Above::Yes,
            false if at > 0 => pair(&names[at - 1..=at]),
            false => Above::No,
        };
        if holds != Above::No && below(at) {
            found = strongest(found, holds);
        }
    }
    found
}

fn strongest(a: Above, b: Above) -> Above {
    match (a, b) {
        (Above::Yes, _) | (_, Above::Yes) => Above::Yes,
        (Above::Perhaps, _) | (_, Above::Perhaps) => Above::Perhaps,
        _ => Above::No,
    }
}

/// `api: { key: … }`, `encryption: { keys: … }`
fn pair(names: &[&str]) -> Above {
    let joined: String = names.iter().map(|n| words(n)).collect();
    let words = without_qualifiers(&joined);
    match &*words {
        [.., before, "key" | "keys"] if KEYS.contains(before) => match listed(VAGUE, before) {
            true => Above::Perhaps,
            false => Above::Yes,
        },
        [.., "connection", "string" | "strings"] => Above::Yes,
        _ => Above::No,
    }
}

/// Whether what stands below a map or list of this name is a secret.
fn holds_secrets(name: &str) -> bool {
    if name.len() > 200 || !mentions_secrets(name) {
        return false;
    }
    let joined = words(name);
    let mut words = without_qualifiers(&joined);
    while words.len() > 1
        && words
            .last()
            .is_some_and(|w| is_qualifier(w) || listed(CONTAINERS, w))
    {
        words.pop();
    }
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return false;
    };
    !listed(PREFIXES, first)
        && !is_about_a_key(&words)
        && *last != "dsn"
        && (is_secret_word(last) || ends_in_pair(&words))
}

/// `passwords`, `secret-map`: each of what is below has one.
fn is_plural(name: &str) -> bool {
    let joined = words(name);
    let last = joined.rsplit(' ').next().unwrap_or_default();
    listed(CONTAINERS, last) || (last.ends_with('s') && !matches!(last, "credentials" | "creds"))
}

/// Whether a name below one that promises a secret takes it back: `ttl`, `issuer`, `username`.
fn is_attribute(name: &str, may_be_holder: bool) -> bool {
    let joined = words(name);
    let words: Vec<&str> = joined.split(' ').filter(|w| !w.is_empty()).collect();
    let Some(last) = words.last() else {
        return false;
    };
    if words.len() == 1 && may_be_holder && listed(HOLDERS, last) {
        return false;
    }
    listed(ABOUT, last)
        || listed(ATTRIBUTES, last)
        || (words.len() > 1 && listed(PREFIXES, words[0]))
        || is_about_a_key(&words)
}

/// Whether a name is that of connection strings.
pub(super) fn is_connection(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("conn") && name.contains("str")
}

/// Whether a name is that of a Secret and may be one of its keys' too: `secret`, `dbSecret`.
pub(super) fn ends_in_one_secret(name: &str) -> bool {
    words(name).ends_with(" secret")
}

/// Whether a name may also be that of a reference: `secret: api-tls`, `tlsSecret: api-tls` in an
/// object's spec; not `clientSecret`.
pub(super) fn may_name_a_secret(name: &str) -> bool {
    const ITSELF: &str = " client app shared webhook jwt session cookie signing api consumer oauth \
     hmac encryption auth token bot ";
    let joined = words(name);
    let mut words = joined.trim().rsplit(' ');
    matches!(words.next(), Some("secret" | "secrets" | "credentials"))
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
    const STEMS: [&[u8]; 10] = [
        b"pass", b"pw", b"salt", b"secret", b"token", b"key", b"cred", b"dsn", b"conn", b"auth",
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

/// Whether a word stands in a list between blanks.
pub(super) fn listed(list: &str, word: &str) -> bool {
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
