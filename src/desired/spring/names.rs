//! Names of Spring Boot's properties: relaxed binding, and items of lists.
//!
//! <https://docs.spring.io/spring-boot/reference/features/external-config.html>, relaxed binding;
//! `ConfigurationPropertyName` of spring-boot for what counts as equal.

/// What Spring takes for one name, however it is spelt: `pool-size`, `poolSize` and `pool_size`
/// are one, `[Keys.in.brackets]` stay as they are.
pub(super) fn uniform(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for piece in pieces(name) {
        match piece {
            Piece::Bracket(text) => out.push_str(text),
            Piece::Plain(text) => out.extend(
                text.chars()
                    .filter(|c| c.is_alphanumeric() || *c == '.')
                    .flat_map(char::to_lowercase),
            ),
        }
    }
    out
}

/// The spelling that Spring recommends, `pool-size`, for elements that are no names of classes or
/// constants: `logging.level.com.acme.OrderService` stays.
pub(super) fn canonical(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for piece in pieces(name) {
        match piece {
            Piece::Bracket(text) => out.push_str(text),
            Piece::Plain(text) => {
                for (n, element) in text.split('.').enumerate() {
                    if n > 0 {
                        out.push('.');
                    }
                    kebab(element, &mut out);
                }
            }
        }
    }
    out
}

fn kebab(element: &str, out: &mut String) {
    if !element.starts_with(|c: char| c.is_lowercase()) {
        return out.push_str(element);
    }
    let mut before = '-';
    for c in element.chars() {
        match c {
            '_' => out.push('-'),
            c if c.is_uppercase() => {
                if before.is_lowercase() || before.is_ascii_digit() {
                    out.push('-');
                }
                out.extend(c.to_lowercase());
            }
            c => out.push(c),
        }
        before = c;
    }
}

enum Piece<'n> {
    Plain(&'n str),
    /// With its brackets.
    Bracket(&'n str),
}

fn pieces(name: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = name;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, behind) = match rest.find('[') {
            Some(0) => {
                let end = rest.find(']').map_or(rest.len(), |n| n + 1);
                (Piece::Bracket(&rest[..end]), &rest[end..])
            }
            Some(at) => (Piece::Plain(&rest[..at]), &rest[at..]),
            None => (Piece::Plain(rest), ""),
        };
        rest = behind;
        Some(piece)
    })
}

/// `a.b[2].c` as `a.b`, 2 and `.c`: the first item of a list in a name.
pub(super) fn first_index(name: &str) -> Option<(&str, usize, &str)> {
    let mut from = 0;
    while let Some(open) = name[from..].find('[').map(|n| n + from) {
        let close = name[open..].find(']')? + open;
        let inner = &name[open + 1..close];
        if open > 0 && !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_digit()) {
            return Some((&name[..open], inner.parse().ok()?, &name[close + 1..]));
        }
        from = close;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name() {
        for name in [
            "app.pool-size",
            "app.poolSize",
            "app.pool_size",
            "app.poolsize",
        ] {
            assert_eq!(uniform(name), "app.poolsize", "{name}");
        }
        assert_eq!(uniform("a[0].bC[x.Y-z]"), "a[0].bc[x.Y-z]");
    }

    #[test]
    fn the_recommended_spelling() {
        for (written, canonical_form) in [
            ("app.poolSize", "app.pool-size"),
            ("app.pool_size", "app.pool-size"),
            ("app.pool-size", "app.pool-size"),
            ("spring.jpa.openInView", "spring.jpa.open-in-view"),
            ("app.useHTTPProxy", "app.use-httpproxy"),
            (
                "logging.level.org.hibernate.SQL",
                "logging.level.org.hibernate.SQL",
            ),
            (
                "logging.level.com.acme.OrderService",
                "logging.level.com.acme.OrderService",
            ),
            ("routes[/api/fooBar].url", "routes[/api/fooBar].url"),
            ("DB_HOST", "DB_HOST"),
        ] {
            assert_eq!(canonical(written), canonical_form, "{written}");
            assert_eq!(uniform(written), uniform(canonical_form), "{written}");
        }
    }

    #[test]
    fn items_of_lists() {
        assert_eq!(first_index("a.b[2].c[0]"), Some(("a.b", 2, ".c[0]")));
        assert_eq!(first_index("m[key].l[1]"), Some(("m[key].l", 1, "")));
        assert_eq!(first_index("m[key]"), None);
        assert_eq!(first_index("a[99999999999999999999999]"), None);
        assert_eq!(first_index("a[1"), None);
    }
}
