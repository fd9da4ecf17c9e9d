//! Any number of streams of any lengths, shared out to lanes.

use super::{
    Block, Hasher, State, alone,
    lanes::{self, Compress},
};

/// As `update` for each of these streams, but several times faster for more than one.
pub fn update_together(streams: &mut [(&mut Hasher, &[u8])]) {
    update_with(streams, Form::best);
}

/// How blocks are worked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// One stream after the other.
    One,
    Four,
    Eight,
    Sixteen,
}

impl Form {
    /// The best of this processor for so many streams. Lanes without a stream cost as much as others. A block of one stream
    /// costs 1.0, of up to four 1.7, of up to eight 1.45 with AVX2, and of up to sixteen 2.1 with AVX-512 (see the figures
    /// in `digest`): so two streams are enough for any of them, and nine for the widest.
    fn best(streams: usize) -> Self {
        // Plain code is vectorised only where it is optimised, and `md-5` always is.
        if streams < 2 || cfg!(debug_assertions) {
            Self::One
        } else if streams > 8 && lanes::has_avx512() {
            Self::Sixteen
        } else if lanes::has_avx2() {
            Self::Eight
        } else if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
            Self::Four
        } else {
            Self::One
        }
    }
}

/// What is left to do for one stream.
struct Job<'a> {
    state: &'a mut State,
    blocks: &'a [Block],
}

fn update_with(streams: &mut [(&mut Hasher, &[u8])], form: impl Fn(usize) -> Form) {
    let mut jobs: Vec<Job<'_>> = streams
        .iter_mut()
        .map(|(hasher, bytes)| {
            let blocks = hasher.take_ends(bytes);
            Job { state: &mut hasher.state, blocks }
        })
        .collect();
    loop {
        jobs.retain(|job| !job.blocks.is_empty());
        // The longest come first, so that none of them is left to run alone in the end.
        jobs.sort_unstable_by_key(|job| std::cmp::Reverse(job.blocks.len()));
        match form(jobs.len()) {
            _ if jobs.is_empty() => return,
            Form::One => {
                for Job { state, blocks } in &mut jobs {
                    alone::compress(state, std::mem::take(blocks));
                }
            }
            Form::Four => run(lanes::four, &mut jobs),
            Form::Eight => run(lanes::eight, &mut jobs),
            Form::Sixteen => run(lanes::sixteen, &mut jobs),
        }
    }
}

/// Goes on with the first jobs until one of them is done.
fn run<const N: usize>(compress: Compress<N>, jobs: &mut [Job<'_>]) {
    let busy = jobs.len().min(N);
    let jobs = &mut jobs[..busy];
    let count = jobs.iter().map(|job| job.blocks.len()).min().unwrap_or(0);
    // A lane without a stream goes over the first one's bytes, for nothing.
    let of_lane = |lane: usize| if lane < busy { lane } else { 0 };
    let mut states: [State; N] = std::array::from_fn(|lane| *jobs[of_lane(lane)].state);
    let blocks: [&[Block]; N] = std::array::from_fn(|lane| jobs[of_lane(lane)].blocks);
    compress(&mut states, &blocks, count);
    for (job, state) in jobs.iter_mut().zip(states) {
        *job.state = state;
        job.blocks = &job.blocks[count..];
    }
}

#[cfg(test)]
mod tests {
    use md5::{Digest, Md5};
    use proptest::prelude::*;

    use super::*;

    const FORMS: [Form; 4] = [Form::One, Form::Four, Form::Eight, Form::Sixteen];

    /// Streams, each with its bytes in pieces: those of one position are hashed together.
    fn streams() -> impl Strategy<Value = Vec<Vec<Vec<u8>>>> {
        let length = prop_oneof![0..70_usize, 0..1000_usize, Just(64), Just(128)];
        let piece = length.prop_flat_map(|length| prop::collection::vec(any::<u8>(), length));
        prop::collection::vec(prop::collection::vec(piece, 3), 0..40)
    }

    fn digests(streams: &[Vec<Vec<u8>>], form: impl Fn(usize) -> Form) -> Vec<[u8; 16]> {
        let mut hashers = vec![Hasher::new(); streams.len()];
        for at in 0..3 {
            let pieces = streams.iter().map(|pieces| &pieces[at][..]);
            let mut together: Vec<_> = hashers.iter_mut().zip(pieces).collect();
            update_with(&mut together, &form);
        }
        hashers.into_iter().map(|hasher| hasher.finish().0).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn streams_of_any_number_and_length_have_the_digests_that_md_5_gives(streams in streams()) {
            let expected: Vec<[u8; 16]> = streams.iter().map(|pieces| Md5::digest(pieces.concat()).into()).collect();
            for form in FORMS {
                prop_assert_eq!(&digests(&streams, |_| form), &expected, "{:?}", form);
            }
            prop_assert_eq!(digests(&streams, Form::best), expected);
        }
    }

    #[test]
    fn whatever_this_processor_cannot_run_is_said_aloud() {
        for (form, is_here) in [("AVX2", lanes::has_avx2()), ("AVX-512", lanes::has_avx512())] {
            if !is_here {
                eprintln!("no {form} here: what is compiled for it was NOT tested, only the same code without it");
            }
        }
    }

    #[test]
    fn streams_that_end_at_different_times_make_room_for_others() {
        let streams: Vec<_> =
            (0..70_u8).map(|at| vec![vec![at; usize::from(at) * 37], vec![], vec![1; usize::from(at) * 64]]).collect();
        let expected: Vec<[u8; 16]> = streams.iter().map(|pieces| Md5::digest(pieces.concat()).into()).collect();
        for form in FORMS {
            assert_eq!(digests(&streams, |_| form), expected, "{form:?}");
        }
    }
}
