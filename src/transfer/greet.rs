//! The first messages of a sealed session: hello, offer, entries.

use std::time::{Duration, Instant};

use crate::{
    model::{
        manifest::{Entry, Manifest},
        reason::{Reason, ReasonCode},
        transfer::TransferId,
    },
    wire::{
        entries::{self, ManifestDigest},
        frame,
        header::{self, Answer, Hello, Message, Offer, VERSION},
    },
};

use super::{
    ahead::Ahead,
    lane::{LaneError, ended_early, next_message, unexpected},
    link::Link,
};

/// What this device says of itself.
#[derive(Clone, Debug)]
pub struct Me {
    pub name: String,
    /// Where it listens, if it does.
    pub port: Option<u16>,
}

impl Me {
    /// The hello of this program. `commit`: the dialer's commitment to its nonce. `verified`: a person here has confirmed
    /// the key that TLS has shown.
    pub fn hello(&self, commit: Option<[u8; 32]>, verified: bool) -> Message {
        Message::Hello(Hello {
            versions: [VERSION, VERSION],
            program: concat!("sealdrop ", env!("CARGO_PKG_VERSION")).to_owned(),
            name: self.name.clone(),
            os: std::env::consts::OS.to_owned(),
            commit,
            verified: Some(verified),
            port: self.port,
        })
    }
}

/// How much an offer may hold.
#[derive(Clone, Copy, Debug)]
pub struct OfferLimits {
    pub entries: u64,
    /// Bytes of all `entries` headers.
    pub header_bytes: u64,
}

/// What unverified devices may offer.
pub const UNVERIFIED: OfferLimits = OfferLimits { entries: 100_000, header_bytes: 16 << 20 };

/// What verified devices may offer.
pub const VERIFIED: OfferLimits = OfferLimits { entries: 1_000_000, header_bytes: 256 << 20 };

/// Says hello first and reads the answer: the dialer's side, within the deadline that stands.
pub fn greet_first(link: &mut impl Link, me: &Me, commit: [u8; 32], verified: bool) -> Result<Hello, LaneError> {
    header::write_header(link, &me.hello(Some(commit), verified))?;
    link.flush()?;
    let hello = read_hello(link)?;
    check_versions(&hello)?;
    Ok(hello)
}

/// The peer's hello, which opens every sealed session.
pub fn read_hello(link: &mut impl Link) -> Result<Hello, LaneError> {
    match header::read_header(link)?.ok_or_else(ended_early)? {
        Message::Hello(hello) => Ok(hello),
        Message::Abort(abort) => Err(abort.into()),
        other => Err(unexpected(&other)),
    }
}

/// Answers a hello that has been read already: the listener's side.
pub fn greet_back(link: &mut impl Link, me: &Me, theirs: &Hello, verified: bool) -> Result<(), LaneError> {
    header::write_header(link, &me.hello(None, verified))?;
    link.flush()?;
    check_versions(theirs)
}

fn check_versions(hello: &Hello) -> Result<(), LaneError> {
    let [oldest, newest] = hello.versions;
    if oldest <= VERSION && VERSION <= newest {
        Ok(())
    } else {
        Err(LaneError::Version([VERSION, VERSION], hello.versions))
    }
}

/// Opens a further connection, called `number`, for a transfer that runs.
///
/// # Errors
/// Also when the other side does not take it.
pub fn join(link: &mut impl Link, transfer: TransferId, epoch: u32, number: u32) -> Result<(), LaneError> {
    let word = Message::Lane { transfer, epoch, number };
    header::write_header(link, &word)?;
    link.flush()?;
    match next_message(link)?.ok_or_else(ended_early)? {
        answer if answer == word => Ok(()),
        other => Err(unexpected(&other)),
    }
}

/// Writes the offer and all entries, one header at a time. `digest`: `digest_of` the manifest.
pub fn send_offer(
    link: &mut impl Link,
    transfer: TransferId,
    manifest: &Manifest,
    digest: [u8; 32],
    message: Option<&str>,
) -> Result<(), LaneError> {
    let message = message.map(str::to_owned);
    let offer = Offer { message, ..offer_of(transfer, 1, digest, manifest) };
    header::write_header(link, &Message::Offer(offer))?;
    for frame in entries::entries_headers(&manifest.entries) {
        link.write_all(&frame?)?;
    }
    Ok(link.flush()?)
}

fn offer_of(transfer: TransferId, epoch: u32, digest: [u8; 32], manifest: &Manifest) -> Offer {
    Offer {
        transfer,
        epoch,
        manifest: digest,
        files: manifest.files,
        folders: manifest.folders,
        links: manifest.links,
        bytes: manifest.bytes,
        message: None,
        again: None,
    }
}

/// The digest that an offer of this manifest has.
///
/// # Errors
/// An entry that is over a limit.
pub fn digest_of(manifest: &Manifest) -> Result<[u8; 32], LaneError> {
    let mut digest = ManifestDigest::new();
    for frame in entries::entries_headers(&manifest.entries) {
        digest.add_frame(&frame?);
    }
    Ok(digest.finish())
}

/// Takes up a transfer that an earlier connection has begun, and waits until the other side says that it goes on, and how far
/// it may be run ahead of. `held` is told why that takes long.
pub fn offer_again(
    link: &mut impl Link,
    transfer: TransferId,
    epoch: u32,
    digest: [u8; 32],
    manifest: &Manifest,
    held: &mut dyn FnMut(Option<Reason>),
) -> Result<Ahead, LaneError> {
    let offer = Offer { again: Some(true), ..offer_of(transfer, epoch, digest, manifest) };
    header::write_header(link, &Message::Offer(offer))?;
    link.flush()?;
    loop {
        match next_message(link)?.ok_or_else(ended_early)? {
            Message::Answer(Answer::Accept { ahead, together }) => return Ok(Ahead::granted(ahead, together)),
            Message::Answer(Answer::Busy(reason) | Answer::Decline(reason)) => return Err(LaneError::Peer(reason)),
            Message::Pause { reason, .. } => held(Some(reason)),
            Message::Resume => held(None),
            other => return Err(unexpected(&other)),
        }
    }
}

/// Asks a sender to go on with a transfer; it calls back.
pub fn want(link: &mut impl Link, transfer: TransferId) -> Result<(), LaneError> {
    link.set_deadline(Some(Instant::now() + link.limits().hello));
    header::write_header(link, &Message::Want { transfer })?;
    link.flush()?;
    match next_message(link)?.ok_or_else(ended_early)? {
        Message::Done => Ok(()),
        other => Err(unexpected(&other)),
    }
}

/// Parts of a path that count with the bytes of their header.
const SHALLOW: usize = 8;
/// What each further part takes up in the trees that are made of a list, though it may be one byte on the wire.
const PART_BYTES: u64 = 56;
/// A list may take up so many times the bytes that its headers may have.
const MOST_TIMES: u64 = 4;

/// Reads all entries of an offer whose header has been read. `share` is asked for the room that each header takes up.
pub fn receive_entries(
    link: &mut impl Link,
    offer: &Offer,
    limits: OfferLimits,
    share: &mut dyn FnMut(u64) -> bool,
) -> Result<Manifest, LaneError> {
    let announced = [offer.files, offer.folders, offer.links].iter().try_fold(0_u64, |sum, n| sum.checked_add(*n));
    let announced = announced.filter(|n| *n <= limits.entries).ok_or_else(|| too_many(limits.entries))?;
    let limit = link.limits().manifest + Duration::from_secs(announced / 1000);
    link.set_deadline(Some(Instant::now() + limit));
    let manifest = read_entries(link, offer, announced, limits, share)?;
    link.set_deadline(None);
    Ok(manifest)
}

fn too_many(limit: u64) -> LaneError {
    LaneError::Local(Reason::here(ReasonCode::Limit, format!("more than {limit} entries are not taken")))
}

fn read_entries(
    link: &mut impl Link,
    offer: &Offer,
    announced: u64,
    limits: OfferLimits,
    share: &mut dyn FnMut(u64) -> bool,
) -> Result<Manifest, LaneError> {
    let mut digest = ManifestDigest::new();
    let mut all = Vec::new();
    let (mut header_bytes, mut room) = (0, 0);
    while (all.len() as u64) < announced {
        let json = frame::read_frame(link)?.ok_or_else(ended_early)?;
        match header::parse(&json)? {
            Message::Entries { mut entries } if !entries.is_empty() => {
                header_bytes += json.len() as u64;
                if header_bytes > limits.header_bytes {
                    let detail = format!("a list of files over {} MiB is not taken", limits.header_bytes >> 20);
                    return Err(LaneError::Local(Reason::here(ReasonCode::Limit, detail)));
                }
                let taken = json.len() as u64 + depth_bytes(&entries);
                room += taken;
                if room > MOST_TIMES * limits.header_bytes {
                    return Err(LaneError::Local(Reason::here(
                        ReasonCode::Limit,
                        "so many deep folders are not taken",
                    )));
                }
                if !share(taken) {
                    let detail = "the offers that wait here fill the room there is for them";
                    return Err(LaneError::Local(Reason::here(ReasonCode::Busy, detail)));
                }
                digest.add(&json);
                all.append(&mut entries);
            }
            Message::Abort(abort) => return Err(abort.into()),
            Message::Ping => {}
            other => return Err(unexpected(&other)),
        }
    }
    agree(offer, all, digest)
}

/// What deep paths take up beyond the bytes of their header.
fn depth_bytes(entries: &[Entry]) -> u64 {
    entries.iter().map(|entry| entry.path.len().saturating_sub(SHALLOW) as u64 * PART_BYTES).sum()
}

fn agree(offer: &Offer, entries: Vec<Entry>, digest: ManifestDigest) -> Result<Manifest, LaneError> {
    let differs = |what: &str| LaneError::Protocol(format!("the entries do not add up to what the offer said: {what}"));
    let manifest = Manifest::from_entries(entries).ok_or_else(|| differs("bytes do not fit into 64 bits"))?;
    if (manifest.files, manifest.folders, manifest.links) != (offer.files, offer.folders, offer.links) {
        return Err(differs("counts"));
    }
    if manifest.bytes != offer.bytes {
        return Err(differs("bytes"));
    }
    if digest.finish() != offer.manifest {
        return Err(differs("digest"));
    }
    Ok(manifest)
}
