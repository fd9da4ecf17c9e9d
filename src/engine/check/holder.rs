//! Which program has a port: on Linux by what `/proc` shows to this user, elsewhere nobody knows.

use crate::model::check::Holder;

/// The program that listens on a TCP port of this computer.
#[cfg(target_os = "linux")]
pub(super) fn holder_of(port: u16) -> Holder {
    linux::holder_of(port).unwrap_or(Holder::Unknown)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn holder_of(_port: u16) -> Holder {
    Holder::Unknown
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{fs, path::Path};

    use crate::model::{
        check::Holder,
        device::{MAX_SHOWN_NAME_CHARS, shown_text},
    };

    /// State of a socket that listens, as proc(5) writes it.
    const LISTENS: &str = "0A";
    /// Open files of one process that are looked at; programs with more are not what takes a port by mistake.
    const MOST_FILES: usize = 65_536;

    pub(super) fn holder_of(port: u16) -> Option<Holder> {
        let tables =
            ["/proc/self/net/tcp", "/proc/self/net/tcp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
        let sockets: Vec<u64> = tables.iter().flat_map(|table| listening_at(table, port)).collect();
        let processes = fs::read_dir("/proc").ok()?.flatten();
        processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find_map(|id: u32| {
            let folder = Path::new("/proc").join(id.to_string());
            has_one_of(&folder, &sockets).then(|| Holder::Program { name: name_of(&folder), id })
        })
    }

    /// Numbers of the sockets that listen at `port`, by a table of proc(5).
    fn listening_at(table: &str, port: u16) -> Vec<u64> {
        let inode = |line: &str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (_, hex) = fields.get(1)?.rsplit_once(':')?;
            let is_it = u16::from_str_radix(hex, 16) == Ok(port) && fields.get(3) == Some(&LISTENS);
            is_it.then(|| fields.get(9)?.parse().ok()).flatten()
        };
        table.lines().skip(1).filter_map(inode).collect()
    }

    /// Whether a process holds one of these sockets, as far as we may look.
    fn has_one_of(folder: &Path, sockets: &[u64]) -> bool {
        let Ok(files) = fs::read_dir(folder.join("fd")) else { return false };
        let is_one = |file: fs::DirEntry| {
            let target = fs::read_link(file.path()).ok()?;
            let inode = target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()?;
            Some(sockets.contains(&inode))
        };
        files.flatten().take(MOST_FILES).any(|file| is_one(file) == Some(true))
    }

    fn name_of(folder: &Path) -> String {
        let name = fs::read_to_string(folder.join("comm")).unwrap_or_default();
        shown_text(name.trim_end(), MAX_SHOWN_NAME_CHARS)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_table_names_the_sockets_that_listen() {
            let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
                \x20  0: 0100007F:2537 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0\n\
                \x20  1: 0100007F:2537 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0\n\
                \x20  2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0\n\
                nonsense\n";
            assert_eq!(listening_at(table, 0x2537), [4711]);
            assert_eq!(listening_at(table, 80), [4713]);
            assert!(listening_at(table, 81).is_empty() && listening_at("", 80).is_empty());
        }

        #[test]
        fn the_program_that_has_a_port_is_named() {
            let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let port = held.local_addr().unwrap().port();
            let Some(Holder::Program { name, id }) = holder_of(port) else { panic!("nobody") };
            assert_eq!(id, std::process::id());
            assert!(!name.is_empty());
            drop(held);
            assert_eq!(holder_of(port), None);
        }
    }
}
