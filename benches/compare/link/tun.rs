//! A network device whose other side is this program.

use std::fs::File;

/// Opens a device of this name in the network of this process; it goes with the file.
///
/// Each read gives one packet behind `segments::FRONT` bytes, at once or `WouldBlock`; each write takes one. The kernel
/// leaves TCP's data in pieces of up to 64 KiB and checksums to be filled in, as it does for a network card.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "two ioctls, with what linux/if_tun.h says that they read")]
pub(crate) fn open(name: &str) -> std::io::Result<File> {
    use rustix::{
        fs::{Mode, OFlags},
        ioctl::{IntegerSetter, Updater, ioctl},
    };

    /// `struct ifreq` of linux/if.h, with its flags; 40 bytes.
    #[repr(C)]
    struct Request {
        name: [u8; 16],
        flags: u16,
        rest: [u8; 22],
    }
    /// `TUNSETIFF` and `TUNSETOFFLOAD`.
    const SET_DEVICE: rustix::ioctl::Opcode = 0x4004_54ca;
    const SET_OFFLOAD: rustix::ioctl::Opcode = 0x4004_54d0;
    /// `IFF_TUN`, `IFF_NO_PI`, `IFF_VNET_HDR`: IP packets, behind a header of virtio and nothing else.
    const FLAGS: u16 = 0x0001 | 0x1000 | 0x4000;
    /// `TUN_F_CSUM`, `TUN_F_TSO4`.
    const OFFLOAD: usize = 0x01 | 0x02;

    let device = rustix::fs::open("/dev/net/tun", OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?;
    let mut request = Request { name: [0; 16], flags: FLAGS, rest: [0; 22] };
    request.name[..name.len()].copy_from_slice(name.as_bytes());
    // SAFETY: the first reads and writes one `ifreq`, which `Request` is, and the second takes a number.
    unsafe {
        ioctl(&device, Updater::<SET_DEVICE, Request>::new(&mut request))?;
        ioctl(&device, IntegerSetter::<SET_OFFLOAD>::new_usize(OFFLOAD))?;
    }
    Ok(File::from(device))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn open(_name: &str) -> std::io::Result<File> {
    Err(std::io::ErrorKind::Unsupported.into())
}
