//! Who gets through the handshake, and who does not.

use super::*;

#[test]
fn both_sides_see_the_other_ones_key_and_the_same_exporter() {
    let (dialer_tls, listener_tls) = (tls(), tls());
    for expect in [None, Some(listener_tls.own_key())] {
        let (mut dialer, mut listener) = (dialer_tls.call(expect).unwrap(), listener_tls.answer().unwrap());
        assert!(dialer.is_handshaking() && dialer.established().is_err());
        shake_hands(&mut dialer, &mut listener).unwrap();
        assert!(!dialer.is_handshaking() && !listener.is_handshaking());
        let (at_dialer, at_listener) = (dialer.established().unwrap(), listener.established().unwrap());
        assert_eq!((at_dialer.peer, at_listener.peer), (listener_tls.own_key(), dialer_tls.own_key()));
        assert_eq!(at_dialer.exporter, at_listener.exporter);
        assert_ne!(at_dialer.exporter, [0; 32]);
    }
}
