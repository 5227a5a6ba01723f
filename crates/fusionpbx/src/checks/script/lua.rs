//! Whether a text is Lua, as far as its grammar goes: Lua 5.2, which mod_lua of FreeSWITCH 1.10 has (reference manual, section 9).

use std::iter::Peekable;
use std::str::CharIndices;

/// Lua's own limit of what is nested (LUAI_MAXCCALLS).
const DEPTH: usize = 200;

/// What keeps a text from being Lua.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoLua {
    /// Where, from 1 on.
    pub(super) line: usize,
    /// What stands there: a word or a sign; nothing at the end.
    pub(super) near: String,
}

/// Reads a script.
pub(super) fn read(text: &str) -> Result<(), NoLua> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        depth: 0,
    };
    parser.block()?;
    match parser.token() {
        Token::End => Ok(()),
        _ => Err(parser.refused()),
    }
}

/// A word of the language, or a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Name(&'a str),
    Keyword(&'a str),
    Sign(&'a str),
    Text,
    Number,
    End,
}

const KEYWORDS: [&str; 21] = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local", "nil",
    "not", "or", "repeat", "return", "then", "true", "until", "while",
];

/// The longest first.
const SIGNS: [&str; 33] = [
    "...", "..", "==", "~=", "<=", ">=", "::", "//", "<<", ">>", "+", "-", "*", "/", "%", "^", "#", "<", ">",
    "=", "(", ")", "{", "}", "[", "]", ";", ":", ",", ".", "&", "|", "~",
];

const BINARY: [&str; 21] = [
    "+", "-", "*", "/", "^", "%", "..", "<", "<=", ">", ">=", "==", "~=", "and", "or", "//", "<<", ">>", "&",
    "|", "~",
];

/// The tokens, each with its line.
fn tokens(text: &str) -> Result<Vec<(Token<'_>, usize)>, NoLua> {
    let mut tokens = Vec::new();
    let mut rest = text;
    // As the first line of a program.
    if rest.starts_with('#') {
        rest = rest.find('\n').map_or("", |end| &rest[end..]);
    }
    let line_of = |rest: &str| text[..text.len() - rest.len()].matches('\n').count() + 1;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n', '\u{b}', '\u{c}']);
        let line = line_of(rest);
        let refused = |near: &str| NoLua {
            line,
            near: near.lines().next().unwrap_or_default().chars().take(20).collect(),
        };
        if let Some(comment) = rest.strip_prefix("--") {
            rest = match long(comment) {
                Some(length) => &comment[length.ok_or_else(|| refused("--["))?..],
                None => comment.find('\n').map_or("", |end| &comment[end..]),
            };
            continue;
        }
        let Some(first) = rest.chars().next() else {
            tokens.push((Token::End, line));
            return Ok(tokens);
        };
        let (token, length) = if first.is_ascii_alphabetic() || first == '_' {
            let is_inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let word = &rest[..rest.find(|c| !is_inner(c)).unwrap_or(rest.len())];
            match KEYWORDS.contains(&word) {
                true => (Token::Keyword(word), word.len()),
                false => (Token::Name(word), word.len()),
            }
        } else if first.is_ascii_digit()
            || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit()))
        {
            (Token::Number, number(rest))
        } else if first == '"' || first == '\'' {
            let length = quoted(rest.char_indices().peekable(), first).ok_or_else(|| refused(rest))?;
            (Token::Text, length)
        } else if let Some(length) = long(rest) {
            (Token::Text, length.ok_or_else(|| refused(rest))?)
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or_else(|| refused(&rest[..first.len_utf8()]))?;
            (Token::Sign(&rest[..sign.len()]), sign.len())
        };
        tokens.push((token, line));
        rest = &rest[length..];
    }
}

/// The length of a text in long brackets that begins here; the inner one is none where it does not end.
fn long(rest: &str) -> Option<Option<usize>> {
    let inner = rest.strip_prefix('[')?;
    let level = inner.len() - inner.trim_start_matches('=').len();
    if !inner[level..].starts_with('[') {
        return None;
    }
    let end = format!("]{}]", "=".repeat(level));
    Some(rest.find(&end).map(|at| at + end.len()))
}

/// The length of a text in quotation marks, which ends in its line but where a backslash stands before the line's end.
fn quoted(mut chars: Peekable<CharIndices<'_>>, mark: char) -> Option<usize> {
    chars.next();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if chars.peek().is_some_and(|(_, next)| *next == 'z') => {
                chars.next();
                while chars.next_if(|(_, next)| next.is_ascii_whitespace()).is_some() {}
            }
            '\\' => {
                chars.next()?;
            }
            '\n' => return None,
            c if c == mark => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn number(rest: &str) -> usize {
    let mut before = ' ';
    let is_part = |c: char| {
        let exponent = matches!(before, 'e' | 'E' | 'p' | 'P') && matches!(c, '+' | '-');
        before = c;
        c.is_ascii_alphanumeric() || c == '.' || exponent
    };
    let mut is_part = is_part;
    rest.find(|c| !is_part(c)).unwrap_or(rest.len())
}

/// Goes through tokens by the grammar.
struct Parser<'a> {
    tokens: Vec<(Token<'a>, usize)>,
    at: usize,
    depth: usize,
}

type Read = Result<(), NoLua>;

impl<'a> Parser<'a> {
    fn token(&self) -> Token<'a> {
        self.tokens.get(self.at).map_or(Token::End, |(token, _)| *token)
    }

    fn next(&self) -> Token<'a> {
        self.tokens
            .get(self.at + 1)
            .map_or(Token::End, |(token, _)| *token)
    }

    fn refused(&self) -> NoLua {
        let line = self.tokens.get(self.at).map_or(1, |(_, line)| *line);
        let near = match self.token() {
            Token::Name(text) | Token::Keyword(text) | Token::Sign(text) => text,
            Token::Text => "\"…\"",
            Token::Number => "0…9",
            Token::End => "",
        };
        NoLua {
            line,
            near: near.to_owned(),
        }
    }

    /// Goes on over this one, if it is there.
    fn takes(&mut self, text: &str) -> bool {
        let is_it = matches!(self.token(), Token::Keyword(known) | Token::Sign(known) if known == text);
        self.at += usize::from(is_it);
        is_it
    }

    fn wants(&mut self, text: &str) -> Read {
        match self.takes(text) {
            true => Ok(()),
            false => Err(self.refused()),
        }
    }

    fn name(&mut self) -> Read {
        match self.token() {
            Token::Name(_) => {
                self.at += 1;
                Ok(())
            }
            _ => Err(self.refused()),
        }
    }

    fn deeper(&mut self, read: fn(&mut Self) -> Read) -> Read {
        if self.depth == DEPTH {
            return Err(self.refused());
        }
        self.depth += 1;
        let done = read(self);
        self.depth -= 1;
        done
    }

    fn block(&mut self) -> Read {
        loop {
            match self.token() {
                Token::End | Token::Keyword("end" | "else" | "elseif" | "until") => return Ok(()),
                Token::Keyword("return") => return self.returns(),
                _ => self.deeper(Self::statement)?,
            }
        }
    }

    /// `return` is the last of its block.
    fn returns(&mut self) -> Read {
        self.at += 1;
        if !self.takes(";") && !self.ends() {
            self.expressions()?;
            self.takes(";");
        }
        match self.ends() {
            true => Ok(()),
            false => Err(self.refused()),
        }
    }

    fn ends(&self) -> bool {
        matches!(
            self.token(),
            Token::End | Token::Keyword("end" | "else" | "elseif" | "until")
        )
    }

    fn statement(&mut self) -> Read {
        match (self.token(), self.next()) {
            (Token::Sign(";") | Token::Keyword("break"), _) => {
                self.at += 1;
                Ok(())
            }
            (Token::Sign("::"), _) => {
                self.at += 1;
                self.name()?;
                self.wants("::")
            }
            (Token::Name("goto"), Token::Name(_)) => {
                self.at += 2;
                Ok(())
            }
            (Token::Keyword("do"), _) => {
                self.at += 1;
                self.ended()
            }
            (Token::Keyword("while"), _) => {
                self.at += 1;
                self.expression()?;
                self.wants("do")?;
                self.ended()
            }
            (Token::Keyword("repeat"), _) => {
                self.at += 1;
                self.block()?;
                self.wants("until")?;
                self.expression()
            }
            (Token::Keyword("if"), _) => self.choice(),
            (Token::Keyword("for"), _) => self.repetition(),
            (Token::Keyword("function"), _) => {
                self.at += 1;
                self.name()?;
                while self.takes(".") {
                    self.name()?;
                }
                if self.takes(":") {
                    self.name()?;
                }
                self.function()
            }
            (Token::Keyword("local"), _) => self.local(),
            _ => self.assignment(),
        }
    }

    fn ended(&mut self) -> Read {
        self.block()?;
        self.wants("end")
    }

    fn choice(&mut self) -> Read {
        self.at += 1;
        self.expression()?;
        self.wants("then")?;
        self.block()?;
        while self.takes("elseif") {
            self.expression()?;
            self.wants("then")?;
            self.block()?;
        }
        if self.takes("else") {
            self.block()?;
        }
        self.wants("end")
    }

    fn repetition(&mut self) -> Read {
        self.at += 1;
        self.names()?;
        if !self.takes("in") {
            self.wants("=")?;
        }
        self.expressions()?;
        self.wants("do")?;
        self.ended()
    }

    fn local(&mut self) -> Read {
        self.at += 1;
        if self.takes("function") {
            self.name()?;
            return self.function();
        }
        self.names()?;
        match self.takes("=") {
            true => self.expressions(),
            false => Ok(()),
        }
    }

    fn names(&mut self) -> Read {
        self.name()?;
        while self.takes(",") {
            self.name()?;
        }
        Ok(())
    }

    /// What follows the name of a function.
    fn function(&mut self) -> Read {
        self.wants("(")?;
        while !self.takes(")") {
            if self.takes("...") {
                self.wants(")")?;
                break;
            }
            self.name()?;
            if self.token() != Token::Sign(")") {
                self.wants(",")?;
                // A comma is followed by another name.
                if self.token() == Token::Sign(")") {
                    return Err(self.refused());
                }
            }
        }
        self.ended()
    }

    /// A call, or an assignment, which a call cannot be given.
    fn assignment(&mut self) -> Read {
        let mut is_call = self.suffixed()?;
        let mut several = false;
        while self.takes(",") {
            is_call |= self.suffixed()?;
            several = true;
        }
        match (is_call, several) {
            (true, false) => Ok(()),
            (true, true) => Err(self.refused()),
            (false, _) => {
                self.wants("=")?;
                self.expressions()
            }
        }
    }

    /// A name or something in brackets with what is indexed and called of it; tells whether it ends in a call.
    fn suffixed(&mut self) -> Result<bool, NoLua> {
        let mut is_call = false;
        match self.takes("(") {
            true => {
                self.deeper(Self::expression)?;
                self.wants(")")?;
            }
            false => self.name()?,
        }
        loop {
            match self.token() {
                Token::Sign(".") => {
                    self.at += 1;
                    self.name()?;
                    is_call = false;
                }
                Token::Sign("[") => {
                    self.at += 1;
                    self.deeper(Self::expression)?;
                    self.wants("]")?;
                    is_call = false;
                }
                Token::Sign(":") => {
                    self.at += 1;
                    self.name()?;
                    self.arguments()?;
                    is_call = true;
                }
                Token::Sign("(" | "{") | Token::Text => {
                    self.arguments()?;
                    is_call = true;
                }
                _ => return Ok(is_call),
            }
        }
    }

    fn arguments(&mut self) -> Read {
        match self.token() {
            Token::Text => {
                self.at += 1;
                Ok(())
            }
            Token::Sign("{") => self.deeper(Self::table),
            _ => {
                self.wants("(")?;
                if self.takes(")") {
                    return Ok(());
                }
                self.deeper(Self::expressions)?;
                self.wants(")")
            }
        }
    }

    fn table(&mut self) -> Read {
        self.wants("{")?;
        while !self.takes("}") {
            match (self.token(), self.next()) {
                (Token::Sign("["), _) => {
                    self.at += 1;
                    self.expression()?;
                    self.wants("]")?;
                    self.wants("=")?;
                    self.expression()?;
                }
                (Token::Name(_), Token::Sign("=")) => {
                    self.at += 2;
                    self.expression()?;
                }
                _ => self.expression()?,
            }
            if !self.takes(",") && !self.takes(";") && self.token() != Token::Sign("}") {
                return Err(self.refused());
            }
        }
        Ok(())
    }

    fn expressions(&mut self) -> Read {
        self.expression()?;
        while self.takes(",") {
            self.expression()?;
        }
        Ok(())
    }

    /// Which operator binds first is of no matter here.
    fn expression(&mut self) -> Read {
        self.deeper(Self::operand)?;
        while let Token::Keyword(sign) | Token::Sign(sign) = self.token()
            && BINARY.contains(&sign)
        {
            self.at += 1;
            self.deeper(Self::operand)?;
        }
        Ok(())
    }

    fn operand(&mut self) -> Read {
        while ["not", "-", "#", "~"].into_iter().any(|sign| self.takes(sign)) {}
        match self.token() {
            Token::Number | Token::Text | Token::Keyword("nil" | "true" | "false") | Token::Sign("...") => {
                self.at += 1;
                Ok(())
            }
            Token::Sign("{") => self.table(),
            Token::Keyword("function") => {
                self.at += 1;
                self.function()
            }
            _ => self.suffixed().map(drop),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_lua() {
        assert_eq!(read(freeswitch::SCRIPT), Ok(()));
    }

    #[test]
    fn what_lua_takes_is_taken() {
        for text in [
            "",
            "#!/usr/bin/lua\nreturn",
            "return 1, -2 ^ 3 .. 'x';",
            "local a, b = {1, x = 2; [3] = function(...) return ... end,}, nil",
            "for i = 1, 10, 2 do print(i) end for k, v in pairs(t) do t[k].x:y 'z' {1} end",
            "repeat local x = f() until not x or x ~= 0x1p-4 and #x <= 3e+2",
            "if a then elseif b then else end while true do break end",
            "a.b.c, d[1] = 1, 2; (f or g)(h)(i).x = y",
            "function a.b:c(x, ...) goto fin ::fin:: end",
            "--[[ a\n long ]] --[==[ ]] ]==] local s = [=[ ]] ]=] .. \"a\\\"b\\\n\" -- end",
            "local s = 'a\\z\n   b'",
        ] {
            assert_eq!(read(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_lua_does_not_take_is_refused_with_its_line() {
        for (text, line, near) in [
            ("x", 1, ""),
            ("f() = 1", 1, "="),
            ("if a then\n\nlocal b = 1", 3, ""),
            ("end", 1, "end"),
            ("local = 1", 1, "="),
            ("local x = 'a\n'", 1, "'a"),
            ("x = [[ a", 1, "[[ a"),
            ("--[[ a", 1, "--["),
            ("f(1,\n)", 2, ")"),
            ("return 1 x = 2", 1, "x"),
            ("x = 1 +", 1, ""),
            ("x = {1 2}", 1, "0…9"),
            ("function f(a,) end", 1, ")"),
            ("x = @", 1, "@"),
            ("while true end", 1, "end"),
        ] {
            let refused = NoLua {
                line,
                near: near.to_owned(),
            };
            assert_eq!(read(text), Err(refused), "{text}");
        }
        assert!(read(&format!("x = {}1{}", "(".repeat(5_000), ")".repeat(5_000))).is_err());
        assert!(read(&"do ".repeat(5_000)).is_err());
    }
}
