//! A link without a socket: a peer whose words are known in advance, over one connection and two further ones, and who hears
//! nothing. What goes out is looked at as far as it has to keep to what was granted.

use std::{
    cell::RefCell,
    collections::{HashSet, VecDeque},
    io::{self, Read, Write},
    rc::Rc,
    time::Instant,
};

use sealdrop::{
    transfer::{
        limits::Limits,
        link::{Held, Link, Wake, Way, Wrote},
    },
    wire::{
        chunk::BESIDE_BYTES,
        frame::PREFIX_BYTES,
        header::{self, Answer, Message},
    },
};

use super::{input::Input, spoken::Speech};

/// Files that a sender has begun and of which it knows no end, and how many it may.
#[derive(Clone)]
pub(crate) struct OnTheWay {
    files: Rc<RefCell<HashSet<u32>>>,
    granted: usize,
}

impl OnTheWay {
    pub(crate) fn granted(granted: usize) -> Self {
        Self { files: Rc::default(), granted }
    }

    fn begins(&self, index: u32) {
        let mut files = self.files.borrow_mut();
        assert!(files.insert(index), "entry {index} is sent twice");
        assert!(files.len() <= self.granted, "{} files are on their way, {} were granted", files.len(), self.granted);
    }

    pub(crate) fn ended(&self, index: u32) {
        self.files.borrow_mut().remove(&index);
    }
}

/// What a link does now and then.
#[derive(Clone, Copy, Default)]
pub(crate) struct Habits {
    /// Comes back without having done anything.
    hesitates: bool,
    /// Stands still for a while.
    holds: bool,
    /// Sends over further connections too.
    spreads: bool,
}

impl Habits {
    pub(crate) fn of(input: &mut Input<'_>) -> Self {
        let bits = input.byte();
        Self { hesitates: bits & 1 > 0, holds: bits & 2 > 0, spreads: bits & 4 > 0 }
    }
}

pub(crate) struct Recorded {
    /// How often it is said that nothing has come, unless somebody waits, before these bytes come.
    words: VecDeque<(u8, VecDeque<u8>)>,
    /// Connections 1 and 2.
    beside: [VecDeque<u8>; 2],
    habits: Habits,
    limits: Limits,
    on_the_way: OnTheWay,
    /// Counts what was asked, so that it does not always go the same.
    asked: usize,
    /// The connection that takes the next bytes.
    way: Way,
}

impl Recorded {
    /// Over one connection, without a break.
    pub(crate) fn saying(bytes: &[u8]) -> Self {
        let speech = Speech { words: vec![(1, bytes.to_vec())], ..Speech::default() };
        Self::new(speech, Habits::default(), &Limits::default(), OnTheWay::granted(usize::MAX))
    }

    pub(crate) fn new(speech: Speech, habits: Habits, limits: &Limits, on_the_way: OnTheWay) -> Self {
        let words = speech.words.into_iter().map(|(quiet, bytes)| (quiet, bytes.into()));
        let words = words.filter(|(_, bytes): &(u8, VecDeque<u8>)| !bytes.is_empty()).collect();
        let beside = speech.beside.map(VecDeque::from);
        Self { words, beside, habits, limits: *limits, on_the_way, asked: 0, way: Way::Here }
    }

    /// What was granted is known now.
    pub(crate) fn grant(&mut self, on_the_way: OnTheWay) {
        self.on_the_way = on_the_way;
    }

    /// True one time in `times`.
    fn now_and_then(&mut self, times: usize) -> bool {
        self.asked += 1;
        self.habits.hesitates && self.asked.is_multiple_of(times)
    }
}

impl Read for Recorded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some((quiet, bytes)) = self.words.front_mut() else { return Ok(0) };
        *quiet = 0;
        let read = bytes.read(buffer)?;
        if bytes.is_empty() {
            self.words.pop_front();
        }
        Ok(read)
    }
}

impl Write for Recorded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match framed(bytes) {
            Some(Message::Answer(Answer::Accept { ahead, .. })) => {
                assert_eq!(ahead.map(|files| files as usize), Some(self.limits.files_ahead));
            }
            Some(Message::File { index, .. }) => self.on_the_way.begins(index),
            Some(Message::Files { indices }) => indices.into_iter().for_each(|index| self.on_the_way.begins(index)),
            _ => {}
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The header that is written, if it is one.
fn framed(bytes: &[u8]) -> Option<Message> {
    let (prefix, json) = bytes.split_first_chunk::<PREFIX_BYTES>()?;
    let is_whole = usize::try_from(i32::from_le_bytes(*prefix)).is_ok_and(|length| length == json.len());
    (is_whole && !json.is_empty()).then(|| header::parse(json).expect("its own words"))
}

impl Link for Recorded {
    fn pending(&mut self) -> bool {
        match self.words.front_mut() {
            Some((0, _)) | None => true,
            Some((quiet, _)) => {
                *quiet -= 1;
                false
            }
        }
    }

    fn wait(&mut self) -> io::Result<Wake> {
        if self.now_and_then(3) {
            return Ok(Wake::Woken);
        }
        if let Some((quiet, _)) = self.words.front_mut() {
            *quiet = 0;
        }
        Ok(Wake::Input)
    }

    fn write_some(&mut self, bytes: &[u8]) -> io::Result<Wrote> {
        Ok(if self.now_and_then(4) { Wrote::Input } else { Wrote::Bytes(bytes.len().min(50_000)) })
    }

    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        if self.now_and_then(5) { Ok(None) } else { self.read(buffer).map(Some) }
    }

    fn admit(&mut self, wanted: usize) -> io::Result<usize> {
        Ok(if self.now_and_then(6) { 0 } else { wanted })
    }

    fn next_way(&mut self) -> io::Result<Way> {
        self.asked += 1;
        let ways = [Way::Here, Way::Beside(1), Way::Input, Way::Beside(2)];
        self.way = if self.habits.spreads { ways[self.asked % ways.len()] } else { Way::Here };
        Ok(self.way)
    }

    fn write_beside(&mut self, number: u32, bytes: &[u8]) -> io::Result<()> {
        assert_eq!(self.way, Way::Beside(number), "another way was named");
        assert!((1..=BESIDE_BYTES).contains(&bytes.len()), "{} bytes at once", bytes.len());
        Ok(())
    }

    fn has_beside(&mut self, number: u32) -> bool {
        (1..=2).contains(&number)
    }

    fn read_beside(&mut self, number: u32, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        assert!(self.has_beside(number), "nobody has asked whether there is a connection {number}");
        if self.now_and_then(5) {
            return Ok(None);
        }
        self.beside[number as usize - 1].read(buffer).map(Some)
    }

    fn held(&self) -> Option<Held> {
        (self.habits.holds && self.words.len() % 5 == 4).then_some(Held::Person)
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn queued(&self) -> usize {
        0
    }

    fn set_in_body(&mut self, _: bool) {}

    fn set_deadline(&mut self, _: Option<Instant>) {}
}
