//! `sealdrop checksum`: the lines that `md5sum` prints, so that `md5sum -c` reads them.

use std::{
    fs::File,
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use super::{exit::Exit, show::complain};
use crate::digest::Hasher;

/// Large enough that the calls do not count.
const READ_BYTES: usize = 256 * 1024;

/// Prints one line for each file; what cannot be read is named on standard error.
pub(super) fn run(paths: &[PathBuf]) -> Exit {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut exit = Exit::Done;
    for path in paths {
        let line = match checksum(path) {
            Ok(line) => line,
            Err(error) => {
                complain(&format!("{}: {}", path.display(), plain(&error)));
                exit = Exit::Failed;
                continue;
            }
        };
        // Flushed, so that a line stands before the complaint about a later file.
        if let Err(error) = out.write_all(&line).and_then(|()| out.flush()) {
            complain(&format!("standard output: {}", plain(&error)));
            return Exit::Failed;
        }
    }
    exit
}

fn checksum(path: &Path) -> io::Result<Vec<u8>> {
    let mut from: Box<dyn Read> =
        if path.as_os_str() == "-" { Box::new(io::stdin().lock()) } else { Box::new(File::open(path)?) };
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(line(&hasher.finish().to_string(), path.as_os_str().as_encoded_bytes())),
            Ok(read) => hasher.update(buffer.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Digest, two blanks, name. A name that would break the line is escaped, which a backslash in front says.
fn line(hex: &str, name: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(hex.len() + name.len() + 4);
    if name.iter().any(|byte| matches!(byte, b'\\' | b'\n' | b'\r')) {
        line.push(b'\\');
    }
    line.extend_from_slice(hex.as_bytes());
    line.extend_from_slice(b"  ");
    for byte in name {
        match byte {
            b'\\' => line.extend_from_slice(b"\\\\"),
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\r' => line.extend_from_slice(b"\\r"),
            other => line.push(*other),
        }
    }
    line.push(b'\n');
    line
}

/// Without the number that `io::Error` puts behind the system's words.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.clone(), |(words, _)| words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_md5sum() {
        assert_eq!(line("d4", b"a b"), b"d4  a b\n");
        assert_eq!(line("d4", b"a\\b\nc\rd"), b"\\d4  a\\\\b\\nc\\rd\n");
        assert_eq!(line("d4", b"\xff"), b"d4  \xff\n");
    }
}
