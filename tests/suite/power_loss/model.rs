//! A disk as POSIX promises it: what was flushed is there after the power was lost, of everything else anything may be.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::{Path, PathBuf},
};

use sealdrop::storage::disk::Op;

/// What a disk writes or does not write as one.
const SECTOR: usize = 512;

/// Numbers that come again with their seed (splitmix64).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}

/// How much of what was not flushed is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Luck {
    /// Nothing.
    None,
    /// All of it, as after a kill.
    All,
    /// Names as they were made up to some moment, of bytes anything.
    Ordered,
    /// Anything.
    Any,
}

#[derive(Clone)]
enum Node {
    File(usize),
    Folder(usize),
    Link(String),
}

#[derive(Clone)]
enum Change {
    Put(String, Node),
    Take(String),
    /// The file itself gets the other name, whatever was lost before.
    Move(String, String, Node),
}

enum Edit {
    Write(usize, Vec<u8>),
    Length(usize),
}

#[derive(Default)]
struct Folder {
    safe: BTreeMap<String, Node>,
    live: BTreeMap<String, Node>,
    pending: Vec<Change>,
}

#[derive(Default)]
struct File {
    safe: Vec<u8>,
    pending: Vec<Edit>,
}

/// Everything below one folder.
pub(super) struct World {
    root: PathBuf,
    folders: Vec<Folder>,
    files: Vec<File>,
    /// By the number that operations give to open files.
    open: HashMap<u64, usize>,
}

impl World {
    /// What is below `root` now, all of it safe.
    pub(super) fn of(root: &Path) -> Self {
        let mut world =
            Self { root: root.to_owned(), folders: vec![Folder::default()], files: Vec::new(), open: HashMap::new() };
        world.read(root, 0);
        world
    }

    fn read(&mut self, place: &Path, folder: usize) {
        for entry in fs::read_dir(place).unwrap() {
            let place = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&place).unwrap();
            let node = if metadata.is_dir() {
                self.folders.push(Folder::default());
                let node = self.folders.len() - 1;
                self.read(&place, node);
                Node::Folder(node)
            } else if metadata.is_symlink() {
                Node::Link(fs::read_link(&place).unwrap().to_str().unwrap().to_owned())
            } else {
                self.files.push(File { safe: fs::read(&place).unwrap(), pending: Vec::new() });
                Node::File(self.files.len() - 1)
            };
            let name = place.file_name().unwrap().to_str().unwrap().to_owned();
            self.folders[folder].safe.insert(name.clone(), node.clone());
            self.folders[folder].live.insert(name, node);
        }
    }

    pub(super) fn apply(&mut self, op: &Op) {
        match op {
            Op::Created { file, place } => {
                self.files.push(File::default());
                let node = self.files.len() - 1;
                self.open.insert(*file, node);
                self.change(place, |name| Change::Put(name, Node::File(node)));
            }
            Op::Opened { file, place } => {
                let Some(Node::File(node)) = self.node(place) else { panic!("no file at {}", place.display()) };
                self.open.insert(*file, node);
            }
            Op::Wrote { file, at, bytes } => {
                let edit = Edit::Write(usize::try_from(*at).unwrap(), bytes.clone());
                self.files[self.open[file]].pending.push(edit);
            }
            Op::Length { file, bytes } => {
                let edit = Edit::Length(usize::try_from(*bytes).unwrap());
                self.files[self.open[file]].pending.push(edit);
            }
            Op::Flushed { file } => {
                let file = &mut self.files[self.open[file]];
                for edit in std::mem::take(&mut file.pending) {
                    edit.whole(&mut file.safe);
                }
            }
            Op::Renamed { from, to } => {
                let to = to.file_name().unwrap().to_str().unwrap().to_owned();
                let node = self.node(from).unwrap();
                self.change(from, |from| Change::Move(from, to, node));
            }
            Op::Removed { place } | Op::FolderRemoved { place } => self.change(place, Change::Take),
            Op::FolderMade { place } => {
                self.folders.push(Folder::default());
                let node = self.folders.len() - 1;
                self.change(place, |name| Change::Put(name, Node::Folder(node)));
            }
            Op::Linked { place, target } => self.change(place, |name| Change::Put(name, Node::Link(target.clone()))),
            Op::FolderFlushed { place } => {
                let folder = self.folder(place);
                let folder = &mut self.folders[folder];
                for change in std::mem::take(&mut folder.pending) {
                    change.make(&mut folder.safe);
                }
            }
        }
    }

    fn change(&mut self, place: &Path, change: impl FnOnce(String) -> Change) {
        let folder = self.folder(place.parent().unwrap());
        let folder = &mut self.folders[folder];
        let change = change(place.file_name().unwrap().to_str().unwrap().to_owned());
        change.make(&mut folder.live);
        folder.pending.push(change);
    }

    fn folder(&self, place: &Path) -> usize {
        let mut folder = 0;
        for name in place.strip_prefix(&self.root).unwrap() {
            match self.folders[folder].live.get(name.to_str().unwrap()) {
                Some(Node::Folder(below)) => folder = *below,
                _ => panic!("no folder at {}", place.display()),
            }
        }
        folder
    }

    fn node(&self, place: &Path) -> Option<Node> {
        let folder = self.folder(place.parent().unwrap());
        self.folders[folder].live.get(place.file_name().unwrap().to_str().unwrap()).cloned()
    }

    /// Puts a state at the root in which the disk may be if the power is lost now.
    pub(super) fn lose_power(&self, luck: Luck, dice: &mut Dice) {
        for entry in fs::read_dir(&self.root).unwrap() {
            fs::remove_dir_all(entry.unwrap().path()).unwrap();
        }
        self.put_folder(0, &self.root, luck, dice);
    }

    fn put_folder(&self, folder: usize, place: &Path, luck: Luck, dice: &mut Dice) {
        let folder = &self.folders[folder];
        let mut names = folder.safe.clone();
        let most = folder.pending.len() as u64;
        let kept = match luck {
            Luck::None => 0,
            Luck::All | Luck::Any => most,
            Luck::Ordered => dice.below(most + 1),
        };
        for change in folder.pending.iter().take(usize::try_from(kept).unwrap()) {
            if luck != Luck::Any || dice.coin() {
                change.make(&mut names);
            }
        }
        for (name, node) in names {
            let place = place.join(name);
            match node {
                Node::File(file) => fs::write(place, self.files[file].after(luck, dice)).unwrap(),
                Node::Folder(below) => {
                    fs::create_dir(&place).unwrap();
                    self.put_folder(below, &place, luck, dice);
                }
                #[cfg(unix)]
                Node::Link(target) => std::os::unix::fs::symlink(target, place).unwrap(),
                #[cfg(not(unix))]
                Node::Link(_) => {}
            }
        }
    }
}

impl Change {
    fn make(&self, names: &mut BTreeMap<String, Node>) {
        match self {
            Self::Put(name, node) => drop(names.insert(name.clone(), node.clone())),
            Self::Take(name) => drop(names.remove(name)),
            Self::Move(from, to, node) => {
                names.remove(from);
                names.insert(to.clone(), node.clone());
            }
        }
    }
}

impl File {
    fn after(&self, luck: Luck, dice: &mut Dice) -> Vec<u8> {
        let mut bytes = self.safe.clone();
        for edit in &self.pending {
            match luck {
                Luck::None => {}
                Luck::All => edit.whole(&mut bytes),
                Luck::Ordered | Luck::Any => match dice.below(4) {
                    0 => {}
                    1 => edit.whole(&mut bytes),
                    2 => edit.beginning(&mut bytes, dice),
                    _ => edit.torn(&mut bytes, dice),
                },
            }
        }
        bytes
    }
}

impl Edit {
    fn whole(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(at, written) => {
                bytes.resize(bytes.len().max(at + written.len()), 0);
                bytes[*at..at + written.len()].copy_from_slice(written);
            }
            Self::Length(length) => bytes.resize(*length, 0),
        }
    }

    fn beginning(&self, bytes: &mut Vec<u8>, dice: &mut Dice) {
        match self {
            Self::Write(at, written) => {
                let kept = usize::try_from(dice.below(written.len() as u64 + 1)).unwrap();
                Self::Write(*at, written[..kept].to_vec()).whole(bytes);
            }
            Self::Length(_) => self.whole(bytes),
        }
    }

    /// Some sectors came through, others kept what they had, and where there was nothing are zeros, or what stood on the disk
    /// from before.
    fn torn(&self, bytes: &mut Vec<u8>, dice: &mut Dice) {
        let Self::Write(at, written) = self else { return };
        let before = bytes.len();
        bytes.resize(before.max(at + written.len()), 0);
        let mut from = 0;
        while from < written.len() {
            let to = (((at + from) / SECTOR + 1) * SECTOR - at).min(written.len());
            let sector = &mut bytes[at + from..at + to];
            match dice.below(8) {
                0..4 => sector.copy_from_slice(&written[from..to]),
                4 if at + from >= before => sector.fill_with(|| dice.below(256).to_le_bytes()[0]),
                _ => {}
            }
            from = to;
        }
    }
}
