//! Both lanes of a transfer, over connections that break: what has come is never sent again, and what differs is found.

mod scene;

use scene::{Ran, Said, Scene, Wire, error};

const MIB: usize = 1 << 20;

/// The most that words beside bodies may take in these tests.
const WORDS: u64 = 4 << 10;

#[test]
fn what_has_come_of_a_file_is_not_sent_again() {
    let mut scene = Scene::of(&[1000, 5 * MIB, 2000]);
    let first = scene.run(Some(3 << 20));
    assert!(error(&first.sent).is_break() && error(&first.received).is_break(), "{:?}", first.received);
    assert_eq!(scene.names(), [".sealdrop-05050505050505050505050505050505-1.part", "file 0"]);
    let second = scene.run(None);
    assert!(second.is_whole(), "{:?} {:?}", second.sent, second.received);
    scene.assert_arrived();
    scene.assert_clean();
    let size = 5 << 20;
    let kept = second.kept(&second.sender);
    assert_eq!(kept[0], (0, 1000));
    let (index, part) = kept[1];
    assert_eq!(index, 1);
    assert!(part > (3 << 20) - WORDS, "{part} bytes were kept");
    assert!(second.bytes <= size - part + 2000 + WORDS, "{} bytes went, {part} were there", second.bytes);
    assert_eq!(second.kept(&second.receiver), kept);
    assert_eq!(scene::moved(&second.sender), size - part + 2000);
    assert!(!second.sender.contains(&Said::Again(1)));
    assert_eq!(Ran::states(&second.sender).len(), 3);
}

#[test]
fn a_transfer_that_cannot_be_written_down_ends_for_good_and_leaves_nothing() {
    let scene = Scene::of(&[MIB, 2000]);
    let (landing, recovered) = scene.landing();
    std::fs::remove_dir_all(scene.profile().running_folder()).unwrap();
    let wire = Wire::new(None);
    let (sender, _send_side) = scene.sender(wire.sender);
    let (receiver, _receive_side, _notes) = scene.receiver(wire.receiver, landing, recovered);
    let (ended, told) = (receiver.join().unwrap(), sender.join().unwrap());
    let why = error(&ended);
    assert!(!why.is_break() && !why.is_hold(), "{why:?}");
    assert!(!error(&told).is_break());
    assert_eq!(scene.names(), [""; 0]);
}
