//! Messages to JSON, in exactly the shapes of the protocol document.

use crate::{
    model::{reason::Reason, seal::Md5Digest},
    wire::{
        code::{cut, word},
        entries::put_entry,
        error::WireError,
        frame::PREFIX_BYTES,
        header::{Abort, Answer, By, Hello, Message, Offer, PlanItem, Receipt, ReceiptState, Want},
        object::{ObjectWriter, hex},
    },
};

/// The JSON of one header, behind room for the length of a frame.
pub(super) fn json(message: &Message) -> Result<Vec<u8>, WireError> {
    let mut json = Vec::with_capacity(256);
    json.extend_from_slice(&[0; PREFIX_BYTES]);
    let mut to = ObjectWriter::begin(&mut json);
    to.put("type", type_word(message))?;
    put_fields(&mut to, message)?;
    to.end();
    Ok(json)
}

/// The word that stands behind `type`.
pub(super) fn type_word(message: &Message) -> &'static str {
    match message {
        Message::Abort(_) => "abort",
        Message::Answer(_) => "answer",
        Message::At { .. } => "at",
        Message::Code { .. } => "code",
        Message::Done => "done",
        Message::Entries { .. } => "entries",
        Message::Failed { .. } => "failed",
        Message::File { .. } => "file",
        Message::Files { .. } => "files",
        Message::Hello(_) => "hello",
        Message::Lane { .. } => "lane",
        Message::Offer(_) => "offer",
        Message::Pause { .. } => "pause",
        Message::Ping => "ping",
        Message::Plan { .. } => "plan",
        Message::Probe { .. } => "probe",
        Message::Probed { .. } => "probed",
        Message::Receipt(_) => "receipt",
        Message::Resume => "resume",
        Message::Reveal { .. } => "reveal",
        Message::Seal { .. } => "seal",
        Message::Verify => "verify",
        Message::Want { .. } => "want",
        Message::Working { .. } => "working",
    }
}

fn put_fields(to: &mut ObjectWriter<'_>, message: &Message) -> Result<(), WireError> {
    match message {
        Message::Abort(abort) => put_abort(to, abort),
        Message::Answer(answer) => put_answer(to, answer),
        Message::At { index, offset, md5 } => {
            to.put("index", index)?;
            to.put("offset", offset)?;
            to.put("md5", &format_args!("{md5}"))
        }
        Message::Code { nonce } | Message::Reveal { nonce } => to.put("nonce", &hex(nonce)),
        Message::Done | Message::Ping | Message::Resume | Message::Verify => Ok(()),
        Message::Entries { entries } => to.put_list("entries", entries, put_entry),
        Message::Failed { index, reason } => {
            to.put("index", index)?;
            put_full_reason(to, reason)
        }
        Message::File { index, offset } => {
            to.put("index", index)?;
            to.put("offset", offset)
        }
        Message::Files { indices } => to.put("indices", indices),
        Message::Hello(hello) => put_hello(to, hello),
        Message::Lane { transfer, epoch, number } => {
            to.put("transfer", &format_args!("{transfer}"))?;
            to.put("epoch", epoch)?;
            to.put("number", number)
        }
        Message::Offer(offer) => put_offer(to, offer),
        Message::Pause { by, reason } => {
            to.put("by", by_word(*by))?;
            put_reason(to, reason)
        }
        Message::Plan { items, done } => put_plan(to, items, done),
        Message::Probe { port } => to.put_some("port", port.as_ref()),
        Message::Probed { reachable, clock } => {
            to.put_some("reachable", reachable.as_ref())?;
            to.put_some("clock", clock.as_ref())
        }
        Message::Receipt(receipt) => put_receipt(to, receipt),
        Message::Seal { index, md5 } => {
            to.put("index", index)?;
            to.put("md5", &format_args!("{md5}"))
        }
        Message::Want { transfer } => to.put("transfer", &format_args!("{transfer}")),
        Message::Working { index, done, total } => {
            to.put_some("index", index.as_ref())?;
            to.put("done", done)?;
            to.put("total", total)
        }
    }
}

fn put_abort(to: &mut ObjectWriter<'_>, abort: &Abort) -> Result<(), WireError> {
    put_full_reason(to, &abort.reason)?;
    to.put_some("ours", abort.ours.as_ref())?;
    to.put_some("theirs", abort.theirs.as_ref())
}

fn put_answer(to: &mut ObjectWriter<'_>, answer: &Answer) -> Result<(), WireError> {
    match answer {
        Answer::Accept { ahead, together } => {
            to.put("answer", "accept")?;
            to.put_some("ahead", ahead.as_ref())?;
            to.put_some("together", together.as_ref())
        }
        Answer::Busy(reason) => {
            to.put("answer", "busy")?;
            put_reason(to, reason)
        }
        Answer::Decline(reason) => {
            to.put("answer", "decline")?;
            put_reason(to, reason)
        }
    }
}

fn put_hello(to: &mut ObjectWriter<'_>, hello: &Hello) -> Result<(), WireError> {
    to.put("versions", &hello.versions)?;
    to.put("program", &hello.program)?;
    to.put("name", &hello.name)?;
    to.put("os", &hello.os)?;
    to.put_some("commit", hello.commit.map(|commit| hex(&commit)).as_ref())?;
    to.put_some("verified", hello.verified.as_ref())?;
    to.put_some("port", hello.port.as_ref())
}

fn put_offer(to: &mut ObjectWriter<'_>, offer: &Offer) -> Result<(), WireError> {
    offer.check_message()?;
    to.put("transfer", &offer.transfer.to_string())?;
    to.put("epoch", &offer.epoch)?;
    to.put("manifest", &hex(&offer.manifest))?;
    to.put("files", &offer.files)?;
    to.put("folders", &offer.folders)?;
    to.put("links", &offer.links)?;
    to.put("bytes", &offer.bytes)?;
    to.put_some("message", offer.message.as_ref())?;
    to.put_some("again", offer.again.as_ref())
}

fn put_receipt(to: &mut ObjectWriter<'_>, receipt: &Receipt) -> Result<(), WireError> {
    let (state, reason) = match &receipt.state {
        ReceiptState::Failed(reason) => ("failed", Some(reason)),
        ReceiptState::Mismatch => ("mismatch", None),
        ReceiptState::Verified => ("verified", None),
    };
    to.put("index", &receipt.index)?;
    to.put("state", state)?;
    if let Some(md5) = receipt.md5 {
        to.put("md5", &format_args!("{md5}"))?;
    }
    reason.map_or(Ok(()), |reason| put_reason(to, reason))
}

/// Code, and detail if there is one.
fn put_reason(to: &mut ObjectWriter<'_>, reason: &Reason) -> Result<(), WireError> {
    to.put("code", &word(&reason.code))?;
    to.put_some("detail", reason.detail.as_deref().map(cut))
}

/// Code and detail, also when the detail is empty.
fn put_full_reason(to: &mut ObjectWriter<'_>, reason: &Reason) -> Result<(), WireError> {
    to.put("code", &word(&reason.code))?;
    to.put("detail", cut(reason.detail.as_deref().unwrap_or_default()))
}

fn put_plan(to: &mut ObjectWriter<'_>, items: &[PlanItem], done: &[(u32, Md5Digest)]) -> Result<(), WireError> {
    to.put("items", &items.iter().map(plan_item).collect::<Vec<_>>())?;
    let done: Vec<_> = done.iter().map(|(index, md5)| (index, md5.to_string())).collect();
    to.put_some("done", Some(&done).filter(|done| !done.is_empty()))
}

fn plan_item(item: &PlanItem) -> (u32, u32, &'static str) {
    let want = match item.want {
        Want::Check => "check",
        Want::Send => "send",
        Want::Skip => "skip",
    };
    (item.first, item.count, want)
}

fn by_word(by: By) -> &'static str {
    match by {
        By::Receiver => "receiver",
        By::Sender => "sender",
    }
}
