//! Which firewall this computer has, as far as its files tell.

use std::{fs, path::Path};

use crate::model::{
    check::Fix,
    firewall::{Firewall, Installed, Opening, Presence},
};

/// What would let this in on this computer.
pub(super) fn fix(opening: Opening) -> Option<Fix> {
    let firewall = Firewall::of(std::env::consts::OS, look_below(Path::new("/")))?;
    let program = std::env::current_exe().ok();
    Some(Fix { firewall, command: firewall.command(opening, program.as_deref()) })
}

/// What a Linux system with this root has.
fn look_below(root: &Path) -> Installed {
    let has = |program: &str| {
        ["usr/sbin", "usr/bin", "sbin", "bin"].iter().any(|folder| root.join(folder).join(program).exists())
    };
    let presence = |program: &str, on: bool| match (has(program), on) {
        (false, _) => Presence::Absent,
        (true, false) => Presence::Installed,
        (true, true) => Presence::On,
    };
    let ufw_conf = fs::read_to_string(root.join("etc/ufw/ufw.conf")).unwrap_or_default();
    let ufw_on = ufw_conf.lines().any(|line| line.trim().eq_ignore_ascii_case("ENABLED=yes"));
    let firewalld_on = ["run/firewalld", "run/firewalld.pid"].iter().any(|place| root.join(place).exists());
    Installed {
        firewalld: presence("firewall-cmd", firewalld_on),
        iptables: has("iptables"),
        nft: has("nft"),
        ufw: presence("ufw", ufw_on),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_installed_and_in_force_is_read_from_files() {
        let root = tempfile::tempdir().unwrap();
        let put = |place: &str, text: &str| {
            let path = root.path().join(place);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        assert_eq!(look_below(root.path()), Installed::default());
        put("usr/sbin/nft", "");
        put("usr/sbin/ufw", "");
        put("etc/ufw/ufw.conf", "# ENABLED=yes\nENABLED=no\n");
        let found = look_below(root.path());
        assert_eq!((found.nft, found.ufw, found.firewalld), (true, Presence::Installed, Presence::Absent));
        put("etc/ufw/ufw.conf", "LOGLEVEL=low\n ENABLED=yes \n");
        put("usr/bin/firewall-cmd", "");
        put("run/firewalld.pid", "12");
        let found = look_below(root.path());
        assert_eq!((found.ufw, found.firewalld, found.iptables), (Presence::On, Presence::On, false));
    }
}
