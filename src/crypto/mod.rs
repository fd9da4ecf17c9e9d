//! This device's key, TLS, and the short code that two people compare.
//!
//! Everything that goes from one Sealdrop to another goes through TLS 1.3 (RFC 8446), computed by rustls and aws-lc; nothing
//! here is cryptography of our own except the short code, which is a hash of what TLS gives. This floor knows no sockets,
//! stores nothing but through [`storage::identity_file`](crate::storage::identity_file), and decides about no person: who is
//! *verified*, who may call how often and what a card looks like is the business of the floors above.
//!
//! [`identity`] the key and the certificate · [`tls`] how a session begins · [`session`] bytes in, bytes out ·
//! [`short_code`] the six digits
//!
//! # What is promised, and against whom
//!
//! - **Somebody who listens** on the network learns neither names nor contents, and no seal. What is recorded today stays
//!   closed when a device's key is stolen later: each connection agrees on keys of its own and forgets them (forward
//!   secrecy, RFC 8446 appendix E.1), and the agreement holds even if only one of X25519 and ML-KEM-768 does.
//! - **Somebody who changes bytes** on the way breaks the connection. A receiver gets an unchanged beginning of what was
//!   sent and then an error; a cut is never taken for an end, because an end is said (`close_notify`, and `done` above it).
//! - **Somebody who answers in another's place** is refused where a key is expected (a saved or nearby device, a further
//!   connection of a transfer, a resumed one): the certificate's digest is compared inside the handshake, before our own
//!   certificate or a byte of data leaves. A copied certificate is of no use without its key, since the signature of the
//!   handshake is checked in both directions.
//! - **Somebody in the middle at the first meeting** has to run two sessions, and the two short codes then agree with a chance
//!   of one in a million for each card that somebody is made to see. At most 3 cards a minute and 20 an hour show a code to
//!   unverified keys, so a whole day of trying (480 cards, all of them visible) succeeds with a chance of about 1 in
//!   2,000; and it is of use only if both people compare and confirm that very card.
//! - **A stranger who calls** can show a key, say hello and ask, rarely. What comes from them costs bounded memory here,
//!   whatever it is, and garbage ends their connection and nothing else.
//! - **Another user of the same computer** cannot read the key: its file is for its owner alone, and a file that is not is
//!   refused until a person has seen it. A file that cannot be understood is never replaced silently, because a new key
//!   would make this device a stranger to everybody.
//!
//! # What is not promised
//!
//! - Who talks to whom, when, how long and how much can be seen on the network, and that it is Sealdrop (the protocol's name
//!   travels in the clear). Whoever calls a device learns its key and can recognise it elsewhere; so does whoever is called
//!   by an address alone.
//! - **A thief of the profile's folder** has the key and can be this device to all who verified it, until they forget it. It
//!   is not encrypted: a password that must be typed at each start would be chosen short or stored beside it. Old
//!   recordings stay closed.
//! - **Who owns the computer**, or runs programs as the same user, owns the key and the files.
//! - **People who click *Verified* without comparing** have verified nothing. The code protects those who read it to each
//!   other, over a way on which they know each other: in the same room, or by voice.
//! - **The classic session** is not encrypted at all, and says so wherever it is shown.
//! - **MD5**, the seal, keeps nobody out: it shows that bytes arrived intact and can be compared with what others publish.
//!   TLS authenticates every byte.
//! - No deniability: a handshake is signed. Who keeps it can show that this key took part in a session, not what was said.
//! - Being kept from working: somebody on the way can always cut, and, before the handshake is over, forge the alerts
//!   that end it. So [`RefusedByPeer`](session::SessionError::RefusedByPeer) is a sentence for a person, and the key in
//!   [`WrongKey`](session::SessionError::WrongKey) is what was shown and not proved. Neither may change what is stored.
//!
//! # The short code
//!
//! Two people see six digits and say whether they are the same (a *short authentication string*, as in ZRTP, RFC 6189).
//!
//! 1. The dialer chooses a nonce and says only its [`commitment`](short_code::commitment) (in `hello`).
//! 2. The listener says its own nonce (`code`), once the card stands before a person.
//! 3. The dialer reveals its nonce (`reveal`); another one than it committed to ends the connection.
//! 4. Both compute [`Comparison::code`](short_code::Comparison::code) over the TLS exporter, both keys and both nonces.
//!
//! Without step 1, somebody in the middle would know everything before choosing a last nonce, and would try nonces until both
//! codes agree: a million hashes, a second's work. With it their part towards each side is fixed before they know the other
//! one's, so the last random choice is never theirs, and each try costs a new card (Vaudenay, *Secure communications over
//! insecure channels based on short authenticated strings*, CRYPTO 2005; RFC 6189 section 4.4 commits for the same reason).
//! Six digits are what people compare without a mistake; the ration is what makes six digits enough.
//!
//! The exporter (RFC 5705; for TLS 1.3, RFC 8446 section 7.5) ties the code to this very connection: it comes from the
//! handshake's secrets, and nobody can make two sessions have the same one. The keys are in it so that the code is about the
//! devices, the length before each part so that no two inputs become the same bytes.
//!
//! # Why it is built like this
//!
//! - **TLS 1.3 and nothing older**: one handshake, no renegotiation, certificates encrypted, every cipher authenticated. Older
//!   versions are not even compiled in, so there is nothing to be talked down to.
//! - **Certificates from both sides**, or the listener would not know who asks.
//! - **No authority**: there are no names to certify, the network may lead nowhere, and a person who looks at two screens is
//!   the better witness. Dates are not looked at either; the clocks of two laptops rarely agree on much.
//! - **The key of a device is the SHA-256 (RFC 6234) of its whole certificate**, not of the public key inside (SPKI): bytes
//!   are hashed before any parser sees them, nothing in the certificate is outside the digest, and it is the fingerprint that
//!   every certificate tool prints. The price, that a renewed certificate is a new device, is none here: it never ends.
//! - **No resumption, no tickets, no early data**: a resumed handshake shows no certificate, so the expected key would not be
//!   compared and the exporter would rest on an older session; early data can be replayed (RFC 8446 section 8). A handshake
//!   costs a millisecond, and a transfer opens a handful of connections.
//! - **ALPN** `sealdrop` (RFC 7301): bytes meant for another protocol are never taken for ours, nor ours for another's. TLS
//!   allows a peer to leave it out; [`session`] does not, and passes no plaintext before it has looked.
//! - **No server name** is sent: there is none, and it would travel in the clear.
//! - **ECDSA on P-256**: see [`identity`].

pub mod error;
pub mod identity;
pub mod session;
pub mod short_code;
pub mod tls;

mod provider;
mod session_error;
mod verifier;

pub use provider::prepare;

#[cfg(test)]
mod tests;
