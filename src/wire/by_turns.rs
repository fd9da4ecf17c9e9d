//! Bodies that come by turns: a further page of the protocol's document ([`wire`](super)).
//!
//! The MD5 of one file cannot be divided among the parts of a processor, but sixteen of them are computed side by side in the
//! time of two. So a sender may send the bodies of several files at once, a piece of each in turn, and both ends hash the pieces as
//! they pass: nothing is read twice, and the processor is no longer what limits files of middle size.
//!
//! ```text
//!       sender (dials)                              receiver (listens)
//!                                            <-     answer {accept, together: 16}
//!       files {indices: [4, 5, 9]}           ->                      their bodies follow, each from its beginning
//!       length, bytes                        ->                      of 4, the first that was named
//!       -3, 5                                ->                      what follows is of 5
//!       length, bytes                        ->
//!       -3, 9, length, bytes                 ->
//!       -3, 4, length, bytes                 ->                      it is the turn of 4 again
//!       0                                    ->                      4 is over
//!       -3, 9, length, bytes, 0              ->
//!       -3, 5, 0                             ->                      all are over
//!       seal {4}, seal {5}, failed {9}       ->                      now or later, in any order
//! ```
//!
//! * **Leave.** `together` in `answer` says how many files may be open at the same time on this connection; left out it is 1, and
//!   `files` is not sent then. Sealdrop grants 16, and uses no more. It takes turns with files of 64 KiB to 64 MiB, where there are four
//!   at least and bytes move fast: over a slow link files that end one after another are worth more.
//! * **`files`** names 1 to `together` files, each of which could be sent with `file` now and offset 0; each counts in the window of
//!   section 7. Files of which something is there already are sent with `file`.
//! * **Turns.** `-3` and the index of a file (u32, little-endian) say whose bytes come next, up to the next `-3`. Pieces may be as
//!   long as any chunk; Sealdrop's are up to 32 KiB, and turns go round. `0` ends the body of the file whose turn it is. When
//!   the last one has ended, a header follows. Interludes, `-2` ([`lanes`](super::lanes)) and all rules for a body hold here too.
//! * **Wrong** (`bad_message`) are more files than were granted, or none; a file that `file` could not name; the turn of a file that
//!   is not among them or is over; bytes or an end of one that is over.
//! * **Breaks.** What has come of each of them stays, as with a body of its own, and is gone on with by `file` (section 8).
