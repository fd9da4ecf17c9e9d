//! Which name each entry of a transfer gets on this disk: where safe names would meet, the later one gets a number.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use crate::model::{
    entry_path::PathNames,
    file_name::{BadName, NameProblem, NameRules, SafePath, folded, numbered, safe_name},
    manifest::{Entry, EntryKind, Manifest},
};

/// One name in the tree of a transfer: an entry, or a folder that paths imply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(u32);

/// The receive folder itself.
pub(crate) const ROOT: NodeId = NodeId(0);

/// The tree of final names, and where each entry stands in it. Names that are as the sender wrote them stand in the manifest
/// alone: lists are long.
#[derive(Debug)]
pub(crate) struct PathMap {
    manifest: Arc<Manifest>,
    nodes: Vec<Node>,
    /// By index in the manifest.
    entries: Vec<NodeId>,
    /// Names that are not as the sender wrote them.
    changed: HashMap<NodeId, String>,
    /// What links say here, by index; links that lead outside are missing.
    links: HashMap<u32, String>,
    /// The disk takes `A` and `a` for one name.
    folds: bool,
}

/// All names of a transfer, each with its folder, as the disk tells them apart: only traces of them, so that now and then
/// one that is free seems to be in use.
#[derive(Debug)]
pub(crate) struct UsedNames {
    traces: HashSet<u64>,
    hasher: RandomState,
    folds: bool,
}

impl UsedNames {
    pub(crate) fn holds(&self, parent: NodeId, name: &str) -> bool {
        self.traces.contains(&self.hasher.hash_one((parent, key(name, self.folds))))
    }
}

impl NodeId {
    /// A number that stays the same as long as the manifest does.
    pub(crate) fn position(self) -> u32 {
        self.0
    }
}

/// Its name is that of a level of the first entry that has it in its path.
#[derive(Debug)]
struct Node {
    parent: NodeId,
    entry: u32,
    level: u8,
    kind: NodeKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NodeKind {
    Folder { listed: bool },
    Leaf,
}

impl PathMap {
    /// Makes the paths of `manifest` safe and lays them out. `folds`: the disk takes `A` and `a` for one name. `is_taken` tells
    /// which top-level names exist already.
    ///
    /// # Errors
    /// The index of the first entry whose path is refused: unsafe, below a file or link, or there twice.
    pub(crate) fn build(
        manifest: &Arc<Manifest>,
        rules: NameRules,
        folds: bool,
        is_taken: &dyn Fn(&str) -> bool,
    ) -> Result<Self, (u32, BadName)> {
        let mut builder = Builder::new(manifest, rules, folds, is_taken);
        for (index, entry) in (0..).zip(&manifest.entries) {
            builder.add(index, entry).map_err(|bad| (index, bad))?;
        }
        for (index, entry) in (0..).zip(&manifest.entries) {
            if let EntryKind::Link { target } = &entry.kind
                && let Some(target) = builder.link_target(entry, target)
            {
                builder.map.links.insert(index, target);
            }
        }
        Ok(builder.map)
    }

    /// Where an entry stands.
    pub(crate) fn node_of(&self, index: u32) -> Option<NodeId> {
        self.entries.get(index as usize).copied()
    }

    pub(crate) fn name(&self, node: NodeId) -> &str {
        self.changed.get(&node).map_or_else(|| self.sent_name(node), String::as_str)
    }

    pub(crate) fn parent(&self, node: NodeId) -> NodeId {
        self.node(node).map_or(ROOT, |node| node.parent)
    }

    pub(crate) fn is_folder(&self, node: NodeId) -> bool {
        matches!(self.node(node), Some(Node { kind: NodeKind::Folder { .. }, .. }))
    }

    /// The name below the receive folder under which `node` stands.
    pub(crate) fn top_of(&self, mut node: NodeId) -> NodeId {
        while self.parent(node) != ROOT {
            node = self.parent(node);
        }
        node
    }

    /// Names from the top down to `node`.
    pub(crate) fn names(&self, mut node: NodeId) -> Vec<&str> {
        let mut names = Vec::new();
        while node != ROOT {
            names.push(self.name(node));
            node = self.parent(node);
        }
        names.reverse();
        names
    }

    /// What a link says here, with `/`; `None` when it leads outside the transfer.
    pub(crate) fn link(&self, index: u32) -> Option<&str> {
        self.links.get(&index).map(String::as_str)
    }

    /// Gives a top-level item another name, when its own was taken at the last moment.
    pub(crate) fn rename(&mut self, node: NodeId, name: String) {
        if self.sent_name(node) == name {
            self.changed.remove(&node);
        } else {
            self.changed.insert(node, name);
        }
    }

    /// All folders below the receive folder, each before what is in it.
    pub(crate) fn folders(&self) -> impl DoubleEndedIterator<Item = NodeId> {
        (0..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX))
            .map(NodeId)
            .skip(1)
            .filter(|node| self.is_folder(*node))
    }

    /// The node with this `position`, if it stands in the receive folder itself.
    pub(crate) fn top_at(&self, position: u32) -> Option<NodeId> {
        let node = NodeId(position);
        (node != ROOT && self.node(node).is_some_and(|node| node.parent == ROOT)).then_some(node)
    }

    /// Everything that stands in the receive folder itself.
    pub(crate) fn tops(&self) -> impl Iterator<Item = NodeId> {
        (1..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)).filter_map(|position| self.top_at(position))
    }

    /// Whether a top-level name is not as the sender wrote it.
    pub(crate) fn has_changed_top(&self) -> bool {
        self.changed.keys().any(|node| self.top_at(node.0).is_some())
    }

    /// How many names there are, the receive folder counted.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn folds(&self) -> bool {
        self.folds
    }

    /// All names, for whoever looks for one that no entry will ever have.
    pub(crate) fn used_names(&self) -> UsedNames {
        let hasher = RandomState::new();
        let nodes = (0..).map(NodeId).zip(&self.nodes).skip(1);
        let traces = nodes.map(|(id, node)| hasher.hash_one((node.parent, key(self.name(id), self.folds)))).collect();
        UsedNames { traces, hasher, folds: self.folds }
    }

    fn sent_name(&self, node: NodeId) -> &str {
        let found = self.node(node).filter(|_| node != ROOT).and_then(|node| {
            let entry = self.manifest.entries.get(node.entry as usize)?;
            entry.path.names().nth(node.level.into())
        });
        found.unwrap_or_default()
    }

    fn node(&self, node: NodeId) -> Option<&Node> {
        self.nodes.get(node.0 as usize)
    }
}

struct Builder<'a> {
    map: PathMap,
    rules: NameRules,
    is_taken: &'a dyn Fn(&str) -> bool,
    /// By folder and the name as the sender wrote it.
    children: HashMap<(NodeId, &'a str), NodeId>,
    /// Names in use in a folder, by folder and key; on a disk that does not fold only those that `children` does not tell.
    used: HashSet<(NodeId, Cow<'a, str>)>,
    /// The next number to try, by folder and the key of the first numbered name: many files of one name stay quick.
    next_number: HashMap<(NodeId, String), u32>,
    /// The folder that the last entry lies in, as the sender wrote it: most entries lie where the one before does.
    last: Option<(PathNames<'a>, NodeId)>,
}

impl<'a> Builder<'a> {
    /// Makes room at once: growing step by step takes longer than all the rest.
    fn new(manifest: &Arc<Manifest>, rules: NameRules, folds: bool, is_taken: &'a dyn Fn(&str) -> bool) -> Self {
        let count = manifest.entries.len();
        let mut nodes = Vec::with_capacity(count + 1);
        nodes.push(Node { parent: ROOT, entry: 0, level: 0, kind: NodeKind::Folder { listed: true } });
        let entries = Vec::with_capacity(count);
        let (changed, links) = (HashMap::new(), HashMap::new());
        let map = PathMap { manifest: Arc::clone(manifest), nodes, entries, changed, links, folds };
        let (children, used) = (HashMap::with_capacity(count), HashSet::new());
        Self { map, rules, is_taken, children, used, next_number: HashMap::new(), last: None }
    }

    fn add(&mut self, index: u32, entry: &'a Entry) -> Result<(), BadName> {
        SafePath::check_length(&entry.path, self.rules)?;
        let (last, folder) = (entry.path.len().saturating_sub(1), entry.path.folder());
        let known = self.last.as_ref().filter(|(there, _)| Some(there) == folder.as_ref());
        let (mut node, skipped) = known.map_or((ROOT, 0), |(_, node)| (*node, last));
        for (level, sent) in entry.path.names().enumerate().skip(skipped) {
            if level == last {
                self.last = folder.clone().map(|folder| (folder, node));
            }
            let is_folder = level < last || matches!(entry.kind, EntryKind::Folder);
            let kind = if is_folder { NodeKind::Folder { listed: level == last } } else { NodeKind::Leaf };
            node = match self.children.get(&(node, sent)) {
                Some(known) => {
                    self.again(*known, kind).map_err(|problem| BadName::new(&entry.shown_path(), problem))?
                }
                // No path has as many levels.
                None => self.child_of(node, sent, (index, u8::try_from(level).unwrap_or(u8::MAX)), kind)?,
            };
        }
        self.map.entries.push(node);
        Ok(())
    }

    /// A name that the sender has not said before.
    fn child_of(
        &mut self,
        parent: NodeId,
        sent: &'a str,
        (entry, level): (u32, u8),
        kind: NodeKind,
    ) -> Result<NodeId, BadName> {
        let safe = safe_name(sent, self.rules)?;
        let too_many = |_| BadName::new(sent, NameProblem::Long);
        let node = NodeId(u32::try_from(self.map.nodes.len()).map_err(too_many)?);
        let name = self.free_name(parent, sent, safe);
        if name != sent {
            self.map.changed.insert(node, name.into_owned());
        }
        self.map.nodes.push(Node { parent, entry, level, kind });
        self.children.insert((parent, sent), node);
        Ok(node)
    }

    /// A name that was said before, now with this kind.
    fn again(&mut self, known: NodeId, kind: NodeKind) -> Result<NodeId, NameProblem> {
        let Some(there) = self.map.nodes.get_mut(known.0 as usize) else { return Err(NameProblem::Twice) };
        match (there.kind, kind) {
            (NodeKind::Leaf, NodeKind::Folder { listed: false })
            | (NodeKind::Folder { listed: false }, NodeKind::Leaf) => Err(NameProblem::BelowFile),
            (NodeKind::Folder { listed: false }, NodeKind::Folder { listed: true }) => {
                there.kind = kind;
                Ok(known)
            }
            (NodeKind::Folder { .. }, NodeKind::Folder { listed: false }) => Ok(known),
            (NodeKind::Leaf | NodeKind::Folder { listed: true }, _) => Err(NameProblem::Twice),
        }
    }

    fn free_name(&mut self, parent: NodeId, sent: &str, safe: Cow<'a, str>) -> Cow<'a, str> {
        if self.claim(parent, sent, safe.clone()) {
            return safe;
        }
        let counter = (parent, self.key(&numbered(&safe, 2)));
        let mut n = self.next_number.get(&counter).copied().unwrap_or(2);
        loop {
            let name = numbered(&safe, n);
            n = n.saturating_add(1);
            if self.claim(parent, sent, Cow::Owned(name.clone())) {
                self.next_number.insert(counter, n);
                return Cow::Owned(name);
            }
        }
    }

    fn claim(&mut self, parent: NodeId, sent: &str, name: Cow<'a, str>) -> bool {
        if parent == ROOT && (self.is_taken)(&name) {
            return false;
        }
        if self.map.folds {
            return self.used.insert((parent, Cow::Owned(folded(&name))));
        }
        let is_as_sent = name == sent;
        let other = if is_as_sent { None } else { self.children.get(&(parent, &*name)) };
        if other.is_some_and(|other| !self.map.changed.contains_key(other)) {
            return false;
        }
        if is_as_sent {
            self.used.is_empty() || !self.used.contains(&(parent, name))
        } else {
            self.used.insert((parent, name))
        }
    }

    fn key(&self, name: &str) -> String {
        key(name, self.map.folds)
    }

    /// Follows a link's words inside its own top-level folder and writes them anew with the final names. Every step but
    /// the last must be a folder of this transfer: behind another link, `..` would lead elsewhere than it says.
    fn link_target(&self, entry: &Entry, target: &str) -> Option<String> {
        let mut from = vec![ROOT];
        for name in entry.path.folder()? {
            from.push(self.child(*from.last()?, name)?);
        }
        let mut to = from.clone();
        // What is not part of the transfer but would stand inside it: a link may dangle here as it did there.
        let mut missing: Vec<String> = Vec::new();
        for step in target.split('/') {
            let here = *to.last().filter(|here| **here != ROOT && self.map.is_folder(**here))?;
            match step {
                "." => {}
                ".." if missing.pop().is_some() => {}
                ".." => drop(to.pop()),
                name => match self.child(here, name).filter(|_| missing.is_empty()) {
                    Some(node) => to.push(node),
                    None => missing.push(plain_name(name)?),
                },
            }
        }
        (to.len() > 1).then(|| self.written(&from, &to, missing))
    }

    fn written(&self, from: &[NodeId], to: &[NodeId], missing: Vec<String>) -> String {
        let common = from.iter().zip(to).take_while(|(a, b)| a == b).count();
        let mut steps = vec!["..".to_owned(); from.len() - common];
        steps.extend(to.iter().skip(common).map(|node| self.map.name(*node).to_owned()));
        steps.extend(missing);
        if steps.is_empty() { ".".to_owned() } else { steps.join("/") }
    }

    fn child(&self, parent: NodeId, sent: &str) -> Option<NodeId> {
        self.children.get(&(parent, sent)).copied()
    }
}

fn key(name: &str, folds: bool) -> String {
    if folds { folded(name) } else { name.to_owned() }
}

/// A name that needs no change here.
fn plain_name(name: &str) -> Option<String> {
    let safe = SafePath::parse(&[name].into(), NameRules::here()).ok()?;
    (safe.name() == name).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: EntryKind = EntryKind::File { size: 0 };

    fn manifest(entries: &[(&str, EntryKind)]) -> Arc<Manifest> {
        let entry = |(path, kind): &(&str, EntryKind)| Entry {
            path: path.split('/').map(str::to_owned).collect(),
            kind: kind.clone(),
            mtime: None,
            exec: false,
        };
        Arc::new(Manifest::from_entries(entries.iter().map(entry).collect()).unwrap())
    }

    fn build(manifest: &Arc<Manifest>, folds: bool, taken: &[&str]) -> Result<PathMap, NameProblem> {
        let map = PathMap::build(manifest, NameRules::Unix, folds, &|name| taken.contains(&name));
        map.map_err(|(_index, bad)| bad.problem)
    }

    fn laid_out(entries: &[(&str, EntryKind)], folds: bool, taken: &[&str]) -> Vec<String> {
        let manifest = manifest(entries);
        let map = build(&manifest, folds, taken).unwrap();
        (0..).take(entries.len()).map(|index| map.names(map.node_of(index).unwrap()).join("/")).collect()
    }

    fn files(paths: &[&'static str]) -> Vec<(&'static str, EntryKind)> {
        paths.iter().map(|path| (*path, FILE)).collect()
    }

    #[test]
    fn names_that_meet_on_a_folding_disk_get_numbers_there_alone() {
        let entries = files(&["Foo/a", "foo/a", "foo/A", "FOO (2)", "\u{e9}", "e\u{301}"]);
        let plain = laid_out(&entries, false, &[]);
        assert_eq!(plain, ["Foo/a", "foo/a", "foo/A", "FOO (2)", "\u{e9}", "e\u{301}"]);
        let folding = laid_out(&entries, true, &[]);
        assert_eq!(folding, ["Foo/a", "foo (2)/a", "foo (2)/A (2)", "FOO (2) (2)", "\u{e9}", "e\u{301} (2)"]);
    }

    #[test]
    fn names_that_meet_after_being_made_safe_get_numbers() {
        let entries = files(&["aa\\b", "aa:b", "aa_b", "aa_b (2)"]);
        assert_eq!(laid_out(&entries, false, &[]), ["aa_b", "aa_b (2)", "aa_b (3)", "aa_b (2) (2)"]);
    }

    #[test]
    fn a_taken_top_level_name_changes_once_for_all_below_it() {
        let entries = [("P", EntryKind::Folder), ("P/a", FILE), ("P/P", FILE), ("q.txt", FILE)];
        let taken = ["P", "P (2)", "q.txt"];
        assert_eq!(laid_out(&entries, false, &taken), ["P (3)", "P (3)/a", "P (3)/P", "q (2).txt"]);
    }

    #[test]
    fn an_entry_below_a_file_or_link_is_refused_in_either_order() {
        let link = || EntryKind::Link { target: "x".to_owned() };
        for entries in [
            [("a", FILE), ("a/b", FILE)],
            [("a/b", FILE), ("a", FILE)],
            [("d/a", link()), ("d/a/b", EntryKind::Folder)],
            [("d/a/b", FILE), ("d/a", link())],
        ] {
            assert_eq!(build(&manifest(&entries), false, &[]).unwrap_err(), NameProblem::BelowFile, "{entries:?}");
        }
    }

    #[test]
    fn the_same_path_twice_is_refused_whatever_its_kinds() {
        for kinds in [(FILE, FILE), (FILE, EntryKind::Folder), (EntryKind::Folder, FILE)] {
            let manifest = manifest(&[("a/b", kinds.0), ("a/b", kinds.1)]);
            assert_eq!(build(&manifest, false, &[]).unwrap_err(), NameProblem::Twice);
        }
        let twice = manifest(&[("a", EntryKind::Folder), ("a/x", FILE), ("a", EntryKind::Folder)]);
        assert_eq!(build(&twice, false, &[]).unwrap_err(), NameProblem::Twice);
    }

    #[test]
    fn a_folder_may_be_listed_after_what_is_in_it() {
        let entries = [("a/b", FILE), ("a", EntryKind::Folder)];
        assert_eq!(laid_out(&entries, false, &[]), ["a/b", "a"]);
    }

    fn link_in(place: &'static str, target: &str) -> Option<String> {
        let link = |target: &str| EntryKind::Link { target: target.to_owned() };
        let entries = [
            ("P", EntryKind::Folder),
            ("P/sub/deep/file", FILE),
            ("P/aa:b/x", FILE),
            ("P/self", link(".")),
            ("Q/other", FILE),
            (place, link(target)),
        ];
        let manifest = manifest(&entries);
        build(&manifest, false, &["P"]).unwrap().link(5).map(str::to_owned)
    }

    #[test]
    fn links_inside_are_written_with_the_final_names() {
        assert_eq!(link_in("P/l", "sub/deep/file").as_deref(), Some("sub/deep/file"));
        assert_eq!(link_in("P/sub/l", "../aa:b/x").as_deref(), Some("../aa_b/x"));
        assert_eq!(link_in("P/sub/l", "./../sub/deep/../deep").as_deref(), Some("deep"));
        assert_eq!(link_in("P/sub/l", "..").as_deref(), Some(".."));
        assert_eq!(link_in("P/l", ".").as_deref(), Some("."));
        assert_eq!(link_in("P/l", "self").as_deref(), Some("self"));
        assert_eq!(link_in("P/sub/l", "../gone/file").as_deref(), Some("../gone/file"));
    }

    #[test]
    fn links_that_lead_outside_are_none() {
        for target in
            ["/etc/passwd", "..", "../x", "../P/sub", "../Q/other", "sub/../../x", "", "a//b", "C:\\x", "a\0b"]
        {
            assert_eq!(link_in("P/l", target), None, "{target:?}");
        }
        // Behind a link, `..` is the folder above what that link leads to.
        assert_eq!(link_in("P/l", "self/../secret"), None);
        assert_eq!(link_in("P/l", "l/../x"), None);
        assert_eq!(link_in("P/l", "gone/../../x"), None);
        // A link at the top would name something of the receive folder.
        assert_eq!(link_in("l", "Taxes.pdf"), None);
        assert_eq!(link_in("l", "Q"), None);
    }

    #[test]
    fn many_names_that_meet_stay_quick() {
        // Each number tried anew from 2 would be 200 million tries.
        let names: Vec<_> =
            (0..20_000_u32).map(|n| (0..15).map(|bit| if n >> bit & 1 == 1 { ':' } else { '\\' }).collect()).collect();
        let entry = |name: &String| Entry {
            path: ["d".to_owned(), format!("xx{name}")].into(),
            kind: FILE,
            mtime: None,
            exec: false,
        };
        let manifest = Arc::new(Manifest::from_entries(names.iter().map(entry).collect()).unwrap());
        let started = std::time::Instant::now();
        let map = build(&manifest, true, &[]).unwrap();
        assert!(map.name(map.node_of(19_999).unwrap()).ends_with("(20000)"));
        assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
    }
}
