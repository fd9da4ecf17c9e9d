//! Calls a verified device to see whether it is there: TLS has to show its key, and that is all that is wanted.

use std::{io::Write, time::Instant};

use crate::{
    model::{device::PeerAddr, device_key::DeviceKey},
    transfer::{lane::Farewell, lane::LaneError, lane::next_message, link::Link},
    wire::header::{self, Message},
};

use super::{
    call::{Call, Met},
    closer,
    link::SocketLink,
    note::Note,
};

/// Tries `addresses` one after the other, with `call`, which expects `device`. Ends with `Note::Present`.
pub fn look_for(mut call: Call, device: DeviceKey, addresses: Vec<PeerAddr>) {
    let notes = call.notes.clone();
    let tell = |found| {
        // Dispatch hears all but what comes after a shutdown.
        notes.send(Note::Present { device, found }).ok();
    };
    for address in addresses {
        if call.cancel.is_set() {
            break;
        }
        call.to = address;
        // Why one is not there is nobody's concern: it is shown as away.
        if let Ok(Met { link, .. }) = call.look_for(device) {
            tell(Some(call.to.clone()));
            return say_why(link);
        }
    }
    tell(None);
}

/// After its hello a dialer has to say what it wants.
fn say_why(mut link: SocketLink) {
    link.set_deadline(Some(Instant::now() + link.limits().hello));
    // The key was shown: whether the rest succeeds adds nothing, and older builds refuse it.
    ask(&mut link).ok();
    closer::close_here(link, &Farewell::default());
}

fn ask(link: &mut SocketLink) -> Result<(), LaneError> {
    header::write_header(link, &Message::Probe { port: None })?;
    link.flush()?;
    next_message(link)?;
    Ok(())
}
