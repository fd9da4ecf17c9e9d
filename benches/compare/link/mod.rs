//! A link between two networks, emulated: this process carries every packet, slowly enough, late enough, and not all.
//!
//! The near end is the bench's own network, the far end another that a process of ours holds open. Both have a TUN device, and
//! [`relay`] is the way between these. Both use CUBIC, and forget what they learnt of earlier connections.

mod line;
mod relay;
mod segments;
mod tun;

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::Ipv4Addr,
    process::{Child, Command, Stdio},
    time::Duration,
};

pub(crate) use line::Kind;
use relay::Relay;

use super::{far::Far, network};

/// 1 Gbit/s, 20 ms there and back, and a queue of as much as is under way on a full link.
pub(crate) const LINK: Kind = Kind {
    rate: 1_000_000_000,
    delay: Duration::from_millis(10),
    queue: 1_000_000_000 / 8 / 1000 * 20,
    loss: 0.0,
    seed: 1,
};

/// The same, and one segment in a thousand is lost, in both directions.
pub(crate) const LOSSY: Kind = Kind { loss: 0.001, ..LINK };

const NEAR: &str = "10.77.0.1/24";
const FAR: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);

/// What an end is told; the MTU is Ethernet's, so that a segment carries 1,448 bytes.
const SETTINGS: [(&str, &str); 2] =
    [("net/ipv4/tcp_congestion_control", "cubic"), ("net/ipv4/tcp_no_metrics_save", "1")];
const DEVICE: &str = "mtu 1500 txqueuelen 2000 up";

pub(crate) struct Link {
    relay: Relay,
    holder: Holder,
}

/// A process that does nothing in a network of its own; both go together.
struct Holder(Child);

impl Drop for Holder {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Link {
    /// Or why there can be none.
    pub(crate) fn make(kind: Kind) -> Result<Self, String> {
        if !network::is_own() {
            return Err("it takes root and a network of its own".to_owned());
        }
        let open = |name| tun::open(name).map_err(|error| format!("no TUN device: {error}"));
        let devices = [open("near")?, open("far")?];
        let holder = Holder::start().map_err(|error| format!("no second network: {error}"))?;
        let far = holder.far();
        let holder_id = holder.0.id().to_string();
        run(Command::new("ip").args(["link", "set", "far", "netns", &holder_id]))?;
        run(Command::new("ip").args(["addr", "add", NEAR, "dev", "near"]))?;
        run(far.command("ip").args(["addr", "add", &format!("{FAR}/24"), "dev", "far"]))?;
        run(Command::new("ip").args(["link", "set", "near"]).args(DEVICE.split(' ')))?;
        run(far.command("ip").args(["link", "set", "far"]).args(DEVICE.split(' ')))?;
        for (name, value) in SETTINGS {
            fs::write(format!("/proc/sys/{name}"), value).map_err(|error| not_set(name, value, &error.to_string()))?;
            let write = format!("echo {value} > /proc/sys/{name}");
            run(far.command("sh").args(["-c", &write])).map_err(|error| not_set(name, value, &error))?;
        }
        let relay = Relay::start(devices, kind).map_err(|error| format!("no relay: {error}"))?;
        Ok(Self { relay, holder })
    }

    /// Where the other end of a transfer is to be.
    pub(crate) fn far(&self) -> Far {
        self.holder.far()
    }

    /// Takes it down, and says what it did while so many bytes were moved over it.
    pub(crate) fn end(self, bytes: u64) -> String {
        let carried = self.relay.end();
        let counts = carried.counts;
        format!(
            "the link itself took {:.2} s of a processor per GiB; of {} segments {} were lost and {} dropped from a full \
             queue, {} packets were refused at its end",
            carried.processor / (bytes as f64 / (1_u64 << 30) as f64),
            counts.arrived + counts.lost + counts.dropped,
            counts.lost,
            counts.dropped,
            carried.refused
        )
    }
}

impl Holder {
    fn start() -> std::io::Result<Self> {
        let mut command = Command::new("unshare");
        command.args(["--net", "cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut holder = Self(command.spawn()?);
        // What comes back was read in the new network.
        holder.0.stdin.as_mut().expect("a pipe").write_all(b"\n")?;
        let read = BufReader::new(holder.0.stdout.as_mut().expect("a pipe")).read_line(&mut String::new())?;
        if read == 0 { Err(std::io::ErrorKind::UnexpectedEof.into()) } else { Ok(holder) }
    }

    fn far(&self) -> Far {
        Far::in_the_network_of(self.0.id(), FAR)
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let done = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = || format!("{command:?}: {}", String::from_utf8_lossy(&done.stderr).trim());
    done.status.success().then_some(()).ok_or_else(said)
}

fn not_set(name: &str, value: &str, error: &str) -> String {
    let allowed = "a network of its own may only use what net.ipv4.tcp_allowed_congestion_control of the machine lists";
    format!("{name} cannot be {value}: {error} ({allowed})")
}
