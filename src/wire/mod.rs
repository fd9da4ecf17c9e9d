//! Bytes to headers and back, over `Read` and `Write`; and, on this page, the protocol.
//!
//! This page, with [`going_on`], [`lanes`], [`by_turns`] and [`probing`], is all that somebody needs who wants to write a program that talks to Sealdrop
//! in another language.
//!
//! Contents: [1 Framing](#1-framing) · [2 Who is calling](#2-who-is-calling) · [3 Notation](#3-notation) ·
//! [4 Sealed session](#4-sealed-session) · [5 Messages](#5-messages) · [6 Bodies](#6-bodies) ·
//! [7 Plan, receipts, window](#7-plan-receipts-window) · [8 Going on](#8-going-on) · [9 Pausing](#9-pausing) ·
//! [10 Waiting, silence, ending](#10-waiting-silence-ending) · [11 Reason codes](#11-reason-codes) ·
//! [12 Classic session](#12-classic-session) · [13 Limits](#13-limits) · [14 Examples](#14-examples)
//!
//! # 1 Framing
//!
//! TCP has no message borders, so everything is built from frames:
//!
//! ```text
//! frame = length   4 bytes: signed 32-bit integer, little-endian, 1 to 65535
//!         header   `length` bytes: UTF-8 JSON, one object
//! ```
//!
//! The length is what Python's `struct.pack('<i', n)` writes. It is checked before memory is asked for: 0, a negative
//! number and anything above 65535 end the connection with an error that names the number.
//!
//! A header is wrong, each with its own error, when it is not UTF-8, is not JSON, is JSON but not an object, has the same
//! key twice, has no `type`, has an unknown `type` (the error names it), or lacks a field or has a wrong one (the error names
//! it). Fields that a reader does not know are ignored. A stream that ends in the middle of a frame is *torn*; one that ends
//! before the first byte of a frame has ended between messages, which is a different thing (section 10).
//!
//! # 2 Who is calling
//!
//! One TCP port (9527 unless changed) serves every kind of caller. The dialer always speaks first, and the listener stays
//! silent until the first four bytes have told it who calls; the first row that fits counts:
//!
//! | first bytes | caller |
//! | --- | --- |
//! | `16 03 01` to `16 03 04` | TLS: a sealed session (a header of 790 bytes begins `16 03 00 00`, which is not TLS) |
//! | a frame length 1 to 65535, so the third and fourth byte are zero | a frame: its header tells the rest |
//! | `GET `, `HEAD`, `POST`, `PUT `, `DELE`, `OPTI`, `PATC`, `CONN`, `TRAC`, `PRI ` | a web client: one sentence, then close; but a name such as `HEADER.txt`, which is no request of the web, is a download request |
//! | first byte at least `20` and not `7F` | other text: a classic download request (section 12) |
//! | anything else | an error that names the bad length, then close |
//!
//! Inside TLS runs a **sealed session** (sections 4 to 11): TLS 1.3 and nothing older, ALPN `sealdrop`, a certificate of its
//! own from each side, no session tickets, no resumption, no early data, no server name. A certificate is self-signed, and
//! its SHA-256 (over the DER) is what a device is known by; what that promises is explained in [`crypto`](crate::crypto).
//!
//! In clear, a first header with a `file_name` or `filename` opens a **classic session** (section 12). One that has a `type`
//! is refused with `abort {bad_header}`, whatever else stands in it: two Sealdrops never speak to each other in clear.
//!
//! # 3 Notation
//!
//! `{a, b?}` is a JSON object with `a`, and `b` if there is something to say. What is optional is left out, never `null`;
//! `null` is a wrong value everywhere. All numbers are JSON integers, written with digits only: no fraction, no exponent.
//!
//! | written | means |
//! | --- | --- |
//! | u16, u32, u64, i64 | an integer that fits; a number that does not is an error, it never wraps |
//! | text | a JSON string |
//! | flag | `true` or `false` |
//! | hex32, hex64 | a string of exactly 32 or 64 lowercase hex digits |
//! | index | u32, the position of an entry over all `entries` headers together, from 0 |
//! | code, detail | a reason, see section 11 |
//!
//! # 4 Sealed session
//!
//! Only the sender of files dials. Everything on a connection goes in this order:
//!
//! ```text
//!       sender (dials)                              receiver (listens)
//!  1    hello                                ->
//!  2                                         <-     hello
//!  3    offer                                ->
//!  4    entries, entries, ...                ->
//!  5                                         <-     answer           (a person decides: up to 10 minutes)
//!  6                                         <-     plan, plan, ...
//!  7    file, chunks, end, seal              ->                      for every file that the plan wants,
//!       file, chunks, end, seal, ...         ->                      without waiting for receipts
//!  8                                         <-     receipt, receipt, ...
//!  9    done                                 ->                      after the last receipt
//! 10                                         <-     done             after everything stands on disk
//!       both close
//! ```
//!
//! 1. The dialer says `hello`, and the listener answers with its own. Each side takes the highest version that lies in both
//!    ranges; if there is none, whoever notices says `abort` with code `version`, `ours` and `theirs`. The shapes of `hello`
//!    and `abort` never change, so that this works between all versions. There is one version so far: 1.
//!    The dialer's hello holds `commit`, which it may leave out only when it says `verified`. `verified` means: a person here
//!    has confirmed the key that TLS has just shown. A blocked device is told so now (`abort {blocked}`), and so is a key that
//!    nobody has verified under the name of a verified device (`abort {wrong_key}`).
//! 2. After both hellos the dialer says exactly one of `offer`, `verify`, `want` (section 8), `lane` ([`lanes`]) or `probe`
//!    ([`probing`]). Who looks for a device that it knows connects with that key expected: TLS has shown then that it is there.
//! 3. `offer` gives the totals. A message without files is an offer whose counts are all 0; one without a message either is `abort {bad_message}`.
//! 4. `entries` follow, as many headers as it takes. The list is complete when as many files, folders and links have come as
//!    the offer announced; an offer of nothing has no `entries` header. More or fewer, other totals than announced, or another
//!    digest than `manifest` are answered `abort {bad_message}`. The parents of a path are implied and need no entry of their
//!    own, but an empty folder needs one. A path is refused (`abort {bad_path}`) if it could lead anywhere else or is given
//!    twice; the receiver may save an entry under a changed name.
//! 5. `answer` may come at any time after `offer`. After `decline` or `busy` both sides close; who was
//!    told `busy` may offer the same again a while later. Before it, unless both hellos
//!    said `verified`, the two sides agree on a code (below).
//! 6. `plan` says what the receiver wants of each entry (section 7). It may come in pieces, and files are sent as soon as their piece is there.
//! 7. Files go one after another, or some of them by turns ([`by_turns`]): `file`, the body (section 6), then `seal` with the MD5 digest computed while
//!    reading. Instead of `seal` (or of `file`, if nothing could be sent at all) `failed` says why this file did not go whole; the next follows.
//! 8. One `receipt` for each `seal`; see section 7.
//! 9. When it has all receipts, the sender says `done`.
//! 10. The receiver echoes `done` when everything it accepted has its final name. Then both close.
//!
//! *The code*: six digits that two people compare, once, so that nobody can sit between their devices.
//!
//! ```text
//! dialer                                        listener
//! hello {commit}                         ->
//!                                        <-     code {nonce}      when the whole offer stands before a person
//! reveal {nonce}                         ->
//!
//! commit = SHA-256("sealdrop commit 1" || the dialer's nonce)
//! code   = SHA-256(all of these, each preceded by its length as u32 big-endian:
//!              "sealdrop code 1",
//!              32 bytes of the TLS exporter, label "EXPORTER-sealdrop-code", empty context (RFC 8446 section 7.5),
//!              the dialer's key, the listener's key       (SHA-256 of the certificate, 32 raw bytes each),
//!              the dialer's nonce, the listener's nonce   (32 bytes each))
//!          its first 8 bytes as a big-endian number, modulo 1,000,000, with leading zeros
//! ```
//!
//! A `reveal` that does not fit `commit` ends the session. The listener gives strangers 3 nonces a minute and 20 an hour in
//! all; beyond that it answers `busy`. With `verify` in place of an offer the same happens for its own sake: the listener ends
//! it with `done` after `reveal`, or with `abort` or `answer {busy}` if nobody is to look.
//!
//! *Epoch*: 1 for a new transfer, higher each time a broken one is taken up again (section 8). *Lanes*: further connections
//! that carry bytes of bodies for the same transfer, opened with `lane` ([`lanes`]); the first connection of an epoch
//! stays open from `offer` to `done`, also while the transfer is paused.
//!
//! # 5 Messages
//!
//! Every header has `type`, the word in the first column. All that follows are the other fields.
//!
//! | type | from | fields |
//! | --- | --- | --- |
//! | `hello` | both | `versions`: \[oldest, newest\] (u32), `program`: text (`sealdrop 0.1.0`), `name`: text (of the device), `os`: text, `commit`?: hex64 (from the dialer), `verified`?: flag, `port`?: u16 (where the one who says it listens itself) |
//! | `offer` | sender | `transfer`: hex32 (128 random bits), `epoch`: u32 from 1, `manifest`: hex64, `files`, `folders`, `links`, `bytes`: u64, `message`?: text, `again`?: flag (section 8) |
//! | `entries` | sender | `entries`: list of entries, see below |
//! | `answer` | receiver | `answer`: `"accept"`, `"decline"` or `"busy"`; with the first `ahead`?: u32 from 1 (files that may be outstanding, section 7; left out it is 256) and `together`?: u32 from 1 ([`by_turns`]; left out it is 1); `code`?, `detail`? with the others (no code means `declined` or `busy`) |
//! | `plan` | receiver | `items`: list of \[first (index), count (u32 from 1), `"send"`, `"skip"` or `"check"`\]; `done`?: list of \[index, md5 (hex32)\], section 8 |
//! | `at` | receiver | `index`, `offset`: u64, `md5`: hex32 (of the bytes before offset, which are there) |
//! | `file` | sender | `index`, `offset`: u64 (0, or that of the `at` before): a body follows, from there on |
//! | `files` | sender | `indices`: list of index: their bodies follow by turns ([`by_turns`]) |
//! | `seal` | sender | `index`, `md5`: hex32 (of the whole file) |
//! | `failed` | sender | `index`, `code`, `detail` |
//! | `receipt` | receiver | `index`, `state`: `"verified"`, `"mismatch"` or `"failed"`; `md5`?: hex32 (computed by the receiver; none for folders and links), `code`, `detail`? with `failed` |
//! | `ping` | both | none; never answered |
//! | `pause` | both | `by`: `"sender"` or `"receiver"`, `code`, `detail`? |
//! | `resume` | both | none |
//! | `working` | both | `index`?, `done`: u64, `total`: u64 (bytes that are hashed to find out what is there) |
//! | `done` | both | none |
//! | `abort` | both | `code`, `detail`; with code `version` also `ours` and `theirs`: \[oldest, newest\] |
//! | `lane` | both | `transfer`: hex32, `epoch`: u32 from 1, `number`: u32 from 1 |
//! | `want` | dialer | `transfer`: hex32 (section 8) |
//! | `verify` | dialer | none: compare codes, without an offer |
//! | `probe` | dialer | `port`?: u16 (where the dialer listens, to be dialled back) |
//! | `probed` | listener | `reachable`?: flag, `clock`?: i64 (ms since 1970, when it was written) |
//! | `code` | listener | `nonce`: hex64 |
//! | `reveal` | dialer | `nonce`: hex64 |
//!
//! An entry is an object:
//!
//! | field | value |
//! | --- | --- |
//! | `path` | list of text: the components, outermost first, never empty, no component with `/` in it |
//! | `kind` | `"file"`, `"folder"` or `"link"` |
//! | `size` | u64, bytes: files only |
//! | `target` | text, relative to the link's own place: links only |
//! | `mtime`? | i64, nanoseconds since 1970 (UTC) |
//! | `exec`? | flag; left out when false |
//!
//! `manifest` in the offer is SHA-256 over the JSON bytes of all `entries` headers, one after another, without their length
//! prefixes. It is computed over bytes as sent: no rule says how they are spaced or ordered. Without entries it is the SHA-256
//! of nothing.
//!
//! # 6 Bodies
//!
//! Behind a `file` header stands its body, as chunks. Each chunk begins with 4 bytes, again a little-endian i32:
//!
//! | length | what follows |
//! | --- | --- |
//! | 1 to 1048576 | that many bytes of the file (a reader needs no larger buffer; Sealdrop sends at most 262144) |
//! | 0 | nothing: the body is over |
//! | -2 | two numbers (u32, little-endian): the next bytes of the file come over the connection of this number, so many (1 to 1048576; [`lanes`]) |
//! | -1 | an *interlude*: one frame (`ping`, `pause`, `resume`, `working` or `abort`), then the body goes on with the next chunk length |
//! | -3 | a number (u32, little-endian): the next bytes are of this entry, one of those that `files` named ([`by_turns`]) |
//! | anything else | an error |
//!
//! So an empty file is a `file` header, `00 00 00 00` and its `seal`. The `seal` or `failed` of a body follows at once or after later files, as long as the
//! window of section 7 is kept: hashing may run behind. A body may hold more or fewer bytes than the manifest said (those before `offset` counted) only if
//! `failed` follows (the file changed while it was read); with `seal` that is `bad_message`. The digest comes after the bytes, so the first one leaves at once.
//!
//! # 7 Plan, receipts, window
//!
//! A plan item says what is wanted of `count` entries from `first` on. Items may come in any order and in any number of
//! `plan` headers; each entry is named once, and in the end every entry has been named. `send` asks for a file's bytes (for a
//! folder or link it says that the receiver makes it). `skip` leaves the entry out. `check`, only for files, means that the
//! receiver is still hashing what it has of that file: an `at` or one more item for the same entry, `send` or `skip`, follows
//! (section 8). Accepting everything is one item: `[[0, n, "send"]]`. An offer without entries needs no plan.
//!
//! | for | comes |
//! | --- | --- |
//! | a file with `send` or an `at`, then `seal` | one `receipt` |
//! | a file with `send` or an `at`, then `failed` | no receipt |
//! | a folder or link with `send` | one `receipt` without `md5`, on the first connection, when the receiver has made it and its plan has named it |
//! | any entry with `skip` | nothing |
//!
//! A receipt says what the receiver's own digest of the received bytes was. `verified`: it equals the seal, and the file is on
//! disk under its final name. `mismatch`: it does not, and the bytes were thrown away. `failed`: it could not be stored, with
//! the reason. A sender shows a file as sent only after `verified`.
//!
//! **Window.** Between `file` (or `files`) and `receipt` at most `ahead` files of the `answer` may be outstanding on a connection, 256 if it named
//! none; more are `bad_message`. No sender uses more than 4096, whatever is granted. While 256 are outstanding none begins a file of more than
//! 65536 bytes, nor a smaller one with which the smaller ones of them would have more than 64 MiB: what is not yet safe when somebody is killed
//! stays bounded. Who has reached it writes the seals it still
//! owes and reads receipts before it sends another `file`. Folders and links do not count. A receiver never waits for more files
//! before it sends receipts, and reads on while they are not taken; both sides read while they wait to write: neither can block the other.
//!
//! These end the transfer with `abort {bad_message}`: a `file` for an entry that is not a file, is outside the manifest, was
//! not asked for, is still being checked or was sent before, or with an offset that nobody named; a `seal` or `failed` for a
//! file that is not open; a `receipt` for what was not sealed; a plan item outside the manifest or for an entry that was
//! planned before as anything but `check`; a `check` for what is not a file; an `at` for a file that is not being checked
//! (also a second one), or beyond its size; a `done` for what is not a file, twice, on the first connection of a transfer, or
//! for an entry that no item of the same header skips; any message out of its turn.
//!
//! # 8 Going on
//!
//! How a transfer is taken up again after its connection broke (`again`, `done`, `check`, `at`, `working`, `want`) has a page of
//! its own: [`going_on`].
//!
//! # 9 Pausing
//!
//! Each side may hold a transfer with `pause` and let it go on with `resume`; it moves while neither holds it. Also in
//! [`going_on`].
//!
//! # 10 Waiting, silence, ending
//!
//! * **Ping.** A side that has written nothing for 15 s sends `ping`, in every state after `hello`, as an interlude if a body
//!   is open. Nobody answers it. A side that has received no byte for 60 s while it was reading breaks the connection.
//! * **Abort.** `abort` ends everything at once and says why. To send it, or after a refusal: write the header, shut down
//!   writing, read and drop what still comes for at most 2 s or 16 MiB, then close. Closing at once would send a reset, and a
//!   reset throws away the reason before it is read. After a write error, first read what the peer has already said, and
//!   report that.
//! * **Cancelling in the middle of a body.** Chunks have borders: fill the current chunk with zeros up to its length, then
//!   write length -1 and the `abort` frame. Nothing after a cancel is published, so the zeros harm nobody. What takes longer
//!   than 2 s is cut off, and the other side sees a lost connection. Who means to go on another time breaks off in the
//!   chunk instead, without a word.
//! * **End of stream** without `done` or `abort` before it is a lost connection, wherever it happens: also
//!   between two messages. The transfer goes on over another (section 8).
//! * **Deadlines** (all absolute, see section 13) are answered `abort {timeout}`. When nobody answers an offer in time, whose
//!   time is over first says so: the receiver with `answer` (`decline`, code `no_answer`), the sender with `abort {no_answer}`.
//!
//! # 11 Reason codes
//!
//! Wherever `code` stands, `detail` (text, at most 1024 bytes of UTF-8; longer ones are cut) says more for the curious. `failed` and
//! `abort` always carry a detail, possibly empty; elsewhere it is left out when there is none. A reader accepts its absence.
//!
//! | code | meaning |
//! | --- | --- |
//! | `version` | no protocol version in common |
//! | `bad_header` | a frame that is not one: length, UTF-8, JSON, key twice, no type |
//! | `unknown_type` | a header type that this program does not know or does not serve here |
//! | `bad_message` | a field missing or wrong, a chunk length that lies, a message out of turn |
//! | `bad_path` | a path in the manifest that cannot be stored safely |
//! | `limit` | over a limit of section 13 |
//! | `timeout` | a deadline passed |
//! | `busy` | too many offers or connections; or others have their turn |
//! | `blocked` | this device takes nothing from you |
//! | `declined` | a person said no |
//! | `no_answer` | nobody answered in time |
//! | `cancelled` | a person cancelled it |
//! | `stale_epoch` | a newer connection has taken over |
//! | `unknown_transfer` | this transfer is not known (any more) |
//! | `wrong_key` | another key than expected |
//! | `disk_full` | no room where it was to be stored |
//! | `folder_missing` | the folder that it was to be stored in is not there |
//! | `folder_read_only` | that folder may not be written to |
//! | `unreadable` | the source could not be read |
//! | `changed` | the source shrank, grew or changed while it was read |
//! | `connection_lost` | the connection ended too early |
//! | `io` | another error of disk or system |
//! | `internal` | a bug |
//!
//! A code that a reader does not know is shown together with its detail. Everything a peer says is shown with control and
//! direction characters replaced.
//!
//! # 12 Classic session
//!
//! For the small programs that people write when they learn sockets, and that nobody here wrote. The framing is the same;
//! there is no hello, no answer and no encryption.
//!
//! ```text
//! sender (dials)                            receiver (listens)
//! frame: one JSON object             ->
//! exactly `size` raw bytes           ->
//! (another frame and its bytes, ...) ->
//! close
//! ```
//!
//! Field names differ from program to program. All of these are read:
//!
//! | meaning | names |
//! | --- | --- |
//! | name | `file_name`, `filename`: text |
//! | size in bytes | `file_size`, `filesize`, `total_size`, `lenth`, `length`, `len`, `size`: u64, or the same in decimal digits as text |
//! | digest | `md5`: 32 hex digits in either case; anything else counts as no digest given |
//! | folder | `filepath`: text, where the file lay on the sender; empty or anything else counts as none |
//!
//! A name and a size have to be there. Several names for the same thing have to agree. A key given twice is an error here too.
//! Everything else is ignored, but a `type` is refused (section 2). A name that holds a separator is refused when it is to be stored.
//!
//! **To Sealdrop**: the header is read, a person is asked, and the body is left unread meanwhile, so TCP makes the sender
//! wait. A refusal is a closed connection. If the header had an `md5` it is compared; if not, the outcome is *not checked*.
//!
//! **From Sealdrop**: the file is hashed first, since such receivers want the digest in the header. Prefix and header go out in
//! one write and are at most 1400 bytes together (unless the name is very long), because many such receivers read the header
//! with a single `recv`: first `file_name`, `filename`, `file_size`, `filesize`, `md5` and an empty `filepath`, then as many of
//! the other size names as fit. Then the raw bytes; then writing is shut down, and Sealdrop waits up to 10 s for the other
//! side to close. Nothing comes back, so the outcome is *handed over, not confirmed*.
//!
//! **Downloads from Sealdrop**, out of the folder that a person chose to share:
//!
//! ```text
//! asker (dials)                             Sealdrop (listens)
//! a name, without length             ->
//!                                    <-     frame {lenth, md5, size(MB), ...}
//!                                    <-     exactly `lenth` raw bytes
//! (another name, ...)                ->
//! close
//! ```
//!
//! The request is UTF-8 of at most 1024 bytes. It ends at the first line end or NUL, with which further ones are dropped; or,
//! without one, where nothing has come for 50 ms, or 300 ms after it began. Several may be sent at once if they have ends. It is
//! a path below the shared folder; `/` and `\` both stand between components, on every system, and a component is refused as in a
//! manifest, and also when it begins with a full stop. A file whose own name holds a `\` cannot be asked for, and a name of less
//! than three bytes needs an end other than NUL, or none (two letters and two NULs are a frame's length).
//!
//! The answer is one frame, written at once with its prefix and at most 1400 bytes long: `lenth` (u64), `md5` (32 lowercase hex
//! digits), `size(MB)` (a number with a fraction, in MiB, for people), then as many of the other names of the size and of the
//! file's own name as fit. The bytes follow. `{}` is answered when there is no such file, it is a link, a folder or no regular
//! file, it is hidden, nothing is shared, or the name is refused; what is longer than 1024 bytes is answered `{}` and closed. A
//! first request that is not UTF-8 is an unknown caller (section 2). A file that changes while it is sent is broken off by a reset
//! before its last bytes. Who has been answered has 2 min for the next request.
//!
//! **Downloads by Sealdrop** are the same from the other side: the name goes out as it was typed, without an end; the header is
//! waited for as long as for a person's answer, since servers make the digest first; any names of the size are read, and have to
//! agree; `{}` means that there is no such file. Bytes beyond the announced ones are no part of the file if `md5` proves it whole, and
//! an error if there was none.
//!
//! # 13 Limits
//!
//! | what | value | over it |
//! | --- | --- | --- |
//! | header | 65535 bytes | refused before allocation |
//! | chunk | 1048576 bytes | refused before allocation |
//! | entries in a manifest | 1000000; 100000 from a device whose key is not verified | `abort {limit}` |
//! | bytes of `entries` headers waiting for an answer | 256 MiB, 16 MiB from a device whose key is not verified; 512 MiB in all | `abort {limit}`, `abort {busy}` |
//! | depth of a path | 128 components | `abort {limit}` |
//! | path, target of a link | 4096 bytes, `/` between the components counted | `abort {limit}` |
//! | one component | 255 bytes | shortened when stored |
//! | `message` | 16384 bytes | `abort {limit}` |
//! | `detail` | 1024 bytes | cut |
//! | connecting; TLS and hello | 10 s each | closed |
//! | callers attended to | 64 in all, 8 of one address (IPv6: of one /64), the last 16 for addresses of known devices; 256 wait up to 10 s | closed |
//! | offers and comparisons waiting for a person | 32 in all, the last 8 for verified devices; 4 of one address | `answer {busy}` |
//! | codes for devices that are not verified | 3 a minute, 20 an hour | `answer {busy}` |
//! | connections back for `probe` | 1 for an address (IPv6: a /64) in 10 s; 6 a minute in all, the last 2 for verified devices | `reachable` is left out |
//! | one header | 10 s from its first byte | `abort {timeout}` |
//! | a whole manifest | 60 s, and 1 s more for every 1000 entries | `abort {timeout}` |
//! | a person's answer | 10 min | withdrawn, both sides told |
//! | silence | 60 s | connection broken |
//! | a download request | 1024 bytes | `{}`, closed |
//! | downloads from the shared folder | 32 in all, 4 of one address, the last 8 for addresses of known devices | wait up to 30 s, closed |
//! | connections that were answered and ask for nothing | 64 in all, 8 of one address, 2 min | closed |
//! | files between `file` and `receipt` | `ahead` of the answer, else 256; 4096 at most, 256 before one of more than 65536 bytes or more than 64 MiB of smaller ones | the sender waits; `abort {bad_message}` |
//! | `at` that were not answered with `file` or `failed` | 256 | the receiver waits |
//!
//! # 14 Examples
//!
//! In [`examples`], byte by byte; they are run as tests.

pub mod by_turns;
pub mod caller;
pub mod chunk;
pub mod classic;
pub mod code;
pub mod download;
pub mod entries;
pub mod error;
pub mod examples;
mod fields;
pub mod frame;
pub mod going_on;
pub mod handover;
pub mod header;
pub mod lanes;
mod object;
pub mod probing;
