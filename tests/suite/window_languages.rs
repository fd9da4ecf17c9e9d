//! The window speaks the language that was chosen, at once and everywhere; names stay what they are.

use std::{path::PathBuf, time::Duration};

use egui_kittest::kittest::NodeT;
use sealdrop::{
    engine::messages::{Checked, Command, ComparisonSnapshot, ComparisonState, Event},
    model::{
        book::Rule,
        outcome::{FileState, Outcome},
        reason::{Reason, ReasonCode, Side},
        settings::{LanguageChoice, Settings},
        short_code::ShortCode,
        transfer::{Direction, Pause, QueuedFor, Stage, TransferSnapshot},
    },
    ui::text::Language,
};

use crate::{
    fake_engine::{
        ending, file_end, key, key_warning, manifest, preflight, sealed_peer, settings, snapshot, tree, verified_device,
    },
    window_scene::Window,
};

fn chinese() -> Settings {
    Settings { language: LanguageChoice::Tag("zh-CN".to_owned()), ..settings() }
}

/// English words in a text that are no names of this scene.
fn english(text: &str) -> Vec<&str> {
    const NAMES: [&str; 32] = [
        "md5",
        "MD5SUMS",
        "Sealdrop",
        "a",
        "b",
        "Anna",
        "s",
        "laptop",
        "Ben",
        "Reading",
        "room",
        "home",
        "anna",
        "Downloads",
        "MD5",
        "kB",
        "MB",
        "GB",
        "Ctrl",
        "V",
        "Linux",
        "txt",
        "jpg",
        "photos",
        "notes",
        "md",
        "file",
        "UTC",
        "English",
        "B",
        "bin",
        "pictures",
    ];
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let is_word = |word: &&str| word.chars().any(|letter| letter.is_ascii_alphabetic()) && !NAMES.contains(word);
    // Keys, seals and addresses are no words.
    let is_hex = |word: &&str| word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    words.filter(is_word).filter(|word| !is_hex(word)).collect()
}

/// Fails when anything in the window, names for screen readers included, is said in English.
fn all_in_chinese(window: &Window, where_: &str) {
    let mut seen = 0;
    for node in window.harness.root().children_recursive() {
        let node = node.accesskit_node();
        for text in [node.label(), node.value()].into_iter().flatten() {
            let left = english(&text);
            assert!(left.is_empty(), "{where_}: {left:?} in {text:?}");
            seen += 1;
        }
    }
    assert!(seen > 20, "{where_}: only {seen} texts");
}

fn told(window: &mut Window, id: u8, direction: Direction, stage: Stage) {
    let files = manifest(&[("photos", None), ("photos/a.jpg", Some(1_234_567)), ("photos/b.jpg", Some(89))]);
    let mut snapshot = TransferSnapshot { moved: 600_000, ..snapshot(key(id, direction), stage, files) };
    if direction == Direction::Outgoing {
        snapshot.peer = sealed_peer("Ben", 9);
        snapshot.code = Some(ShortCode::from_number(123_456));
    }
    window.tell(Event::Snapshot(snapshot));
}

#[test]
fn the_language_changes_at_once_and_what_was_said_is_said_again() {
    let mut window = Window::new();
    window.stage(&[tree("/home/anna/a.txt", &[("", 1)], Vec::new()), tree("/home/anna/b.txt", &[("", 2)], Vec::new())]);
    window.type_into("Address", "192.168.1.44");
    window.click("Send");
    window.tell(Event::HistoryDamaged { kept_at: PathBuf::from("/home/anna/old") });
    assert!(window.shows("a.txt and 1 more"));
    window.engine.asked();
    window.click("Settings");
    window.click("Language: 简体中文");
    window.click("Save");
    let asked = window.engine.asked();
    let [Command::SaveSettings(saved)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(saved.language, LanguageChoice::Tag("zh-CN".to_owned()));
    let saved = saved.clone();
    window.engine.offer(1, manifest(&[("x.txt", Some(5))]), preflight(9), window.now() + Duration::from_mins(5));
    window.engine.tell(Event::Settings(saved.clone()));
    window.harness.step();
    let title = egui::ViewportCommand::Title("(1) Sealdrop".to_owned());
    assert!(window.commands().contains(&title), "{:?}", window.commands());
    window.harness.run();
    assert!(window.shows("a.txt 及其他 1 项") && window.shows("添加文件…") && window.shows("接收"));
    assert!(window.shows("历史记录已损坏。旧文件已另存为 /home/anna/old；仍能读取的部分照常显示"));
    window.tell(Event::Settings(Settings { language: LanguageChoice::System, ..saved }));
    assert!(window.shows("a.txt and 1 more") && window.shows("Accept"), "the system of the tests speaks English");
    assert!(!window.shows("接收"));
}

#[test]
fn the_system_decides_until_somebody_chooses() {
    let chinese = Language::all().find(|language| language.tag() == "zh-CN").unwrap();
    let mut window = Window::on_a_system(chinese);
    assert!(window.shows("添加文件…"));
    window.click("设置");
    // English people have to find their language.
    assert!(window.shows("语言：English") && window.shows("语言：跟随系统"));
    window.tell(Event::Settings(Settings { language: LanguageChoice::Tag("en".to_owned()), ..settings() }));
    assert!(window.shows("Add files…"));
    window.tell(Event::Settings(Settings { language: LanguageChoice::Tag("tlh".to_owned()), ..settings() }));
    assert!(window.shows("添加文件…"), "a language that is not there is no choice");
}

#[test]
fn nothing_in_the_window_stays_english() {
    let mut window = Window::of([1040.0, 6000.0], true);
    window.tell(Event::Settings(chinese()));
    window.tell(Event::Devices(vec![verified_device("Anna", 20, Rule::Block), verified_device("Ben", 9, Rule::Ask)]));
    all_in_chinese(&window, "first start");
    window.stage(&[tree("/home/anna/photos", &[("a.jpg", 5), ("b.jpg", 6)], Vec::new())]);
    all_in_chinese(&window, "staged");
    let both = [Direction::Incoming, Direction::Outgoing];
    for (id, stage) in (1..).zip(stages(&window)) {
        for direction in both {
            told(&mut window, id, direction, stage.clone());
        }
    }
    all_in_chinese(&window, "rows");
    for direction in both {
        window.tell(Event::WrongKey(key_warning(21, direction)));
    }
    window.wait(1000);
    let expires = window.now() + Duration::from_secs(30);
    window.engine.offer(90, manifest(&[("photos/a.jpg", Some(5)), ("notes.md", Some(6))]), preflight(3), expires);
    for state in [ComparisonState::Waiting, ComparisonState::Code(ShortCode::from_number(654_321))] {
        let key = key(91, Direction::Incoming);
        window.tell(Event::Comparison(ComparisonSnapshot { key, peer: sealed_peer("Ben", 9), state }));
    }
    window.tell(Event::DevicesDamaged { kept_at: PathBuf::from("/home/anna/file") });
    window.tell(Event::Refused { address: "192.168.1.9".to_owned(), reason: Reason::bare(ReasonCode::Busy) });
    all_in_chinese(&window, "cards, alarms and notices");
}

#[test]
fn neither_do_settings_history_and_devices() {
    let mut window = Window::of([1040.0, 2000.0], false);
    window.tell(Event::Settings(chinese()));
    window.tell(Event::Devices(vec![verified_device("Ben", 9, Rule::Accept("/home/anna/pictures".into()))]));
    for (open, close) in [("设置", "取消"), ("历史记录", "关闭"), ("校验", "关闭"), ("Ben 的详细信息", "关闭")]
    {
        window.click(open);
        all_in_chinese(&window, open);
        window.click(close);
    }
    told(&mut window, 1, Direction::Incoming, ending(Outcome::Partial, None, 1, 5));
    let (key, result) = (key(1, Direction::Incoming), Checked::Same);
    window.tell(Event::FilesEnded { key, ends: vec![file_end(1, FileState::Verified)] });
    window.tell(Event::FilesEnded { key, ends: vec![file_end(2, FileState::Mismatch)] });
    window.tell(Event::FileChecked { key, index: 1, result });
    window.click("显示文件");
    all_in_chinese(&window, "table of files");
    told(&mut window, 2, Direction::Incoming, Stage::Moving);
    window.close();
    window.harness.run();
    assert!(window.shows("关闭 Sealdrop？"));
    all_in_chinese(&window, "closing");
}

/// A transfer in every way it can stand.
fn stages(window: &Window) -> Vec<Stage> {
    let (here, there) = (Reason::bare(ReasonCode::Cancelled), Reason::there(ReasonCode::Timeout, None));
    let full =
        Reason { code: ReasonCode::DiskFull, side: Side::Here, detail: Some("needed 5 bytes, free 3".to_owned()) };
    let (done, total) = (1, 3);
    vec![
        Stage::Listing { found: 3 },
        Stage::Resolving,
        Stage::Connecting,
        Stage::Offering,
        Stage::Queued(QueuedFor::Device),
        Stage::Queued(QueuedFor::Turn),
        Stage::Hashing { done, total },
        Stage::Checking { done, total },
        Stage::Paused(Pause { here: true, there: false, reason: None }),
        Stage::Paused(Pause { here: false, there: false, reason: Some(full) }),
        Stage::Reconnecting { reason: there.clone(), next_try: Some(window.now() + Duration::from_secs(8)) },
        Stage::Interrupted,
        Stage::Waiting,
        Stage::Moving,
        Stage::Finishing,
        Stage::Cancelling,
        ending(Outcome::Verified, None, 2, 1_234_656),
        ending(Outcome::Unchecked, None, 2, 5),
        ending(Outcome::Partial, Some(there.clone()), 1, 5),
        ending(Outcome::Cancelled, Some(here), 0, 0),
        ending(Outcome::Declined, Some(Reason::bare(ReasonCode::NoAnswer)), 0, 0),
        ending(Outcome::Failed, Some(there), 0, 0),
    ]
}
