//! The power is lost at every moment of a transfer, and the disk is in any state that it may be in then: no file under its real
//! name is wrong, none whose receipt was given is lost, nothing that was flushed has to come again, and the rest still comes.

mod model;

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use crossbeam_channel::{Receiver, Sender, bounded};
use sealdrop::{
    digest::Hasher,
    model::{
        conflict::Conflict,
        device::Peer,
        manifest::{Entry, EntryKind, Manifest, Selection},
        seal::Md5Digest,
        transfer::TransferId,
    },
    storage::{
        disk::{Disk, Op},
        journal::Recovered,
        kept,
        landing::{Ends, Keep, Landing, Named, Terms},
        part_file::PartFile,
        profile::Profile,
    },
};
use tempfile::TempDir;

use model::{Dice, Luck, World};

const ID: TransferId = TransferId([7; 16]);

/// Index of each entry.
const BIG: u32 = 3;
const CHANGED: u32 = 4;
const FIRST_SMALL: u32 = 5;
const OLD: u32 = 11;
const BLOCKED: u32 = 12;
const TOP: u32 = 13;
const LINK: u32 = 14;

/// What happened, in order.
enum Step {
    Op(Op),
    /// The agreement is made.
    Agreed,
    /// Bytes of a file that have been put on the disk.
    Flushed(u32, u64),
    /// The bytes are others now; what came of the old ones does not count any more.
    Changed(u32),
    /// The receipt of a file may go out.
    Done(u32, PathBuf),
    /// Everything is there.
    Ended,
    /// The sender may be told that this is known.
    Known,
}

/// What has been promised so far.
#[derive(Clone, Default)]
struct Promises {
    agreed: bool,
    ended: bool,
    known: bool,
    flushed: HashMap<u32, u64>,
    done: BTreeMap<u32, PathBuf>,
}

impl Promises {
    fn note(&mut self, step: &Step) {
        match step {
            Step::Op(_) => {}
            Step::Agreed => self.agreed = true,
            Step::Flushed(index, to) => drop(self.flushed.insert(*index, *to)),
            Step::Changed(index) => drop(self.flushed.remove(index)),
            Step::Done(index, place) => {
                self.flushed.remove(index);
                self.done.insert(*index, place.clone());
            }
            Step::Ended => self.ended = true,
            Step::Known => self.known = true,
        }
    }
}

/// A receive folder and a profile, where flushing costs nothing if there is such a place.
struct Desk {
    temp: TempDir,
    profile: Profile,
    conflict: Conflict,
    /// All files that were there before, by name below the receive folder.
    before: BTreeMap<String, Vec<u8>>,
    /// What each file holds in the end, by index, and its seal.
    contents: Vec<(Vec<u8>, Md5Digest)>,
}

impl Desk {
    fn new(conflict: Conflict) -> Self {
        let temp = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let inbox = temp.path().join("inbox");
        for folder in ["P/sub", "P/blocked"] {
            fs::create_dir_all(inbox.join(folder)).unwrap();
        }
        for name in ["P/old", "P/mine", "top"] {
            fs::write(inbox.join(name), "what was there before").unwrap();
        }
        let profile = Profile::open(Some(temp.path().join("profile"))).unwrap();
        let before = files_in(&inbox);
        let contents = (0..LINK).map(content).map(|bytes| (bytes.clone(), seal(&bytes))).collect();
        Self { temp, profile, conflict, before, contents }
    }

    fn inbox(&self) -> PathBuf {
        self.temp.path().join("inbox")
    }

    fn content(&self, index: u32) -> &[u8] {
        &self.contents[index as usize].0
    }

    fn seal(&self, index: u32) -> Md5Digest {
        self.contents[index as usize].1
    }

    fn terms(&self) -> Terms {
        let folder = |path: &str| entry(path, EntryKind::Folder);
        let file = |path: &str, index| entry(path, EntryKind::File { size: content(index).len() as u64 });
        let mut entries = vec![folder("P"), folder("P/empty"), folder("P/deep/er")];
        entries.extend([file("P/sub/big", BIG), file("Q/changed", CHANGED)]);
        entries.extend((FIRST_SMALL..OLD).map(|n| file(&format!("P/deep/er/{n}"), n)));
        entries.extend([file("P/old", OLD), file("P/blocked", BLOCKED), file("top", TOP)]);
        entries.push(entry("P/link", EntryKind::Link { target: "old".to_owned() }));
        // So many parents that all of them are flushed with their volume.
        entries.extend((0..8).map(|n| folder(&format!("P/deep/{n}/empty"))));
        Terms {
            id: ID,
            peer: Peer::at("10.0.0.7:1".to_owned(), false),
            digest: [4; 32],
            manifest: Arc::new(Manifest::from_entries(entries).unwrap()),
            message: None,
            folder: self.inbox(),
            selection: Selection::All,
            conflict: self.conflict,
            accepted_at: 0,
        }
    }
}

fn entry(path: &str, kind: EntryKind) -> Entry {
    Entry { path: path.split('/').map(str::to_owned).collect(), kind, mtime: Some(1), exec: false }
}

/// What a file holds in the end.
fn content(index: u32) -> Vec<u8> {
    let length = match index {
        BIG => 150_000,
        CHANGED => 5000,
        _ => 100 + 300 * index as usize,
    };
    let mut dice = Dice(index.into());
    let mut bytes: Vec<u8> = (0..length).map(|_| dice.below(256).to_le_bytes()[0]).collect();
    if index == BIG {
        bytes[45_000..140_000].fill(0);
    }
    bytes
}

/// What it held when the transfer began.
fn first_content(index: u32) -> Vec<u8> {
    let mut bytes = content(index);
    if index == CHANGED {
        for byte in &mut bytes {
            *byte ^= 0x55;
        }
    }
    bytes
}

fn seal(bytes: &[u8]) -> Md5Digest {
    let mut hasher = Hasher::new();
    hasher.update(bytes);
    hasher.finish()
}

/// Every regular file below `folder`.
fn files_in(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files =
        walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap).filter(|found| found.file_type().is_file());
    let name = |place: &Path| place.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
    files.map(|found| (name(found.path()), fs::read(found.path()).unwrap())).collect()
}

/// A transfer with everything in it, over two connections; all that it does is told to `steps`.
struct Run {
    landing: Landing,
    steps: Sender<Step>,
}

impl Run {
    fn say(&self, step: Step) {
        self.steps.send(step).unwrap();
    }

    fn part(&self, index: u32, bytes: &[u8]) -> PartFile {
        let mut part = self.landing.create_part(index).unwrap();
        part.write_all(bytes).unwrap();
        part
    }

    fn write(&self, part: &mut PartFile, bytes: &[u8]) {
        let from = usize::try_from(part.written()).unwrap();
        part.write_all(bytes).unwrap();
        self.landing.flush_at(part.flusher().unwrap(), (from + bytes.len()) as u64).unwrap();
        self.say(Step::Flushed(part.index(), part.written()));
    }

    fn commit(&self, parts: Vec<PartFile>) {
        self.ended(self.landing.commit(sealed(parts)));
    }

    /// Names them, and puts those that were named before on the disk with them.
    fn name(&self, parts: Vec<PartFile>, before: Named) -> Named {
        let (ends, flushed) = self.landing.flush(sealed(parts), true, before);
        self.ended(ends);
        self.landing.name(flushed)
    }

    fn ended(&self, ends: Ends) {
        for (index, place) in ends {
            self.say(Step::Done(index, place.unwrap()));
        }
    }

    /// Also how a file is committed: small ones together, large ones flushed on the way, names that are taken.
    fn first_connection(&self) {
        // Folders are put on the disk with the first files.
        let folders = self.landing.name_folders();
        let named = self.name(vec![self.part(FIRST_SMALL, &content(FIRST_SMALL))], folders);
        self.ended(self.landing.end(named));
        let big = content(BIG);
        let mut part = self.landing.create_part(BIG).unwrap();
        self.write(&mut part, &big[..40_000]);
        self.commit((FIRST_SMALL + 1..FIRST_SMALL + 3).map(|index| self.part(index, &content(index))).collect());
        self.write(&mut part, &big[40_000..90_000]);
        part.write_all(&big[90_000..135_000]).unwrap();
        let mut changed = self.landing.create_part(CHANGED).unwrap();
        self.write(&mut changed, &first_content(CHANGED)[..3000]);
        changed.write_all(&first_content(CHANGED)[3000..4000]).unwrap();
        for part in [part, changed] {
            let (index, written) = (part.index(), part.written());
            self.landing.suspend_part(part).unwrap();
            self.say(Step::Flushed(index, written));
        }
        // As long as it is to be, but not what its seal says.
        drop(self.part(TOP, &content(TOP).iter().map(|byte| !byte).collect::<Vec<_>>()));
        self.landing.suspend();
    }

    fn second_connection(&self) {
        self.ended(self.landing.make_folders());
        self.say(Step::Changed(CHANGED));
        let changed = self.part(CHANGED, &content(CHANGED));
        let mut part = self.landing.continue_part(BIG, 135_000).unwrap();
        let small = (FIRST_SMALL + 3..OLD).map(|index| self.part(index, &content(index)));
        // Where many come, names are put on the disk with the files behind them.
        let named = self.name(small.chain([changed]).collect(), Named::default());
        let named = self.name([OLD, BLOCKED, TOP].map(|index| self.part(index, &content(index))).into(), named);
        self.ended(self.landing.end(named));
        part.write_all(&content(BIG)[135_000..]).unwrap();
        self.commit(vec![part]);
        self.ended(self.landing.make_links());
        self.say(Step::Ended);
        self.landing.note_ended(0).unwrap();
        self.say(Step::Known);
        self.landing.finish();
    }
}

fn sealed(parts: Vec<PartFile>) -> Vec<(PartFile, Md5Digest)> {
    parts.into_iter().map(|part| (seal(&content(part.index())), part)).map(|(md5, part)| (part, md5)).collect()
}

/// Everything that a whole transfer does.
fn record(desk: &Desk) -> Vec<Step> {
    let (steps, told): (Sender<Step>, Receiver<Step>) = bounded(100_000);
    let teller = steps.clone();
    let recorded = Disk::recorded(Arc::new(move |op| teller.send(Step::Op(op)).unwrap()));
    let landing = Landing::prepare_on(&recorded, &desk.profile, desk.terms(), Keep::Agreement).unwrap();
    steps.send(Step::Agreed).unwrap();
    let run = Run { landing, steps: steps.clone() };
    run.first_connection();
    let (landing, _terms, _recovered) = Landing::reopen_on(&recorded, &desk.profile, ID).unwrap();
    let run = Run { landing, steps };
    run.second_connection();
    told.try_iter().collect()
}

/// What has to be there in the end, by name.
fn expected(desk: &Desk, steps: &[Step]) -> BTreeMap<String, Vec<u8>> {
    let mut files = desk.before.clone();
    for step in steps {
        if let Step::Done(index, place) = step
            && (BIG..LINK).contains(index)
        {
            let name = place.strip_prefix(desk.inbox()).unwrap().to_str().unwrap();
            files.insert(name.to_owned(), content(*index));
        }
    }
    files
}

/// Starts after a loss of power, checks what is there, and carries the transfer to its end.
fn recover(
    desk: &Desk,
    through: &Disk,
    promises: &Promises,
    expected: &BTreeMap<String, Vec<u8>>,
) -> Result<(), String> {
    let kept = kept::incoming(&desk.profile);
    match &kept[..] {
        [] if promises.ended => return check_end(desk, expected, false),
        [] if promises.agreed => return Err("the agreement is lost".to_owned()),
        [] => return check_names(desk, expected),
        [Ok(kept)] if kept.recovered.ended == Some(0) => {
            // Nobody comes any more.
            Landing::end_again_on(through, &desk.profile, ID, Some(0)).map_err(|reason| reason.to_string())?;
            kept::forget_incoming(&desk.profile, ID);
            return check_end(desk, expected, true);
        }
        [Ok(_)] if promises.known => return Err("it is not known that all is there".to_owned()),
        [Ok(_)] => {}
        other => return Err(format!("{other:?}")),
    }
    let (landing, _terms, recovered) =
        Landing::reopen_on(through, &desk.profile, ID).map_err(|reason| reason.to_string())?;
    check_names(desk, expected)?;
    check_promises(desk, promises, &landing, &recovered)?;
    let old = check_parts(desk, &landing, &recovered)?;
    finish(desk, &landing, &recovered, &old)?;
    check_end(desk, expected, true)
}

/// Under real names stands what was there before, or what is to be there in the end.
fn check_names(desk: &Desk, expected: &BTreeMap<String, Vec<u8>>) -> Result<(), String> {
    let files = files_in(&desk.inbox());
    for (name, bytes) in files.iter().filter(|(name, _)| !name.contains(".sealdrop-")) {
        if expected.get(name) != Some(bytes) && desk.before.get(name) != Some(bytes) {
            return Err(format!("{name} is wrong, {} bytes", bytes.len()));
        }
    }
    match desk.before.keys().find(|name| !files.contains_key(*name)) {
        Some(name) => Err(format!("{name} was there before and is lost")),
        None => Ok(()),
    }
}

fn check_promises(desk: &Desk, promises: &Promises, landing: &Landing, recovered: &Recovered) -> Result<(), String> {
    for (index, place) in &promises.done {
        let is_file = (BIG..LINK).contains(index);
        // Folders and links are made again where that is not known.
        let Some(there) = recovered.done.get(*index) else {
            if is_file {
                return Err(format!("{index} is lost, and its receipt was out"));
            }
            continue;
        };
        let md5 = is_file.then(|| desk.seal(*index));
        let is_whole = || fs::read(place).is_ok_and(|bytes| bytes == desk.content(*index));
        if landing.place_of(*index, &recovered.done) != *place || there != md5 || (is_file && !is_whole()) {
            return Err(format!("{index} is not at {}", place.display()));
        }
    }
    for (index, to) in &promises.flushed {
        let kept = recovered.parts.get(index).copied().unwrap_or_default();
        if kept < *to && recovered.done.get(*index).is_none() {
            return Err(format!("{index} was flushed to {to}, and {kept} are there"));
        }
    }
    Ok(())
}

/// Which parts hold what the source held at first.
fn check_parts(desk: &Desk, landing: &Landing, recovered: &Recovered) -> Result<Vec<u32>, String> {
    let mut old = Vec::new();
    for (index, to) in &recovered.parts {
        let mut stored = landing.part_prefix(*index).map_err(|reason| reason.to_string())?;
        let mut bytes = vec![0; 1 << 18];
        let mut length = 0;
        while let more @ 1.. = stored.read(&mut bytes[length..]).map_err(|reason| reason.to_string())? {
            length += more;
        }
        let prefix = bytes.get(..usize::try_from(*to).unwrap()).unwrap_or_default();
        if desk.content(*index).starts_with(prefix) {
            continue;
        }
        if !first_content(*index).starts_with(prefix) {
            return Err(format!("what was flushed of {index} is wrong"));
        }
        old.push(*index);
    }
    Ok(old)
}

/// What the sender does then.
fn finish(desk: &Desk, landing: &Landing, recovered: &Recovered, old: &[u32]) -> Result<(), String> {
    let said = |reason: sealdrop::model::reason::Reason| reason.to_string();
    for (_index, made) in landing.make_folders() {
        made.map_err(said)?;
    }
    let mut batch = Vec::new();
    for index in (BIG..LINK).filter(|index| recovered.done.get(*index).is_none()) {
        let from = recovered.parts.get(&index).copied().filter(|_| !old.contains(&index));
        let part = from.map_or_else(|| landing.create_part(index), |from| landing.continue_part(index, from));
        let mut part = part.map_err(said)?;
        let from = usize::try_from(part.written()).unwrap();
        part.write_all(&desk.content(index)[from..]).map_err(said)?;
        batch.push((part, desk.seal(index)));
    }
    for (_index, place) in landing.commit(batch) {
        place.map_err(said)?;
    }
    for (_index, made) in landing.make_links() {
        made.map_err(said)?;
    }
    landing.finish();
    Ok(())
}

fn check_end(desk: &Desk, expected: &BTreeMap<String, Vec<u8>>, swept: bool) -> Result<(), String> {
    let mut files = files_in(&desk.inbox());
    if !swept {
        // A part that was thrown away may come back with the power, and stays hidden.
        files.retain(|name, _| !name.contains(".sealdrop-"));
    }
    if files != *expected {
        let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        return Err(format!("in the end are {:?}, not {:?}", names(&files), names(expected)));
    }
    let left = fs::read_dir(desk.profile.running_folder()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).filter(|_| swept).collect();
    if left.is_empty() { Ok(()) } else { Err(format!("left in the profile: {left:?}")) }
}

/// Loses the power after every step, and now and then once more while the first loss is being recovered from. `wanted` says
/// which operations the disk carries out; the first broken promise ends it.
fn replay(conflict: Conflict, seed: u64, states: u64, mut wanted: impl FnMut(&Op) -> bool) -> Result<u64, String> {
    let desk = Desk::new(conflict);
    let mut world = World::of(desk.temp.path());
    let steps = record(&desk);
    let expected = expected(&desk, &steps);
    let mut dice = Dice(seed);
    let mut promises = Promises::default();
    let mut tried = 0;
    for (at, step) in steps.iter().enumerate() {
        promises.note(step);
        let Step::Op(op) = step else { continue };
        if wanted(op) {
            world.apply(op);
        }
        for state in 0..states {
            let luck = match state {
                0 => Luck::None,
                1 => Luck::All,
                _ if dice.below(2) == 0 => Luck::Ordered,
                _ => Luck::Any,
            };
            world.lose_power(luck, &mut dice);
            let again = dice.below(4) == 0;
            let tell = |what| format!("seed {seed}, {conflict:?}, after step {at} ({luck:?}, again: {again}): {what}");
            let ended = again && lose_power_again(&desk, &promises, &mut dice, &expected).map_err(tell)?;
            let mut left = promises.clone();
            left.ended |= ended;
            if again {
                // Its other bytes may have begun to come.
                left.flushed.remove(&CHANGED);
            }
            recover(&desk, &Disk::default(), &left, &expected).map_err(tell)?;
            tried += 1;
        }
    }
    Ok(tried)
}

/// Leaves the disk as a second loss of power does, at some moment of the recovery; says whether that had come to the end.
fn lose_power_again(
    desk: &Desk,
    promises: &Promises,
    dice: &mut Dice,
    expected: &BTreeMap<String, Vec<u8>>,
) -> Result<bool, String> {
    let mut world = World::of(desk.temp.path());
    let (ops, told) = bounded(100_000);
    let recorded = Disk::recorded(Arc::new(move |op| ops.send(op).unwrap()));
    recover(desk, &recorded, promises, expected)?;
    drop(recorded);
    let ops: Vec<Op> = told.try_iter().collect();
    let until = usize::try_from(dice.below(ops.len() as u64 + 1)).unwrap();
    ops.iter().take(until).for_each(|op| world.apply(op));
    world.lose_power([Luck::None, Luck::Ordered, Luck::Any][usize::try_from(dice.below(3)).unwrap()], dice);
    let is_end = |op: &Op| matches!(op, Op::Removed { place } if place.extension().is_some_and(|end| end == "in"));
    Ok(ops.iter().take(until).any(is_end))
}

fn seed() -> u64 {
    let given = std::env::var("SEALDROP_SEED").ok().and_then(|seed| seed.parse().ok());
    let now = || std::time::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_secs());
    given.unwrap_or_else(now)
}

/// Several times as many states, for whoever has the time.
fn times() -> u64 {
    std::env::var("SEALDROP_TIMES").ok().and_then(|times| times.parse().ok()).unwrap_or(1)
}

fn no_promise_is_broken(conflict: Conflict, states: u64) {
    let seed = seed();
    match replay(conflict, seed, states * times(), |_| true) {
        Ok(tried) => eprintln!("{tried} states with seed {seed}, {conflict:?}"),
        Err(broken) => panic!("{broken}"),
    }
}

#[test]
fn no_loss_of_power_breaks_a_promise_when_both_are_kept() {
    no_promise_is_broken(Conflict::KeepBoth, 3);
}

#[test]
fn no_loss_of_power_breaks_a_promise_when_files_are_replaced() {
    no_promise_is_broken(Conflict::Replace, 4);
}

#[test]
fn no_loss_of_power_breaks_a_promise_when_files_get_numbers() {
    no_promise_is_broken(Conflict::SkipIdentical, 3);
}

#[test]
fn the_replay_finds_out_when_something_is_not_flushed() {
    type Forgets = fn(&Op, Option<&Path>) -> bool;
    fn is_called(place: Option<&Path>, end: &str) -> bool {
        place.is_some_and(|place| place.to_str().unwrap().ends_with(end))
    }
    let forgotten: [(&str, Forgets); 4] = [
        ("parts", |op, place| matches!(op, Op::Flushed { .. }) && is_called(place, ".part")),
        ("the journal", |op, place| matches!(op, Op::Flushed { .. }) && is_called(place, ".journal")),
        ("folders", |op, _| matches!(op, Op::FolderFlushed { place } if !place.ends_with("running"))),
        ("the profile's folder", |op, _| matches!(op, Op::FolderFlushed { place } if place.ends_with("running"))),
    ];
    for (what, forgets) in forgotten {
        let mut places = HashMap::new();
        let found = replay(Conflict::Replace, 1, 4, |op| {
            if let Op::Created { file, place } | Op::Opened { file, place } = op {
                places.insert(*file, place.clone());
            }
            let place = if let Op::Flushed { file } = op { places.get(file) } else { None };
            !forgets(op, place.map(PathBuf::as_path))
        });
        match found {
            Err(broken) => eprintln!("without flushing {what}: {broken}"),
            Ok(tried) => panic!("{tried} states, and {what} need not be flushed?"),
        }
    }
}
