//! Several connections for one transfer: a further page of the protocol's document ([`wire`](super)).
//!
//! One TCP stream does not fill a long way on which something is lost. So a sender may open further connections, *lanes*, that carry bytes of
//! bodies and nothing else. The first connection goes on carrying all headers, and says where each piece of a body comes:
//! what is sent is one sequence of bytes, however many connections it goes over.
//!
//! ```text
//!       sender (dials)                              receiver (listens)
//!       hello                                ->                      a further connection,
//!                                            <-     hello            with the key of the first
//!       lane {transfer, epoch, number}       ->
//!                                            <-     lane             the same, as soon as it is taken
//!       bytes, bytes, ...                    ->                      nothing else, until it closes
//!
//!       file                                 ->                      meanwhile on the first connection
//!       -2, number, length                   ->                      the next `length` bytes are those over that lane
//!       -2, number, length                   ->                      the bytes after them may come over another
//!       length, bytes                        ->                      or here, as in any body
//!       0, seal                              ->
//! ```
//!
//! * **Opening.** From `answer {accept}` on, as often as the sender likes; `number` is its choice, each once in an epoch. The
//!   receiver takes 16 lanes and closes others. It answers `abort {unknown_transfer}` when no transfer of that name runs with
//!   the device that has shown this key, and `abort {stale_epoch}` for another epoch than the present one. Before it has read the
//!   answer, the sender says nothing over a lane and names it in no body. A receiver that takes none is complete: the bytes go
//!   over the first connection then.
//! * **Bytes.** A lane's bytes have no frames. They are taken in the order in which the first connection names them: the
//!   first `length` bytes of a lane are those of its first `-2`, and so on. They may be there before they are named, and wait in
//!   the system's buffers. All rules for a body hold for the bytes as a whole: `length` is at most 1048576, and no more bytes
//!   come than the manifest said. A number that is no lane's is `bad_message`.
//! * **Ending.** Both sides close all lanes when the first connection is over. A lane that ends earlier while bytes of it are
//!   still named is a lost connection: the transfer goes on in another epoch, and the sender is well advised to stay with one connection
//!   for a while then.
//! * **Silence.** Nobody says `ping` over a lane. That 60 s without a byte break a connection (section 10) holds for all of
//!   them together.
//! * **Cancelling.** What was named is sent, then `abort` follows on the first connection, as in any body.
