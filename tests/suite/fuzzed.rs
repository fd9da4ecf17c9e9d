//! What fuzzing tries for hours is tried for a moment with each test run: seeded bytes, most of which become messages that
//! are nearly right. So the targets in `fuzz/` keep up with what they try.

mod bodies;

/// Seeded bytes, up to 150 at a time (xorshift64*).
fn inputs(count: u64) -> impl Iterator<Item = Vec<u8>> {
    (1..=count).map(|seed| {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut byte = || {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_be_bytes()[0]
        };
        (0..byte() % 150).map(|_| byte()).collect()
    })
}

#[test]
fn any_plan_is_taken_or_refused() {
    let ended = inputs(3000).map(|bytes| bodies::plan::plan(&bytes));
    let (in_order, broken): (Vec<_>, Vec<_>) = ended.partition(|in_order| *in_order);
    assert!(in_order.len() > 10 && broken.len() > 10, "{} and {}", in_order.len(), broken.len());
}

#[test]
fn whatever_a_peer_says_a_session_ends_and_what_is_saved_is_whole() {
    let ended: Vec<_> = inputs(600).map(|bytes| bodies::session(&bytes)).collect();
    let in_order = ended.iter().filter(|ended| ended.is_ok()).count();
    assert!(in_order >= 10, "only {in_order} came to their end");
    // Otherwise what is said has rotted.
    let far = ["files without a receipt", "over connection", "Torn", "came twice", "a receipt for entry"];
    for how in far {
        let met = ended.iter().any(|ended| ended.as_ref().is_err_and(|said| said.contains(how)));
        assert!(met, "no session ended with {how}");
    }
}
