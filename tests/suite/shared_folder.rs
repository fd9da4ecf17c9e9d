//! The shared folder, as a program of ten lines sees it: a bare name in, a header and the bytes out, and nothing but what the
//! person chose to share.

use std::{
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpStream},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sealdrop::{
    engine::messages::{Command, Event, HistoryAsked},
    model::{
        manifest::Entry,
        outcome::{FileState, Outcome},
        reason::ReasonCode,
        settings::Settings,
        transfer::{Direction, Stage, TransferSnapshot},
    },
};
use serde_json::Value;

use crate::support::{LIMIT, Station, honest, seeded};

/// MD5 of nothing, and of `abc` (RFC 1321).
const EMPTY: &str = "d41d8cd98f00b204e9800998ecf8427e";
const ABC: &str = "900150983cd24fb0d6963f7d28e17f72";

/// A program that asks.
struct Asker(TcpStream);

/// What it was answered.
#[derive(Debug, PartialEq)]
struct Answer {
    header: Value,
    body: Vec<u8>,
}

impl Answer {
    fn is_nothing(&self) -> bool {
        self.header == serde_json::json!({}) && self.body.is_empty()
    }
}

impl Asker {
    fn dial(port: u16) -> Self {
        let stream = TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), LIMIT).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.set_write_timeout(Some(LIMIT)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    fn say(&mut self, request: &[u8]) {
        self.0.write_all(request).unwrap();
    }

    /// Prefix and header, as a tutorial reads them: four bytes, then all of the header in one read.
    fn header(&mut self) -> Value {
        let mut prefix = [0; 4];
        self.0.read_exact(&mut prefix).unwrap();
        let length = usize::try_from(i32::from_le_bytes(prefix)).unwrap();
        assert!(length <= 1024, "one recv(1024) would not hold {length} bytes");
        let mut header = vec![0; length];
        assert_eq!(self.0.read(&mut header).unwrap(), length, "not in one piece");
        serde_json::from_slice(&header).unwrap()
    }

    fn answer(&mut self) -> Answer {
        let header = self.header();
        let size = header["lenth"].as_u64().unwrap_or_default();
        let mut body = vec![0; usize::try_from(size).unwrap()];
        self.0.read_exact(&mut body).unwrap();
        Answer { header, body }
    }

    fn ask(&mut self, request: &[u8]) -> Answer {
        self.say(request);
        self.answer()
    }

    /// What still comes until the other side ends it, in whatever way; and whether it did so in order.
    fn rest(&mut self) -> (usize, bool) {
        let mut rest = Vec::new();
        let ended = self.0.read_to_end(&mut rest);
        (rest.len(), ended.is_ok())
    }
}

/// A station that shares a folder with these files.
fn sharing(files: &[(&str, &[u8])]) -> (Station, PathBuf) {
    let station = Station::with("b", share);
    let folder = fill(&station, files);
    (station, folder)
}

/// The shared folder lies beside the receive folder.
fn share(settings: &mut Settings) {
    settings.shared_folder = Some(settings.receive_folder.with_file_name("shared"));
}

fn fill(station: &Station, files: &[(&str, &[u8])]) -> PathBuf {
    let folder = station.home.path().join("shared");
    fs::create_dir(&folder).unwrap();
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

fn md5_of(bytes: &[u8]) -> String {
    let mut hasher = sealdrop::digest::Hasher::new();
    hasher.update(bytes);
    hasher.finish().to_string()
}

/// The last snapshot of the next download that ends.
fn ended(station: &mut Station) -> TransferSnapshot {
    station.wait("the end of a download", |event| match event {
        Event::Snapshot(snapshot) if matches!(snapshot.stage, Stage::Ended(_)) => Some(snapshot.clone()),
        _ => None,
    })
}

fn outcome(snapshot: &TransferSnapshot) -> (Outcome, Option<ReasonCode>) {
    match &snapshot.stage {
        Stage::Ended(ending) => (ending.outcome, ending.reason.as_ref().map(|reason| reason.code.clone())),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_comes_with_its_size_and_digest_and_leaves_a_row() {
    let big = seeded(1, 3_000_000);
    let (mut b, folder) = sharing(&[("a b.txt", b"abc"), ("empty", b""), ("sub/星.bin", &big)]);
    let mut asker = Asker::dial(b.port);
    for (name, path, bytes) in [
        ("a b.txt", "a b.txt", &b"abc"[..]),
        ("empty", "empty", b""),
        ("sub/星.bin", "sub/星.bin", &big),
        (r"sub\星.bin", "sub/星.bin", &big),
    ] {
        let answer = asker.ask(name.as_bytes());
        assert_eq!(answer.body, bytes, "{name}");
        let header = &answer.header;
        assert_eq!(
            (header["lenth"].as_u64(), header["md5"].as_str()),
            (Some(bytes.len() as u64), Some(&*md5_of(bytes)))
        );
        assert!(header["size(MB)"].is_f64(), "{header}");
        for other in ["file_size", "filesize", "total_size", "length", "len", "size"] {
            assert_eq!(header[other], header["lenth"], "{other}");
        }
        assert_eq!(header["filename"], path.rsplit('/').next().unwrap());
        let row = ended(&mut b);
        assert_eq!(outcome(&row), (Outcome::Unchecked, None));
        assert_eq!((row.key.direction, row.peer.classic, row.peer.encrypted), (Direction::Outgoing, true, false));
        assert_eq!(row.peer.name, "127.0.0.1", "the port that it came from tells a person nothing");
        assert_eq!((row.manifest.entries[0].shown_path(), row.total), (path.to_owned(), bytes.len() as u64));
        let ends = b.file_ends(row.key);
        assert_eq!((ends[0].state, ends[0].md5.unwrap().to_string()), (FileState::Unchecked, md5_of(bytes)));
        assert_eq!(ends[0].place, Some(folder.join(path)));
    }
    assert_eq!((md5_of(b"abc"), md5_of(b"")), (ABC.to_owned(), EMPTY.to_owned()));
}

#[test]
fn a_request_ends_where_the_programs_that_send_it_think_it_does() {
    let (b, _) = sharing(&[("a.txt", b"abc"), ("星.txt", b"abc"), ("HEADER.txt", b"abc"), ("x", b"abc")]);
    let padded = [&b"a.txt"[..], &[0; 1019]].concat();
    let requests: [&[u8]; 9] =
        [b"a.txt", b"a.txt\n", b"a.txt\r\n", b"a.txt\0", &padded, "星.txt\n".as_bytes(), b"HEADER.txt", b"x", b"x\n"];
    let mut all = Asker::dial(b.port);
    for request in requests {
        assert_eq!(Asker::dial(b.port).ask(request).body, b"abc", "{request:?}");
        assert_eq!(all.ask(request).body, b"abc", "{request:?} on one connection");
    }
    let mut byte_by_byte = Asker::dial(b.port);
    for byte in b"a.txt" {
        byte_by_byte.say(&[*byte]);
        std::thread::park_timeout(Duration::from_millis(5));
    }
    assert_eq!(byte_by_byte.answer().body, b"abc");
    // All in one go, before the first is answered.
    let mut hasty = Asker::dial(b.port);
    hasty.say(b"a.txt\nnothing\nx\n\xe6\x98\x9f.txt\n");
    let answers: Vec<bool> = (0..4).map(|_| hasty.answer().is_nothing()).collect();
    assert_eq!(answers, [false, true, false, false]);
    // Says that it will ask for nothing more before it has its answer.
    let mut last = Asker::dial(b.port);
    last.say(b"a.txt");
    last.0.shutdown(Shutdown::Write).unwrap();
    assert_eq!((last.answer().body, last.rest()), (b"abc".to_vec(), (0, true)));
}

#[test]
fn what_is_not_shared_is_an_empty_object_and_leaves_no_row() {
    let (mut b, folder) = sharing(&[("a.txt", b"abc"), (".hidden", b"x"), ("sub/.sealdrop-1-0.part", b"x")]);
    fs::write(b.home.path().join("secret"), b"secret").unwrap();
    let absolute = b.home.path().join("secret").to_str().unwrap().to_owned();
    let key = b.profile().identity_path().to_str().unwrap().to_owned();
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        symlink(b.home.path().join("secret"), folder.join("out")).unwrap();
        symlink(b.home.path(), folder.join("up")).unwrap();
        symlink("a.txt", folder.join("in")).unwrap();
    }
    let _ = folder;
    let huge = "x".repeat(900);
    let mut all = Asker::dial(b.port);
    for name in [
        "nothing",
        "../secret",
        "..",
        "./a.txt",
        "sub/../a.txt",
        r"..\secret",
        &absolute,
        &key,
        "sub",
        "sub/",
        "/",
        ".hidden",
        "sub/.sealdrop-1-0.part",
        "out",
        "up/secret",
        "in",
        "C:/x",
        "a.txt/x",
        "A",
        &huge,
        "~/x",
        "a\tb",
    ] {
        assert!(Asker::dial(b.port).ask(name.as_bytes()).is_nothing(), "{name}");
        assert!(all.ask(name.as_bytes()).is_nothing(), "{name} on one connection");
    }
    assert_eq!(all.ask(b"a.txt").body, b"abc");
    assert_eq!(outcome(&ended(&mut b)).0, Outcome::Unchecked);
    let rows = b.seen.iter().filter(|event| matches!(event, Event::Snapshot(_)));
    let named: Vec<_> = rows
        .filter_map(|event| match event {
            Event::Snapshot(row) => row.manifest.entries.first().map(Entry::shown_path),
            _ => None,
        })
        .collect();
    assert!(!named.is_empty() && named.iter().all(|name| name == "a.txt"), "{named:?}");
}

#[test]
fn too_much_and_what_is_no_text_end_the_connection() {
    let (mut b, _) = sharing(&[("a.txt", b"abc")]);
    let mut long = Asker::dial(b.port);
    long.say(&[b'x'; 4000]);
    assert!(long.answer().is_nothing());
    assert_eq!(long.rest().0, 0);
    let mut bytes = Asker::dial(b.port);
    bytes.say(b"\xc4\xe3\xba\xc3.txt");
    let reason = b.wait("a refusal", |event| match event {
        Event::Refused { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    assert_eq!(reason.code, ReasonCode::BadHeader);
    bytes.rest();
    let mut web = Asker::dial(b.port);
    web.say(b"GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut answer = String::new();
    web.0.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("not a web server"), "{answer}");
    assert_eq!(Asker::dial(b.port).ask(b"a.txt").body, b"abc");
}

#[test]
fn nothing_is_shared_until_a_folder_is_chosen_and_nothing_more_after_that_is_taken_back() {
    let mut b = Station::new("b");
    fill(&b, &[("a.txt", b"abc"), ("large", &seeded(2, 24 << 20))]);
    assert!(Asker::dial(b.port).ask(b"a.txt").is_nothing());
    let mut settings = Settings::first_start("b".to_owned(), b.received());
    settings.port = 0;
    share(&mut settings);
    b.say(Command::SaveSettings(settings.clone()));
    b.wait("the settings", |event| match event {
        Event::Settings(settings) => settings.shared_folder.as_ref().map(|_| ()),
        _ => None,
    });
    let mut asker = Asker::dial(b.port);
    assert_eq!(asker.ask(b"a.txt").body, b"abc");
    assert_eq!(outcome(&ended(&mut b)).0, Outcome::Unchecked);
    let mut slow = Asker::dial(b.port);
    slow.say(b"large");
    let size = slow.header()["lenth"].as_u64().unwrap();
    settings.shared_folder = None;
    b.say(Command::SaveSettings(settings));
    assert_eq!(outcome(&ended(&mut b)), (Outcome::Cancelled, Some(ReasonCode::Cancelled)));
    assert!((slow.rest().0 as u64) < size, "it was handed over all the same");
    assert!(asker.ask(b"a.txt").is_nothing());
}

#[test]
fn a_folder_that_is_gone_is_told_once_and_again_when_it_is_back() {
    let (mut b, folder) = sharing(&[("a.txt", b"abc")]);
    let away = folder.with_file_name("away");
    fs::rename(&folder, &away).unwrap();
    let mut asker = Asker::dial(b.port);
    for _ in 0..3 {
        assert!(asker.ask(b"a.txt").is_nothing());
    }
    let trouble = |event: &Event| match event {
        Event::Sharing(trouble) => Some(trouble.as_ref().map(|reason| reason.code.clone())),
        _ => None,
    };
    assert_eq!(b.find("the trouble", trouble), Some(ReasonCode::FolderMissing));
    fs::rename(&away, &folder).unwrap();
    assert_eq!(asker.ask(b"a.txt").body, b"abc");
    ended(&mut b);
    let told: Vec<_> = b.seen.iter().filter_map(trouble).collect();
    assert_eq!(told, [Some(ReasonCode::FolderMissing), None]);
}

/// Writes `bytes` over a file so that its size and time stay.
fn change_unseen(path: &Path, bytes: &[u8]) {
    let time = fs::metadata(path).unwrap().modified().unwrap();
    let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
    file.set_modified(time).unwrap();
}

#[test]
fn a_digest_is_made_once_and_never_stands_over_other_bytes() {
    let before = seeded(3, 700_000);
    let mut after = before.clone();
    after[3] ^= 1;
    let (mut b, folder) = sharing(&[("a", &before)]);
    let mut asker = Asker::dial(b.port);
    assert_eq!(asker.ask(b"a").body, before);
    assert_eq!(outcome(&ended(&mut b)).0, Outcome::Unchecked);
    change_unseen(&folder.join("a"), &after);
    // The digest of before is what is known: so it was not made again, and the bytes that it does not fit are not given whole.
    asker.say(b"a");
    assert_eq!(asker.header()["md5"].as_str(), Some(&*md5_of(&before)));
    let (got, in_order) = asker.rest();
    assert!(got < after.len() && !in_order, "{got} bytes came");
    assert_eq!(outcome(&ended(&mut b)), (Outcome::Failed, Some(ReasonCode::Changed)));
    // Now it is known that it is another.
    let answer = Asker::dial(b.port).ask(b"a");
    assert_eq!((answer.header["md5"].as_str(), &answer.body), (Some(&*md5_of(&after)), &after));
    // A change that shows needs no such detour.
    fs::write(folder.join("a"), b"abc").unwrap();
    assert_eq!(Asker::dial(b.port).ask(b"a").header["md5"], ABC);
}

#[test]
fn a_file_that_changes_while_it_is_sent_is_cut_off() {
    let bytes = seeded(4, 16 << 20);
    let (mut b, folder) = sharing(&[("grows", &bytes), ("shrinks", &bytes), ("changes", &bytes)]);
    for name in ["grows", "shrinks", "changes"] {
        let mut asker = Asker::dial(b.port);
        asker.say(name.as_bytes());
        assert_eq!(asker.header()["lenth"], bytes.len());
        b.wait("bytes", |event| match event {
            Event::Snapshot(snapshot) if snapshot.moved > 0 && snapshot.stage == Stage::Moving => Some(()),
            _ => None,
        });
        let file = fs::OpenOptions::new().append(name == "grows").write(true).open(folder.join(name)).unwrap();
        match name {
            "grows" => (&file).write_all(b"more").unwrap(),
            "shrinks" => file.set_len(1000).unwrap(),
            _ => {
                use std::io::{Seek, SeekFrom};
                (&file).seek(SeekFrom::End(-5)).unwrap();
                (&file).write_all(b"other").unwrap();
            }
        }
        drop(file);
        let (got, _) = asker.rest();
        assert!(got < bytes.len(), "{name}: {got} bytes came");
        assert_eq!(outcome(&ended(&mut b)), (Outcome::Failed, Some(ReasonCode::Changed)), "{name}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn figures_beyond_four_gibibytes_are_right() {
    let (b, folder) = sharing(&[]);
    let size = (4_u64 << 30) + 7;
    fs::File::create(folder.join("sparse")).unwrap().set_len(size).unwrap();
    let mut asker = Asker::dial(b.port);
    asker.say(b"sparse");
    let header = asker.header();
    assert_eq!((header["lenth"].as_u64(), header["size(MB)"].as_f64()), (Some(size), Some(4096.0)), "{header}");
    assert_eq!(header["md5"].as_str().unwrap().len(), 32);
}

/// Whether an answer has begun to come.
fn is_answered(asker: &Asker) -> bool {
    asker.0.set_nonblocking(true).unwrap();
    let there = asker.0.peek(&mut [0; 4]).is_ok();
    asker.0.set_nonblocking(false).unwrap();
    there
}

#[test]
fn who_reads_slowly_keeps_nobody_else_from_anything() {
    let large = seeded(5, 24 << 20);
    let mut b = Station::limited("b", |limits| {
        limits.downloads_of_one = 2;
        limits.callers_of_one = 4;
    });
    fill(&b, &[("large", &large), ("small", b"abc")]);
    let mut settings = Settings::first_start("b".to_owned(), b.received());
    (settings.port, settings.parallel) = (0, 1);
    share(&mut settings);
    b.say(Command::SaveSettings(settings));
    // More than there are places for, and more than there are doormen.
    let mut slow: Vec<Asker> = (0..6).map(|_| Asker::dial(b.port)).collect();
    for asker in &mut slow {
        asker.say(b"large");
    }
    b.stand_still();
    assert_eq!(slow.iter().filter(|asker| is_answered(asker)).count(), 2, "two places");
    // They take neither a doorman nor a turn: offers come in and files go out.
    honest(&mut b);
    let mut a = Station::new("a");
    let file = b.file("out.bin", &seeded(6, 100_000));
    let sending = b.send(&a, &[&file]);
    let receiving = a.accept();
    assert_eq!(a.ending(receiving).outcome, Outcome::Verified);
    assert_eq!(b.ending(sending).outcome, Outcome::Verified);
    // One that goes makes room for the next.
    let first = slow.iter().position(is_answered).unwrap();
    drop(slow.remove(first));
    let deadline = Instant::now() + LIMIT;
    while slow.iter().filter(|asker| is_answered(asker)).count() < 2 {
        assert!(Instant::now() < deadline, "nobody had the place that was free");
        std::thread::park_timeout(Duration::from_millis(20));
    }
    let next = slow.iter_mut().find(|asker| is_answered(asker)).unwrap();
    assert_eq!(next.answer().body, large);
}

#[test]
fn a_flood_of_requests_leaves_the_door_open() {
    let (mut b, _) = sharing(&[("a.txt", b"abc")]);
    let flood: Vec<_> = (0..12)
        .map(|n| {
            let port = b.port;
            let work = move || {
                let mut asker = Asker::dial(port);
                let name = if n % 2 == 0 { &b"a.txt\n"[..] } else { b"nothing\n" };
                asker.say(&name.repeat(150));
                (0..150).filter(|_| asker.answer().is_nothing()).count()
            };
            std::thread::Builder::new().spawn(work).unwrap()
        })
        .collect();
    honest(&mut b);
    // Somebody has to read of it: strangers make no more than fits.
    while !flood.iter().all(std::thread::JoinHandle::is_finished) {
        b.seen.extend(b.engine.events().recv_timeout(Duration::from_millis(50)));
    }
    let empty: Vec<usize> = flood.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(empty, [0, 150].repeat(6));
    honest(&mut b);
}

#[test]
fn while_nobody_reads_strangers_make_only_so_much_of_it() {
    let (mut b, _) = sharing(&[("a.txt", b"abc")]);
    let start = Instant::now();
    let mut downloads = 0;
    // A window that hangs.
    'flood: loop {
        let mut asker = Asker::dial(b.port);
        for _ in 0..50 {
            let mut first = [0; 1];
            if asker.0.write_all(b"a.txt\n").is_err() || asker.0.read_exact(&mut first).is_err() {
                break 'flood;
            }
            let rest = asker.0.read(&mut [0; 1024]);
            downloads += usize::from(rest.is_ok());
        }
        assert!(start.elapsed() < LIMIT, "{downloads} and no end");
    }
    assert!((100..3000).contains(&downloads), "{downloads}");
    honest(&mut b);
    assert_eq!(Asker::dial(b.port).ask(b"a.txt").body, b"abc", "it goes on once somebody reads");
}

#[test]
fn who_asks_for_nothing_more_is_let_go() {
    // A dozen of these until the next request.
    let mut b = Station::limited("b", |limits| limits.hello = Duration::from_millis(300));
    fill(&b, &[("a.txt", b"abc")]);
    let mut settings = Settings::first_start("b".to_owned(), b.received());
    settings.port = 0;
    share(&mut settings);
    b.say(Command::SaveSettings(settings));
    b.wait("the settings", |event| matches!(event, Event::Settings(it) if it.shared_folder.is_some()).then_some(()));
    let mut never = Asker::dial(b.port);
    let mut once = Asker::dial(b.port);
    assert_eq!(once.ask(b"a.txt").body, b"abc");
    let mut nothing = Asker::dial(b.port);
    assert!(nothing.ask(b"nothing").is_nothing());
    let start = Instant::now();
    for asker in [&mut never, &mut once, &mut nothing] {
        asker.rest();
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn idle_connections_are_few() {
    let (b, _) = sharing(&[("a.txt", b"abc")]);
    let mut askers: Vec<Asker> = (0..20).map(|_| Asker::dial(b.port)).collect();
    for asker in &mut askers {
        assert_eq!(asker.ask(b"a.txt").body, b"abc");
    }
    let again = askers
        .iter_mut()
        .map(|asker| asker.0.write_all(b"a.txt").is_ok() && asker.0.read(&mut [0; 4]).is_ok_and(|read| read == 4));
    let alive = again.filter(|alive| *alive).count();
    // Eight, and those that were let in because others had begun to ask again.
    assert!((1..=12).contains(&alive), "{alive} of 20 were kept");
}

#[test]
fn downloads_keep_the_speed_limit() {
    let mib = 1 << 20;
    let mut b = Station::with("b", |settings| {
        share(settings);
        settings.send_limit = Some(mib);
    });
    fill(&b, &[("a", &seeded(7, 3 << 20))]);
    let start = Instant::now();
    assert_eq!(Asker::dial(b.port).ask(b"a").body.len(), 3 << 20);
    assert!(start.elapsed() > Duration::from_millis(2500), "{:?}", start.elapsed());
    ended(&mut b);
}

#[test]
fn downloads_stand_in_the_history_beside_what_strangers_offered() {
    let (mut b, _) = sharing(&[("a.txt", b"abc")]);
    let mut asker = Asker::dial(b.port);
    asker.ask(b"a.txt");
    asker.ask(b"nothing");
    ended(&mut b);
    let deadline = Instant::now() + LIMIT;
    loop {
        b.say(Command::LoadHistory(HistoryAsked { limit: 10, ..HistoryAsked::default() }));
        let entries = b.wait("the history", |event| match event {
            Event::History(found) => Some(found.entries.clone()),
            _ => None,
        });
        if let [entry] = &entries[..] {
            assert_eq!((entry.outcome, entry.list[0].path.as_str()), (Outcome::Unchecked, "a.txt"));
            assert!(entry.peer.classic && !entry.missed());
            break;
        }
        assert!(Instant::now() < deadline && entries.is_empty(), "{entries:?}");
    }
    assert!(b.profile().missed_path().exists() && !b.profile().history_path().exists());
}
