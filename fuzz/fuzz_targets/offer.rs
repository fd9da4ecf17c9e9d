//! An offer with its entries, honest or not: the honest one is taken as it was meant, and no other goes over a limit.

#![no_main]

// Each target uses what it needs.
#[allow(dead_code)]
#[path = "../../tests/suite/fuzzed/bodies/mod.rs"]
mod bodies;
mod common;

use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};
use sealdrop::{
    model::{
        manifest::{Entry, Manifest},
        reason::{Reason, ReasonCode},
        transfer::TransferId,
    },
    transfer::{
        greet::{self, OfferLimits},
        lane::{LaneError, ended_early, next_message, unexpected},
    },
    wire::{
        entries::ManifestDigest,
        frame::{PREFIX_BYTES, encode_frame},
        header::{self, Abort, Message, Offer},
    },
};

use bodies::recorded::Recorded;
use common::SaidEntry;

#[derive(Arbitrary, Debug)]
struct Input {
    /// What the offer says other than the truth.
    lies: Lies,
    message: Option<String>,
    headers: Vec<Said>,
    limits: (u8, u16),
    /// The peer leaves after so many bytes.
    leaves: Option<u16>,
}

#[derive(Arbitrary, Debug, Default, PartialEq)]
struct Lies {
    manifest: Option<[u8; 32]>,
    files: Option<u64>,
    folders: Option<u64>,
    links: Option<u64>,
    bytes: Option<u64>,
    offer: Option<Vec<u8>>,
}

#[derive(Arbitrary, Debug)]
enum Said {
    Abort,
    Bytes(Vec<u8>),
    Entries(Vec<SaidEntry>),
    Json(Vec<u8>),
    Ping,
}

/// All that the peer says after its offer, and what is true of it.
#[derive(Default)]
struct Speech {
    stream: Vec<u8>,
    digest: ManifestDigest,
    entries: Vec<Entry>,
    header_bytes: u64,
    in_order: bool,
}

impl Speech {
    fn of(headers: Vec<Said>) -> Self {
        let mut speech = Self { in_order: true, ..Self::default() };
        headers.into_iter().for_each(|said| speech.add(said));
        speech
    }

    fn add(&mut self, said: Said) {
        let message = match said {
            Said::Bytes(bytes) => return self.add_bytes(&bytes),
            Said::Json(json) => return self.add_bytes(&encode_frame(&json).unwrap_or_default()),
            Said::Abort => {
                let reason = Reason::bare(ReasonCode::Cancelled);
                Message::Abort(Abort { reason, ours: None, theirs: None })
            }
            Said::Ping => Message::Ping,
            Said::Entries(entries) => Message::Entries { entries: entries.into_iter().map(Entry::from).collect() },
        };
        let Ok(frame) = header::encode(&message) else { return };
        match message {
            Message::Entries { entries } if !entries.is_empty() => {
                self.digest.add_frame(&frame);
                self.header_bytes += (frame.len() - PREFIX_BYTES) as u64;
                self.entries.extend(entries);
            }
            Message::Ping => {}
            _ => self.in_order = false,
        }
        self.stream.extend(frame);
    }

    fn add_bytes(&mut self, bytes: &[u8]) {
        self.in_order = false;
        self.stream.extend(bytes);
    }
}

fuzz_target!(|input: Input| {
    let Input { lies, message, headers, limits, leaves } = input;
    let limits = OfferLimits { entries: limits.0.into(), header_bytes: limits.1.into() };
    let speech = Speech::of(headers);
    let honest = Manifest::from_entries(speech.entries.clone());
    let truth = honest.clone().unwrap_or_default();
    let offer = Offer {
        transfer: TransferId([7; 16]),
        epoch: 1,
        manifest: lies.manifest.unwrap_or(speech.digest.clone().finish()),
        files: lies.files.unwrap_or(truth.files),
        folders: lies.folders.unwrap_or(truth.folders),
        links: lies.links.unwrap_or(truth.links),
        bytes: lies.bytes.unwrap_or(truth.bytes),
        message,
        again: None,
    };
    let Ok(mut stream) = header::encode(&Message::Offer(offer.clone())) else { return };
    if let Some(other) = &lies.offer {
        stream.clone_from(other);
    }
    stream.extend(&speech.stream);
    let whole = leaves.is_none_or(|at| usize::from(at) >= stream.len());
    if let Some(at) = leaves {
        stream.truncate(at.into());
    }
    let is_honest = lies == Lies::default() && speech.in_order && whole && honest.is_some();
    let fits = speech.entries.len() as u64 <= limits.entries && speech.header_bytes <= limits.header_bytes;
    match receive_offer(&mut Recorded::saying(&stream), limits) {
        Ok((heard, manifest)) => {
            adds_up(&heard, &manifest, limits);
            if is_honest {
                assert!(fits, "over a limit");
                assert_eq!((heard, manifest), (offer, truth));
            }
        }
        Err(error) => {
            assert!(!is_honest || !fits, "{error:?}");
            assert!(error.reason().detail.is_none_or(|detail| detail.chars().count() <= 1024));
        }
    }
});

/// The offer and its entries, as a doorman reads them.
fn receive_offer(link: &mut Recorded, limits: OfferLimits) -> Result<(Offer, Manifest), LaneError> {
    match next_message(link)?.ok_or_else(ended_early)? {
        Message::Offer(offer) => {
            let manifest = greet::receive_entries(link, &offer, limits, &mut |_| true)?;
            Ok((offer, manifest))
        }
        other => Err(unexpected(&other)),
    }
}

/// What every offer that was taken keeps to.
fn adds_up(offer: &Offer, manifest: &Manifest, limits: OfferLimits) {
    assert!(manifest.entries.len() as u64 <= limits.entries);
    let counted = Manifest::from_entries(manifest.entries.clone()).expect("counted before");
    assert_eq!(*manifest, counted);
    let said = (offer.files, offer.folders, offer.links, offer.bytes);
    assert_eq!(said, (manifest.files, manifest.folders, manifest.links, manifest.bytes));
}
