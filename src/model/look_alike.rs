//! Whether a person could take one device name for another. Names prove nothing; this is how a borrowed one is noticed.

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use super::device::is_hidden;

/// True for names that are the same, or seem so at a glance: other capitals, other spaces or punctuation, letters of
/// another script with the same shape (the skeletons of UTS #39).
pub fn looks_like(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    // `В` resembles `B` and `в` resembles nothing, so shapes before capitals and capitals before shapes find different pairs.
    [true, false].into_iter().any(|fold_first| {
        let seen = essence(one, fold_first);
        !seen.is_empty() && seen == essence(other, fold_first)
    })
}

/// What remains of a name for the eye. Empty: nothing but marks, which are compared as they are.
fn essence(name: &str, fold_first: bool) -> String {
    let plain: String = name.nfkc().filter(|c| !is_dropped(*c)).collect();
    let plain = if fold_first { folded(&plain) } else { plain };
    // Folding makes new shapes (`M`, `m`), shapes make new capitals (`0`, `O`).
    let shaped = folded(&skeleton(&folded(&skeleton(&plain).collect::<String>())).collect::<String>());
    // Punctuation goes last: some of it has the shape of a letter (`|`). A capital `I` has the shape of `l`.
    shaped.chars().filter(|c| !is_dropped(*c) && !is_punctuation(*c)).map(|c| if c == 'i' { 'l' } else { c }).collect()
}

/// Capitals count as small letters, `ß` as `ss`.
fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// Nothing to see: hidden characters, also where `shown_text` has put its mark in their place, and blanks.
fn is_dropped(c: char) -> bool {
    is_hidden(c) || c.is_whitespace() || matches!(c, '\u{fffd}' | '\u{2800}')
}

/// Punctuation as far as a skeleton leaves any: it already writes most of the world's in ASCII.
fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(c, '¡' | '§' | '«' | '¶' | '·' | '»' | '¿' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}')
        || matches!(c, '\u{2e00}'..='\u{2e7f}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}')
        || matches!(c, '\u{3014}'..='\u{301f}' | '\u{30a0}' | '\u{30fb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_seem_the_same_look_alike() {
        let pairs = [
            ("Anna", "Anna"),
            ("Anna", "аnnа"),         // Cyrillic а
            ("BOB", "ВОВ"),           // Cyrillic throughout
            ("Вася Нв", "ВАСЯ НВ"),   // capitals of another script
            ("Anna", "Ａｎｎａ"),     // full width
            ("Anna", "An\u{200b}na"), // zero width
            ("Anna", "An\u{ad}na"),   // soft hyphen
            ("Anna", "An\u{fffd}na"), // as a zero width character is kept
            ("Anna", "anna"),
            ("Anna", "ANNA "),
            ("Anna's PC", "Annas-PC"),
            ("Anna's PC", "Anna’s\u{a0}PC"),
            ("Anna", "An\u{2800}na"),
            ("Anna", "An\u{200c}na"),
            ("Anna", "An\u{e0061}na"), // a tag: nothing to see
            ("Ivan", "lvan"),
            ("Ivan", "1van"),
            ("Ivan", "|van"),
            ("IVAN", "lvan"),
            ("ivan", "IVAN"),
            ("modern", "modem"),
            ("MODERN", "modem"),
            ("modern", "Μodern"), // Greek Mu: its shape is a capital whose small form has another shape
            ("room 0", "Room O"),
            ("Straße", "STRASSE"),
            ("ﬁle", "file"),
            ("客厅电脑", "客厅 电脑"),
            ("🦊 Anna", "🦊Anna"),
            ("", ""),
            ("--", "--"),
        ];
        for (one, other) in pairs {
            assert!(looks_like(one, other) && looks_like(other, one), "{one:?} and {other:?}");
        }
    }

    #[test]
    fn different_names_do_not() {
        let pairs = [
            ("Anna", "Hanna"),
            ("Anna", "Anne"),
            ("PC 2", "PC 3"),
            ("Room 1", "Room 7"),
            ("客厅电脑", "卧室电脑"),
            ("書斎", "書籍"),
            ("🦊", "🐻"),
            ("Anna 🦊", "Anna 🐻"),
            ("🦊", ""),
            ("", "Anna"),
            ("", "--"),
            ("--", "!!"),
            ("\u{200b}", ""),
            ("Jose", "Rose"),
        ];
        for (one, other) in pairs {
            assert!(!looks_like(one, other) && !looks_like(other, one), "{one:?} and {other:?}");
        }
    }
}
