//! One word of a shell: quotes, backslashes, and what follows a `$`.

use super::{Assignment, Other, Reader, Step, name_of};

impl<'i> Reader<'_, 'i> {
    /// One word with its quotes taken off; absent when only a shell can say.
    pub(super) fn word(
        &mut self,
        before: &[Assignment<'i>],
        is_argument: bool,
    ) -> Step<Option<String>> {
        let mut out = Out::default();
        // Behind an unquoted `=` or `:` a `~` is a folder.
        let mut tilde = true;
        let mut braces = Braces::default();
        while let Some(c) = self.peek() {
            let from = self.at;
            match c {
                ' ' | '\t' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')' => break,
                '\r' if self.rest().starts_with("\r\n") && is_argument => {
                    out.text.push('\r');
                    self.at += 1;
                }
                '\'' => {
                    let end = self.closing('\'')?;
                    out.text.push_str(&self.text[from + 1..end]);
                    self.at = end + 1;
                }
                '"' => {
                    self.at += 1;
                    self.double_quoted(from, &mut out, before)?;
                }
                '\\' => self.escape(&mut out),
                '$' => self.dollar(false, &mut out, before)?,
                '`' => {
                    self.skip_backticks()?;
                    out.opaque = true;
                }
                '~' if tilde => {
                    out.opaque = true;
                    self.at += 1;
                }
                c => {
                    braces.see(c);
                    out.text.push(c);
                    self.at += c.len_utf8();
                }
            }
            tilde = c == ':';
        }
        // `export A={b,c}` is two arguments.
        let opaque = out.opaque || (is_argument && braces.expand);
        Ok((!opaque).then_some(out.text))
    }

    fn escape(&mut self, out: &mut Out) {
        self.at += 1;
        match self.peek() {
            Some('\n') => self.at += 1,
            Some(c) => {
                out.text.push(c);
                self.at += c.len_utf8();
            }
            None => out.text.push('\\'),
        }
    }

    /// The place of the next `quote` behind the one here.
    fn closing(&self, quote: char) -> Step<usize> {
        self.rest()[1..]
            .find(quote)
            .map(|n| self.at + 1 + n)
            .ok_or(Other::Open(self.at))
    }

    fn double_quoted(&mut self, open: usize, out: &mut Out, before: &[Assignment<'i>]) -> Step<()> {
        loop {
            match self.peek() {
                None => return Err(Other::Open(open)),
                Some('"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some('\\') => {
                    let next = self.rest()[1..].chars().next();
                    match next {
                        Some('$' | '`' | '"' | '\\' | '\n') => self.escape(out),
                        _ => {
                            out.text.push('\\');
                            self.at += 1;
                        }
                    }
                }
                Some('$') => self.dollar(true, out, before)?,
                Some('`') => {
                    self.skip_backticks()?;
                    out.opaque = true;
                }
                Some(c) => {
                    out.text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }

    /// A `$` and what belongs to it.
    fn dollar(&mut self, quoted: bool, out: &mut Out, before: &[Assignment<'i>]) -> Step<()> {
        let open = self.at;
        self.at += 1;
        let rest = self.rest();
        let (name, len) = match rest.strip_prefix('{') {
            Some(behind) => {
                let name = name_of(behind);
                let is_simple = !name.is_empty() && behind[name.len()..].starts_with('}');
                (if is_simple { name } else { "" }, name.len() + 2)
            }
            None => (name_of(rest), name_of(rest).len()),
        };
        if !name.is_empty() {
            self.at += len;
            match self.value_of(name, before) {
                Some(text) => out.text.push_str(&text),
                None => out.opaque = true,
            }
            return Ok(());
        }
        match rest.chars().next() {
            Some('{' | '(') => self.skip_nested(open)?,
            Some(c) if c.is_ascii_digit() || "@*#?-$!".contains(c) => self.at += 1,
            Some('\'') if !quoted => self.skip_ansi_c()?,
            // A text to be translated.
            Some('"') if !quoted => {}
            _ => {
                out.text.push('$');
                return Ok(());
            }
        }
        out.opaque = true;
        Ok(())
    }

    /// Over `{…}` or `(…)` behind a `$`.
    fn skip_nested(&mut self, open: usize) -> Step<()> {
        let mut closers: Vec<char> = Vec::new();
        loop {
            let Some(c) = self.peek() else {
                return Err(Other::Open(open));
            };
            let inside = closers.last().copied();
            self.at += c.len_utf8();
            match c {
                '\\' => self.at += self.peek().map_or(0, char::len_utf8),
                '\'' if inside != Some('"') => {
                    self.at -= 1;
                    self.at = self.closing('\'')? + 1;
                }
                c if inside == Some(c) => {
                    closers.pop();
                }
                '"' | '`' => closers.push(c),
                '(' if inside != Some('"') => closers.push(')'),
                '{' if closers.is_empty() => closers.push('}'),
                '$' if self.rest().starts_with(['{', '(']) => {
                    closers.push(if self.rest().starts_with('{') {
                        '}'
                    } else {
                        ')'
                    });
                    self.at += 1;
                }
                _ => {}
            }
            if closers.is_empty() {
                return Ok(());
            }
        }
    }

    /// Over `'…'` behind a `$`, in which a backslash escapes.
    fn skip_ansi_c(&mut self) -> Step<()> {
        self.skip_escaped('\'')
    }

    fn skip_backticks(&mut self) -> Step<()> {
        self.skip_escaped('`')
    }

    /// From the quote here to behind the next one without a backslash.
    fn skip_escaped(&mut self, quote: char) -> Step<()> {
        let open = self.at;
        self.at += 1;
        while let Some(c) = self.peek() {
            self.at += c.len_utf8();
            if c == '\\' {
                self.at += self.peek().map_or(0, char::len_utf8);
            } else if c == quote {
                return Ok(());
            }
        }
        Err(Other::Open(open))
    }
}

/// A word so far.
#[derive(Default)]
struct Out {
    text: String,
    opaque: bool,
}

/// Whether unquoted `{a,b}` or `{1..2}` was seen.
#[derive(Default)]
struct Braces {
    open: bool,
    separated: bool,
    last: Option<char>,
    expand: bool,
}

impl Braces {
    fn see(&mut self, c: char) {
        match c {
            '{' => self.open = true,
            ',' => self.separated |= self.open,
            '.' => self.separated |= self.open && self.last == Some('.'),
            '}' => self.expand |= self.separated,
            _ => {}
        }
        self.last = Some(c);
    }
}
