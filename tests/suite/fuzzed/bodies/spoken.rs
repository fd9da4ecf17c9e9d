//! What a peer says after an accept: any bytes, words in any order that are nearly right, and now and then all of them right.

use sealdrop::{
    model::{
        reason::{Reason, ReasonCode},
        seal::Md5Digest,
    },
    wire::{
        chunk,
        header::{Answer, By, Message, PlanItem, Receipt, ReceiptState, Want, encode},
    },
};

use super::{FILES, FOLDER, MORE, UNWANTED, content, content_md5, helpers::md5_of, input::Input};

/// Nothing comes until somebody waits for it.
const WAITS: u8 = u8::MAX;

/// Words beyond these are not said.
const MOST_WORDS: usize = 200;

#[derive(Default)]
pub(crate) struct Speech {
    /// How often nothing has come, and the bytes that come then.
    pub(crate) words: Vec<(u8, Vec<u8>)>,
    /// Over further connections.
    pub(crate) beside: [Vec<u8>; 2],
}

/// What a sender says.
pub(crate) fn sender(input: &mut Input<'_>) -> Speech {
    let mut speech = Speech::default();
    let how = input.below(4);
    if how == 0 {
        speech.anything(input);
    } else if how == 1 {
        for index in [3, 1, 0, MORE] {
            speech.quiet(input);
            speech.whole_file(index, input);
        }
        speech.words.push((WAITS, frame(&Message::Done)));
    }
    while !input.is_empty() && speech.words.len() < MOST_WORDS {
        speech.quiet(input);
        match input.below(12) {
            0 => speech.add(input.bytes(40)),
            1..=3 => {
                let index = near_index(input);
                speech.whole_file(index, input);
            }
            9 => {
                let indices = (0..input.below(4)).map(|_| near_index(input)).collect();
                speech.add(&frame(&Message::Files { indices }));
            }
            10 => speech.add(&chunk::turn(near_index(input))),
            4 => speech.add(&frame(&Message::File { index: near_index(input), offset: near_number(input) })),
            5 => {
                let (index, most) = (near_index(input), 1 + usize::from(input.byte()));
                let bytes = content(index);
                speech.piece(&bytes[..most.min(bytes.len())], input);
            }
            6 => speech.add(&chunk::END),
            7 => speech.add(&frame(&Message::Seal { index: near_index(input), md5: near_md5(input) })),
            8 => {
                let reason = Reason::bare(ReasonCode::Changed);
                speech.add(&frame(&Message::Failed { index: near_index(input), reason }));
            }
            _ => speech.anybody(input),
        }
    }
    speech
}

/// What a receiver says, beginning with its answer.
pub(crate) fn receiver(input: &mut Input<'_>) -> Speech {
    let mut speech = Speech::default();
    let ahead = input.pick(&[None, Some(1), Some(2), Some(3), Some(1024), Some(u32::MAX)]);
    let together = input.pick(&[None, Some(1), Some(16), Some(u32::MAX)]);
    speech.words.push((1, frame(&Message::Answer(Answer::Accept { ahead, together }))));
    let how = input.below(4);
    if how == 0 {
        speech.anything(input);
    } else if how == 1 {
        let item = |first, count, want| PlanItem { first, count, want };
        let items = vec![item(0, 4, Want::Send), item(UNWANTED, 1, Want::Skip), item(FOLDER, 1, Want::Send)];
        speech.add(&frame(&Message::Plan { items, done: Vec::new() }));
        for index in [FOLDER, 0, 1, MORE, 3] {
            speech.words.push((WAITS, frame(&receipt(index, ReceiptState::Verified, content_md5(index)))));
        }
        speech.words.push((WAITS, frame(&Message::Done)));
    }
    while !input.is_empty() && speech.words.len() < MOST_WORDS {
        speech.quiet(input);
        let (index, md5) = (near_index(input), near_md5(input));
        match input.below(10) {
            0 => speech.add(input.bytes(40)),
            1..=3 => {
                let want = input.pick(&[Want::Send, Want::Check, Want::Skip]);
                let items = vec![PlanItem { first: index, count: 1 + u32::from(input.below(6)), want }];
                let done = if input.below(4) == 0 { vec![(index, content_md5(index))] } else { Vec::new() };
                speech.add(&frame(&Message::Plan { items, done }));
            }
            4 => {
                let bytes = content(index);
                let offset = usize::from(input.byte()).min(bytes.len());
                let md5 = md5_of(&bytes[..offset]);
                speech.add(&frame(&Message::At { index, offset: offset as u64, md5 }));
            }
            5 => speech.add(&frame(&Message::At { index, offset: near_number(input), md5 })),
            6 | 7 => speech.add(&frame(&receipt(index, ReceiptState::Verified, content_md5(index)))),
            8 => {
                let failed = ReceiptState::Failed(Reason::bare(ReasonCode::Io).into());
                let state = if input.flag() { ReceiptState::Mismatch } else { failed };
                speech.add(&frame(&receipt(index, state, md5)));
            }
            _ => speech.anybody(input),
        }
    }
    speech
}

fn frame(message: &Message) -> Vec<u8> {
    encode(message).expect("short")
}

fn receipt(index: u32, state: ReceiptState, md5: Md5Digest) -> Message {
    let md5 = (index != FOLDER && !matches!(state, ReceiptState::Failed(_))).then_some(md5);
    Message::Receipt(Receipt { index, state, md5 })
}

fn near_index(input: &mut Input<'_>) -> u32 {
    input.below(8).into()
}

fn near_number(input: &mut Input<'_>) -> u64 {
    let near = input.byte().into();
    input.pick(&[0, 1, 100, 299, 300, 301, 70_000, 70_001, near, u64::MAX])
}

fn near_md5(input: &mut Input<'_>) -> Md5Digest {
    content_md5(u32::from(input.below(8)))
}

impl Speech {
    /// All bytes that are left, some of them over further connections.
    fn anything(&mut self, input: &mut Input<'_>) {
        let lengths = [input.byte(), input.byte()];
        self.beside = lengths.map(|length| input.bytes(length.into()).to_vec());
        self.words.push((1, input.bytes(usize::MAX).to_vec()));
    }

    /// So long nothing comes before what is said next.
    fn quiet(&mut self, input: &mut Input<'_>) {
        self.words.push((input.pick(&[0, 0, 1, 2, WAITS]), Vec::new()));
    }

    fn add(&mut self, bytes: &[u8]) {
        match self.words.last_mut() {
            Some((_, words)) => words.extend(bytes),
            None => self.words.push((0, bytes.to_vec())),
        }
    }

    fn whole_file(&mut self, index: u32, input: &mut Input<'_>) {
        self.add(&frame(&Message::File { index, offset: 0 }));
        let bytes = content(index);
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let most = if input.is_empty() { rest.len() } else { 1 + usize::from(input.byte()) * 300 };
            let (piece, later) = rest.split_at(most.min(rest.len()));
            self.piece(piece, input);
            rest = later;
        }
        self.add(&chunk::END);
        self.add(&frame(&Message::Seal { index, md5: content_md5(index) }));
    }

    /// Bytes of a body, one way or another; perhaps after a word.
    fn piece(&mut self, bytes: &[u8], input: &mut Input<'_>) {
        let Ok(length @ 1..) = u32::try_from(bytes.len()) else { return };
        match input.below(8) {
            way @ (0 | 1) => {
                let number = u32::from(way) + 1;
                self.add(&chunk::elsewhere(number, length));
                self.beside[usize::from(way)].extend(bytes);
            }
            // Over a connection that is none, or one that does not bring them.
            2 if input.below(4) == 0 => self.add(&chunk::elsewhere(input.below(4).into(), length)),
            3 => {
                self.add(&chunk::INTERLUDE);
                self.anybody(input);
                self.here(bytes, length);
            }
            _ => self.here(bytes, length),
        }
    }

    fn here(&mut self, bytes: &[u8], length: u32) {
        self.add(&chunk::chunk_start(length));
        self.add(bytes);
    }

    /// A word that anybody may say, or nobody.
    fn anybody(&mut self, input: &mut Input<'_>) {
        let reason = Reason::bare(ReasonCode::Cancelled);
        let (done, total) = (near_number(input), near_number(input));
        let message = match input.below(16) {
            0 => Message::Done,
            1 => Message::Answer(Answer::Accept { ahead: Some(1), together: None }),
            2 | 3 => Message::Pause { by: By::Sender, reason },
            4..=7 => Message::Resume,
            8 | 9 => Message::Working { index: input.flag().then_some(MORE), done, total },
            10 => Message::Failed { index: near_index(input), reason },
            _ => Message::Ping,
        };
        self.add(&frame(&message));
    }
}

/// So that every index is near one.
const _: () = assert!(FILES.len() < 8);
