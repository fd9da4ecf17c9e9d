//! A sender that hears anything: the lane ends, each file ends once and as verified only if it is, and never more than
//! granted are on their way.

use std::{collections::HashMap, fs};

use sealdrop::{
    model::{
        manifest::Entry,
        outcome::{FileEnd, FileState},
    },
    storage::sources::SourcePlaces,
    transfer::{
        ahead::{Ahead, MOST},
        aside::Aside,
        lane::{Report, next_message},
        limits::Limits,
        send::{SendLane, Sending, SentBefore},
    },
    wire::header::{Answer, Message},
};

use super::{
    FILES, MORE, content, content_md5,
    helpers::Stream,
    input::Input,
    manifest,
    receiving::scratch,
    recorded::{Habits, OnTheWay, Recorded},
    spoken,
};

/// How the files ended.
struct Ends {
    ended: HashMap<u32, FileState>,
    on_the_way: OnTheWay,
}

impl Report for Ends {
    fn moved(&mut self, _: u32, _: u64) {}

    fn file_ended(&mut self, end: FileEnd) {
        let FileEnd { index, state, md5, .. } = end;
        assert_eq!(self.ended.insert(index, state), None, "entry {index} ended twice");
        if state == FileState::Verified && (index as usize) < FILES.len() {
            assert_eq!(md5, Some(content_md5(index)), "entry {index}");
        }
        self.on_the_way.ended(index);
    }

    fn finishing(&mut self) {}
}

/// One connection, from the answer on; how it ended.
///
/// # Errors
/// Not in order.
pub(crate) fn send(mut input: Input<'_>) -> Result<(), String> {
    let home = scratch();
    let manifest = manifest();
    let place = |(index, entry): (u32, &Entry)| {
        let place = home.path().join(entry.path.last().expect("a name"));
        fs::write(&place, content(index)).expect("a source");
        place
    };
    let places = SourcePlaces::listed(&manifest.entries, (0..).zip(&manifest.entries).map(place));
    let again = input.flag();
    let receipts = input.flag().then(|| (MORE, content_md5(MORE))).into_iter().collect();
    let habits = Habits::of(&mut input);
    let mut aside = Stream::of(&mut input);
    let limits = Limits { by_turns: 0, ..Limits::default() };
    let mut link = Recorded::new(spoken::receiver(&mut input), habits, &limits, OnTheWay::granted(0));
    let (files, ahead) = match next_message(&mut link) {
        Ok(Some(Message::Answer(Answer::Accept { ahead, together }))) => {
            (ahead.map_or(256, |ahead| ahead as usize).min(MOST), Ahead::granted(ahead, together))
        }
        other => panic!("{other:?}"),
    };
    let on_the_way = OnTheWay::granted(files);
    link.grant(on_the_way.clone());
    let mut report = Ends { ended: HashMap::new(), on_the_way };
    let before = SentBefore { receipts, again };
    let what = Sending { manifest, places: &places, before, ahead };
    match SendLane::new(&mut link, &mut report, aside.as_mut().map(|aside| aside as &mut dyn Aside), what).run() {
        Ok(()) => {
            assert_eq!(report.ended.keys().filter(|index| (**index as usize) < FILES.len()).count(), FILES.len());
            Ok(())
        }
        Err(end) => Err(format!("{:?}", end.error)),
    }
}
