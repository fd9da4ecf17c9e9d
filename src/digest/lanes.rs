//! Blocks of several streams worked in at the same time, one stream to a *lane*.
//!
//! This is plain code over plain arrays, with the lanes as the innermost loop around all 64 steps of a block: the compiler
//! makes vectors of it, of whatever width the processor has for which it compiles. All that is done for particular
//! processors is to compile it for them once more. (Tried and not faster: vector instructions by name. Tried and not
//! vectorised at all: a step as a loop over the lanes, 64 times.)
#![expect(
    clippy::inline_always,
    reason = "what is compiled once more for a particular processor has to be in the same function"
)]

use super::{Block, PLACES, SINES, State, TURNS, WORDS, words as words_of};

/// Where the words of a block stand in memory, each a run of one word of every lane.
type Words<const N: usize> = [[u32; N]; WORDS];

/// Blocks of each lane whose words are put in order before they are worked in: a processor that loads as one vector what it
/// has just stored word by word waits. Measured: with 1 a third slower, with 4 or 8 a little.
const AHEAD: usize = 2;

/// Works the first `count` blocks of every lane into its state; each lane has so many.
pub(super) type Compress<const N: usize> = fn(&mut [State; N], &[&[Block]; N], usize);

/// With what every processor of the kind has.
pub(super) fn four(states: &mut [State; 4], blocks: &[&[Block]; 4], count: usize) {
    compress(states, blocks, count);
}

/// With AVX2 where it is there.
#[expect(unsafe_code, reason = "calling what is compiled for a processor that has AVX2")]
pub(super) fn eight(states: &mut [State; 8], blocks: &[&[Block]; 8], count: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn with_avx2(states: &mut [State; 8], blocks: &[&[Block]; 8], count: usize) {
            compress(states, blocks, count);
        }
        if has_avx2() {
            // SAFETY: this processor has what `with_avx2` asks for, as was looked up just now.
            return unsafe { with_avx2(states, blocks, count) };
        }
    }
    compress(states, blocks, count);
}

/// With AVX-512 where it is there.
#[expect(unsafe_code, reason = "calling what is compiled for a processor that has AVX-512")]
pub(super) fn sixteen(states: &mut [State; 16], blocks: &[&[Block]; 16], count: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f")]
        fn with_avx512(states: &mut [State; 16], blocks: &[&[Block]; 16], count: usize) {
            compress(states, blocks, count);
        }
        if has_avx512() {
            // SAFETY: this processor has what `with_avx512` asks for, as was looked up just now.
            return unsafe { with_avx512(states, blocks, count) };
        }
    }
    compress(states, blocks, count);
}

/// Looked up once by the standard library, and remembered.
pub(super) fn has_avx2() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Looked up once by the standard library, and remembered.
pub(super) fn has_avx512() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx512f");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

#[inline(always)]
fn compress<const N: usize>(states: &mut [State; N], blocks: &[&[Block]; N], count: usize) {
    let blocks = blocks.map(|lane| &lane[..count]);
    let mut turned = [[0; N]; 4];
    for (lane, state) in states.iter().enumerate() {
        for (part, word) in state.iter().enumerate() {
            turned[part][lane] = *word;
        }
    }
    let mut words = [[[0; N]; WORDS]; AHEAD];
    let mut done = 0;
    while done < count {
        let now = AHEAD.min(count - done);
        for (at, words) in words[..now].iter_mut().enumerate() {
            gather(words, &blocks, done + at);
        }
        for words in &words[..now] {
            work_in(&mut turned, words);
        }
        done += now;
    }
    for (lane, state) in states.iter_mut().enumerate() {
        *state = [turned[0][lane], turned[1][lane], turned[2][lane], turned[3][lane]];
    }
}

/// Puts the words of block `at` of each lane where they are needed.
#[inline(always)]
fn gather<const N: usize>(words: &mut Words<N>, blocks: &[&[Block]; N], at: usize) {
    let mut rows = [[0; WORDS]; N];
    for (row, lane) in rows.iter_mut().zip(blocks) {
        *row = words_of(&lane[at]);
    }
    // From a row for each lane to a row for each word. The place of a word, `lane * 16 + word`, is to become `word * N + lane`: the
    // bits of `lane` move from the upper to the lower end, one with each interleaving of the two halves. The compiler has
    // good instructions for that, and none for columns.
    let mut between = [[0; N]; WORDS];
    for _ in 0..N.ilog2() / 2 {
        interleave(rows.as_flattened(), between.as_flattened_mut());
        interleave(between.as_flattened(), rows.as_flattened_mut());
    }
    if N.ilog2() % 2 == 1 {
        interleave(rows.as_flattened(), words.as_flattened_mut());
    } else {
        words.as_flattened_mut().copy_from_slice(rows.as_flattened());
    }
}

#[inline(always)]
fn interleave(from: &[u32], to: &mut [u32]) {
    let (first, second) = from.split_at(from.len() / 2);
    for ((pair, first), second) in to.as_chunks_mut::<2>().0.iter_mut().zip(first).zip(second) {
        *pair = [*first, *second];
    }
}

/// RFC 1321, section 3.4, for one block of each lane.
#[inline(always)]
fn work_in<const N: usize>(states: &mut [[u32; N]; 4], words: &Words<N>) {
    for lane in 0..N {
        let before = [states[0][lane], states[1][lane], states[2][lane], states[3][lane]];
        let word = |at: usize| words[at][lane];
        let state = round::<0>(before, |b, c, d| d ^ (b & (c ^ d)), word);
        let state = round::<1>(state, |b, c, d| c ^ (d & (b ^ c)), word);
        let state = round::<2>(state, |b, c, d| b ^ c ^ d, word);
        let state = round::<3>(state, |b, c, d| c ^ (b | !d), word);
        for part in 0..4 {
            states[part][lane] = before[part].wrapping_add(state[part]);
        }
    }
}

/// Sixteen steps.
#[inline(always)]
fn round<const R: usize>(
    [mut a, mut b, mut c, mut d]: State,
    mix: impl Fn(u32, u32, u32) -> u32,
    word: impl Fn(usize) -> u32,
) -> State {
    let mut at = 0;
    while at < WORDS {
        for turn in TURNS[R] {
            let added = word(PLACES[R].of(at)).wrapping_add(SINES[R * WORDS + at]);
            let sum = a.wrapping_add(mix(b, c, d)).wrapping_add(added);
            (a, b, c, d) = (d, sum.rotate_left(turn).wrapping_add(b), b, c);
            at += 1;
        }
    }
    [a, b, c, d]
}
