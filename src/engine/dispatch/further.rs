//! Further connections of a transfer that runs: whom to call for them, and who comes with one.

use crate::{
    engine::{
        call::Call,
        cancel::CancelFlag,
        dial::place_of,
        lanes::{Further, LaneCame},
        link::{Joined, SocketLink},
    },
    model::{reason::ReasonCode, transfer::TransferKey},
    wire::header::{self, Message},
};

use super::{
    Dispatch,
    record::{Hands, Record},
};

impl Dispatch {
    /// How the other end of `link` is called once more, if it has shown a key.
    pub(super) fn further(&self, key: TransferKey, link: &SocketLink) -> Option<Further> {
        let record = self.records.get(&key)?;
        let call = Call {
            key,
            to: place_of(link.peer_addr().ok()?),
            also: Vec::new(),
            expect: Some(record.snapshot.peer.key?),
            always_compare: false,
            quiet: true,
            seal: self.seal(),
            // Set when the lane that calls is over.
            cancel: CancelFlag::default(),
            limits: self.setup.limits,
            notes: self.setup.errands.notes.clone(),
        };
        Some(Further { call, epoch: record.epoch(), breaks: record.going.breaks_of_several })
    }

    /// A sender opens a further connection. It has shown its key.
    pub(super) fn lane_came(&mut self, came: LaneCame) {
        let LaneCame { key, link, peer, epoch, number } = came;
        let theirs = |record: &&mut Record| {
            record.hands == Hands::Lane
                && record.forced_end.is_none()
                && peer.key.is_some()
                && record.snapshot.peer.key == peer.key
        };
        let Some(record) = self.records.get_mut(&key).filter(theirs) else {
            return self.turn_away(link, ReasonCode::UnknownTransfer);
        };
        if epoch != record.epoch() {
            return self.turn_away(link, ReasonCode::StaleEpoch);
        }
        let answer = header::encode(&Message::Lane { transfer: key.id, epoch, number }).ok();
        link.keep_alive();
        // More than a transfer may have are closed.
        if let Some(joining) = &record.joining {
            joining.try_send(Joined { number, link, answer }).ok();
        }
    }
}

impl Record {
    /// Of the present connection.
    fn epoch(&self) -> u32 {
        self.going.epoch.max(1)
    }
}
