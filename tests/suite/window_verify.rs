//! *Verify*: what is dropped while it is open is looked at and not sent; each seal is shown, and what it is compared with.

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use sealdrop::{
    engine::{
        inspection::{FileFound, Inspected, InspectionAsked, InspectionFound, InspectionId, InspectionNews, ListFound},
        messages::{Command, Event},
    },
    model::{
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
    },
    ui::dialogs::{Answer, Purpose},
};

use crate::{fake_engine::digest, window_scene::Window};

/// The view, open, with files dropped on it; `expected`: what a list says.
fn looking(files: &[(&str, Option<Md5Digest>)]) -> (Window, InspectionId) {
    let mut window = Window::new();
    window.click("Verify");
    window.drop_paths(&["/home/anna/a"]);
    let asked = window.engine.asked();
    let [Command::Inspect(InspectionAsked { id, .. })] = asked.as_slice() else { panic!("{asked:?}") };
    let id = *id;
    let file = |(name, expected): &(&str, Option<Md5Digest>)| FileFound {
        name: (*name).to_owned(),
        place: format!("/home/anna/{name}").into(),
        expected: *expected,
    };
    let files = files.iter().map(file).collect();
    tell(&mut window, id, InspectionNews::Found(InspectionFound { files, ..InspectionFound::default() }));
    (window, id)
}

fn tell(window: &mut Window, id: InspectionId, news: InspectionNews) {
    window.tell(Event::Inspection { id, news });
}

fn ended(window: &mut Window, id: InspectionId, index: u32, result: Inspected) {
    tell(window, id, InspectionNews::Ended { index, result });
}

fn sealed(seed: u64) -> Inspected {
    Inspected::Sealed { md5: digest(seed), size: 1_440_000 }
}

#[test]
fn what_is_dropped_on_the_view_is_looked_at_and_nothing_is_staged() {
    let mut window = Window::new();
    window.click("Verify");
    assert!(window.shows("Drop files here to see their seals"));
    window.harness.input_mut().hovered_files.push(egui::HoveredFile::default());
    window.harness.run_steps(3);
    assert!(window.shows("Let go to see the seals"), "the overlay says what will become of it");
    window.harness.input_mut().hovered_files.clear();
    window.drop_paths(&["/home/anna/a.iso", "/home/anna/b.md5"]);
    let asked = window.engine.asked();
    let [Command::Inspect(InspectionAsked { paths, lists: false, .. })] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(paths.len(), 2, "several at once are one look");
    window.click("Close");
    window.drop_paths(&["/home/anna/a.iso"]);
    assert!(
        matches!(window.engine.asked().as_slice(), [Command::Stage { .. }]),
        "the view is closed: this is to be sent"
    );
}

#[test]
fn a_file_shows_how_far_it_was_read_and_then_its_seal() {
    let (mut window, id) = looking(&[("thesis.pdf", None)]);
    tell(&mut window, id, InspectionNews::Reading { index: 0, done: 250, total: 1000 });
    let sentence = "Reading 1 of 1 file: thesis.pdf";
    let bar = window.harness.get_by_role_and_label(Role::ProgressIndicator, sentence);
    assert_eq!(bar.accesskit_node().numeric_value(), Some(25.0));
    ended(&mut window, id, 0, sealed(1));
    tell(&mut window, id, InspectionNews::Done);
    assert!(window.shows(&format!("MD5 {}, not checked", digest(1))));
    assert!(window.shows(&digest(1).grouped()), "the hex stands in groups of four");
    assert!(!window.shows(sentence));
    window.type_into("Checksum", &digest(1).to_string().to_uppercase());
    assert!(window.shows("Equal: the checksums are the same"));
    window.type_into("Checksum", "x");
    assert!(!window.shows("Equal: the checksums are the same"));
    assert!(window.sleeps() > std::time::Duration::from_hours(1), "idle means no frames");
}

#[test]
fn cancel_stops_the_look_and_what_was_read_stays() {
    let (mut window, id) = looking(&[("a", None), ("b", None)]);
    ended(&mut window, id, 0, sealed(1));
    tell(&mut window, id, InspectionNews::Reading { index: 1, done: 1, total: 2 });
    window.click("Cancel");
    assert!(matches!(window.engine.asked().as_slice(), [Command::StopInspection(stopped)] if *stopped == id));
    assert!(window.shows("Stopped") && window.shows("Read"));
    window.click("b");
    assert!(window.shows("It was not read to its end"));
    window.click("Clear");
    assert!(window.shows("Drop files here to see their seals"));
}

#[test]
fn a_list_says_what_is_as_listed_what_differs_and_what_is_missing() {
    let expected = Some(digest(1));
    let files = [("same", expected), ("other", expected), ("gone", expected), ("../out", expected), ("log", expected)];
    let (mut window, id) = looking(&files);
    let changed = Inspected::Failed(Reason::bare(ReasonCode::Changed));
    for (index, result) in (0..).zip([sealed(1), sealed(2), Inspected::Missing, Inspected::Outside, changed]) {
        ended(&mut window, id, index, result);
    }
    tell(&mut window, id, InspectionNews::Done);
    assert!(window.shows("1 as listed, 1 differs, 1 missing, 2 not read"));
    for word in ["As listed", "Differs", "Missing", "Not looked at", "Changed"] {
        assert!(window.shows(word), "{word}");
    }
    window.click("other");
    assert!(window.shows("In the checksum file"));
    assert!(window.shows(&format!("MD5 {}, does not match", digest(2))));
    assert!(window.harness.query_all_by_label_contains("Different, from digit").next().is_some());
    window.click("log");
    assert!(window.harness.query_all_by_label_contains("It changed while it was being read").next().is_some());
    window.click("../out");
    assert!(window.harness.query_all_by_label_contains("outside its own folder").next().is_some());
}

#[test]
fn lists_that_were_not_understood_say_so() {
    let mut window = Window::new();
    window.click("Verify");
    window.click("Choose checksum file…");
    let path = vec!["/home/anna/sums.txt".into()];
    window.dialog_answers(Purpose::VerifyList, Answer::Chosen(path));
    let asked = window.engine.asked();
    let [Command::Inspect(InspectionAsked { id, lists: true, .. })] = asked.as_slice() else { panic!("{asked:?}") };
    let list = |name: &str, files, not_understood, problem| ListFound {
        place: format!("/home/anna/{name}").into(),
        files,
        not_understood,
        problem,
    };
    let unreadable = Some(Reason::bare(ReasonCode::Unreadable));
    let lists = vec![list("a.md5", 0, 3, None), list("b.md5", 2, 1, None), list("c.md5", 0, 0, unreadable)];
    let found = InspectionFound { lists, more: 7, ..InspectionFound::default() };
    tell(&mut window, *id, InspectionNews::Found(found));
    assert!(window.shows("a.md5 holds no MD5 checksum"));
    assert!(window.shows("b.md5: 1 line was not understood. Only MD5 checksums are"));
    assert!(window.harness.query_all_by_label_contains("c.md5 was not read. It could not be read").next().is_some());
    assert!(window.shows("7 more files were left out: 10,000 are the most at a time"));
}

#[test]
fn what_is_pasted_is_compared_with_the_file_that_is_shown() {
    let (mut window, id) = looking(&[("a", None)]);
    ended(&mut window, id, 0, sealed(1));
    tell(&mut window, id, InspectionNews::Done);
    window.harness.event(egui::Event::Paste(format!("{}  a\n", digest(1))));
    window.harness.run();
    assert!(window.shows("Equal: the checksums are the same"));
    window.harness.event(egui::Event::Paste("/home/anna/b".to_owned()));
    window.harness.run();
    assert!(matches!(window.engine.asked().as_slice(), [Command::Inspect(_)]));
    window.harness.event(egui::Event::Paste("good morning".to_owned()));
    window.harness.run();
    assert!(window.shows("The clipboard holds no file, and no MD5 checksum for a file that is shown"));
    assert!(window.engine.asked().is_empty(), "it is no message to be sent either");
}

#[test]
fn an_alarm_is_not_covered_by_the_view() {
    let (mut window, _) = looking(&[("a", None)]);
    let warning = crate::fake_engine::key_warning(21, sealdrop::model::transfer::Direction::Incoming);
    window.tell(Event::WrongKey(warning));
    window.wait(1000);
    assert!(!window.shows("Choose files…"));
    window.click("Verify");
    assert!(window.shows("Choose files…") && window.shows("Waiting"), "what was looked at is still there");
}

#[test]
fn ten_thousand_files_are_drawn_as_one() {
    let names: Vec<String> = (0..10_000).map(|i| format!("part {i:05}.bin")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), Some(digest(1)))).collect();
    let (mut window, id) = looking(&files);
    for index in 0..10_000 {
        window.engine.tell(Event::Inspection { id, news: InspectionNews::Ended { index, result: sealed(1) } });
    }
    window.harness.run();
    assert!(window.shows("All 10,000 files are as listed"));
    let rows = window.harness.query_all_by_label_contains("part 0").count();
    assert!(rows < 100, "{rows} rows were laid out");
}
