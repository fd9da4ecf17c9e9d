//! A page of the protocol: how a device finds out whether another one is there, and whether it can be reached itself.
//!
//! With `probe` a device asks whether somebody is there, and with `port` also whether it can be reached itself. The
//! listener then makes one connection back, to the address that the dialer's own connection came from and that port, and to
//! nothing else; there it makes a TLS handshake as a dialer and goes again. `reachable` is `true` when whoever answered there
//! has shown the key of the one who asked, `false` for everything else within 4 s, so that it tells nobody what other programs
//! listen there. It is left out when nobody was dialled: no port, or port 0; a stranger while the listener does not show itself
//! to everybody; more often than section 13 allows. `clock` is for verified devices only: how a clock runs tells devices apart.
//! After `probed` both close.
