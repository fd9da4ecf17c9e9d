//! JSON to messages: the type first, then exactly its fields, each wrong one by name.

use serde_json::value::RawValue;

use crate::{
    model::{hex::parse_lower_hex, reason::Reason, seal::Md5Digest, transfer::TransferId},
    wire::{
        code::reason_from_peer,
        entries::read_entries,
        error::{WireError, quoted},
        fields::{Fields, bad_field},
        header::{Abort, Answer, By, Hello, Message, Offer, PlanItem, Receipt, ReceiptState, Want},
    },
};

/// The message that a header is.
pub(super) fn message(fields: &Fields<'_>) -> Result<Message, WireError> {
    if fields.value("type").is_none() {
        return Err(WireError::NoType);
    }
    let name = fields.word("type")?;
    Ok(match &*name {
        "abort" => Message::Abort(abort(fields)?),
        "answer" => Message::Answer(answer(fields)?),
        "at" => Message::At { index: fields.whole("index")?, offset: fields.whole("offset")?, md5: fields.md5("md5")? },
        "code" => Message::Code { nonce: fields.hex("nonce")? },
        "done" => Message::Done,
        "entries" => Message::Entries { entries: read_entries(fields)? },
        "failed" => Message::Failed { index: fields.whole("index")?, reason: reason(fields)? },
        "file" => Message::File { index: fields.whole("index")?, offset: fields.whole("offset")? },
        "files" => Message::Files { indices: indices(fields)? },
        "hello" => Message::Hello(hello(fields)?),
        "lane" => {
            let (epoch, number) = (from_one(fields, "epoch")?, from_one(fields, "number")?);
            Message::Lane { transfer: transfer(fields)?, epoch, number }
        }
        "offer" => Message::Offer(offer(fields)?),
        "pause" => Message::Pause { by: by(fields)?, reason: reason(fields)? },
        "ping" => Message::Ping,
        "plan" => Message::Plan {
            items: plan(fields)?,
            done: fields.optional("done", |fields, name| done(fields, name))?.unwrap_or_default(),
        },
        "probe" => Message::Probe { port: fields.optional("port", Fields::whole)? },
        "probed" => {
            let reachable = fields.optional("reachable", Fields::flag)?;
            Message::Probed { reachable, clock: fields.optional("clock", Fields::whole)? }
        }
        "receipt" => Message::Receipt(receipt(fields)?),
        "resume" => Message::Resume,
        "reveal" => Message::Reveal { nonce: fields.hex("nonce")? },
        "seal" => Message::Seal { index: fields.whole("index")?, md5: fields.md5("md5")? },
        "verify" => Message::Verify,
        "want" => Message::Want { transfer: transfer(fields)? },
        "working" => Message::Working {
            index: fields.optional("index", Fields::whole)?,
            done: fields.whole("done")?,
            total: fields.whole("total")?,
        },
        _ => return Err(WireError::UnknownType { name: quoted(&name) }),
    })
}

/// The fields of a `hello`.
fn hello(fields: &Fields<'_>) -> Result<Hello, WireError> {
    Ok(Hello {
        versions: versions(fields, "versions")?,
        program: fields.text("program")?,
        name: fields.text("name")?,
        os: fields.text("os")?,
        commit: fields.optional("commit", Fields::hex)?,
        verified: fields.optional("verified", Fields::flag)?,
        port: fields.optional("port", Fields::whole)?,
    })
}

fn abort(fields: &Fields<'_>) -> Result<Abort, WireError> {
    Ok(Abort {
        reason: reason(fields)?,
        ours: fields.optional("ours", versions)?,
        theirs: fields.optional("theirs", versions)?,
    })
}

fn answer(fields: &Fields<'_>) -> Result<Answer, WireError> {
    match &*fields.word("answer")? {
        "accept" => {
            let ahead = fields.optional("ahead", from_one)?;
            Ok(Answer::Accept { ahead, together: fields.optional("together", from_one)? })
        }
        "busy" => Ok(Answer::Busy(reason_or(fields, "busy")?)),
        "decline" => Ok(Answer::Decline(reason_or(fields, "declined")?)),
        _ => Err(fields.bad("answer", "accept, decline or busy", fields.required("answer")?)),
    }
}

fn offer(fields: &Fields<'_>) -> Result<Offer, WireError> {
    let offer = Offer {
        transfer: transfer(fields)?,
        epoch: from_one(fields, "epoch")?,
        manifest: fields.hex("manifest")?,
        files: fields.whole("files")?,
        folders: fields.whole("folders")?,
        links: fields.whole("links")?,
        bytes: fields.whole("bytes")?,
        message: fields.optional("message", Fields::text)?,
        again: fields.optional("again", Fields::flag)?,
    };
    let total = offer.files.checked_add(offer.folders).and_then(|sum| sum.checked_add(offer.links));
    if total.is_none() {
        return Err(WireError::DoesNotFit { field: "files + folders + links".to_owned() });
    }
    offer.check_message()?;
    Ok(offer)
}

fn receipt(fields: &Fields<'_>) -> Result<Receipt, WireError> {
    let state = match &*fields.word("state")? {
        "failed" => ReceiptState::Failed(reason(fields)?.into()),
        "mismatch" => ReceiptState::Mismatch,
        "verified" => ReceiptState::Verified,
        _ => return Err(fields.bad("state", "verified, mismatch or failed", fields.required("state")?)),
    };
    Ok(Receipt { index: fields.whole("index")?, state, md5: fields.optional("md5", Fields::md5)? })
}

fn indices(fields: &Fields<'_>) -> Result<Vec<u32>, WireError> {
    let index = |(at, item): (usize, &RawValue)| {
        serde_json::from_str(item.get()).map_err(|_other_shape| bad_field(format!("indices[{at}]"), "an index", item))
    };
    fields.list("indices")?.into_iter().enumerate().map(index).collect()
}

fn plan(fields: &Fields<'_>) -> Result<Vec<PlanItem>, WireError> {
    fields.list("items")?.into_iter().enumerate().map(plan_item).collect()
}

fn plan_item((at, item): (usize, &RawValue)) -> Result<PlanItem, WireError> {
    let name = || format!("items[{at}]");
    let (first, count, word): (u32, u32, String) = serde_json::from_str(item.get())
        .map_err(|_other_shape| bad_field(name(), "[first, count, \"send\", \"skip\" or \"check\"]", item))?;
    let want = match word.as_str() {
        "check" => Want::Check,
        "send" => Want::Send,
        "skip" => Want::Skip,
        _ => return Err(bad_field(name(), "send, skip or check", item)),
    };
    if count == 0 {
        return Err(bad_field(name(), "a count from 1", item));
    }
    if first.checked_add(count).is_none() {
        return Err(WireError::DoesNotFit { field: name() });
    }
    Ok(PlanItem { first, count, want })
}

fn done(fields: &Fields<'_>, name: &str) -> Result<Vec<(u32, Md5Digest)>, WireError> {
    fields.list(name)?.into_iter().enumerate().map(done_item).collect()
}

fn done_item((at, item): (usize, &RawValue)) -> Result<(u32, Md5Digest), WireError> {
    let said: Option<(u32, String)> = serde_json::from_str(item.get()).ok();
    said.and_then(|(index, hex)| Some((index, Md5Digest(parse_lower_hex(&hex)?))))
        .ok_or_else(|| bad_field(format!("done[{at}]"), "[index, 32 lowercase hex digits]", item))
}

/// Code and detail. A detail that was left out is as good as an empty one.
fn reason(fields: &Fields<'_>) -> Result<Reason, WireError> {
    let detail = fields.optional("detail", Fields::text)?;
    Ok(reason_from_peer(&fields.text("code")?, detail.as_deref()))
}

/// As `reason`, with the code that is meant when none is given.
fn reason_or(fields: &Fields<'_>, implied: &str) -> Result<Reason, WireError> {
    let code = fields.optional("code", Fields::text)?;
    let detail = fields.optional("detail", Fields::text)?;
    Ok(reason_from_peer(code.as_deref().unwrap_or(implied), detail.as_deref()))
}

fn by(fields: &Fields<'_>) -> Result<By, WireError> {
    match &*fields.word("by")? {
        "receiver" => Ok(By::Receiver),
        "sender" => Ok(By::Sender),
        _ => Err(fields.bad("by", "sender or receiver", fields.required("by")?)),
    }
}

fn transfer(fields: &Fields<'_>) -> Result<TransferId, WireError> {
    fields.hex("transfer").map(TransferId)
}

fn from_one(fields: &Fields<'_>, name: &str) -> Result<u32, WireError> {
    match fields.whole(name)? {
        0 => Err(fields.problem(name, "counts from 1")),
        number => Ok(number),
    }
}

fn versions(fields: &Fields<'_>, name: &str) -> Result<[u32; 2], WireError> {
    let value = fields.required(name)?;
    match serde_json::from_str::<[u32; 2]>(value.get()) {
        Ok([oldest, newest]) if oldest <= newest => Ok([oldest, newest]),
        _ => Err(fields.bad(name, "[oldest, newest]", value)),
    }
}
