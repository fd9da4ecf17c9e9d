//! The first messages of a sealed session: hello, offer, entries.

use std::time::{Duration, Instant};

use crate::{
    model::{
        manifest::Manifest,
        reason::{Reason, ReasonCode},
        transfer::TransferId,
    },
    wire::{
        entries::{self, ManifestDigest},
        frame,
        header::{self, Hello, Message, Offer, VERSION},
    },
};

use super::{
    lane::{LaneError, ended_early, unexpected},
    link::{Link, LinkEnd},
};

/// What this device says of itself.
#[derive(Clone, Debug)]
pub struct Me {
    pub name: String,
}

impl Me {
    /// The hello of this program.
    pub fn hello(&self) -> Message {
        Message::Hello(Hello {
            versions: [VERSION, VERSION],
            program: concat!("sealdrop ", env!("CARGO_PKG_VERSION")).to_owned(),
            name: self.name.clone(),
            os: std::env::consts::OS.to_owned(),
            commit: None,
            verified: Some(false),
            port: None,
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

/// Says hello first and reads the answer: the dialer's side.
pub fn greet_first(link: &mut impl Link, me: &Me) -> Result<Hello, LaneError> {
    link.set_deadline(Some(Instant::now() + link.limits().hello));
    header::write_header(link, &me.hello())?;
    link.flush()?;
    let hello = match header::read_header(link) {
        Ok(Some(Message::Hello(hello))) => hello,
        Ok(Some(Message::Abort(abort))) => return Err(LaneError::Peer(abort.reason)),
        Ok(Some(_)) => return Err(not_sealdrop("it answered with something else")),
        Ok(None) => return Err(not_sealdrop("it closed the connection without a word")),
        Err(error) => return Err(hello_error(error.into())),
    };
    link.set_deadline(None);
    check_versions(&hello)?;
    Ok(hello)
}

/// Answers a hello that has been read already: the listener's side.
pub fn greet_back(link: &mut impl Link, me: &Me, theirs: &Hello) -> Result<(), LaneError> {
    header::write_header(link, &me.hello())?;
    link.flush()?;
    check_versions(theirs)
}

fn hello_error(error: LaneError) -> LaneError {
    match error {
        LaneError::Wire(error) => not_sealdrop(&error.to_string()),
        LaneError::Link(LinkEnd::PeerGone(detail)) => not_sealdrop(&detail),
        other => other,
    }
}

fn not_sealdrop(detail: &str) -> LaneError {
    LaneError::Local(Reason::here(ReasonCode::NotSealdrop, detail))
}

fn check_versions(hello: &Hello) -> Result<(), LaneError> {
    let [oldest, newest] = hello.versions;
    if oldest <= VERSION && VERSION <= newest {
        Ok(())
    } else {
        Err(LaneError::Version([VERSION, VERSION], hello.versions))
    }
}

/// Writes the offer and all entries.
pub fn send_offer(
    link: &mut impl Link,
    transfer: TransferId,
    manifest: &Manifest,
    message: Option<&str>,
) -> Result<(), LaneError> {
    let frames = entries::entries_headers(&manifest.entries).collect::<Result<Vec<_>, _>>()?;
    let mut digest = ManifestDigest::new();
    for frame in &frames {
        digest.add_frame(frame);
    }
    let offer = Offer {
        transfer,
        epoch: 1,
        manifest: digest.finish(),
        files: manifest.files,
        folders: manifest.folders,
        links: manifest.links,
        bytes: manifest.bytes,
        message: message.map(str::to_owned),
        again: None,
    };
    header::write_header(link, &Message::Offer(offer))?;
    for frame in frames {
        link.write_all(&frame)?;
    }
    Ok(link.flush()?)
}

/// Reads the offer and all its entries.
pub fn receive_offer(link: &mut impl Link, limits: OfferLimits) -> Result<(Offer, Manifest), LaneError> {
    let offer = match header::read_header(link)?.ok_or_else(ended_early)? {
        Message::Offer(offer) => offer,
        Message::Abort(abort) => return Err(LaneError::Peer(abort.reason)),
        other => return Err(not_served(&other)),
    };
    let announced = [offer.files, offer.folders, offer.links].iter().try_fold(0_u64, |sum, n| sum.checked_add(*n));
    let announced = announced.filter(|n| *n <= limits.entries).ok_or_else(|| too_many(limits.entries))?;
    let limit = link.limits().manifest + Duration::from_secs(announced / 1000);
    link.set_deadline(Some(Instant::now() + limit));
    let manifest = receive_entries(link, &offer, announced, limits)?;
    link.set_deadline(None);
    Ok((offer, manifest))
}

/// A build that does not serve a purpose answers `unknown_type`.
fn not_served(message: &Message) -> LaneError {
    let word = match message {
        Message::Lane { .. } => "lane",
        Message::Probe { .. } => "probe",
        Message::Verify => "verify",
        Message::Want { .. } => "want",
        other => return unexpected(other),
    };
    LaneError::Local(Reason::here(ReasonCode::UnknownType, format!("this build does not serve \"{word}\"")))
}

fn too_many(limit: u64) -> LaneError {
    LaneError::Local(Reason::here(ReasonCode::Limit, format!("more than {limit} entries are not taken")))
}

fn receive_entries(
    link: &mut impl Link,
    offer: &Offer,
    announced: u64,
    limits: OfferLimits,
) -> Result<Manifest, LaneError> {
    let mut digest = ManifestDigest::new();
    let mut all = Vec::new();
    let mut header_bytes = 0;
    while (all.len() as u64) < announced {
        let json = frame::read_frame(link)?.ok_or_else(ended_early)?;
        match header::parse(&json)? {
            Message::Entries { mut entries } if !entries.is_empty() => {
                header_bytes += json.len() as u64;
                if header_bytes > limits.header_bytes {
                    let detail = format!("a list of files over {} MiB is not taken", limits.header_bytes >> 20);
                    return Err(LaneError::Local(Reason::here(ReasonCode::Limit, detail)));
                }
                digest.add(&json);
                all.append(&mut entries);
            }
            Message::Abort(abort) => return Err(LaneError::Peer(abort.reason)),
            Message::Ping => {}
            other => return Err(unexpected(&other)),
        }
    }
    agree(offer, all, digest)
}

fn agree(
    offer: &Offer,
    entries: Vec<crate::model::manifest::Entry>,
    digest: ManifestDigest,
) -> Result<Manifest, LaneError> {
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
