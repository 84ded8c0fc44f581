//! What can go wrong between here and a cluster, in our own words.
//!
//! No `Display` or `Debug` of a foreign error reaches an output: those of the client hold tokens,
//! output of exec plugins and whole bodies. Errors are looked at for their kind only.

use crate::model::value::{Unread, UnreadCause};
use rustls::{AlertDescription, CertificateError};
use std::{error::Error as StdError, io, time::Duration};

/// Why a request had no usable answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// An HTTP status other than 200.
    Status {
        code: u16,
        /// `reason` of the `Status` object; empty when the body was none.
        reason: Box<str>,
        /// `details.name` of the `Status` object.
        name: Box<str>,
        retry_after: Option<Duration>,
    },
    /// No connection, or it broke before an answer came.
    Transport(Transport),
    /// No answer in time.
    TimedOut,
    /// The body ended too early.
    CutOff,
    /// The body is larger than the limit.
    TooLarge,
    /// The body is not what was asked for; what it should have been.
    Malformed(&'static str),
    /// The credentials could not be had, or cannot be used; a whole sentence.
    Credentials(Box<str>),
    /// A sentence about something else in the way: a proxy, a certificate file, a name that is none.
    Other(UnreadCause, Box<str>),
}

/// Kinds of broken connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    /// The name has no address.
    Dns,
    /// Nobody listens.
    Refused,
    /// No way there.
    NoRoute,
    /// It broke.
    Reset,
    /// The other side does not speak TLS.
    NotTls,
    /// The server's certificate is not to be trusted.
    UntrustedCertificate,
    /// The server's certificate has expired.
    ExpiredCertificate,
    /// The server's certificate is for another name.
    OtherName,
    /// The server refused our certificate.
    ClientCertificate,
    /// Any other failure of TLS.
    Tls,
    /// It does not speak HTTP.
    NotHttp,
    /// Anything else.
    Other,
}

impl Fault {
    /// Whether trying again may help.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Fault::Status { code, .. } => matches!(code, 429 | 500 | 502 | 503 | 504),
            Fault::Transport(t) => matches!(t, Transport::Reset | Transport::Other),
            Fault::CutOff | Fault::TimedOut => true,
            _ => false,
        }
    }

    /// Whether every other request to this cluster would end the same way.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Fault::Status { code, .. } => *code == 401,
            Fault::Transport(t) => !matches!(t, Transport::Reset | Transport::Other),
            Fault::Credentials(_) => true,
            _ => false,
        }
    }

    /// Whether the server said, as Kubernetes says it, that the object `asked` does not exist. The
    /// `404 page not found` of an unknown group, the page of a proxy, and a resource that is not
    /// served (a `NotFound` that names nothing) are no such proof.
    pub(super) fn is_absence(&self, asked: &str) -> bool {
        matches!(self, Fault::Status { code: 404, reason, name, .. }
            if &**reason == "NotFound" && &**name == asked)
    }

    /// Whether a continue token is too old.
    pub(super) fn is_expired(&self) -> bool {
        matches!(self, Fault::Status { code: 410, .. })
    }

    /// Whether it is 403.
    pub(super) fn is_forbidden(&self) -> bool {
        matches!(self, Fault::Status { code: 403, .. })
    }

    /// For people. `what` is what was asked, as a verb and its object (`list configmaps in shop`),
    /// `who` which credentials at which cluster (`context prod-eu`).
    pub(super) fn unread(&self, what: &str, who: &str) -> Unread {
        use UnreadCause as C;
        let (cause, text) = match self {
            Fault::Status { code, .. } => return status(*code, what, who),
            Fault::Transport(t) => (C::Unreachable, transport(*t, who)),
            Fault::TimedOut => (
                C::TimedOut,
                format!(
                    "the API server of {who} did not answer in time when asked to {what}; raise `timeout` if it is slow"
                ),
            ),
            Fault::CutOff => (
                C::CutOff,
                format!("the answer of {who} to {what} ended before it was complete"),
            ),
            Fault::TooLarge => (
                C::TooLarge,
                format!("the answer of {who} to {what} is larger than 256 MiB a page"),
            ),
            Fault::Malformed(expected) => (
                C::Malformed,
                format!(
                    "the answer of {who} to {what} is not {expected}: is a proxy or a login page in between?"
                ),
            ),
            Fault::Credentials(text) => (C::Unauthenticated, text.to_string()),
            Fault::Other(cause, text) => (*cause, text.to_string()),
        };
        Unread::new(cause, text)
    }
}

fn status(code: u16, what: &str, who: &str) -> Unread {
    use UnreadCause as C;
    let (cause, text) = match code {
        401 => (
            C::Unauthenticated,
            format!(
                "the credentials of {who} are not accepted (401): they may have expired; log in again"
            ),
        ),
        403 => (
            C::Forbidden,
            format!(
                "the credentials of {who} may not {what} (403): `driftgate doctor --rbac` prints the Role that allows it"
            ),
        ),
        404 => (
            C::NotServed,
            format!("the cluster of {who} knows no way to {what} (404)"),
        ),
        406 | 415 => (
            C::Malformed,
            format!("the API server of {who} cannot {what} as JSON ({code})"),
        ),
        410 => (
            C::CutOff,
            format!("the list changed under the reader when asked to {what} (410): run again"),
        ),
        429 => (
            C::Throttled,
            format!(
                "the API server of {who} is throttling (429) and did not {what} within the time limit"
            ),
        ),
        300..=399 => (
            C::Malformed,
            format!(
                "{who} redirects elsewhere ({code}) when asked to {what}: is the server's URL that of the API server?"
            ),
        ),
        500.. => (
            C::ServerError,
            format!("the API server of {who} failed ({code}) when asked to {what}, repeatedly"),
        ),
        _ => (
            C::Malformed,
            format!("the API server of {who} refused to {what} ({code})"),
        ),
    };
    Unread::new(cause, text)
}

fn transport(t: Transport, who: &str) -> String {
    let why = match t {
        Transport::Dns => "its host name has no address (DNS)",
        Transport::Refused => "the connection is refused: nothing listens there",
        Transport::NoRoute => "there is no route to it: is a VPN or a bastion needed?",
        Transport::Reset => "the connection is closed before an answer comes",
        Transport::NotTls => "it does not speak TLS: is the URL http, or another port?",
        Transport::UntrustedCertificate => {
            "its certificate is not signed by the authority that the kubeconfig names (`certificate-authority`), or there named none, by one this machine trusts"
        }
        Transport::ExpiredCertificate => {
            "its certificate has expired or is not valid yet; check this machine's clock as well"
        }
        Transport::OtherName => {
            "its certificate is for another name: `tls-server-name` in the kubeconfig says which to expect"
        }
        Transport::ClientCertificate => {
            "it refuses the client certificate, which may have expired; log in again"
        }
        Transport::Tls => "the TLS handshake fails",
        Transport::NotHttp => {
            "it does not speak HTTP as expected: is the URL https, or another port?"
        }
        Transport::Other => "the connection fails",
    };
    format!("the API server of {who} cannot be reached: {why}")
}

/// What kind of failure the client's error is.
pub(super) fn of_client(e: &kube::Error) -> Fault {
    use kube::Error as E;
    match e {
        E::Auth(a) => of_auth(a),
        E::ProxyProtocolUnsupported { .. } | E::ProxyProtocolDisabled { .. } => Fault::Other(
            UnreadCause::Unreachable,
            "the proxy's URL (`proxy-url` of the kubeconfig, or HTTPS_PROXY) has an unknown protocol: expected http, https or socks5".into(),
        ),
        E::RustlsTls(_) => Fault::Credentials(
            "the certificates of the kubeconfig cannot be used: check `certificate-authority`, `client-certificate` and `client-key` (PEM; a key in PKCS #8, PKCS #1 or SEC 1)".into(),
        ),
        E::InferKubeconfig(k) => Fault::Credentials(super::kubeconfig::words(k).into()),
        e => of_chain(e),
    }
}

/// The client reads token files and legacy providers itself; exec plugins are ours.
fn of_auth(e: &kube::client::AuthError) -> Fault {
    use kube::client::AuthError as A;
    Fault::Credentials(match e {
        A::ReadTokenFile(_, path) => format!(
            "the token file {} cannot be read",
            path.display()
        )
        .into(),
        A::InvalidBasicAuth(_) | A::InvalidBearerToken(_) => {
            "the token of the kubeconfig holds characters that no token has (a line break?)".into()
        }
        _ => "the credentials of the kubeconfig cannot be used: only tokens, token files, certificates, user names and exec plugins are supported".into(),
    })
}

/// Walks an error's causes for the kind of failure. Texts of errors are compared, never shown.
pub(super) fn of_chain(e: &(dyn StdError + 'static)) -> Fault {
    let mut at = Some(e);
    let mut found = Fault::Transport(Transport::Other);
    while let Some(e) = at {
        if let Some(tls) = e.downcast_ref::<rustls::Error>() {
            return of_tls(tls);
        }
        if let Some(auth) = e.downcast_ref::<kube::client::AuthError>() {
            return of_auth(auth);
        }
        if let Some(io) = e.downcast_ref::<io::Error>() {
            if let Some(inner) = io.get_ref() {
                // `source()` of an io::Error skips the error it wraps.
                match of_chain(inner) {
                    Fault::Transport(Transport::Other) => {}
                    fault => return fault,
                }
            }
            if let Some(fault) = of_io(io.kind()) {
                return fault;
            }
        }
        if let Some(fault) = of_text(&e.to_string()) {
            // A later cause may say it better, but not that a name has no address.
            if fault == Fault::Transport(Transport::Dns) {
                return fault;
            }
            found = fault;
        }
        at = e.source();
    }
    found
}

/// hyper's and hyper-util's errors have no public kinds that reach us through the client.
fn of_text(text: &str) -> Option<Fault> {
    let t = match text {
        "dns error" => Transport::Dns,
        "connection closed before message completed" | "operation was canceled" => Transport::Reset,
        "connection error" | "tcp connect error" => return None,
        _ if text.starts_with("invalid HTTP") || text == "message head is too large" => {
            Transport::NotHttp
        }
        "error reading a body from connection" => return Some(Fault::CutOff),
        _ => return None,
    };
    Some(Fault::Transport(t))
}

fn of_io(kind: io::ErrorKind) -> Option<Fault> {
    use io::ErrorKind as K;
    Some(Fault::Transport(match kind {
        K::ConnectionRefused => Transport::Refused,
        K::ConnectionReset | K::ConnectionAborted | K::BrokenPipe | K::NotConnected => {
            Transport::Reset
        }
        K::UnexpectedEof => return Some(Fault::CutOff),
        K::TimedOut => return Some(Fault::TimedOut),
        K::HostUnreachable | K::NetworkUnreachable | K::AddrNotAvailable | K::NetworkDown => {
            Transport::NoRoute
        }
        _ => return None,
    }))
}

fn of_tls(e: &rustls::Error) -> Fault {
    use rustls::Error as E;
    Fault::Transport(match e {
        E::InvalidCertificate(c) => match c {
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Transport::ExpiredCertificate,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Transport::OtherName
            }
            _ => Transport::UntrustedCertificate,
        },
        E::InvalidMessage(_) => Transport::NotTls,
        E::AlertReceived(
            AlertDescription::BadCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRequired
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA,
        ) => Transport::ClientCertificate,
        _ => Transport::Tls,
    })
}
