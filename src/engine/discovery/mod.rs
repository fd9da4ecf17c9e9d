//! Devices nearby find each other: multicast DNS (RFC 6762) and DNS-based service discovery (RFC 6763), service
//! `_sealdrop._tcp.local.`, over IPv4 and IPv6 on every interface.
//!
//! # What is announced
//!
//! | visible to | instance name | TXT record |
//! | --- | --- | --- |
//! | everybody | 56 hex digits | `name`, `os`, `port`, `version`, and `beat`, a number that changes |
//! | verified devices | 56 hex digits | empty |
//! | nobody | nothing is announced | |
//!
//! The instance name is a *mark* (`mark.rs`): 16 random bytes, then the first 12 of `SHA-256("sealdrop nearby 1" || those || key)`. To
//! anybody who does not know the device's key it is random; whoever knows the key computes the same and recognises it. It is
//! renewed each hour, whenever what is said changes, and on every change of the network, and so is the host name in the SRV, A
//! and AAAA records, which is random as well: nobody can follow a device from network to network by these, but who has been
//! connected to it before and so has seen its key. What *everybody* may read, the device's name above all, is of course the
//! same everywhere. (The instance name itself carries the mark, and no field beside it does, because with *verified devices*
//! there is nothing beside it.)
//!
//! An announcement is a claim. The only proof is TLS: dispatch dials a recognised device with its key expected before it says
//! that it is here, and a person's transfer to it expects the key in any case. Somebody who repeats another's announcement
//! leads nobody astray.
//!
//! # Who is gone
//!
//! A program that ends says goodbye (records with a time to live of 0). One that crashes, or whose network is cut, cannot.
//! Records live for two minutes, and the library gives no way to make that shorter, so each device announces itself every 15 s
//! with another `beat` (a record that is new is what a listener hears of), and whoever is not heard of for 18 s is asked for
//! (RFC 6762, section 10.4) and goes when no answer comes within 8 s. Announcing is the cheaper of the two: it costs each network
//! as many packets as there are devices, and not devices times listeners.
//!
//! # What strangers can do
//!
//! Announce whatever they like: names are cut and made safe, the table in `claims.rs` keeps 256 announcements, 16 of one address,
//! and compares each with at most 1,024 keys. The library's own memory has no bound; when it holds absurdly much it is started
//! anew.
//!
//! # Networks that change
//!
//! Every two seconds interfaces and their addresses are looked at. When they have changed, or the computer has slept, the
//! library is started anew and everybody has a moment to be heard again: nothing is left of what was true of the network before.
//! An interface on which multicast fails (a virtual one, one behind a firewall) is named in [`Note::Interfaces`], and the others
//! go on.

mod announce;
mod claims;
mod heard;
mod interfaces;
mod library;
mod mark;
mod watch;

use std::time::Duration;

use crossbeam_channel::{Sender, TrySendError, bounded};

use crate::model::{
    device_key::DeviceKey,
    nearby::{Reach, Visibility},
};

use super::{note::Note, threads};
use watch::Watch;

/// The service, as it is browsed for.
const SERVICE: &str = "_sealdrop._tcp.local.";

/// Each device announces itself this often.
const BEAT: Duration = Duration::from_secs(15);

/// Who is asked for has this long to answer.
const ANSWER: Duration = Duration::from_secs(8);

/// Orders that may wait; each replaces those before it.
const ORDERS: usize = 16;

/// What dispatch wants: the whole of it each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orders {
    pub visible_to: Visibility,
    pub name: String,
    /// Where this device listens; nothing is announced without.
    pub port: Option<u16>,
    /// Of verified devices: these are recognised.
    pub keys: Vec<DeviceKey>,
    /// Another number than before: look around anew.
    pub looks: u64,
}

/// The near end. Dropping it ends discovery, with a goodbye.
pub struct Discovery {
    orders: Sender<Orders>,
}

impl Discovery {
    /// Starts looking around once the first orders have come.
    ///
    /// # Errors
    /// No thread.
    pub fn start(reach: Reach, own_key: DeviceKey, notes: Sender<Note>) -> std::io::Result<Self> {
        let (orders, ordered) = bounded(ORDERS);
        threads::spawn("nearby", move || Watch::new(reach, own_key, notes).run(&ordered))?;
        Ok(Self { orders })
    }

    /// `false`: it is behind; say it again in a moment.
    pub fn order(&self, orders: Orders) -> bool {
        !matches!(self.orders.try_send(orders), Err(TrySendError::Full(_)))
    }
}
