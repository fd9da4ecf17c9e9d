//! Offers that cannot be meant: each is refused before anybody sees a card, with a reason that names what is wrong.

use sealdrop::{
    model::{
        manifest::Entry,
        outcome::Outcome,
        reason::{Reason, ReasonCode},
    },
    wire::{
        entries::ManifestDigest,
        frame::encode_frame,
        header::{Hello, MAX_MESSAGE_BYTES, Message},
    },
};

use crate::{
    scripted::{Scripted, file_entry},
    support::{Station, honest, tree},
};

const ID: &str = "00112233445566778899aabbccddeeff";

/// Fields of an offer, and its lists.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);

/// An offer whose header has `fields` in place of what is usual, and whose entries are `lists`; their digest is right.
fn refusal(b: &Station, fields: &[(&str, &str)], lists: &[&str]) -> Reason {
    let mut digest = ManifestDigest::new();
    for list in lists {
        digest.add(list.as_bytes());
    }
    let manifest: Vec<String> = digest.finish().iter().map(|byte| format!("{byte:02x}")).collect();
    let (id, manifest) = (format!("\"{ID}\""), format!("\"{}\"", manifest.concat()));
    let mut header = vec![
        ("type", "\"offer\""),
        ("transfer", &id),
        ("epoch", "1"),
        ("manifest", &manifest),
        ("files", "1"),
        ("folders", "0"),
        ("links", "0"),
        ("bytes", "1"),
    ];
    for (name, value) in fields {
        match header.iter_mut().find(|(known, _)| known == name) {
            Some(field) => field.1 = value,
            None => header.push((name, value)),
        }
    }
    let header: Vec<String> = header.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    let mut peer = Scripted::dial(b.port);
    peer.greet();
    peer.json(&format!("{{{}}}", header.join(",")));
    for list in lists {
        peer.raw(&encode_frame(list.as_bytes()).unwrap());
    }
    peer.stream.say_goodbye();
    peer.hear_abort()
}

const ONE: &str = r#"{"type":"entries","entries":[{"path":["x"],"kind":"file","size":1}]}"#;

#[test]
fn headers_of_offers_with_wrong_fields_are_refused_by_name() {
    let mut b = Station::new("b");
    let long = format!("\"{}\"", "m".repeat(MAX_MESSAGE_BYTES + 1));
    let wrong: [(&str, &str); 17] = [
        ("transfer", "\"00\""),
        ("transfer", "\"00112233445566778899AABBCCDDEEFF\""),
        ("transfer", "7"),
        ("epoch", "0"),
        ("epoch", "-1"),
        ("epoch", "4294967296"),
        ("manifest", "\"\""),
        ("manifest", "null"),
        ("files", "-1"),
        ("files", "1.5"),
        ("files", "\"1\""),
        ("files", "1e3"),
        ("bytes", "18446744073709551616"),
        ("folders", "[]"),
        ("message", &long),
        ("message", "null"),
        ("again", "\"yes\""),
    ];
    for (name, value) in wrong {
        let reason = refusal(&b, &[(name, value)], &[ONE]);
        assert!(matches!(reason.code, ReasonCode::BadMessage | ReasonCode::Limit), "{name} {value:.40}: {reason}");
        assert!(reason.detail.as_ref().is_some_and(|detail| detail.contains(name)), "{name} {value:.40}: {reason}");
    }
    assert!(!b.has_card());
    honest(&mut b);
}

#[test]
fn lists_that_do_not_bear_out_their_offer_are_refused() {
    let mut b = Station::new("b");
    let entries = |entries: &str| format!(r#"{{"type":"entries","entries":[{entries}]}}"#);
    let two = entries(r#"{"path":["x"],"kind":"file","size":1},{"path":["y"],"kind":"file","size":1}"#);
    let folder = entries(r#"{"path":["x"],"kind":"folder"}"#);
    let link = entries(r#"{"path":["x"],"kind":"link","target":"y"}"#);
    let big =
        entries(r#"{"path":["x"],"kind":"file","size":18446744073709551615},{"path":["y"],"kind":"file","size":2}"#);
    let empty = entries("");
    let cases: [Case; 9] = [
        (&[("bytes", "2")], &[ONE]),
        (&[], &[&two]),
        (&[], &[&folder]),
        (&[], &[&link]),
        (&[("files", "2")], &[&big]),
        (&[], &[&empty, ONE]),
        (&[("files", "2"), ("bytes", "2")], &[ONE, &empty]),
        (&[("manifest", &format!("\"{}\"", "00".repeat(32)))], &[ONE]),
        (&[], &[r#"{"type":"plan","items":[]}"#]),
    ];
    for (fields, lists) in cases {
        let reason = refusal(&b, fields, lists);
        assert_eq!(reason.code, ReasonCode::BadMessage, "{fields:?} {lists:?}: {reason}");
    }
    assert!(!b.has_card());
    honest(&mut b);
}

#[test]
fn an_offer_of_nothing_makes_no_card() {
    let mut b = Station::new("b");
    for message in [None, Some("\" \\n\"")] {
        let mut fields = vec![("files", "0"), ("bytes", "0")];
        fields.extend(message.map(|message| ("message", message)));
        let reason = refusal(&b, &fields, &[]);
        assert_eq!(reason.code, ReasonCode::BadMessage, "{reason}");
    }
    assert!(!b.has_card());
    honest(&mut b);
}

#[test]
fn entries_with_wrong_fields_are_refused() {
    let mut b = Station::new("b");
    let deep = vec!["\"d\""; 129].join(",");
    let long = vec![format!("\"{}\"", "n".repeat(250)); 17].join(",");
    let wrong = [
        r#"{"path":[],"kind":"file","size":1}"#.to_owned(),
        r#"{"path":"x","kind":"file","size":1}"#.to_owned(),
        r#"{"path":["x",7],"kind":"file","size":1}"#.to_owned(),
        r#"{"kind":"file","size":1}"#.to_owned(),
        r#"{"path":["x"],"kind":"fifo","size":1}"#.to_owned(),
        r#"{"path":["x"],"size":1}"#.to_owned(),
        r#"{"path":["x"],"kind":"file"}"#.to_owned(),
        r#"{"path":["x"],"kind":"file","size":-1}"#.to_owned(),
        r#"{"path":["x"],"kind":"file","size":1,"size":1}"#.to_owned(),
        r#"{"path":["x"],"kind":"file","size":1,"mtime":9223372036854775808}"#.to_owned(),
        r#"{"path":["x"],"kind":"file","size":1,"exec":1}"#.to_owned(),
        r#"{"path":["x"],"kind":"link"}"#.to_owned(),
        r#"{"path":["\ud800"],"kind":"file","size":1}"#.to_owned(),
        format!(r#"{{"path":[{deep}],"kind":"file","size":1}}"#),
        format!(r#"{{"path":[{long}],"kind":"file","size":1}}"#),
        format!(r#"{{"path":["x"],"kind":"file","size":1,"more":{}}}"#, "[".repeat(30_000)),
        "7".to_owned(),
        "null".to_owned(),
    ];
    for entry in wrong {
        let reason = refusal(&b, &[], &[&format!(r#"{{"type":"entries","entries":[{entry}]}}"#)]);
        let codes = [ReasonCode::BadMessage, ReasonCode::BadHeader, ReasonCode::BadPath, ReasonCode::Limit];
        assert!(codes.contains(&reason.code), "{entry:.80}: {reason}");
        assert!(reason.detail.as_ref().is_some_and(|detail| detail.len() <= 1024), "{entry:.80}: {reason}");
    }
    assert!(!b.has_card());
    honest(&mut b);
}

#[test]
fn hellos_with_wrong_fields_are_refused() {
    let mut b = Station::new("b");
    let commit = "00".repeat(32);
    let wrong = [
        r#"{"type":"hello"}"#.to_owned(),
        r#"{"type":"hello","versions":[1],"program":"p","name":"n","os":"o"}"#.to_owned(),
        r#"{"type":"hello","versions":[2,1],"program":"p","name":"n","os":"o"}"#.to_owned(),
        r#"{"type":"hello","versions":"1","program":"p","name":"n","os":"o"}"#.to_owned(),
        r#"{"type":"hello","versions":[1,1],"program":"p","name":7,"os":"o"}"#.to_owned(),
        r#"{"type":"hello","versions":[1,1],"program":"p","name":"n","os":"o","commit":"00"}"#.to_owned(),
        format!(
            r#"{{"type":"hello","versions":[1,1],"program":"p","name":"n","os":"o","commit":"{commit}","port":70000}}"#
        ),
        format!(
            r#"{{"type":"hello","versions":[1,1],"program":"p","name":"n","os":"o","commit":"{commit}","name":"m"}}"#
        ),
    ];
    for hello in wrong {
        let mut peer = Scripted::dial(b.port);
        peer.json(&hello);
        let told = peer.hear_abort();
        let codes = [ReasonCode::BadMessage, ReasonCode::BadHeader, ReasonCode::Version];
        assert!(codes.contains(&told.code), "{hello}: {told}");
    }
    assert!(!b.has_card());
    honest(&mut b);
}

#[test]
fn names_and_reasons_of_strangers_are_shown_harmless() {
    let mut b = Station::new("b");
    for (name, shown) in [
        ("a\u{202e}b\u{1b}[31m\n", "a\u{fffd}b\u{fffd}[31m"),
        ("", "127.0.0.1:"),
        (" \t ", "127.0.0.1:"),
        (&"w".repeat(60_000), &"w".repeat(64)),
    ] {
        let mut peer = Scripted::dial(b.port);
        let Message::Hello(hello) = peer.hello() else { panic!("no hello") };
        peer.say(&Message::Hello(Hello { name: name.to_owned(), os: name.chars().take(90).collect(), ..hello }));
        assert!(matches!(peer.hear(), Some(Message::Hello(_))));
        peer.offer_only(vec![file_entry(&["x"], 1)]);
        let offer = b.offer();
        let peer = &offer.snapshot.peer;
        assert!(
            if shown.ends_with(':') { peer.name.starts_with(shown) } else { peer.name == shown },
            "{:?}",
            peer.name
        );
        assert!(!peer.os.as_ref().is_some_and(|os| os.contains(char::is_control)));
    }
    // What a peer gives as its reason is shown in the same way, and never long.
    let mut peer = Scripted::dial(b.port);
    peer.offer(vec![file_entry(&["x"], 1)]);
    let key = b.accept();
    peer.hear_accept(1);
    let detail = format!("\u{1b}[2J\u{202e}{}", "d".repeat(60_000));
    peer.json(&format!(r#"{{"type":"abort","code":"io","detail":{}}}"#, serde_json::to_string(&detail).unwrap()));
    let reason = b.ending(key).reason.unwrap();
    let detail = reason.detail.unwrap();
    assert!(detail.len() <= 1024 && !detail.contains(['\u{1b}', '\u{202e}']), "{detail}");
    honest(&mut b);
}

#[test]
fn extreme_times_and_sizes_harm_nobody() {
    let mut b = Station::new("b");
    let timed = |name: &str, mtime: i64| Entry { mtime: Some(mtime), exec: true, ..file_entry(&[name], 1) };
    let mut peer = Scripted::dial(b.port);
    peer.offer(vec![timed("a", i64::MIN), timed("b", i64::MAX), timed("c", -1), timed("d", 0)]);
    let key = b.accept();
    peer.hear_accept(4);
    for index in 0..4 {
        peer.file_and_seal(index, b"1");
    }
    for _ in 0..4 {
        assert!(matches!(peer.hear(), Some(Message::Receipt(_))));
    }
    peer.say(&Message::Done);
    assert_eq!(b.ending(key).outcome, Outcome::Verified);
    assert_eq!(tree(&b.received()).len(), 4);
    // An offer may be nothing but a message.
    let mut peer = Scripted::dial(b.port);
    peer.greet();
    let digest: String =
        ManifestDigest::new().finish().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    peer.json(&format!(
        r#"{{"type":"offer","transfer":"{ID}","epoch":1,"manifest":"{digest}","files":0,"folders":0,"links":0,"bytes":0,"message":"hi"}}"#
    ));
    let key = b.accept();
    peer.hear_accept(0);
    peer.say(&Message::Done);
    assert_eq!(peer.hear(), Some(Message::Done));
    assert_eq!((b.ending(key).outcome, tree(&b.received()).len()), (Outcome::Verified, 4));
    honest(&mut b);
}
