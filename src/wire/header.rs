//! Every message of a sealed session, and the way to its JSON and back.

mod read;
mod write;

use std::io::{Read, Write};

pub use crate::model::message::MAX_MESSAGE_BYTES;
use crate::model::{manifest::Entry, reason::Reason, seal::Md5Digest, transfer::TransferId};

use super::{
    error::WireError,
    fields::Fields,
    frame::{MAX_HEADER_BYTES, PREFIX_BYTES, seal_frame},
};

/// The one protocol version there is.
pub const VERSION: u32 = 1;

/// One header. Field rules stand in the protocol document (`wire`).
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    Abort(Abort),
    Answer(Answer),
    At {
        index: u32,
        offset: u64,
        md5: Md5Digest,
    },
    Code {
        nonce: [u8; 32],
    },
    Done,
    Entries {
        entries: Vec<Entry>,
    },
    Failed {
        index: u32,
        reason: Reason,
    },
    File {
        index: u32,
        offset: u64,
    },
    /// Their bodies follow by turns, each from its beginning.
    Files {
        indices: Vec<u32>,
    },
    Hello(Hello),
    /// `number`: what the connection is called in bodies, from 1.
    Lane {
        transfer: TransferId,
        epoch: u32,
        number: u32,
    },
    Offer(Offer),
    Pause {
        by: By,
        reason: Reason,
    },
    Ping,
    /// `done`: files that an item of this header skips because they were verified over an earlier connection.
    Plan {
        items: Vec<PlanItem>,
        done: Vec<(u32, Md5Digest)>,
    },
    Probe {
        port: Option<u16>,
    },
    Probed {
        reachable: Option<bool>,
        clock: Option<i64>,
    },
    Receipt(Receipt),
    Resume,
    Reveal {
        nonce: [u8; 32],
    },
    Seal {
        index: u32,
        md5: Md5Digest,
    },
    Verify,
    Want {
        transfer: TransferId,
    },
    Working {
        index: Option<u32>,
        done: u64,
        total: u64,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Hello {
    /// Oldest and newest protocol version spoken.
    pub versions: [u32; 2],
    /// `sealdrop 0.1.0`
    pub program: String,
    /// Device name as sent: made safe with `shown_text` before anybody sees it.
    pub name: String,
    pub os: String,
    /// SHA-256 commitment of the dialer's nonce.
    pub commit: Option<[u8; 32]>,
    pub verified: Option<bool>,
    /// Where the one who says hello listens itself, so that it can be dialled in turn.
    pub port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    pub transfer: TransferId,
    /// From 1, higher with each reconnect.
    pub epoch: u32,
    /// SHA-256 over the JSON bytes of all `entries` headers in order.
    pub manifest: [u8; 32],
    pub files: u64,
    pub folders: u64,
    pub links: u64,
    pub bytes: u64,
    pub message: Option<String>,
    pub again: Option<bool>,
}

impl Offer {
    /// Both sides keep to the limit: read and write ask here.
    fn check_message(&self) -> Result<(), WireError> {
        if self.message.as_ref().is_some_and(|message| message.len() > MAX_MESSAGE_BYTES) {
            let limit = MAX_MESSAGE_BYTES as u64;
            return Err(WireError::OverLimit { field: "message".to_owned(), limit, unit: "bytes" });
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// `ahead`: files that may be outstanding between `file` and `receipt`; from 1. `together`: files whose bodies may come by
    /// turns; from 1.
    Accept {
        ahead: Option<u32>,
        together: Option<u32>,
    },
    Busy(Reason),
    Decline(Reason),
}

/// What the receiver wants of `count` entries from `first` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanItem {
    pub first: u32,
    pub count: u32,
    pub want: Want,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    Check,
    Send,
    Skip,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    pub index: u32,
    pub state: ReceiptState,
    /// What the receiver computed; none for folders and links.
    pub md5: Option<Md5Digest>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ReceiptState {
    Failed(Box<Reason>),
    Mismatch,
    Verified,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Receiver,
    Sender,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Abort {
    pub reason: Reason,
    /// Versions of the one who aborts, and those it was told, for code `version`.
    pub ours: Option<[u32; 2]>,
    pub theirs: Option<[u32; 2]>,
}

/// Reads the next header. `None`: the stream ended before its first byte. Reasons inside come out with `Side::There`.
///
/// # Errors
/// One `WireError` variant for each way a header can be wrong; an I/O error is passed through unchanged.
pub fn read_header(from: &mut impl Read) -> Result<Option<Message>, WireError> {
    super::frame::read_frame(from)?.map(|json| parse(&json)).transpose()
}

/// Parses the JSON bytes of one header.
///
/// # Errors
/// Not UTF-8, not JSON, not an object, a key twice, an unknown type (named), a bad field (named).
pub fn parse(json: &[u8]) -> Result<Message, WireError> {
    read::message(&Fields::parse(json)?)
}

/// The whole frame of a header: prefix and JSON.
///
/// # Errors
/// `TooLong` when it does not fit into 65,535 bytes.
pub fn encode(message: &Message) -> Result<Vec<u8>, WireError> {
    let mut frame = write::json(message)?;
    let bytes = frame.len() - PREFIX_BYTES;
    if bytes > MAX_HEADER_BYTES {
        return Err(WireError::TooLong { what: write::type_word(message).to_owned(), bytes });
    }
    seal_frame(&mut frame)?;
    Ok(frame)
}

/// Encodes and writes in one go.
///
/// # Errors
/// As `encode`, and what the writer says.
pub fn write_header(to: &mut impl Write, message: &Message) -> Result<(), WireError> {
    to.write_all(&encode(message)?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reason::{ReasonCode, Side};

    const ID: TransferId = TransferId([0xab; 16]);
    const MD5: Md5Digest = Md5Digest([0xcd; 16]);

    fn io() -> Reason {
        Reason::there(ReasonCode::Io, Some("why".into()))
    }

    fn bare() -> Reason {
        Reason::there(ReasonCode::Cancelled, None)
    }

    /// Each message with the JSON that says it.
    fn shapes() -> Vec<(Message, String)> {
        let mut shapes = hellos();
        shapes.extend(offers());
        for (message, json) in answers().into_iter().chain(files()).chain(others()) {
            shapes.push((message, json.replace("@id", &"ab".repeat(16)).replace("@md5", &"cd".repeat(16))));
        }
        let nonce = "01".repeat(32);
        shapes.push((Message::Code { nonce: [1; 32] }, format!(r#"{{"type":"code","nonce":"{nonce}"}}"#)));
        shapes.push((Message::Reveal { nonce: [1; 32] }, format!(r#"{{"type":"reveal","nonce":"{nonce}"}}"#)));
        shapes
    }

    fn hellos() -> Vec<(Message, String)> {
        let hello = Hello {
            versions: [1, 2],
            program: "sealdrop 0.1.0".into(),
            name: "鸡".into(),
            os: "linux".into(),
            commit: None,
            verified: None,
            port: None,
        };
        let full = Hello { commit: Some([1; 32]), verified: Some(false), port: Some(9527), ..hello.clone() };
        let json = r#"{"type":"hello","versions":[1,2],"program":"sealdrop 0.1.0","name":"鸡","os":"linux""#;
        let commit = "01".repeat(32);
        vec![
            (Message::Hello(hello), format!("{json}}}")),
            (Message::Hello(full), format!(r#"{json},"commit":"{commit}","verified":false,"port":9527}}"#)),
        ]
    }

    fn offers() -> Vec<(Message, String)> {
        let offer = Offer {
            transfer: ID,
            epoch: 1,
            manifest: [1; 32],
            files: 1,
            folders: 2,
            links: 3,
            bytes: u64::MAX,
            message: None,
            again: None,
        };
        let full = Offer { message: Some("hi\n".into()), again: Some(true), ..offer.clone() };
        let (id, manifest) = ("ab".repeat(16), "01".repeat(32));
        let opening = format!(r#"{{"type":"offer","transfer":"{id}","epoch":1,"manifest":"{manifest}","files":1"#);
        let json = format!(r#"{opening},"folders":2,"links":3,"bytes":18446744073709551615"#);
        vec![
            (Message::Offer(offer), format!("{json}}}")),
            (Message::Offer(full), format!(r#"{json},"message":"hi\n","again":true}}"#)),
            (Message::Entries { entries: Vec::new() }, r#"{"type":"entries","entries":[]}"#.into()),
        ]
    }

    fn answers() -> Vec<(Message, &'static str)> {
        let items = [(0, 3, Want::Send), (3, 1, Want::Skip), (7, u32::MAX - 7, Want::Check)];
        let items = items.map(|(first, count, want)| PlanItem { first, count, want }).to_vec();
        let accept = |ahead, together| Message::Answer(Answer::Accept { ahead, together });
        vec![
            (accept(None, None), r#"{"type":"answer","answer":"accept"}"#),
            (accept(Some(1), None), r#"{"type":"answer","answer":"accept","ahead":1}"#),
            (
                accept(Some(u32::MAX), Some(16)),
                r#"{"type":"answer","answer":"accept","ahead":4294967295,"together":16}"#,
            ),
            (Message::Answer(Answer::Decline(bare())), r#"{"type":"answer","answer":"decline","code":"cancelled"}"#),
            (Message::Answer(Answer::Busy(io())), r#"{"type":"answer","answer":"busy","code":"io","detail":"why"}"#),
            (
                Message::Plan { items: items.clone(), done: Vec::new() },
                r#"{"type":"plan","items":[[0,3,"send"],[3,1,"skip"],[7,4294967288,"check"]]}"#,
            ),
            (
                Message::Plan { items, done: vec![(3, MD5), (u32::MAX, MD5)] },
                r#"{"type":"plan","items":[[0,3,"send"],[3,1,"skip"],[7,4294967288,"check"]],"done":[[3,"@md5"],[4294967295,"@md5"]]}"#,
            ),
            (Message::At { index: 1, offset: 2, md5: MD5 }, r#"{"type":"at","index":1,"offset":2,"md5":"@md5"}"#),
        ]
    }

    fn files() -> Vec<(Message, &'static str)> {
        let receipt = |state, md5| Message::Receipt(Receipt { index: 4, state, md5 });
        vec![
            (
                Message::Lane { transfer: ID, epoch: 2, number: 3 },
                r#"{"type":"lane","transfer":"@id","epoch":2,"number":3}"#,
            ),
            (Message::File { index: 1, offset: 0 }, r#"{"type":"file","index":1,"offset":0}"#),
            (Message::Files { indices: vec![4, 2, 7] }, r#"{"type":"files","indices":[4,2,7]}"#),
            (Message::Seal { index: 1, md5: MD5 }, r#"{"type":"seal","index":1,"md5":"@md5"}"#),
            (Message::Failed { index: 1, reason: io() }, r#"{"type":"failed","index":1,"code":"io","detail":"why"}"#),
            (
                Message::Failed { index: 1, reason: bare() },
                r#"{"type":"failed","index":1,"code":"cancelled","detail":""}"#,
            ),
            (
                receipt(ReceiptState::Verified, Some(MD5)),
                r#"{"type":"receipt","index":4,"state":"verified","md5":"@md5"}"#,
            ),
            (receipt(ReceiptState::Verified, None), r#"{"type":"receipt","index":4,"state":"verified"}"#),
            (
                receipt(ReceiptState::Mismatch, Some(MD5)),
                r#"{"type":"receipt","index":4,"state":"mismatch","md5":"@md5"}"#,
            ),
            (
                receipt(ReceiptState::Failed(io().into()), None),
                r#"{"type":"receipt","index":4,"state":"failed","code":"io","detail":"why"}"#,
            ),
        ]
    }

    fn others() -> Vec<(Message, &'static str)> {
        let abort = |reason, ours| Message::Abort(Abort { reason, ours, theirs: ours });
        let working = |index| Message::Working { index, done: 1, total: 2 };
        let pause = |by, reason| Message::Pause { by, reason };
        let probed = |reachable, clock| Message::Probed { reachable, clock };
        vec![
            (pause(By::Sender, bare()), r#"{"type":"pause","by":"sender","code":"cancelled"}"#),
            (pause(By::Receiver, io()), r#"{"type":"pause","by":"receiver","code":"io","detail":"why"}"#),
            (Message::Resume, r#"{"type":"resume"}"#),
            (working(None), r#"{"type":"working","done":1,"total":2}"#),
            (working(Some(0)), r#"{"type":"working","index":0,"done":1,"total":2}"#),
            (Message::Ping, r#"{"type":"ping"}"#),
            (Message::Done, r#"{"type":"done"}"#),
            (abort(bare(), None), r#"{"type":"abort","code":"cancelled","detail":""}"#),
            (abort(io(), Some([1, 1])), r#"{"type":"abort","code":"io","detail":"why","ours":[1,1],"theirs":[1,1]}"#),
            (Message::Want { transfer: ID }, r#"{"type":"want","transfer":"@id"}"#),
            (Message::Verify, r#"{"type":"verify"}"#),
            (Message::Probe { port: None }, r#"{"type":"probe"}"#),
            (Message::Probe { port: Some(9527) }, r#"{"type":"probe","port":9527}"#),
            (probed(Some(true), Some(-1)), r#"{"type":"probed","reachable":true,"clock":-1}"#),
            (probed(None, Some(5)), r#"{"type":"probed","clock":5}"#),
            (probed(None, None), r#"{"type":"probed"}"#),
        ]
    }

    #[test]
    fn every_message_has_exactly_its_shape_and_comes_back() {
        for (message, json) in shapes() {
            let frame = encode(&message).unwrap();
            assert_eq!(std::str::from_utf8(&frame[PREFIX_BYTES..]).unwrap(), json);
            assert_eq!(parse(json.as_bytes()).unwrap(), message, "{json}");
        }
    }

    #[test]
    fn unknown_fields_are_ignored_and_every_known_one_is_needed_or_optional_but_never_null() {
        for (message, json) in shapes() {
            let with_more = json.replacen('{', r#"{"later":{"a":[1e999,null]},"#, 1);
            assert_eq!(parse(with_more.as_bytes()).unwrap(), message);
            let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&json).unwrap();
            for field in object.keys().filter(|field| *field != "type") {
                // A detail that was left out is as good as an empty one.
                let empty = object[field] == "";
                let mut without = object.clone();
                without.remove(field);
                match parse(&serde_json::to_vec(&without).unwrap()) {
                    Ok(other) => assert_eq!(other == message, empty, "{field} of {json}"),
                    Err(WireError::MissingField { field: said }) => assert_eq!(said, *field),
                    Err(error) => panic!("{json} without {field}: {error}"),
                }
                let mut null = object.clone();
                null.insert(field.clone(), serde_json::Value::Null);
                match parse(&serde_json::to_vec(&null).unwrap()) {
                    Err(WireError::BadField { field: said, .. }) => assert_eq!(said, *field),
                    other => panic!("{json} with null for {field}: {other:?}"),
                }
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let table = [
            (r#"{"type":5}"#, "type"),
            (r#"{"type":null}"#, "type"),
            (r#"{"type":"file","index":4294967296,"offset":0}"#, "index"),
            (r#"{"type":"file","index":0,"offset":-1}"#, "offset"),
            (r#"{"type":"file","index":0,"offset":0.0}"#, "offset"),
            (r#"{"type":"want","transfer":"ABABABABABABABABABABABABABABABAB"}"#, "transfer"),
            (r#"{"type":"want","transfer":"ab"}"#, "transfer"),
            (r#"{"type":"lane","transfer":"abababababababababababababababab","epoch":0}"#, "epoch"),
            (r#"{"type":"answer","answer":"maybe"}"#, "answer"),
            (r#"{"type":"answer","answer":"accept","ahead":0}"#, "ahead"),
            (r#"{"type":"answer","answer":"accept","ahead":-1}"#, "ahead"),
            (r#"{"type":"answer","answer":"accept","ahead":"1"}"#, "ahead"),
            (r#"{"type":"answer","answer":"accept","ahead":1.0}"#, "ahead"),
            (r#"{"type":"answer","answer":"accept","ahead":4294967296}"#, "ahead"),
            (r#"{"type":"answer","answer":"decline","code":7}"#, "code"),
            (r#"{"type":"receipt","index":0,"state":"lost"}"#, "state"),
            (r#"{"type":"receipt","index":0,"state":"failed"}"#, "code"),
            (r#"{"type":"pause","by":"cat","code":"io"}"#, "by"),
            (r#"{"type":"plan","items":{}}"#, "items"),
            (r#"{"type":"plan","items":[[0,1,"send"],[1,0,"send"]]}"#, "items[1]"),
            (r#"{"type":"plan","items":[[0,1]]}"#, "items[0]"),
            (r#"{"type":"plan","items":[[0,1,"send",0]]}"#, "items[0]"),
            (r#"{"type":"plan","items":[[0,1,"eat"]]}"#, "items[0]"),
            (r#"{"type":"plan","items":[[-1,1,"send"]]}"#, "items[0]"),
            (r#"{"type":"plan","items":[[4294967295,1,"send"]]}"#, "items[0]"),
            (r#"{"type":"plan","items":[],"done":{}}"#, "done"),
            (r#"{"type":"plan","items":[],"done":[[0]]}"#, "done[0]"),
            (r#"{"type":"plan","items":[],"done":[[-1,"abababababababababababababababab"]]}"#, "done[0]"),
            (r#"{"type":"plan","items":[],"done":[[0,"ABABABABABABABABABABABABABABABAB"]]}"#, "done[0]"),
            (r#"{"type":"plan","items":[],"done":[[0,"ab"]]}"#, "done[0]"),
            (r#"{"type":"probe","port":65536}"#, "port"),
            (r#"{"type":"hello","versions":[2,1],"program":"","name":"","os":""}"#, "versions"),
            (r#"{"type":"hello","versions":[1],"program":"","name":"","os":""}"#, "versions"),
            (r#"{"type":"abort","code":"version","detail":"","ours":[1,1,1]}"#, "ours"),
        ];
        for (json, field) in table {
            let said = match parse(json.as_bytes()).unwrap_err() {
                WireError::BadField { field, .. }
                | WireError::MissingField { field }
                | WireError::DoesNotFit { field } => field,
                other => panic!("{json}: {other}"),
            };
            assert_eq!(said, field, "{json}");
        }
        assert!(matches!(parse(b"{}"), Err(WireError::NoType)));
        let unknown = format!(r#"{{"type":"gre\u202eet{}"}}"#, "x".repeat(9000));
        let error = parse(unknown.as_bytes()).unwrap_err();
        assert!(
            matches!(&error, WireError::UnknownType { name } if name.starts_with("gre\u{fffd}etx") && name.len() < 120)
        );
    }

    #[test]
    fn an_offer_whose_figures_or_message_are_too_large_is_refused() {
        let offer = |files: u64, message: &str| {
            let (id, hash) = ("00".repeat(16), "00".repeat(32));
            parse(
                format!(
                    r#"{{"type":"offer","transfer":"{id}","epoch":1,"manifest":"{hash}","files":{files},"folders":1,"links":0,"bytes":0,"message":"{message}"}}"#
                )
                .as_bytes(),
            )
        };
        assert!(matches!(offer(u64::MAX, ""), Err(WireError::DoesNotFit { field }) if field.contains("files")));
        assert!(offer(1, &"x".repeat(16_384)).is_ok());
        let long = offer(1, &"x".repeat(16_385)).unwrap_err();
        assert!(matches!(&long, WireError::OverLimit { field, limit: 16_384, .. } if field == "message"), "{long}");
        let Ok(Message::Offer(offer)) = offer(1, "") else { panic!("not an offer") };
        let long = Offer { message: Some("x".repeat(16_385)), ..offer };
        assert!(matches!(encode(&Message::Offer(long)), Err(WireError::OverLimit { .. })));
    }

    #[test]
    fn a_refusal_without_code_says_what_it_is_and_reasons_come_from_there() {
        let answer = |json: &str| parse(json.as_bytes()).unwrap();
        let declined = Reason { code: ReasonCode::Declined, side: Side::There, detail: None };
        assert_eq!(answer(r#"{"type":"answer","answer":"decline"}"#), Message::Answer(Answer::Decline(declined)));
        let busy = Reason { code: ReasonCode::Busy, side: Side::There, detail: Some("a\u{fffd}b".into()) };
        assert_eq!(answer(r#"{"type":"answer","answer":"busy","detail":"a\nb"}"#), Message::Answer(Answer::Busy(busy)));
    }

    #[test]
    fn a_message_that_does_not_fit_is_refused_before_it_is_sent() {
        let hello = Hello {
            versions: [1, 1],
            program: String::new(),
            name: "x".repeat(70_000),
            os: String::new(),
            commit: None,
            verified: None,
            port: None,
        };
        let error = encode(&Message::Hello(hello)).unwrap_err();
        assert!(matches!(error, WireError::TooLong { what, .. } if what == "hello"));
    }
}
