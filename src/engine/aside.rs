//! One thread per lane that hashes or writes a large body while the lane moves it. It starts with the first body of which something
//! is left to it, and ends with its lane.

use std::{thread::available_parallelism, time::Duration};

use crossbeam_channel::{Receiver, RecvTimeoutError, SendError, Sender, TryRecvError, bounded};

use crate::{
    digest::Hasher,
    storage::part_file::Piece,
    transfer::{
        aside::{Aside, Back, PIECES},
        rounds::Round,
    },
};

use super::threads;

/// A lane that waits looks after its link this often.
const MOMENT: Duration = Duration::from_millis(100);

enum Word {
    Begin(Hasher),
    Hash(Vec<u8>, usize),
    End,
    Round(Round),
    Write(Piece),
}

/// A lane's end. Dropping it ends the thread after the pieces that it has.
#[derive(Default)]
pub struct AsideHandle {
    thread: Option<Thread>,
    /// Whether there is but one processor. Asking the system takes 30 µs, much for each piece of 256 KiB: it is done once.
    is_only: Option<bool>,
}

struct Thread {
    words: Sender<Word>,
    backs: Receiver<Back>,
}

impl Aside for AsideHandle {
    fn begin(&mut self, hasher: Hasher) -> Result<(), Hasher> {
        match self.begin_with(Word::Begin(hasher)) {
            Err(Word::Begin(hasher)) => Err(hasher),
            _ => Ok(()),
        }
    }

    fn hash(&mut self, buffer: Vec<u8>, length: usize) {
        self.say(Word::Hash(buffer, length));
    }

    fn end(&mut self) {
        self.say(Word::End);
    }

    fn hash_round(&mut self, round: Round) -> Result<(), Round> {
        match self.begin_beside(Word::Round(round)) {
            Err(Word::Round(round)) => Err(round),
            _ => Ok(()),
        }
    }

    fn write(&mut self, piece: Piece) -> Result<(), Piece> {
        match self.begin_beside(Word::Write(piece)) {
            Err(Word::Write(piece)) => Err(piece),
            _ => Ok(()),
        }
    }

    fn look(&mut self) -> Option<Back> {
        match self.thread.as_ref()?.backs.try_recv() {
            Ok(back) => Some(back),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Back::Lost),
        }
    }

    fn wait(&mut self) -> Option<Back> {
        let Some(thread) = &self.thread else { return Some(Back::Lost) };
        match thread.backs.recv_timeout(MOMENT) {
            Ok(back) => Some(back),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Back::Lost),
        }
    }
}

impl AsideHandle {
    /// As `begin_with`, unless there is one processor: then a second thread is no help.
    fn begin_beside(&mut self, word: Word) -> Result<(), Word> {
        let is_only = || available_parallelism().is_ok_and(|processors| processors.get() == 1);
        if self.thread.is_none() && *self.is_only.get_or_insert_with(is_only) {
            return Err(word);
        }
        self.begin_with(word)
    }

    /// Says the first word of something, which comes back if nobody hears it.
    fn begin_with(&mut self, word: Word) -> Result<(), Word> {
        if self.thread.is_none() {
            self.thread = start();
        }
        match &self.thread {
            Some(thread) => thread.words.send(word).map_err(SendError::into_inner),
            None => Err(word),
        }
    }

    fn say(&self, word: Word) {
        // There is room for all of them. A thread that is gone is noticed when something has to come back.
        if let Some(thread) = &self.thread {
            thread.words.send(word).ok();
        }
    }
}

/// It has nothing that a lane does not wait for before it ends, so nobody has to wait for its end. `None`: the system has no thread for us.
fn start() -> Option<Thread> {
    // Pieces, and the words around them.
    let (words, heard) = bounded(PIECES + 2);
    let (told, backs) = bounded(PIECES + 1);
    threads::spawn("stream-hasher", move || run(&heard, &told)).ok()?;
    Some(Thread { words, backs })
}

fn run(words: &Receiver<Word>, told: &Sender<Back>) {
    let mut stream = Hasher::new();
    for word in words {
        let back = match word {
            Word::Begin(hasher) => {
                stream = hasher;
                continue;
            }
            Word::Hash(buffer, length) => {
                stream.update(&buffer[..length]);
                Back::Buffer(buffer)
            }
            Word::End => Back::Hasher(std::mem::take(&mut stream)),
            Word::Round(mut round) => {
                round.hash();
                Back::Round(round)
            }
            Word::Write(piece) => Back::Written(piece.write()),
        };
        if told.send(back).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes back next, however long that takes.
    fn back(handle: &mut AsideHandle) -> Back {
        loop {
            if let Some(back) = handle.wait() {
                return back;
            }
        }
    }

    #[test]
    fn a_stream_goes_there_and_back_as_often_as_anybody_likes() {
        let mut handle = AsideHandle::default();
        let (mut hasher, mut expected) = (Hasher::new(), Hasher::new());
        for round in 0..20_u8 {
            hasher.update(&[round; 77]);
            expected.update(&[round; 77]);
            assert!(handle.begin(hasher).is_ok());
            for piece in 0..PIECES {
                let bytes = vec![round + u8::try_from(piece).unwrap(); 1000];
                expected.update(&bytes[..piece * 300]);
                handle.hash(bytes, piece * 300);
            }
            handle.end();
            let buffers =
                (0..PIECES).filter(|_| matches!(back(&mut handle), Back::Buffer(bytes) if bytes.len() == 1000));
            assert_eq!(buffers.count(), PIECES);
            let Back::Hasher(again) = back(&mut handle) else { panic!("the stream comes last") };
            hasher = again;
        }
        assert_eq!(hasher.finish(), expected.finish());
    }

    #[test]
    fn a_thread_that_is_lost_is_told_and_takes_nothing_more() {
        let mut handle = AsideHandle::default();
        assert!(handle.begin(Hasher::new()).is_ok());
        handle.hash(vec![0; 5], 6);
        assert!(matches!(back(&mut handle), Back::Lost));
        handle.hash(vec![0; 5], 5);
        handle.end();
        assert!(matches!(back(&mut handle), Back::Lost));
        assert!(handle.begin(Hasher::new()).is_err());
    }
}
