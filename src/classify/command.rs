//! Secrets in the arguments of commands.

use super::{
    names::{is_secret_name, listed},
    pairs::is_code,
    value::{is_written_out, may_be_secret},
};

/// Whose `-p` is a password, written to it or not at all.
const ATTACHED: &str = " mysql mysqldump mysqladmin mysqlimport mysqlcheck mysqlshow mysqlsh mariadb \
 mariadb-dump mariadb-admin mariadb-import mycli sshpass ";

/// Tools, and the flag before a password.
const FLAGS: [(&str, &str); 8] = [
    (" redis-cli valkey-cli keydb-cli ", "-a"),
    (
        " mongo mongosh mongodump mongorestore mongoexport mongoimport mongostat cqlsh rabbitmqadmin sshpass ",
        "-p",
    ),
    (" login ", "-p"),
    (" sqlcmd bcp osql ", "-P"),
    (
        " ldapsearch ldapadd ldapmodify ldapwhoami ldapdelete ",
        "-w",
    ),
    (" curl ", "-u"),
    (" curl ", "-U"),
    (" http https ", "-a"),
];

/// Flags before `user:password`.
const USERS: [&str; 5] = ["-u", "-U", "-a", "--user", "--proxy-user"];

/// `mysqladmin -pgeheim`, `run --password geheim`, `curl -u admin:geheim` in one text.
pub(super) fn has_secret_flag(text: &str) -> bool {
    if !text.contains('-') && !text.contains("login ") {
        return false;
    }
    let words = text
        .split(|c: char| c.is_whitespace() || "\"'`;|&()[],".contains(c))
        .filter(|w| !w.is_empty());
    let (mut tool, mut before) = ("", "");
    let mut netrc = false;
    for word in words {
        // In a sentence, a flag is named and not used.
        let is_prose = listed(
            " to is the for and or flag option in with a an as from if when of on at by must can ",
            word,
        );
        if !is_prose && is_secret_argument(tool, before, word) {
            return true;
        }
        // `machine h login u password geheim`
        netrc |= word == "login";
        if netrc && matches!(before, "password") && is_written_out(word) {
            return true;
        }
        tool = tool_after(tool, word);
        before = word;
    }
    false
}

/// The tool that what follows `word` is for.
pub(super) fn tool_after<'a>(tool: &'a str, word: &'a str) -> &'a str {
    let name = word.rsplit('/').next().unwrap_or(word);
    let is_one = listed(ATTACHED, name)
        || FLAGS
            .iter()
            .any(|(tools, _)| name != "login" && listed(tools, name))
        || listed(
            " docker podman helm oras crane nerdctl buildah skopeo az ",
            name,
        );
    match name {
        "login"
            if listed(
                " docker podman helm oras crane nerdctl buildah skopeo az registry auth ",
                tool,
            ) =>
        {
            "login"
        }
        _ if is_one => name,
        _ => tool,
    }
}

/// Whether an argument is a secret by the one before it, or by what it is to the tool.
pub(super) fn is_secret_argument(tool: &str, before: &str, word: &str) -> bool {
    if let Some(attached) = word.strip_prefix("-p")
        && listed(ATTACHED, tool)
        && !attached.starts_with('=')
        && is_written_out(attached)
        && !(tool == "mysqlsh" && attached.starts_with("y"))
    {
        return true;
    }
    if let Some(attached) = word.strip_prefix("-u")
        && tool == "curl"
        && is_user(attached)
    {
        return true;
    }
    if !before.starts_with('-') || before.contains('=') || word.starts_with('-') {
        return false;
    }
    let own = FLAGS
        .iter()
        .any(|(tools, flag)| *flag == before && listed(tools, tool))
        || (tool == "curl" && USERS.contains(&before));
    if own && (tool == "curl" || tool.starts_with("http")) {
        return is_user(word);
    }
    (own && is_written_out(word))
        || (is_secret_name(before)
            && may_be_secret(before, word)
            && !is_code(word)
            // `docker build --secret id=npm,src=.npmrc`
            && !word.starts_with("id="))
}

/// `user:password`
fn is_user(word: &str) -> bool {
    word.split_once(':')
        .is_some_and(|(_, password)| is_written_out(password))
}
