//! Sealdrop sends files straight from one computer to another, and shows the same MD5 seal on both screens when they
//! have arrived. This page explains the house; the protocol is explained in [`wire`], keys and trust in [`crypto`].
//!
//! # Floors
//!
//! ```text
//! 4  ui        the window                                cli     `send`, `receive`, `verify`, …
//! 3  engine    threads and sockets: dispatch, listener, doormen, lobby, pool, committer, checker, closer, dial,
//!              discovery
//! 2  transfer  one lane over any `Link`: greet, send, receive, classic
//! 1  wire      bytes <-> headers      digest  MD5      storage  the disk      crypto    keys, TLS, the short code
//! 0  model     nouns and rules: no I/O, no threads, no window
//! ```
//!
//! Imports run downward only. `tests/suite/floors.rs` reads the sources and fails when a floor imports a higher one, when
//! egui appears outside `ui`, rfd outside `ui/dialogs.rs`, a socket outside `engine`, md5 outside `digest`, rustls or rcgen
//! outside `crypto`, or `serde_json` outside `wire`, `storage` and `cli`.
//!
//! # Threads
//!
//! ```text
//! window or command line --Command--> dispatch --Job--> worker pool (lanes)
//!     ^                               ^   |  |              |
//!     |                               |   |  |              '--verified parts--> committer --receipts--> lane
//!     '----Event (facts, snapshots)---|---'  |
//! listener --Came--> dispatch --> doormen ---'--Wait--> lobby --Answered, Taken, Left--> dispatch
//! discovery --Nearby, Interfaces--> dispatch --> presence --Present--> dispatch
//! ```
//!
//! - [`engine`]'s `dispatch` is one thread that owns all state: transfers, offers, the listener, settings. It never blocks.
//!   Workers tell it what happened by notes; it alone decides, and it alone says that a transfer has ended.
//! - Towards the window it keeps an outbox: facts in order, and of each transfer the newest snapshot. A window that sleeps
//!   stops nothing.
//! - A **doorman** does first bytes, TLS, hello and manifest within absolute deadlines, and looks its caller up in the device
//!   book. The **lobby** keeps every connection that waits for a person, and agrees on codes. A **lane** on the pool moves
//!   files. The **committer** of an incoming connection puts on the disk for good what comes, gives verified parts their real
//!   names and releases receipts. Its **checker** hashes what was there before. A lane's **stream hasher** hashes
//!   what moves, a large file or several that take turns, where that is found to be faster.
//!   A **closer** sees to it that the last word arrives. The **historian** keeps what has ended in the profile, and looks things up in it; the **archive** keeps what is being sent, so that it can go on after the
//!   program has ended.
//! - **Discovery** (the thread `nearby`, beside the library's own and one that listens to it) announces this device and tells who
//!   announces itself. That is only claimed: a **presence** thread calls a verified device, with its key expected, and dispatch
//!   merges claims, keys that were shown and the device book into one list.
//! - Beside the engine stand the **instance** thread, which takes what later starts of the program were given
//!   ([`engine::instance`]), and the **notifications** thread of the window, which begins with the first notification and speaks
//!   to the desktop ([`ui::notifier`]). Neither can hold up the window or dispatch: each is told and heard over bounded channels.
//! - Who **downloads** from the shared folder is heard by a doorman too, one request at a time, and answered by a lane on a pool of its
//!   own; between two requests its connection waits in the lobby. Strangers take no worker and no turn from transfers.
//! - Files that a person wants to verify are hashed by an **inspector**, a thread for each look, one look after the other; dispatch
//!   lets go of one that is cancelled, also when it hangs.
//! - A **network check** ([`engine::check`]) is a thread for each check, with a deadline for every step, and a second one that
//!   listens for multicast meanwhile. Whoever asks with `probe` whether it can be reached is dialled back by a thread of its own
//!   ([`engine::probe`]), as rarely as `engine::door::probes` says.
//! - What may hang (name look-ups, the disk) is done by threads that can be abandoned; what they say too late is dropped.
//!
//! # The way of a byte
//!
//! The sender's lane reads a piece, hashes it and writes it as a chunk; the receiver's lane reads the chunk, hashes it and
//! writes it to a part file beside its place. Over a fast link the bodies of files of middle size take turns, and are hashed side by
//! side as they pass (`transfer::rounds`); a large one goes alone. Either is hashed by the lane or, where a core is free, by a second
//! thread that gets each piece once it has been sent or written (`transfer::choice`). Over a long way on which
//! something is lost the pieces of a body go over several connections, as many as help (`transfer::spread`, `engine::link::beside`);
//! the first one says in which order. The seal travels after the bytes. Only when both seals agree does the committer flush the part and rename it in a way that cannot overwrite; then the receipt goes back,
//! and only then does the sender say that the file was sent. When the connection breaks, what has come stays in the part
//! file, and both ends hash it before the rest follows over another connection.
//!
//! # Going on
//!
//! One mechanism serves lost connections, sleep, pauses without a connection, restarts, crashes and loss of power: another
//! connection under a higher *epoch*, on which the receiver says what it has and the sender sends the rest. The receiver's disk
//! is the only truth: the agreement (what was accepted, and under which names) and the journal of one incoming transfer stand in
//! the profile (`storage::agreement`, `storage::journal`), bytes in part files beside their places. Whenever a connection ends,
//! its lane and committer end too, and the next one begins from the disk (`storage::landing::Landing::reopen`), whether it is
//! in the same process or after a crash. So nothing has to be right in memory for a transfer to survive.
//!
//! Both sides try to reach the other: the sender offers to go on (`offer` with `again`), the receiver asks for it (`want`).
//! Dispatch lets a lane of an earlier epoch end before the next one begins: a part file never has two writers. It counts the
//! stretches of work on each transfer (its *life*), and what an earlier one still has to say comes too late. How many move at
//! the same time is a matter of dispatch alone (`dispatch/queue.rs`): a lane without its turn holds its connection and says
//! `pause`.
//!
//! # Invariants
//!
//! - A received file's real name never holds unverified bytes, and never replaces what was there unless a person said so:
//!   then the old file is there until the new one is verified.
//! - Each transfer ends exactly once: a snapshot whose stage is `Ended` is the last word on it, unless a person sends again
//!   what failed in it. *Interrupted* is a state, not an end.
//! - A receipt goes out only after the file is flushed, named and noted in the journal.
//! - Both sides put on their disks that all receipts are there before they say so (`done` and its echo): whoever is killed or
//!   cut off from then on reaches the same end as the other. What stands in the profile of a transfer goes, or is put by for a retry,
//!   only when the history has that end. A receiver that has everything and hears nothing more ends alone; a sender that comes back
//!   hears so, and nobody here is told again.
//! - Cancel is true within half a second at every stage, and the other side is told why.
//! - Nothing a peer says sizes an allocation before it is compared with a named constant, names a path before it went
//!   through `model::file_name` or `model::shared_path`, or ends the program.
//! - The window never waits: no lock, no file, no socket.
//! - Threads share channel ends (bounded, all of them), flags that end or hold work, one count of bytes (the room for lists that wait) and,
//!   for each direction, the rate and the clock of its speed limit (`transfer::pace`), and nothing else. No `Mutex`, no globals but the texts that are built in.
//! - Of the shared folder nothing is ever opened but regular files below it, without following links; never a hidden one, and never
//!   one of this program's own profile. Bytes go out whole only under the digest that was announced for them.
//! - Two Sealdrops never speak to each other in clear, and what a rule allows is allowed to a key, not to a name.
//! - No round trip per file: the sender runs ahead of receipts by a window of files, as many as the receiver grants: 256 to 4,096, as it
//!   has handles for them (`transfer::ahead`, `engine::handles`).
//!
//! # Languages
//!
//! What the window says stands in `resources/translations`, a Fluent file for each language; [`ui::text`] tells how to add a
//! sentence or a language. The language belongs to a thread, and only the window's has another one than English, so the
//! command line and the engine speak as scripts and reports expect. `ui/text/language.rs` is the one place that keeps
//! something for a whole thread, and says why.
//!
//! # Dependencies
//!
//! Each outside crate has a reason; `tests/suite/dependencies.rs` fails when one is missing here, when one is listed that
//! is gone, and when the licence or source of anything in the build is not one that `.deny.toml` allows.
//!
//! | crate | what for | why not our own |
//! | --- | --- | --- |
//! | cap-fs-ext | opening without following links, below an open folder | one way on every system needs `unsafe` and each system's own calls |
//! | cap-std | files and folders below an open folder, so that no path can leave it | the same |
//! | clap | arguments of the command line, their help and errors | what people expect of a command line is a lot of text to get right |
//! | crc32fast | a checksum for each line of a journal | small, but the fast way differs for every processor |
//! | crossbeam-channel | bounded channels, and waiting on several of them | the standard library cannot wait on several |
//! | ctrlc | Ctrl+C where there are no Unix signals | a handler needs `unsafe` |
//! | directories | where settings belong on each system | three systems' customs, which change |
//! | eframe | a window: events, drawing, clipboard, names for screen readers | a toolkit is not a part of this program |
//! | egui | what is in the window | the same |
//! | egui_extras | a table that draws only the rows in view | it goes with egui |
//! | egui_kittest | tests: a window without a screen | it goes with egui |
//! | fluent-bundle | what the window says, in each language | plural rules and arguments of many languages are a lot to get right |
//! | fluent-syntax | tests: what stands in the catalogues | it goes with fluent-bundle |
//! | fs4 | free bytes of a disk | it needs each system's own calls |
//! | getrandom | random bytes from the system | it needs each system's own calls |
//! | if-addrs | the addresses of this computer | it needs `unsafe` and each system's own calls |
//! | indicatif | progress bars in a terminal | terminals differ in width, cursor and colour |
//! | interprocess | the local socket over which a second start reaches the running window | Unix sockets and Windows' named pipes behind one way |
//! | libc | Linux: what the kernel knows of a connection (`TCP_INFO`) | a number for each processor; no safe crate asks for it |
//! | md-5 | the MD5 digest | a digest has to be right: ours, which is quicker on x86-64 and takes several streams at once, is held against it |
//! | mdns-sd | finding devices nearby, and being found | multicast on every interface, with its caches and timers, on a thread of its own |
//! | notify-rust | notifications on Windows and macOS | each system has its own way |
//! | opener | showing a file in the file manager | each desktop has its own way |
//! | polling | waiting on many sockets at once, and being woken | the standard library cannot; each system has its own calls |
//! | pollster | waiting for a dialog's answer on a thread of its own | small, but waking right is easy to get wrong |
//! | proptest | tests: values of every shape, and the smallest that fails | finding the smallest is the hard part |
//! | qrcodegen | the own address as a QR code | error correction is no code to write at home |
//! | rcgen | this device's certificate for TLS | X.509 is no format to write by hand |
//! | rfd | the system's dialogs for files and folders | each desktop has its own |
//! | rustix | Unix calls that the standard library lacks: rename without replacing, permissions | each would need `unsafe` |
//! | rustls | TLS 1.3 between devices | cryptography is not written at home |
//! | serde | deriving how settings and headers are read and written | it goes with serde_json |
//! | serde_json | JSON of headers, settings and `--json` | a reader of hostile bytes that many have tried to break |
//! | sha2 | SHA-256 over a manifest | as for md-5 |
//! | signal-hook | Ctrl+C and its like on Unix | a handler needs `unsafe` |
//! | socket2 | options of sockets: keep-alive, both address families, connecting with a deadline | each would need `unsafe` |
//! | sys-locale | the language of the system | each system has its own calls |
//! | tempfile | settings written whole or not at all; scratch folders in tests | names that nobody can guess, removed also after an error |
//! | thiserror | the sentences of errors, beside their variants | it writes what would be written by hand, and adds nothing to run |
//! | unic-langid | names of languages, as fluent-bundle takes them | it goes with fluent-bundle |
//! | unicode-normalization | whether two names are one to a disk | the tables of Unicode |
//! | unicode-security | whether two names of devices look alike | the tables of Unicode |
//! | walkdir | listing a folder with all that is in it | depth, loops of links and errors on the way are its trade |
//! | winit | Linux: choosing X11 where only it knows drops | eframe's own, named to reach one setting |
//! | winresource | building for Windows: icon and version in the program | the resource compiler's format |
//! | zbus | notifications on Linux and its like: shown, taken back and heard of over one connection, which notify-rust does not keep | D-Bus is a protocol of its own; eframe's accessibility speaks it with the same crate |

pub mod cli;
pub mod crypto;
pub mod digest;
pub mod engine;
pub mod model;
pub mod storage;
pub mod transfer;
pub mod ui;
pub mod wire;
