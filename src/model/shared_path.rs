//! Paths in downloads of the plain protocol: what somebody asks for here, parsed once into what can only lead to an open file
//! below the shared folder; and what a person asks for elsewhere.

use super::file_name::{BadName, NameProblem, NameRules, SafePath, safe_name};

/// A request is at most this long.
pub const MAX_REQUEST_BYTES: usize = 1024;

/// A path below the shared folder: no step leads out of it, and nothing in it is hidden.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SharedPath(Vec<String>);

impl SharedPath {
    /// Takes a request apart. Both `/` and `\` stand between folders, on every system: those who ask cannot know ours.
    ///
    /// # Errors
    /// Absolute, with a step to another folder, hidden (so our own part files, too), or not the name of a file here.
    pub fn parse(text: &str, rules: NameRules) -> Result<Self, BadName> {
        if text.len() > MAX_REQUEST_BYTES {
            return Err(BadName::new(text, NameProblem::Long));
        }
        let path: Vec<String> = text.split(['/', '\\']).map(str::to_owned).collect();
        SafePath::check_length(&path.iter().collect(), rules)?;
        path.iter().try_for_each(|name| check(name, rules))?;
        Ok(Self(path))
    }

    /// Folders, and then the file; never empty.
    pub fn components(&self) -> &[String] {
        &self.0
    }

    /// The file's own name.
    pub fn name(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// With `/` between the components.
    pub fn shown(&self) -> String {
        self.0.join("/")
    }
}

fn check(name: &str, rules: NameRules) -> Result<(), BadName> {
    let safe = safe_name(name, rules)?;
    if name.starts_with('.') {
        return Err(BadName::new(name, NameProblem::Hidden));
    }
    // Windows reads such a name as something else: a device, a stream of a file, the same file under a short name.
    if rules == NameRules::Windows && (safe != name || is_short_name(name)) {
        return Err(BadName::new(name, NameProblem::Reserved));
    }
    Ok(())
}

/// `SEALDR~1.PAR`: how Windows also calls `.sealdrop-1.part`.
fn is_short_name(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    let numbered = stem.split_once('~').is_some_and(|(_, number)| number.bytes().all(|digit| digit.is_ascii_digit()));
    stem.len() <= 8 && numbered
}

/// A file that a person wants from a classic server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedFile {
    /// As it is asked for, which may be a path over there.
    pub asked: String,
    /// What it is to be called here.
    pub name: String,
}

impl WantedFile {
    /// Takes what was typed. Blanks around it do not count.
    ///
    /// # Errors
    /// Empty, longer than a request may be, with control characters, or without a name that can be used here.
    pub fn parse(typed: &str, rules: NameRules) -> Result<Self, BadName> {
        let asked = typed.trim();
        if asked.len() > MAX_REQUEST_BYTES {
            return Err(BadName::new(asked, NameProblem::Long));
        }
        if asked.contains(char::is_control) {
            return Err(BadName::new(asked, NameProblem::Control));
        }
        let last = asked.rsplit(['/', '\\']).next().unwrap_or_default();
        let name = safe_name(last, rules)?.into_owned();
        Ok(Self { asked: asked.to_owned(), name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str, rules: NameRules) -> Option<NameProblem> {
        SharedPath::parse(text, rules).err().map(|bad| bad.problem)
    }

    #[test]
    fn what_lies_below_the_folder_may_be_asked_for() {
        for text in ["a.txt", "a b.txt", "星/鸡.txt", "a/b/c", "12:30.txt", "a..b", "…", "GET a"] {
            assert_eq!(problem(text, NameRules::Unix), None, "{text}");
        }
        let path = SharedPath::parse(r"a\b/c.txt", NameRules::Unix).unwrap();
        assert_eq!((path.components(), path.name()), (&["a".into(), "b".into(), "c.txt".into()][..], "c.txt"));
    }

    #[test]
    fn what_leads_elsewhere_or_is_hidden_is_refused_everywhere() {
        use NameProblem::{Control, Drive, Empty, Hidden, Long, PartPrefix, Steps, TooDeep};
        let long = "x".repeat(1025);
        let deep = "a/".repeat(200) + "a";
        let table = [
            ("", Empty),
            ("/etc/passwd", Empty),
            (r"\\host\share", Empty),
            ("a//b", Empty),
            ("a/", Empty),
            ("..", Steps),
            ("../x", Steps),
            (r"..\x", Steps),
            ("a/../../x", Steps),
            ("./a", Steps),
            ("a/.", Steps),
            ("C:/x", Drive),
            (r"c:\x", Drive),
            (".ssh/id", Hidden),
            ("a/.hidden", Hidden),
            ("...", Hidden),
            (".sealdrop-1.part", PartPrefix),
            ("a\0b", Control),
            ("a\nb", Control),
            (&long, Long),
            (&deep, TooDeep),
        ];
        for (text, expected) in table {
            for rules in [NameRules::MacOs, NameRules::Unix, NameRules::Windows] {
                assert_eq!(problem(text, rules), Some(expected), "{text:?}");
            }
        }
    }

    #[test]
    fn windows_is_not_asked_for_what_it_would_read_otherwise() {
        for text in ["con", "a/NUL.txt", "a.txt:stream", "a.txt ", "a.txt.", "SEALDR~1.PAR", "a/b~12", "a?"] {
            assert_eq!(problem(text, NameRules::Windows), Some(NameProblem::Reserved), "{text}");
        }
        for text in ["connect.txt", "a~b.txt", "a long name~1.txt"] {
            assert_eq!(problem(text, NameRules::Windows), None, "{text}");
        }
    }

    #[test]
    fn what_is_wanted_elsewhere_may_be_any_path_but_has_a_name_of_ours() {
        let wanted = |typed: &str| WantedFile::parse(typed, NameRules::Unix).map_err(|bad| bad.problem);
        let of = |asked: &str, name: &str| Ok(WantedFile { asked: asked.to_owned(), name: name.to_owned() });
        assert_eq!(wanted(" a b.txt\n"), of("a b.txt", "a b.txt"));
        assert_eq!(wanted("/srv/x/../鸡.txt"), of("/srv/x/../鸡.txt", "鸡.txt"));
        assert_eq!(wanted(r"C:\a\b.txt"), of(r"C:\a\b.txt", "b.txt"));
        assert_eq!(wanted("a:b.txt").unwrap_err(), NameProblem::Drive);
        assert_eq!(wanted("12:30.txt"), of("12:30.txt", "12_30.txt"));
        for (typed, problem) in [
            (" ", NameProblem::Empty),
            ("a/", NameProblem::Empty),
            ("a/..", NameProblem::Steps),
            ("a\nb", NameProblem::Control),
            (".sealdrop-x", NameProblem::PartPrefix),
        ] {
            assert_eq!(wanted(typed).unwrap_err(), problem, "{typed:?}");
        }
        assert_eq!(wanted(&"x".repeat(1025)).unwrap_err(), NameProblem::Long);
    }
}
