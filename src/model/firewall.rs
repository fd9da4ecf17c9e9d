//! The firewall that is likely in force on a system, and the one command that lets Sealdrop through it. Only rules: what is
//! installed is looked up elsewhere.

use std::path::Path;

/// A kind of firewall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firewall {
    Firewalld,
    Iptables,
    MacOs,
    Nftables,
    Ufw,
    Windows,
}

/// What is to be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Multicast by which devices find each other (RFC 6762): UDP port 5353.
    Finding,
    /// Everything else: this TCP port.
    Transfers { port: u16 },
}

/// Whether something is there, and in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presence {
    #[default]
    Absent,
    Installed,
    On,
}

/// What was found on a Linux system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Installed {
    pub firewalld: Presence,
    pub iptables: bool,
    pub nft: bool,
    pub ufw: Presence,
}

impl Firewall {
    /// The one to talk of on `os` (as `std::env::consts::OS` has it): the one in force, or else what the rules of the kernel are
    /// set by, or else what is there. `None`: no firewall of this system is known to us.
    pub fn of(os: &str, installed: Installed) -> Option<Self> {
        match os {
            "macos" => Some(Self::MacOs),
            "windows" => Some(Self::Windows),
            "linux" => Self::of_linux(installed),
            _ => None,
        }
    }

    fn of_linux(installed: Installed) -> Option<Self> {
        let Installed { firewalld, iptables, nft, ufw } = installed;
        let candidates = [
            (ufw == Presence::On, Self::Ufw),
            (firewalld == Presence::On, Self::Firewalld),
            (nft, Self::Nftables),
            (iptables, Self::Iptables),
            (ufw == Presence::Installed, Self::Ufw),
            (firewalld == Presence::Installed, Self::Firewalld),
        ];
        candidates.into_iter().find(|(is, _)| *is).map(|(_, firewall)| firewall)
    }

    /// The command, ready to be run by somebody who may. `program`: where this one lies, which is what macOS asks about.
    pub fn command(self, opening: Opening, program: Option<&Path>) -> String {
        let (protocol, port) = match opening {
            Opening::Finding => ("udp", 5353),
            Opening::Transfers { port } => ("tcp", port),
        };
        match self {
            Self::Firewalld => {
                let what = match opening {
                    Opening::Finding => "--add-service=mdns".to_owned(),
                    Opening::Transfers { port } => format!("--add-port={port}/tcp"),
                };
                format!("sudo firewall-cmd {what} && sudo firewall-cmd --permanent {what}")
            }
            Self::Iptables => format!("sudo iptables -I INPUT -p {protocol} --dport {port} -j ACCEPT"),
            Self::MacOs => {
                let tool = "/usr/libexec/ApplicationFirewall/socketfilterfw";
                let program = quoted(program.and_then(Path::to_str).unwrap_or("sealdrop"));
                format!("sudo {tool} --add {program} && sudo {tool} --unblockapp {program}")
            }
            Self::Nftables => format!("sudo nft insert rule inet filter input {protocol} dport {port} accept"),
            Self::Ufw => format!("sudo ufw allow {port}/{protocol}"),
            Self::Windows => {
                let name = if opening == Opening::Finding { "Sealdrop finding" } else { "Sealdrop" };
                let protocol = protocol.to_uppercase();
                format!(
                    "netsh advfirewall firewall add rule name=\"{name}\" dir=in action=allow protocol={protocol} localport={port}"
                )
            }
        }
    }

    /// How people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Firewalld => "firewalld",
            Self::Iptables => "iptables",
            Self::MacOs => "macOS",
            Self::Nftables => "nftables",
            Self::Ufw => "ufw",
            Self::Windows => "Windows",
        }
    }
}

/// As one word of a shell.
fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(ufw: Presence, firewalld: Presence, nft: bool, iptables: bool) -> Installed {
        Installed { firewalld, iptables, nft, ufw }
    }

    #[test]
    fn the_one_in_force_comes_before_those_that_only_lie_there() {
        use Presence::{Absent, Installed, On};
        let table = [
            (installed(On, On, true, true), Some(Firewall::Ufw)),
            (installed(Installed, On, true, true), Some(Firewall::Firewalld)),
            (installed(Installed, Installed, true, true), Some(Firewall::Nftables)),
            (installed(Installed, Installed, false, true), Some(Firewall::Iptables)),
            (installed(Installed, Installed, false, false), Some(Firewall::Ufw)),
            (installed(Absent, Installed, false, false), Some(Firewall::Firewalld)),
            (installed(Absent, Absent, false, false), None),
        ];
        for (found, expected) in table {
            assert_eq!(Firewall::of("linux", found), expected, "{found:?}");
        }
        let none = super::Installed::default();
        assert_eq!(Firewall::of("windows", none), Some(Firewall::Windows));
        assert_eq!(Firewall::of("macos", none), Some(Firewall::MacOs));
        assert_eq!(Firewall::of("freebsd", installed(On, On, true, true)), None);
    }

    #[test]
    fn each_system_has_its_own_command_for_transfers() {
        let table = [
            (Firewall::Ufw, "sudo ufw allow 9600/tcp"),
            (
                Firewall::Firewalld,
                "sudo firewall-cmd --add-port=9600/tcp && sudo firewall-cmd --permanent --add-port=9600/tcp",
            ),
            (Firewall::Nftables, "sudo nft insert rule inet filter input tcp dport 9600 accept"),
            (Firewall::Iptables, "sudo iptables -I INPUT -p tcp --dport 9600 -j ACCEPT"),
            (
                Firewall::Windows,
                "netsh advfirewall firewall add rule name=\"Sealdrop\" dir=in action=allow protocol=TCP localport=9600",
            ),
            (
                Firewall::MacOs,
                "sudo /usr/libexec/ApplicationFirewall/socketfilterfw --add '/Applications/a'\\''b' && \
                 sudo /usr/libexec/ApplicationFirewall/socketfilterfw --unblockapp '/Applications/a'\\''b'",
            ),
        ];
        for (firewall, expected) in table {
            let program = Some(Path::new("/Applications/a'b"));
            assert_eq!(firewall.command(Opening::Transfers { port: 9600 }, program), expected);
        }
    }

    #[test]
    fn each_system_has_its_own_command_for_finding_devices() {
        let table = [
            (Firewall::Ufw, "sudo ufw allow 5353/udp"),
            (
                Firewall::Firewalld,
                "sudo firewall-cmd --add-service=mdns && sudo firewall-cmd --permanent --add-service=mdns",
            ),
            (Firewall::Nftables, "sudo nft insert rule inet filter input udp dport 5353 accept"),
            (Firewall::Iptables, "sudo iptables -I INPUT -p udp --dport 5353 -j ACCEPT"),
            (
                Firewall::Windows,
                "netsh advfirewall firewall add rule name=\"Sealdrop finding\" dir=in action=allow protocol=UDP localport=5353",
            ),
        ];
        for (firewall, expected) in table {
            assert_eq!(firewall.command(Opening::Finding, None), expected);
        }
        assert!(Firewall::MacOs.command(Opening::Finding, None).ends_with("--unblockapp 'sealdrop'"));
    }
}
