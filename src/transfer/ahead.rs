//! How many files a sender may have on their way, between `file` and `receipt`: what the receiver grants, up to a limit of its own.
//!
//! A receiver puts on its disk together what has come meanwhile, and a disk takes some hundred small files in little more time than a
//! few: the more are on their way, the less often it is waited for. Where a tracer made each flush take 20 ms, 10,000 files of 4 KiB took
//! 0.93 s with 1,024 on their way (32 flushes), and 0.49 s with 4,096 (10). Each of them costs the receiver a handle till it is on the
//! disk, so that the receiver says how many it has (`engine::handles`).
//!
//! What is on its way when a program is killed or the power fails has to come again. So that this does not grow with the
//! number, a file larger than `SMALL` does not begin while `USUAL` or more are on their way, and of smaller ones no more than
//! `SMALL_BYTES` are: it is 64 MiB of small files and 256 others at most.

use super::{hashing::SMALL, rounds::TOGETHER};

/// So many are granted by a receiver that does not say how many, and so many are enough for files larger than `SMALL`.
pub const USUAL: usize = 256;

/// More are not used, whatever was granted.
pub const MOST: usize = 4096;

/// Bytes of files up to `SMALL` that may be on their way where more than `USUAL` files are.
pub const SMALL_BYTES: u64 = 64 << 20;

/// What was granted to a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ahead {
    files: usize,
    together: usize,
}

impl Ahead {
    /// By an answer with this `ahead` and this `together`.
    pub fn granted(ahead: Option<u32>, together: Option<u32>) -> Self {
        let at_most = |granted: u32, most: usize| usize::try_from(granted).unwrap_or(most).min(most);
        Self {
            files: ahead.map_or(USUAL, |files| at_most(files, MOST)),
            together: together.map_or(1, |files| at_most(files, TOGETHER)),
        }
    }

    /// How many bodies may come by turns.
    pub fn together(self) -> usize {
        self.together
    }

    /// Whether a file of `bytes` bytes may begin while so many others are on their way, the small ones with so many bytes.
    pub fn has_room(self, outstanding: usize, small_bytes: u64, bytes: u64) -> bool {
        let is_usual = outstanding < self.files.min(USUAL);
        is_usual || (bytes <= SMALL && outstanding < self.files && small_bytes + bytes <= SMALL_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With how many on their way a file of this size does not begin.
    fn most(ahead: Option<u32>, bytes: u64) -> usize {
        (0..=MOST).find(|outstanding| !Ahead::granted(ahead, None).has_room(*outstanding, 0, bytes)).unwrap()
    }

    #[test]
    fn small_files_use_what_is_granted_up_to_a_limit_and_larger_ones_no_more_than_ever() {
        let table = [
            (None, 256, 256),
            (Some(1), 1, 1),
            (Some(255), 255, 255),
            (Some(256), 256, 256),
            (Some(1000), 1000, 256),
            (Some(4096), 4096, 256),
            (Some(4097), 4096, 256),
            (Some(u32::MAX), 4096, 256),
        ];
        for (ahead, small, larger) in table {
            let found = [0, SMALL, SMALL + 1, u64::MAX].map(|bytes| most(ahead, bytes));
            assert_eq!(found, [small, small, larger, larger], "{ahead:?}");
        }
    }

    #[test]
    fn small_files_beyond_256_are_64_mib_at_most() {
        let ahead = Ahead::granted(Some(u32::MAX), None);
        assert!(ahead.has_room(1023, 1023 * SMALL, SMALL));
        assert!(!ahead.has_room(1024, 1024 * SMALL, SMALL));
        assert!(!ahead.has_room(1024, 1024 * SMALL, 1));
        assert!(ahead.has_room(1024, 1024 * SMALL, 0));
        assert!(ahead.has_room(255, u64::MAX, SMALL), "what always went does so");
    }

    #[test]
    fn bodies_come_by_turns_only_where_that_was_granted() {
        let together = |granted| Ahead::granted(None, granted).together();
        assert_eq!([None, Some(1), Some(5), Some(u32::MAX)].map(together), [1, 1, 5, TOGETHER]);
    }
}
