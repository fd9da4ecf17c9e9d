//! Pieces of a part file that another thread writes, in any order.

use std::{io, sync::Arc};

use crate::model::reason::Reason;

use super::{BLOCK, DiskFile, PartFile, ZEROS};

/// A piece that is to be written.
#[derive(Debug)]
pub struct Piece {
    file: Arc<DiskFile>,
    at: u64,
    length: usize,
    /// Its bytes are those with which this begins.
    pub buffer: Vec<u8>,
}

/// A piece that was, or could not be.
#[derive(Debug)]
pub struct Written {
    at: u64,
    pub buffer: Vec<u8>,
    result: io::Result<()>,
}

impl Piece {
    pub fn write(self) -> Written {
        let Self { file, at, length, buffer } = self;
        let result = file.write_at(at, buffer.get(..length).unwrap_or_default());
        Written { at, buffer, result }
    }

    /// It could not be written, as a test wants it.
    #[cfg(test)]
    pub fn fail(self, error: io::Error) -> Written {
        Written { at: self.at, buffer: self.buffer, result: Err(error) }
    }
}

impl PartFile {
    /// The next `length` bytes of the file, with which `buffer` begins, as a piece for another thread: if it takes it, that is to
    /// be said with [`PartFile::leave`].
    ///
    /// # Errors
    /// Not this one: there may be zeros in it that are not written, or zeros before it that are not in the file, and would count
    /// before it is. The buffer comes back.
    pub fn piece(&self, buffer: Vec<u8>, length: usize) -> Result<Piece, Vec<u8>> {
        let bytes = buffer.get(..length).unwrap_or_default();
        match &self.file {
            Some(file) if !self.is_short && self.held == 0 && !self.has_block_of_zeros(bytes) => {
                Ok(Piece { file: Arc::clone(file), at: self.written, length, buffer })
            }
            _ => Err(buffer),
        }
    }

    /// Whether a block that begins in these bytes, or what there is of it, is nothing but zeros.
    fn has_block_of_zeros(&self, bytes: &[u8]) -> bool {
        let to_border = usize::try_from(self.written.next_multiple_of(BLOCK) - self.written).unwrap_or(usize::MAX);
        let from_border = bytes.get(to_border..).unwrap_or_default();
        from_border.chunks(ZEROS.len()).any(|block| Some(block) == ZEROS.get(..block.len()))
    }

    /// The next `length` bytes are written by another thread: they count as written until it says otherwise.
    pub fn leave(&mut self, length: usize) {
        self.elsewhere.push(self.written);
        self.written += length as u64;
    }

    /// A piece has been written. If not, the file ends where it begins.
    ///
    /// # Errors
    /// Why it could not be written.
    pub fn wrote(&mut self, written: &Written) -> Result<(), Reason> {
        self.elsewhere.retain(|at| *at != written.at);
        let Err(error) = &written.result else { return Ok(()) };
        if written.at < self.written {
            (self.written, self.held, self.is_short) = (written.at, 0, true);
        }
        Err(self.reason(error))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use crate::{
        model::{
            manifest::{Entry, EntryKind},
            reason::ReasonCode,
        },
        storage::disk::Disk,
    };

    const PIECE: usize = 10_000;

    fn part(folder: &Path) -> PartFile {
        let folder = Arc::new(Disk::default().folder(folder).unwrap());
        PartFile::create(folder, "p".to_owned(), (0, 1 << 20), Arc::default()).unwrap()
    }

    /// The next piece, all of this byte, which another thread is to write.
    fn leave(part: &mut PartFile, byte: u8) -> Piece {
        let piece = part.piece(vec![byte; PIECE + 9], PIECE).unwrap();
        part.leave(PIECE);
        piece
    }

    fn full() -> io::Error {
        io::ErrorKind::StorageFull.into()
    }

    #[test]
    fn pieces_that_are_written_in_any_order_are_the_file() {
        let temp = tempfile::tempdir().unwrap();
        let mut part = part(temp.path());
        part.write_all(&[1; PIECE]).unwrap();
        let (second, third) = (leave(&mut part, 2), leave(&mut part, 3));
        part.write_all(&[4; PIECE]).unwrap();
        assert_eq!((part.settled(), part.written()), (10_000, 40_000));
        part.wrote(&third.write()).unwrap();
        assert_eq!(part.settled(), 10_000, "the second is missing");
        part.wrote(&second.write()).unwrap();
        assert_eq!((part.settled(), part.written()), (40_000, 40_000));
        let expected = [1, 2, 3, 4].map(|byte| [byte; PIECE]).concat();
        assert!(fs::read(temp.path().join("p")).unwrap() == expected);
    }

    #[test]
    fn a_part_ends_before_the_first_piece_that_could_not_be_written() {
        for later_first in [false, true] {
            let temp = tempfile::tempdir().unwrap();
            let mut part = part(temp.path());
            part.write_all(&[1; PIECE]).unwrap();
            let pieces = [leave(&mut part, 2), leave(&mut part, 3), leave(&mut part, 4)];
            let [second, third, fourth] = pieces;
            let mut failed = [second.fail(full()), third.fail(full())];
            if later_first {
                failed.reverse();
            }
            for failed in &failed {
                assert_eq!(part.wrote(failed).unwrap_err().code, ReasonCode::DiskFull);
                assert!(part.settled() <= 20_000);
            }
            part.wrote(&fourth.write()).unwrap();
            assert_eq!((part.settled(), part.written()), (10_000, 10_000));
            drop(part.flusher().unwrap());
            assert!(fs::read(temp.path().join("p")).unwrap() == [1; PIECE], "nothing stands behind it");
        }
    }

    #[test]
    fn a_piece_with_a_block_of_zeros_is_not_left_to_another_thread() {
        let temp = tempfile::tempdir().unwrap();
        let mut part = part(temp.path());
        let takes = |part: &PartFile, bytes: &[u8]| part.piece(bytes.to_vec(), bytes.len()).is_ok();
        let block = ZEROS.len();
        assert!(!takes(&part, &[0; 10]), "the rest of the block may be zeros, too");
        assert!(takes(&part, &[&[7; 1][..], &vec![0; block - 1]].concat()));
        assert!(!takes(&part, &[&[7; 1][..], &vec![0; 2 * block - 1]].concat()));
        part.write_all(&[7; 10]).unwrap();
        assert!(takes(&part, &vec![0; block - 10]), "it has begun with others");
        assert!(!takes(&part, &vec![0; block - 9]));
        part.write_all(&vec![0; block]).unwrap();
        assert!(!takes(&part, &[7; 100]), "zeros before it are not written");
    }

    #[test]
    fn zeros_are_in_the_file_when_they_are_flushed_though_what_stands_behind_them_is_not() {
        let temp = tempfile::tempdir().unwrap();
        let mut part = part(temp.path());
        part.write_all(&vec![7; ZEROS.len()]).unwrap();
        part.write_all(ZEROS).unwrap();
        // Whoever is to write what follows.
        let late = part.piece(vec![7; PIECE], PIECE);
        match &late {
            Ok(_piece) => part.leave(PIECE),
            Err(bytes) => part.write_all(bytes).unwrap(),
        }
        drop(part.flusher().unwrap());
        let (there, settled) = (fs::metadata(temp.path().join("p")).unwrap().len(), part.settled());
        assert!(settled >= 2 * BLOCK && there >= settled, "{there} bytes are there, {settled} are flushed");
    }

    #[test]
    fn a_part_of_which_a_piece_is_missing_is_not_whole() {
        let temp = tempfile::tempdir().unwrap();
        let mut part = part(temp.path());
        let piece = leave(&mut part, 1);
        let kind = EntryKind::File { size: PIECE as u64 };
        let entry = Entry { path: ["p"].into(), kind, mtime: None, exec: false };
        assert_eq!(part.complete(&entry).unwrap_err().code, ReasonCode::Internal);
        part.wrote(&piece.write()).unwrap();
        part.complete(&entry).unwrap();
    }
}
