//! The picture of a seal or of a device's key: which shapes stand where, as a pure function of sixteen bytes. Painting it is
//! the window's part.
//!
//! A quilt of four by four cells, each one of sixteen bold shapes in one of four shadings, inside an edge of 32 teeth
//! that are there or not, like a stamp's. Shapes, shadings and teeth together hold all 128 bits, so two digests never share a
//! picture, and all of it can be told apart without colour. The hue repeats part of it for those who see it.

use super::{device_key::DeviceKey, seal::Md5Digest};

/// Cells on one side.
pub const SIDE: usize = 4;

/// Teeth on one side of the edge.
pub const TEETH: usize = 8;

/// How many hues there are to choose from.
pub const HUES: u8 = 6;

/// What one digest looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SealPicture {
    /// Row by row.
    pub cells: [Cell; SIDE * SIDE],
    /// Teeth of the edge: top from left, right from top, bottom from left, left from top.
    pub teeth: u32,
    /// Below `HUES`; says nothing that the shapes do not say.
    pub hue: u8,
}

/// One patch of the quilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cell {
    pub shape: Shape,
    pub shading: Shading,
}

/// Sixteen bold shapes. None is another's complement, so a swapped shading is never a swapped shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    BarAcross,
    BarDown,
    Cross,
    Diamond,
    Disc,
    QuarterBottomLeft,
    QuarterBottomRight,
    QuarterTopLeft,
    QuarterTopRight,
    Ring,
    Saltire,
    Square,
    WedgeDown,
    WedgeLeft,
    WedgeRight,
    WedgeUp,
}

/// The shape in one tone on a ground of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shading {
    InkOnPaper,
    InkOnTint,
    PaperOnInk,
    TintOnPaper,
}

const SHAPES: [Shape; 16] = [
    Shape::BarAcross,
    Shape::BarDown,
    Shape::Cross,
    Shape::Diamond,
    Shape::Disc,
    Shape::QuarterBottomLeft,
    Shape::QuarterBottomRight,
    Shape::QuarterTopLeft,
    Shape::QuarterTopRight,
    Shape::Ring,
    Shape::Saltire,
    Shape::Square,
    Shape::WedgeDown,
    Shape::WedgeLeft,
    Shape::WedgeRight,
    Shape::WedgeUp,
];

const SHADINGS: [Shading; 4] = [Shading::InkOnPaper, Shading::InkOnTint, Shading::PaperOnInk, Shading::TintOnPaper];

/// A part of a shape in a cell of one by one, y downwards.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Disc {
        centre: [f32; 2],
        radius: f32,
    },
    /// Convex corners in order.
    Polygon(Vec<[f32; 2]>),
    Ring {
        centre: [f32; 2],
        radius: f32,
        width: f32,
    },
}

impl SealPicture {
    /// The picture of `digest`.
    pub fn of(digest: &Md5Digest) -> Self {
        Self::of_bits(u128::from_be_bytes(digest.0))
    }

    /// The picture of `key`: of both halves laid over each other, so that every digit of the key has its part in it. Half
    /// of a SHA-256 is as hard to hit as the 128 bits that a picture holds.
    pub fn of_key(key: &DeviceKey) -> Self {
        let (first, second) = key.0.split_at(16);
        let bits = |half: &[u8]| half.iter().fold(0, |bits, byte| bits << 8 | u128::from(*byte));
        Self::of_bits(bits(first) ^ bits(second))
    }

    fn of_bits(bits: u128) -> Self {
        let mixed = mix(bits);
        let cells = std::array::from_fn(|i| {
            let bits = mixed >> (32 + 6 * i);
            Cell { shape: pick(&SHAPES, bits), shading: pick(&SHADINGS, bits >> 4) }
        });
        let [.., a, b, c, d] = mixed.to_be_bytes();
        Self { cells, teeth: u32::from_be_bytes([a, b, c, d]), hue: a % HUES }
    }
}

impl Shape {
    /// What to fill, in a cell of one by one.
    pub fn parts(self) -> Vec<Part> {
        match self {
            Self::BarAcross => vec![rectangle(0.0, 0.32, 1.0, 0.68)],
            Self::BarDown => vec![rectangle(0.32, 0.0, 0.68, 1.0)],
            Self::Cross => vec![rectangle(0.0, 0.36, 1.0, 0.64), rectangle(0.36, 0.0, 0.64, 1.0)],
            Self::Diamond => vec![Part::Polygon(vec![[0.5, 0.02], [0.98, 0.5], [0.5, 0.98], [0.02, 0.5]])],
            Self::Disc => vec![Part::Disc { centre: [0.5, 0.5], radius: 0.40 }],
            Self::QuarterBottomLeft => vec![quarter([0.0, 1.0])],
            Self::QuarterBottomRight => vec![quarter([1.0, 1.0])],
            Self::QuarterTopLeft => vec![quarter([0.0, 0.0])],
            Self::QuarterTopRight => vec![quarter([1.0, 0.0])],
            Self::Ring => vec![Part::Ring { centre: [0.5, 0.5], radius: 0.32, width: 0.2 }],
            Self::Saltire => vec![diagonal(false), diagonal(true)],
            Self::Square => vec![rectangle(0.24, 0.24, 0.76, 0.76)],
            Self::WedgeDown => vec![Part::Polygon(vec![[0.0, 0.0], [1.0, 0.0], [0.5, 1.0]])],
            Self::WedgeLeft => vec![Part::Polygon(vec![[1.0, 0.0], [1.0, 1.0], [0.0, 0.5]])],
            Self::WedgeRight => vec![Part::Polygon(vec![[0.0, 0.0], [1.0, 0.5], [0.0, 1.0]])],
            Self::WedgeUp => vec![Part::Polygon(vec![[0.0, 1.0], [0.5, 0.0], [1.0, 1.0]])],
        }
    }
}

/// Spreads every bit over all others and loses none (each step can be undone), so that digests that differ in one digit,
/// as a mistyped one does, look as different as any two.
fn mix(bits: u128) -> u128 {
    const ODD: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;
    let mut mixed = bits;
    for _ in 0..3 {
        mixed ^= mixed >> 65;
        mixed = mixed.wrapping_mul(ODD);
    }
    mixed ^ (mixed >> 64)
}

fn pick<T: Copy, const N: usize>(from: &[T; N], bits: u128) -> T {
    let index = (bits % N as u128) as usize;
    from[index]
}

fn rectangle(left: f32, top: f32, right: f32, bottom: f32) -> Part {
    Part::Polygon(vec![[left, top], [right, top], [right, bottom], [left, bottom]])
}

/// A quarter of a disc with its centre in one corner.
fn quarter([x, y]: [f32; 2]) -> Part {
    const STEPS: u8 = 10;
    let (across, down) = (1.0 - 2.0 * x, 1.0 - 2.0 * y);
    let mut corners = vec![[x, y]];
    for step in 0..=STEPS {
        let angle = std::f32::consts::FRAC_PI_2 * f32::from(step) / f32::from(STEPS);
        corners.push([x + across * 0.94 * angle.cos(), y + down * 0.94 * angle.sin()]);
    }
    Part::Polygon(corners)
}

fn diagonal(rising: bool) -> Part {
    const W: f32 = 0.24;
    let corners = [[0.0, 0.0], [W, 0.0], [1.0, 1.0 - W], [1.0, 1.0], [1.0 - W, 1.0], [0.0, W]];
    Part::Polygon(corners.map(|[x, y]| if rising { [x, 1.0 - y] } else { [x, y] }).to_vec())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    /// Reads the 128 bits back from what can be seen, without the hue.
    fn read_back(picture: &SealPicture) -> u128 {
        let mut mixed = u128::from(picture.teeth);
        for (i, cell) in picture.cells.iter().enumerate() {
            let shape = SHAPES.iter().position(|shape| *shape == cell.shape).unwrap() as u128;
            let shading = SHADINGS.iter().position(|shading| *shading == cell.shading).unwrap() as u128;
            mixed |= (shape | shading << 4) << (32 + 6 * i);
        }
        unmix(mixed)
    }

    fn unmix(mixed: u128) -> u128 {
        const ODD: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;
        // Newton's iteration for the inverse modulo 2^128: each round doubles the correct bits.
        let mut inverse: u128 = ODD;
        for _ in 0..7 {
            inverse = inverse.wrapping_mul(2_u128.wrapping_sub(ODD.wrapping_mul(inverse)));
        }
        let mut bits = mixed ^ (mixed >> 64);
        for _ in 0..3 {
            bits = bits.wrapping_mul(inverse);
            bits ^= bits >> 65;
        }
        bits
    }

    fn changed_cells(a: &SealPicture, b: &SealPicture) -> usize {
        a.cells.iter().zip(&b.cells).filter(|(a, b)| a != b).count()
    }

    proptest! {
        #[test]
        fn the_digest_can_be_read_back_from_the_shapes(bytes: [u8; 16]) {
            let digest = Md5Digest(bytes);
            prop_assert_eq!(read_back(&SealPicture::of(&digest)), u128::from_be_bytes(digest.0));
        }

        #[test]
        fn every_bit_of_a_key_changes_many_cells(bytes: [u8; 32], bit in 0_usize..256) {
            let mut other = bytes;
            other[bit / 8] ^= 1 << (bit % 8);
            let (a, b) = (SealPicture::of_key(&DeviceKey(bytes)), SealPicture::of_key(&DeviceKey(other)));
            prop_assert!(changed_cells(&a, &b) >= 5, "{} cells for bit {}", changed_cells(&a, &b), bit);
        }

        #[test]
        fn one_changed_bit_changes_many_cells(bytes: [u8; 16], bit in 0_usize..128) {
            let mut other = bytes;
            other[bit / 8] ^= 1 << (bit % 8);
            let (a, b) = (SealPicture::of(&Md5Digest(bytes)), SealPicture::of(&Md5Digest(other)));
            prop_assert!(changed_cells(&a, &b) >= 5, "{} cells for bit {}", changed_cells(&a, &b), bit);
        }
    }

    #[test]
    fn even_the_emptiest_digests_look_different() {
        let pictures: HashSet<_> = (0..=255).map(|byte| SealPicture::of(&Md5Digest([byte; 16]))).collect();
        assert_eq!(pictures.len(), 256);
    }

    #[test]
    fn no_two_shapes_and_shadings_paint_the_same_patch() {
        let patches: HashSet<Vec<u8>> =
            SHAPES.iter().flat_map(|shape| SHADINGS.iter().map(|shading| patch(*shape, *shading))).collect();
        assert_eq!(patches.len(), 64);
    }

    /// A coarse raster of one cell: 0 paper, 1 tint, 2 ink.
    fn patch(shape: Shape, shading: Shading) -> Vec<u8> {
        let (figure, ground) = match shading {
            Shading::InkOnPaper => (2, 0),
            Shading::InkOnTint => (2, 1),
            Shading::PaperOnInk => (0, 2),
            Shading::TintOnPaper => (1, 0),
        };
        let inside = |x: f32, y: f32| shape.parts().iter().any(|part| holds(part, x, y));
        let spots = (0..64).map(|i| (f32::from(i % 8_u8) / 8.0 + 0.0625, f32::from(i / 8_u8) / 8.0 + 0.0625));
        spots.map(|(x, y)| if inside(x, y) { figure } else { ground }).collect()
    }

    fn holds(part: &Part, x: f32, y: f32) -> bool {
        match part {
            Part::Disc { centre: [cx, cy], radius } => (x - cx).hypot(y - cy) <= *radius,
            Part::Ring { centre: [cx, cy], radius, width } => ((x - cx).hypot(y - cy) - radius).abs() <= width / 2.0,
            Part::Polygon(corners) => {
                let sides = corners.iter().zip(corners.iter().cycle().skip(1));
                let turns: Vec<f32> =
                    sides.map(|([ax, ay], [bx, by])| (bx - ax) * (y - ay) - (by - ay) * (x - ax)).collect();
                turns.iter().all(|turn| *turn >= 0.0) || turns.iter().all(|turn| *turn <= 0.0)
            }
        }
    }
}
