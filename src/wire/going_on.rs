//! Going on after a break, and standing still: sections 8 and 9 of the protocol's document ([`wire`](super)).
//!
//! # Going on
//!
//! A transfer outlives its connections: when one breaks, or a program ends, the sender dials again and goes on. What the
//! receiver has on its disk is the only truth; nothing is counted that is only on its way.
//!
//! ```text
//!       sender (dials)                              receiver (listens)
//!       hello                                ->
//!                                            <-     hello
//!       offer {epoch: 2, again: true}        ->                      the same transfer, manifest and counts; no entries
//!                                            <-     answer           at once: a person has said yes before
//!                                            <-     plan {items, done}
//!                                            <-     working, working, ...
//!                                            <-     at
//!       file {offset}, chunks, end, seal     ->
//!                                            <-     receipt
//!       done                                 ->
//!                                            <-     done
//! ```
//!
//! * **Offer.** The same `transfer`, `manifest` and counts, an `epoch` higher than any before, `again` true, no `entries`
//!   behind it and no code to compare: both sides have to show the keys of the first connection. A receiver that does not
//!   know the transfer (any more), or under another key or manifest, answers `abort {unknown_transfer}`; one that has seen
//!   the same or a higher epoch answers `abort {stale_epoch}`. It ends connections of lower epochs with the same word, and
//!   answers only when nobody works for them any more. `abort {connection_lost}` says that a program is closed
//!   and will go on another time.
//! * **Done.** Entries that are finished are planned `skip`. Those of them that are files and were verified over an earlier
//!   connection stand, with their digest, in `done` of the same header: the receipt may have been lost with the connection.
//!   The sender compares with the receipts that it knows, or with what it hashes now. Folders and links are planned `send`
//!   on each connection and get their receipt again, unless the receiver had ended.
//! * **Check, at.** Of a file that has come in part the receiver hashes what it has for certain, and plans `check`
//!   meanwhile; so it does, on any connection, for a whole file that stands at the place of an entry if it was told to
//!   leave out identical ones. Then it says `at`: so many bytes are there, with this digest; for a whole file that is its
//!   size. If there is nothing after all, an item `send` or `skip` comes instead. At most 256 `at` are unanswered. A file that was
//!   verified, and that somebody may have written to since, is checked too: if it is as it was it is planned `skip` then, with its
//!   digest in `done`, and otherwise `send`.
//! * **File.** The sender hashes its own file up to `offset`. With the same digest it goes on there: `file` with
//!   that offset, the rest as body (none, if nothing is missing), and `seal` of the whole file. Otherwise, and when
//!   the file was written to since it was listed and something is missing, it says `file` with offset 0 and all of it follows:
//!   what was there is dropped. A file that cannot be read, or has another size now, is `failed` when its `at` has come.
//! * **Working.** The receiver says it when it begins to hash something that takes a while (with `index`, `done` 0 and the
//!   `total` that `at` will name, so that the sender can hash the same bytes at the same time), then at most five times a
//!   second; the sender, without `index`, while it hashes. It is for people to look at: a reader may ignore it.
//! * **The end.** A receiver may forget a transfer as soon as it has read `done`: the echo may be lost. A sender that has all
//!   receipts, and hears `abort {unknown_transfer}` when it comes again, knows that this was its end, in order. So it puts them
//!   on its disk before it says `done`; and a receiver puts on its own that it has read `done`, before it echoes that.
//!   A sender that has said `done` and loses the connection comes again to say it, but not for ever: when nobody has answered
//!   for the fifth time, that is its end as well. A receiver whose receipts have all been read, and that hears
//!   `abort {unknown_transfer}` when it says `want`, knows that this was the end.
//!   A receiver that has all of it and whose sender is gone for a minute tells so without it. That ends nothing on the wire: a sender
//!   that comes again later (within 30 days) is answered as ever, with every entry planned `skip`, also folders and links, and the
//!   digests of all files in `done`; it says `done`, and hears it.
//! * **Want.** A receiver that wants to go on dials the sender and says `want`. It is answered `done`, and the sender dials back
//!   as above; or `abort {unknown_transfer}`.
//!
//! # Pausing
//!
//! Each side may hold a transfer with `pause` and let it go on with `resume`; it moves while neither holds it. Both are
//! interludes if a body is open, and may be said at any time between `answer` and `done`. A `pause` by who holds it already
//! only gives another reason.
//!
//! The code says why: `cancelled` a person, `busy` others have their turn, `disk_full` or `io` (with `detail`) the receiver
//! cannot store anything for now.
//!
//! A sender that holds, or has read `pause`, stops at the next border of a chunk or before the next `file`. A receiver goes on
//! reading: what was on its way arrives, receipts are written. Both go on saying `ping`. A receiver that cannot store
//! anything says `pause` as its last word and closes; it goes on over a new connection, as above.
