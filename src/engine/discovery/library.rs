//! The mdns-sd library: one of its daemons, which lives as long as the network stays as it is.

use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use mdns_sd::{IfKind, Metrics, ServiceDaemon, ServiceEvent};

use crate::engine::threads;

use super::{ANSWER, SERVICE, announce::Own};

/// Records that the library may hold: a network with hundreds of devices has less.
const MAX_RECORDS: i64 = 20_000;

/// Its memory is looked at once in so many times that it could be.
const LOOKS: u32 = 8;

/// Events on their way from the library to us.
const EVENTS: usize = 64;

/// The library repeats a goodbye after 120 ms.
const GOODBYE: Duration = Duration::from_millis(200);

/// It has this long to end.
const END: Duration = Duration::from_millis(500);

pub(super) struct Library {
    daemon: ServiceDaemon,
    pub(super) heard: Receiver<ServiceEvent>,
    metrics: Option<mdns_sd::Receiver<Metrics>>,
    looks: u32,
}

impl Library {
    /// `None`: the system has no thread or no poll handle for it.
    pub(super) fn start(loopback: bool) -> Option<Self> {
        let daemon = ServiceDaemon::new().ok()?;
        // Networks are watched here, and a changed one gets a new daemon: it must not tell our old name there.
        daemon.set_ip_check_interval(0).ok()?;
        if loopback {
            daemon.disable_interface(IfKind::All).ok()?;
            daemon.enable_interface(IfKind::LoopbackV4).ok()?;
        } else {
            daemon.disable_interface(vec![IfKind::LoopbackV4, IfKind::LoopbackV6]).ok()?;
        }
        let mut library = Self { daemon, heard: crossbeam_channel::never(), metrics: None, looks: 0 };
        library.browse().then_some(library)
    }

    /// Asks who is there, from the beginning; those that are known are told again. `false`: the library is gone.
    pub(super) fn browse(&mut self) -> bool {
        let Ok(events) = self.daemon.browse(SERVICE) else { return false };
        let (telling, heard) = bounded(EVENTS);
        self.heard = heard;
        // Its channel cannot be waited for beside others. Ends when either end of the two is gone.
        let ears = threads::spawn("nearby ears", move || {
            while let Ok(event) = events.recv() {
                if telling.send(event).is_err() {
                    return;
                }
            }
        });
        ears.is_ok()
    }

    pub(super) fn announce(&self, own: &mut Own) {
        if let Ok(service) = own.service() {
            // A library that is gone is heard of by its silence; the next beat says it again.
            self.daemon.register(service).ok();
        }
    }

    pub(super) fn withdraw(&self, fullname: &str) {
        // As above.
        self.daemon.unregister(fullname).ok();
    }

    /// Whether somebody is still there; who is not is told as removed.
    pub(super) fn ask_for(&self, instance: &str) {
        // As above.
        self.daemon.verify(format!("{instance}.{SERVICE}"), ANSWER).ok();
    }

    /// Whether strangers have filled its memory, as of the last look.
    pub(super) fn is_overgrown(&mut self) -> bool {
        self.looks = self.looks.wrapping_add(1);
        if !self.looks.is_multiple_of(LOOKS) {
            return false;
        }
        let found = self.metrics.as_ref().and_then(|metrics| metrics.try_recv().ok());
        let records = |metrics: &Metrics| {
            metrics.iter().filter(|(name, _)| name.starts_with("cached-")).map(|(_, count)| *count).sum::<i64>()
        };
        self.metrics = self.daemon.get_metrics().ok();
        found.is_some_and(|metrics| records(&metrics) > MAX_RECORDS)
    }

    /// Ends it in order: others hear that we are gone, twice.
    pub(super) fn say_goodbye(self, fullname: Option<String>) {
        if let Some(said) = fullname.and_then(|fullname| self.daemon.unregister(&fullname).ok())
            && said.recv_timeout(END).is_ok()
        {
            std::thread::sleep(GOODBYE);
        }
        if let Ok(ended) = self.daemon.shutdown() {
            ended.recv_timeout(END).ok();
        }
    }
}

impl Drop for Library {
    /// Ends it without waiting; otherwise its thread would stay. What it announces it withdraws, once.
    fn drop(&mut self) {
        // It may have ended.
        self.daemon.shutdown().ok();
    }
}
