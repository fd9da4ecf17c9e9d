//! Reads Rust source just well enough to check the house rules: code without comments and strings, the paths it names,
//! how long its functions are. Not a compiler: it takes what rustfmt leaves behind.

/// `source` with comments and the insides of strings and character literals turned to spaces; lines stay where they are.
pub(super) fn code_only(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut code = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let end = skipped_until(&chars, at);
        if end == at {
            code.push(chars[at]);
            at += 1;
        } else {
            code.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    code
}

/// Where the comment or literal that starts at `at` ends; `at` itself if none starts there.
fn skipped_until(chars: &[char], at: usize) -> usize {
    let next = chars.get(at + 1).copied();
    match chars[at] {
        '/' if next == Some('/') => find(chars, at, &['\n']).unwrap_or(chars.len()),
        '/' if next == Some('*') => block_comment_end(chars, at),
        '"' => string_end(chars, at),
        'r' if starts_word(chars, at) => raw_string_end(chars, at + 1).unwrap_or(at),
        'b' if starts_word(chars, at) && next == Some('r') => raw_string_end(chars, at + 2).unwrap_or(at),
        '\'' if next == Some('\\') => find(chars, at + 3, &['\'']).map_or(chars.len(), |quote| quote + 1),
        // `'a'` is a character, `'a` a lifetime.
        '\'' if chars.get(at + 2) == Some(&'\'') => at + 3,
        _ => at,
    }
}

fn starts_word(chars: &[char], at: usize) -> bool {
    at == 0 || !is_word(chars[at - 1])
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn find(chars: &[char], from: usize, what: &[char]) -> Option<usize> {
    let from = from.min(chars.len());
    chars[from..].windows(what.len()).position(|window| window == what).map(|found| from + found)
}

fn block_comment_end(chars: &[char], at: usize) -> usize {
    let mut depth = 0;
    let mut at = at;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => {
                depth += 1;
                at += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    at
}

fn string_end(chars: &[char], at: usize) -> usize {
    let mut at = at + 1;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// `at` is behind the `r`; `None` if no raw string starts here.
fn raw_string_end(chars: &[char], at: usize) -> Option<usize> {
    let hashes = chars.get(at..)?.iter().take_while(|c| **c == '#').count();
    if chars.get(at + hashes) != Some(&'"') {
        return None;
    }
    let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    Some(find(chars, at + hashes + 1, &close).map_or(chars.len(), |end| end + close.len()))
}

/// The words and signs of code that went through `code_only`, each with its line (from 1). `::` is one sign.
pub(super) fn tokens(code: &str) -> Vec<(String, usize)> {
    let mut found: Vec<(String, usize)> = Vec::new();
    let mut glue = false;
    for (line, text) in code.lines().enumerate() {
        for c in text.chars() {
            match found.last_mut() {
                Some((last, _)) if glue && is_word(c) && last.chars().all(is_word) => last.push(c),
                Some((last, _)) if glue && c == ':' && last == ":" => last.push(c),
                _ if c.is_whitespace() => {}
                _ => found.push((c.to_string(), line + 1)),
            }
            glue = !c.is_whitespace();
        }
        glue = false;
    }
    found
}

/// A path named in the code, groups taken apart: `use a::{b, c::d}` names `a::b` and `a::c::d`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NamedPath {
    pub(super) parts: Vec<String>,
    pub(super) line: usize,
    /// How many `mod x { }` of this file stand around it: `super` counts from there.
    pub(super) inside_mods: usize,
}

/// Every path with `::` in it, and every `use`.
pub(super) fn paths(code: &str) -> Vec<NamedPath> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut braces: Vec<bool> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let word = tokens[at].0.as_str();
        let inside_mods = braces.iter().filter(|is_mod| **is_mod).count();
        match word {
            "{" => braces.push(at >= 2 && tokens[at - 2].0 == "mod"),
            "}" => {
                braces.pop();
            }
            "use" => {
                at = read_path(&tokens, at + 1, &[], inside_mods, &mut found);
                continue;
            }
            _ if is_name(word) && tokens.get(at + 1).is_some_and(|(sign, _)| sign == "::") => {
                // Behind `as` stands a path that is read without its `as`.
                at = read_path(&tokens, at, &[], inside_mods, &mut found).max(at + 1);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Reads one path (or a group of them) that starts at `at` behind `before`; returns where reading goes on.
fn read_path(
    tokens: &[(String, usize)],
    at: usize,
    before: &[String],
    inside_mods: usize,
    found: &mut Vec<NamedPath>,
) -> usize {
    let mut parts = before.to_vec();
    let mut at = at;
    let line = tokens.get(at).map_or(0, |(_, line)| *line);
    while let Some((word, _)) = tokens.get(at) {
        match word.as_str() {
            "::" => {}
            "{" if tokens[at - 1].0 == "::" || tokens[at - 1].0 == "use" => {
                at += 1;
                while tokens.get(at).is_some_and(|(word, _)| word != "}") {
                    at = read_path(tokens, at, &parts, inside_mods, found).max(at + 1);
                    at += usize::from(tokens.get(at).is_some_and(|(word, _)| word == ","));
                }
                return at + 1;
            }
            name if is_name(name) && (at == 0 || tokens[at - 1].0 != *"as") && follows(tokens, at, &parts, before) => {
                parts.push(name.to_owned());
            }
            _ => break,
        }
        at += 1;
    }
    if parts.len() > before.len() {
        found.push(NamedPath { parts, line, inside_mods });
    }
    at
}

/// A name belongs to the path when it is its first or stands behind `::`.
fn follows(tokens: &[(String, usize)], at: usize, parts: &[String], before: &[String]) -> bool {
    parts.len() == before.len() || tokens[at - 1].0 == "::"
}

/// Name, first line and length of each function with a body, in lines that hold code.
pub(super) fn functions(code: &str) -> Vec<(String, usize, usize)> {
    let tokens = tokens(code);
    let mut lengths = Vec::new();
    for (at, pair) in tokens.windows(2).enumerate() {
        let [(word, first), (name, _)] = pair else { continue };
        if word != "fn" || !is_name(name) {
            continue;
        }
        if let Some(last) = body_end(&tokens[at..]) {
            let held = code.lines().take(last).skip(first - 1).filter(|line| !line.trim().is_empty()).count();
            lengths.push((name.clone(), *first, held));
        }
    }
    lengths
}

/// The line of the brace that closes the first body; `None` for a declaration that ends in `;`.
fn body_end(tokens: &[(String, usize)]) -> Option<usize> {
    let mut around = 0_usize;
    let mut braces = 0_usize;
    for (word, line) in tokens {
        match word.as_str() {
            "(" | "[" => around += 1,
            ")" | "]" => around = around.saturating_sub(1),
            ";" if around == 0 && braces == 0 => return None,
            "{" => braces += 1,
            "}" => {
                braces = braces.saturating_sub(1);
                if braces == 0 {
                    return Some(*line);
                }
            }
            _ => {}
        }
    }
    None
}

/// The source above its `mod tests`, which stands last in every file.
pub(super) fn without_tests(source: &str) -> &str {
    let mut start = 0;
    let mut marked_at = None;
    for line in source.split_inclusive('\n') {
        let text = line.trim_end();
        match marked_at {
            Some(mark) if text.starts_with("mod ") && text.ends_with('{') => return &source[..mark],
            // Further attributes may stand between the mark and the module.
            Some(_) if text.starts_with("#[") => {}
            _ => marked_at = (text == "#[cfg(test)]").then_some(start),
        }
        start += line.len();
    }
    source
}
