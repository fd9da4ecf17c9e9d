//! How much room there is.

use std::path::Path;

/// Bytes this user can still write on the volume of `folder`; `None` when the system does not say.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    fs4::available_space(folder).ok()
}

/// Whether what is written into one folder takes room from the other.
#[cfg(unix)]
pub fn same_volume(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let device = |folder: &Path| Some(std::fs::metadata(folder).ok()?.dev());
    matches!((device(a), device(b)), (Some(a), Some(b)) if a == b)
}

/// Whether what is written into one folder takes room from the other: the same drive or share.
#[cfg(not(unix))]
pub fn same_volume(a: &Path, b: &Path) -> bool {
    let volume = |folder: &Path| Some(std::fs::canonicalize(folder).ok()?.components().next()?.as_os_str().to_owned());
    matches!((volume(a), volume(b)), (Some(a), Some(b)) if a.eq_ignore_ascii_case(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_shares_its_volume_with_what_is_below_it() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("below");
        std::fs::create_dir(&below).unwrap();
        assert!(same_volume(folder.path(), &below));
        assert!(!same_volume(folder.path(), &below.join("missing")));
        assert!(free_bytes(folder.path()).is_some());
        assert_eq!(free_bytes(&below.join("missing")), None);
    }
}
