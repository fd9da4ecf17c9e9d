//! What the window says is said in every language: each has all messages and no other, asks for the same, and is itself.

mod calls;
mod catalogue;

use std::collections::BTreeSet;

use calls::{calls, names, sources};
use catalogue::Catalogue;
use sealdrop::ui::text::{Language, Word, size};

/// Names and signs that stay what they are in Chinese.
const NAMES: &str = "anna B Ctrl DirectX EB Enter FILE GB help HOST kB Linux local MB MD md Mesa Metal notes OpenGL PB \
                     receive s Sealdrop sealdrop send SUMS TB TCP to txt UDP UTC V VPN Vulkan zenity";

/// What is the same in Chinese as in English: names, signs and units.
const SAME: &str = "app-name date-time rate rate-slow unit-eb unit-gb unit-kb unit-kilobytes unit-mb unit-megabytes unit-pb unit-tb \
                    window-title";

#[test]
fn every_language_has_every_message_and_no_other() {
    let all = Catalogue::all();
    let tags: Vec<&str> = all.iter().map(|catalogue| catalogue.tag.as_str()).collect();
    assert!(tags.starts_with(&["en"]) && tags.contains(&"zh-CN"), "{tags:?}");
    assert_eq!(tags, Language::all().map(Language::tag).collect::<Vec<_>>(), "what is built in is not what is there");
    let english: BTreeSet<&String> = all[0].messages.keys().collect();
    for catalogue in &all {
        assert!(catalogue.wrong.is_empty(), "{}: {:#?}", catalogue.tag, catalogue.wrong);
        let own: BTreeSet<&String> = catalogue.messages.keys().collect();
        let (lacks, has_more) = (english.difference(&own), own.difference(&english));
        let wrong: Vec<_> = lacks.map(|id| format!("-{id}")).chain(has_more.map(|id| format!("+{id}"))).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", catalogue.tag);
    }
}

#[test]
fn every_language_is_given_what_it_asks_for_and_shows_what_english_shows() {
    let all = Catalogue::all();
    let [english, others @ ..] = all.as_slice() else { panic!("no language at all") };
    for catalogue in others {
        for id in english.messages.keys() {
            let (asked_for, given) = (catalogue.asked_for(id), english.asked_for(id));
            assert!(asked_for.is_subset(&given), "{} {id}: asks for {asked_for:?}, given {given:?}", catalogue.tag);
            // What English only chooses by may be shown, and what it shows may be told in another way, but not left out.
            let shown = english.shown(id);
            assert!(shown.is_subset(&asked_for), "{} {id}: {shown:?} are shown, not {asked_for:?}", catalogue.tag);
        }
    }
}

#[test]
fn every_message_is_said_and_with_what_it_asks_for() {
    let english = Catalogue::all().remove(0);
    let ui = sources("");
    let texts: String =
        ui.iter().filter(|(path, _)| path.contains("/ui/")).map(|(_, source)| source.as_str()).collect();
    let mut said: BTreeSet<String> = english.used_by_others();
    for (path, source) in &ui {
        for call in calls(source) {
            assert!(english.messages.contains_key(&call.id), "{path}: no message is called {}", call.id);
            assert_eq!(call.given, english.asked_for(&call.id), "{path}: {} is given something else", call.id);
            said.insert(call.id);
        }
    }
    for word in Word::ALL {
        let parts = english.messages.get(&word.id()).unwrap_or_else(|| panic!("no message is called {}", word.id()));
        assert!(parts.shown.is_empty() && parts.chosen_by.is_empty(), "{word:?} carries something");
        let name = format!("Word::{word:?}");
        let used = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric());
        if texts.split(&name).skip(1).any(used) {
            said.insert(word.id());
        }
    }
    let silent: Vec<&String> = english.messages.keys().filter(|id| !said.contains(*id)).collect();
    let silent: Vec<_> = silent.into_iter().filter(|id| !names(&texts, id.split('.').next().unwrap_or(id))).collect();
    assert!(silent.is_empty(), "nobody says {silent:?}");
}

#[test]
fn labels_and_sentences_take_no_full_stop_and_have_no_blanks_around_them() {
    for language in Language::all() {
        language.speak();
        for word in Word::ALL {
            let text = word.text();
            let stops = text.ends_with(['.', '。']) && *word != Word::DecimalMark;
            assert!(!text.is_empty() && text.trim() == text && !stops, "{} {word:?}: {text:?}", language.tag());
        }
    }
    Language::ENGLISH.speak();
}

#[test]
fn no_english_is_left_in_chinese() {
    let all = Catalogue::all();
    let chinese = all.iter().find(|catalogue| catalogue.tag == "zh-CN").unwrap();
    for (id, parts) in &chinese.messages {
        let words = parts.text.split(|letter: char| !letter.is_ascii_alphabetic());
        let english: Vec<&str> =
            words.filter(|word| !word.is_empty() && !NAMES.split(' ').any(|name| name == *word)).collect();
        assert!(english.is_empty(), "{id} says {english:?}: {:?}", parts.text);
        let chinese = parts.text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
        // What only puts things together has no word of its own.
        let has_words = parts.text.chars().any(char::is_alphanumeric);
        assert!(
            chinese || !has_words || SAME.split(' ').any(|same| same == id),
            "{id} is not translated: {:?}",
            parts.text
        );
    }
}

#[test]
fn chinese_is_set_as_chinese_is() {
    let all = Catalogue::all();
    let chinese = all.iter().find(|catalogue| catalogue.tag == "zh-CN").unwrap();
    let is_chinese = |letter: char| ('\u{3000}'..='\u{30ff}').contains(&letter) || letter >= '\u{4e00}';
    for (id, parts) in &chinese.messages {
        let letters: Vec<char> = parts.text.chars().collect();
        for pair in letters.windows(2) {
            let [before, after] = pair else { continue };
            let half = |letter: &char| ",;:?!()".contains(*letter);
            let wrong = (is_chinese(*before) && half(after)) || (half(before) && is_chinese(*after));
            assert!(!wrong, "{id}: half-width {before}{after} in {:?}", parts.text);
            let blank = "，。；：？！、（）“”".contains(*before) && *after == ' '
                || *before == ' ' && "，。；：？！、）”".contains(*after);
            assert!(!blank, "{id}: a blank beside {before}{after} in {:?}", parts.text);
        }
    }
}

#[test]
fn numbers_are_written_and_counted_as_each_language_does() {
    use sealdrop::ui::text::{date, files_and_size, moved};
    assert_eq!(files_and_size(1, 1), "1 file, 1 byte");
    assert_eq!(files_and_size(12_345, 1_440_000_000), "12,345 files, 1.4 GB");
    assert_eq!(files_and_size(u64::MAX, u64::MAX), "9,007,199,254,740,992 files, 18 EB", "no number stops the window");
    let chinese = Language::all().find(|language| language.tag() == "zh-CN").unwrap();
    chinese.speak();
    assert_eq!(files_and_size(1, 1), "1 个文件，1 字节");
    assert_eq!(date(1_795_219_200), "2026 年 11 月 21 日");
    assert_eq!(moved(1_200_000_000, 3_400_000_000, 12, 40), "1.2 GB / 3.4 GB，已完成 12 个，共 40 个文件");
    assert_eq!(size(999), "999 字节");
    Language::ENGLISH.speak();
}

#[test]
fn what_is_wrong_with_a_catalogue_is_found() {
    let found = Catalogue::of(
        "x",
        "a = A\na = B { $n }\nb = { $k ->\n    [one] { $m }\n   *[other] { a }\n }\nnothing\n-term = no\n",
    );
    assert_eq!(found.wrong.len(), 4, "{:?}", found.wrong);
    assert_eq!(found.shown("b").into_iter().collect::<Vec<_>>(), ["m", "n"]);
    assert_eq!(found.asked_for("b").into_iter().collect::<Vec<_>>(), ["k", "m", "n"]);
}
