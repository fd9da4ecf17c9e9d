//! Nothing is lost, whoever is killed or cut off: a short run of the torture bench, and proof that it sees what it looks for.

#[path = "../../benches/torture/harness.rs"]
mod harness;

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use harness::{
    Options, Scale,
    check::{Checker, Found, is_whole},
    program::{Log, Verified},
    random::Random,
    tree::{Entry, Tree},
};

const SEED: u64 = 20_261_121;

fn torture(options: &Options) {
    let home = tempfile::tempdir().unwrap();
    let (tally, result) = harness::run(options, home.path(), |line| eprintln!("{line}"));
    if let Err(broken) = result {
        // The logs of both programs tell the rest.
        let place = home.keep();
        panic!("round {} of seed {}: {} (in {})\n{tally}", broken.round, options.seed, broken.what, place.display());
    }
}

#[test]
fn what_was_called_verified_stands_there_after_every_kill_and_cut() {
    torture(&Options { seed: SEED, kills: 6, from: 0, scale: Scale::Small, only: None, lenient: false });
}

#[test]
fn bits_flipped_in_the_plain_protocol_get_no_real_name() {
    let only = harness::kind("classic");
    torture(&Options { seed: SEED, kills: 0, from: 0, scale: Scale::Full, only, lenient: false });
}

/// A tree, received as it was sent.
struct Received {
    tree: Tree,
    home: tempfile::TempDir,
    receiver: Log,
    sender: Log,
}

impl Received {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let tree = Tree::plant(&mut Random::of_round(SEED, 0), Scale::Small, &home.path().join("out")).unwrap();
        let places = ["out", "in"].map(|name| home.path().join(name));
        let copied = std::process::Command::new("cp").arg("-a").args(places).status();
        assert!(copied.unwrap().success());
        let received = Self { tree, home, receiver: Log::default(), sender: Log::default() };
        received.look().unwrap();
        received
    }

    fn folder(&self) -> std::path::PathBuf {
        self.home.path().join("in")
    }

    fn look(&self) -> Result<Found, String> {
        let found = Checker::default().check(&self.tree, &self.folder(), &self.receiver, &self.sender)?;
        is_whole(&self.tree, &found)?;
        Ok(found)
    }

    fn breaks(&self, word: &str) {
        let what = self.look().expect_err(word);
        assert!(what.contains(word), "{what}");
    }

    /// A file that is not empty.
    fn one(&self) -> (String, String) {
        let large = format!("{}/large 0.mov", harness::tree::FOLDER);
        match self.tree.entries.get(&large) {
            Some(Entry::File { md5, .. }) => (large, md5.to_string()),
            other => panic!("{other:?}"),
        }
    }
}

fn damage(place: &Path) {
    let mut bytes = fs::read(place).unwrap();
    bytes[100] ^= 1;
    fs::write(place, bytes).unwrap();
}

#[test]
fn the_torture_sees_a_damaged_file_under_its_real_name() {
    let received = Received::new();
    let (path, _) = received.one();
    let place = received.folder().join(&path);
    // As a part file it may be what it likes.
    fs::write(place.with_file_name(".sealdrop-0-0.part"), b"anything").unwrap();
    received.look().unwrap();
    damage(&place);
    received.breaks("stands under its real name");
    fs::remove_file(&place).unwrap();
    received.breaks("is not whole");
    fs::write(received.folder().join("stranger"), b"").unwrap();
    received.breaks("nobody has sent it");
}

#[test]
fn the_torture_sees_a_verified_file_that_is_lost() {
    for by_sender in [false, true] {
        let mut received = Received::new();
        let (path, md5) = received.one();
        let place = received.folder().join(&path);
        let saved = (!by_sender).then(|| place.clone());
        let log = if by_sender { &mut received.sender } else { &mut received.receiver };
        log.verified.push(Verified { path, saved, md5 });
        received.look().unwrap();
        fs::remove_file(place).unwrap();
        received.breaks("verified");
    }
}

#[test]
fn the_torture_sees_what_else_a_file_has_and_takes_numbers_for_what_they_are() {
    let received = Received::new();
    let (path, _) = received.one();
    let (tree, numbered) = (received.folder().join("Tree"), received.folder().join("Tree (2)"));
    fs::rename(&tree, &numbered).unwrap();
    fs::rename(received.folder().join("lone.bin"), received.folder().join("lone (3).bin")).unwrap();
    received.look().unwrap();
    fs::rename(&numbered, &tree).unwrap();
    let place = received.folder().join(path);
    let mode = fs::metadata(&place).unwrap().permissions().mode();
    fs::set_permissions(&place, fs::Permissions::from_mode(mode ^ 0o111)).unwrap();
    received.breaks("is not whole");
    fs::set_permissions(&place, fs::Permissions::from_mode(mode)).unwrap();
    received.look().unwrap();
    fs::remove_dir(tree.join("empty 1")).unwrap();
    received.breaks("is not whole");
}
