//! Folders for what arrives, where the disk is no slower than elsewhere.
//!
//! ext4 does not use the number of a deleted file again for one to six minutes, and looks at each such number again for every
//! file that is made near it. Where ten thousand files were deleted just now, making as many takes ten times as long: 3.8 s instead
//! of 0.34 s, measured. Whoever comes first in a round would then be measured with what another one has left. So each program
//! gets a folder in a part of the disk of its own, nothing is removed before the end of a row of many files, and the place is tried
//! before it is taken.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// So many files are made to try a place.
const TRIED: u32 = 256;
/// What one of them may take: a sixth of what it takes where many were deleted, four times what it takes elsewhere.
const SLOW: Duration = Duration::from_micros(70);
/// So many places are tried.
const MOST_PLACES: u32 = 24;

/// A folder whose folders lie in parts of the disk of their own, where the file system can be told.
pub(crate) fn spread(home: &Path) -> PathBuf {
    let place = home.join("ground");
    fs::create_dir(&place).expect("a folder");
    #[cfg(target_os = "linux")]
    if let Ok(folder) = fs::File::open(&place) {
        use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};
        // For ext2 to ext4; others spread them as they do.
        ioctl_getflags(&folder).and_then(|flags| ioctl_setflags(&folder, flags | IFlags::TOPDIR)).ok();
    }
    place
}

/// An empty folder below a spread one.
pub(crate) fn fresh(ground: &Path, name: &str) -> PathBuf {
    let mut slow = Duration::ZERO;
    for place in 0..MOST_PLACES {
        let around = ground.join(format!("{name}-{place}"));
        let (tried, into) = (around.join("tried"), around.join("into"));
        fs::create_dir_all(&tried).expect("a folder");
        fs::create_dir(&into).expect("a folder");
        let begun = Instant::now();
        for file in 0..TRIED {
            fs::File::create_new(tried.join(file.to_string())).expect("a new file");
        }
        slow = begun.elapsed() / TRIED;
        if slow < SLOW {
            return into;
        }
    }
    println!("SLOW GROUND: making an empty file takes {} us", slow.as_micros());
    ground.join(format!("{name}-{}", MOST_PLACES - 1)).join("into")
}
