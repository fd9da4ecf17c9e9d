//! How many files a sender may have on their way is the receiver's word, and depends on the handles that it has.
#![cfg(target_os = "linux")]

use std::fs;

use sealdrop::wire::header::{Answer, Message};

use crate::{
    cli::program::Program,
    scripted::{Scripted, file_entry},
};

/// How many files this process may open if it asks for as many as it can have.
fn handles_here() -> u32 {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let open = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    open.split_whitespace().nth(4).unwrap().parse().unwrap_or(u32::MAX)
}

#[test]
fn a_receiver_grants_as_many_files_as_it_has_handles_for_and_never_fewer_than_256() {
    assert!(handles_here() >= 512, "no more than {} files may be open here", handles_here());
    for (handles, expected) in [(512, 256), (1024, 256), (8192, 512), (16_384, 1024)] {
        if handles > handles_here() {
            eprintln!("not tried: this process may not have {handles} files open");
            continue;
        }
        let home = tempfile::tempdir().unwrap();
        let place = home.path().to_str().unwrap();
        let receive = ["--json", "--port", "0", "--profile", place, "receive", "--accept", "all", "--into", place];
        let mut receiver = Program::with_handles(handles, &receive);
        let listening = receiver.event("listening");
        let port = listening["address"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
        let mut peer = Scripted::dial(port);
        peer.offer(vec![file_entry(&["x"], 3)]);
        let answer = peer.hear();
        let Some(Message::Answer(Answer::Accept { ahead, .. })) = answer else { panic!("{answer:?}") };
        assert_eq!(ahead, Some(expected), "of {handles} handles");
    }
}
