//! Transfers that are held, broken off and gone on with: what is asked of the engine, what is told, and how it ends.

use std::path::PathBuf;

use super::{
    super::{
        desk::{Judge, Wishes},
        exit::Exit,
        send,
    },
    *,
};
use crate::{
    engine::messages::{SendRequest, Wait, What},
    model::{
        conflict::Conflict,
        device::PeerAddr,
        transfer::{Pause, QueuedFor},
    },
};

fn kept(direction: Direction) -> TransferSnapshot {
    let mut snapshot = TransferSnapshot::new(key(direction), laptop(), Stage::Interrupted, None);
    match direction {
        Direction::Incoming => snapshot.folder = Some("/srv/drop".into()),
        Direction::Outgoing => snapshot.roots = ["/home/a/Photos".into(), "/home/a/b.txt".into()].into(),
    }
    snapshot
}

fn as_stage(mut snapshot: TransferSnapshot, stage: Stage) -> Event {
    snapshot.stage = stage;
    Event::Snapshot(snapshot)
}

fn request(to: &str, expect: Option<DeviceKey>, paths: &[&str]) -> SendRequest {
    let to: PeerAddr = to.parse().unwrap();
    let what = What::Paths(paths.iter().map(PathBuf::from).collect());
    SendRequest {
        id: TransferId([9; 16]),
        to,
        also: Vec::new(),
        expect,
        classic: false,
        what,
        message: None,
        wait: Wait::No,
    }
}

/// A `send` that finds `kept` in its profile.
fn sending(request: SendRequest, kept: Option<TransferSnapshot>) -> Far {
    let far = Far::start(move |mut session| {
        let exit = send::carry_out(&mut session, request);
        session.stop();
        Ok(exit)
    });
    if let Some(kept) = kept {
        far.tell(Event::Snapshot(kept));
    }
    far.tell(Event::Restored);
    far
}

#[test]
fn the_same_send_goes_on_with_what_was_interrupted() {
    let far = sending(request("laptop", None, &["/home/a/b.txt"]), None);
    assert!(matches!(far.asked_for(), Command::Send(request) if request.id.0 == [9; 16]));
    assert!(far.told.is_empty());
    let waits = Stage::Queued(QueuedFor::Device);
    for stage in [Stage::Interrupted, Stage::Paused(Pause::default()), waits] {
        let mut kept = kept(Direction::Outgoing);
        kept.stage = stage;
        let far = sending(request("laptop", None, &["/home/a/b.txt"]), Some(kept.clone()));
        assert!(matches!(far.asked_for(), Command::Resume(of) if of == key(Direction::Outgoing)), "{:?}", kept.stage);
        assert!(far.shown().starts_with("state "));
        far.tell(as_stage(kept, ended(Outcome::Verified, None)));
        assert_eq!(far.shown(), "finished verified");
        assert_eq!(far.ended(), Exit::Done);
    }
}

#[test]
fn an_interrupted_sender_ends_with_5_and_what_is_kept_is_said() {
    let far = sending(request("laptop", None, &["/home/a/b.txt"]), None);
    assert!(matches!(far.asked_for(), Command::Send(_)));
    let mut snapshot = TransferSnapshot::new(
        TransferKey { id: TransferId([9; 16]), direction: Direction::Outgoing },
        laptop(),
        Stage::Moving,
        None,
    );
    far.tell(Event::Snapshot(snapshot.clone()));
    assert_eq!(far.shown(), "state moving");
    far.interrupts.send(()).unwrap();
    assert!(matches!(far.asked_for(), Command::Shutdown));
    snapshot.stage = Stage::Interrupted;
    far.tell(Event::Snapshot(snapshot));
    assert_eq!([far.shown(), far.shown()], ["state interrupted", "finished interrupted"]);
    assert_eq!(far.ended(), Exit::Cancelled);
}

#[test]
fn a_sender_that_cannot_go_on_another_time_is_cancelled() {
    let far = sending(request("laptop", None, &["/home/a/b.txt"]), None);
    assert!(matches!(far.asked_for(), Command::Send(_)));
    far.interrupts.send(()).unwrap();
    assert!(matches!(far.asked_for(), Command::Shutdown));
    let own = TransferKey { id: TransferId([9; 16]), direction: Direction::Outgoing };
    let reason = ended(Outcome::Cancelled, Some(ReasonCode::Cancelled));
    far.tell(Event::Snapshot(TransferSnapshot::new(own, laptop(), reason, None)));
    assert_eq!(far.shown(), "finished cancelled");
    assert_eq!(far.ended(), Exit::Cancelled);
}

#[test]
fn who_receives_asks_once_for_what_was_interrupted_and_counts_it() {
    let far = Far::desk(Judge::All, true);
    far.tell(Event::Snapshot(kept(Direction::Outgoing)));
    far.tell(Event::Snapshot(kept(Direction::Incoming)));
    far.tell(Event::Restored);
    assert_eq!(far.shown(), "state interrupted");
    assert!(matches!(far.asked_for(), Command::Resume(of) if of == key(Direction::Incoming)));
    // The other side was away: it is waited for.
    far.tell(as_stage(kept(Direction::Incoming), Stage::Connecting));
    far.tell(Event::Snapshot(kept(Direction::Incoming)));
    assert!(far.is_quiet());
    far.tell(as_stage(kept(Direction::Incoming), Stage::Moving));
    assert_eq!(far.shown(), "state moving");
    // It is the one.
    far.offer_of(TransferId([8; 16]), laptop());
    assert_eq!(far.shown(), "offer");
    assert_eq!(far.answered().detail.as_deref(), Some("only one transfer is received there"));
    far.tell(as_stage(kept(Direction::Incoming), ended(Outcome::Verified, None)));
    assert_eq!(far.shown(), "finished verified");
    assert_eq!(far.ended(), Exit::Done);
}

#[test]
fn what_ended_in_an_earlier_run_is_not_told_again() {
    let far = Far::desk(Judge::Script, true);
    let mut old = kept(Direction::Incoming);
    old.retryable = true;
    far.tell(as_stage(old.clone(), ended(Outcome::Partial, None)));
    far.tell(Event::Restored);
    assert!(far.is_quiet());
    far.order("retry");
    assert!(matches!(far.asked_for(), Command::Retry(of) if of == key(Direction::Incoming)));
    far.tell(as_stage(old.clone(), Stage::Moving));
    assert_eq!(far.shown(), "state moving");
    far.tell(as_stage(old, ended(Outcome::Verified, None)));
    assert_eq!(far.shown(), "finished verified");
    assert_eq!(far.ended(), Exit::Done);
}

#[test]
fn an_interrupted_receiver_says_of_each_that_it_is_kept() {
    let far = Far::desk(Judge::All, false);
    far.tell(as_stage(kept(Direction::Incoming), Stage::Moving));
    assert_eq!(far.shown(), "state moving");
    far.interrupts.send(()).unwrap();
    assert!(matches!(far.asked_for(), Command::Shutdown));
    far.tell(Event::Snapshot(kept(Direction::Incoming)));
    far.tell(Event::Stopped);
    assert_eq!([far.shown(), far.shown()], ["state interrupted", "finished interrupted"]);
    assert_eq!(far.ended(), Exit::Cancelled);
}

#[test]
fn taken_names_are_dealt_with_as_was_said_last() {
    let remembered = || {
        let mut device = KnownDevice::at("laptop".parse().unwrap(), "Laptop".to_owned(), false, 0);
        let conflict = Some(Conflict::Skip);
        device.trusted = Some(Trusted { key: KEY, since: 0, rule: Rule::Ask, conflict });
        Event::Devices(vec![device])
    };
    let verified = || Peer { verified: true, ..laptop() };
    let accepted = |far: &Far| far.answered().accepted.unwrap().conflict;
    for (existing, peer, conflict) in [
        (None, laptop(), Conflict::KeepBoth),
        (None, verified(), Conflict::Skip),
        (Some(Conflict::Replace), verified(), Conflict::Replace),
        (Some(Conflict::KeepBoth), verified(), Conflict::KeepBoth),
    ] {
        let far = Far::desk_with(Judge::All, Wishes { once: false, existing });
        far.tell(remembered());
        far.offer(peer);
        assert_eq!(accepted(&far), conflict);
    }
    let far = Far::desk_with(Judge::Script, Wishes { once: false, existing: Some(Conflict::Replace) });
    far.tell(remembered());
    far.offer(verified());
    assert_eq!(far.shown(), "offer");
    far.show_code();
    let id = key(Direction::Incoming).id;
    far.say_at_once(&format!(r#"{{"transfer":"{id}","answer":"accept","existing":"overwrite"}}"#));
    assert!(far.shown().contains("existing"));
    far.say_at_once(&format!(r#"{{"transfer":"{id}","answer":"accept","existing":"identical"}}"#));
    assert_eq!(accepted(&far), Conflict::SkipIdentical);
}

#[test]
fn orders_are_taken_where_nobody_is_asked() {
    let far = Far::desk(Judge::All, false);
    far.order("pause");
    assert!(far.shown().contains("no such transfer is under way"));
    far.tell(as_stage(kept(Direction::Incoming), Stage::Moving));
    assert_eq!(far.shown(), "state moving");
    far.order("pause");
    assert!(matches!(far.asked_for(), Command::Pause(of) if of == key(Direction::Incoming)));
    far.order("resume");
    assert!(matches!(far.asked_for(), Command::Resume(_)));
    far.order("discard");
    assert!(matches!(far.asked_for(), Command::Discard(_)));
    far.order("cancel");
    far.cancels(Direction::Incoming);
}

#[test]
fn the_end_of_standard_input_changes_nothing_where_nobody_is_asked() {
    let mut far = Far::desk(Judge::All, false);
    far.lines = None;
    far.tell(as_stage(kept(Direction::Incoming), Stage::Moving));
    assert_eq!(far.shown(), "state moving");
    far.offer(laptop());
    assert!(far.answered().accepted.is_some());
}

#[test]
fn a_state_is_told_once() {
    let far = Far::desk(Judge::All, false);
    let lost = || Reason::bare(ReasonCode::ConnectionLost);
    let held = |there| Stage::Paused(Pause { here: false, there, reason: Some(Reason::bare(ReasonCode::DiskFull)) });
    let later = || Some(Instant::now() + LIMIT);
    for (stage, told) in [
        (Stage::Queued(QueuedFor::Turn), Some("state queued")),
        (Stage::Connecting, None),
        (Stage::Checking { done: 0, total: 9 }, Some("state checking")),
        (Stage::Checking { done: 5, total: 9 }, None),
        (Stage::Moving, Some("state moving")),
        (Stage::Finishing, None),
        (Stage::Moving, None),
        (held(false), Some("state paused")),
        (held(true), Some("state paused")),
        (held(true), None),
        (Stage::Reconnecting { reason: lost(), next_try: None }, Some("state reconnecting")),
        (Stage::Reconnecting { reason: lost(), next_try: later() }, None),
        (Stage::Moving, Some("state moving")),
    ] {
        far.tell(as_stage(kept(Direction::Incoming), stage.clone()));
        match told {
            Some(told) => assert_eq!(far.shown(), told, "{stage:?}"),
            None => assert!(far.is_quiet(), "{stage:?}"),
        }
    }
    far.tell(Event::StartedAgain { key: key(Direction::Incoming), index: 3 });
    assert_eq!(far.shown(), "restarted 3");
}
