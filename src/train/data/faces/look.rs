//! What a face looks like: the numbers behind the drawing, with natural variation around its labels.
//!
//! Every cue is left out or contradicted now and then, so that no single one decides.

use super::Face;
use super::canvas::{Color, mix, scaled};
use crate::train::rng::Generator;

/// Lengths are in units of half a face's height, angles in radians, shares in 0..=1.
pub(super) struct Look {
    pub(super) skin: Color,
    pub(super) hair: Color,
    pub(super) clothes: Color,
    pub(super) iris: Color,
    pub(super) lips: Color,
    /// Half width of the head.
    pub(super) width: f64,
    /// How much wider the lower half is than an ellipse; negative is pointed.
    pub(super) jaw: f64,
    /// How far down the hair at the sides reaches; `None` is short hair.
    pub(super) long_hair: Option<f64>,
    /// Height of the hair above the skull.
    pub(super) hair_volume: f64,
    /// Where the forehead begins.
    pub(super) hairline: f64,
    /// Share of the hair on top that is gone.
    pub(super) baldness: f64,
    /// Opacity of the beard.
    pub(super) beard: f64,
    pub(super) moustache: bool,
    pub(super) lashes: bool,
    pub(super) glasses: bool,
    /// Height of the line of the eyes; children's eyes are lower.
    pub(super) eye_y: f64,
    pub(super) eye_size: f64,
    pub(super) nose: f64,
    /// Visibility of wrinkles.
    pub(super) wrinkles: f64,
    pub(super) lip_fullness: f64,
    pub(super) brow_width: f64,
    pub(super) expression: Expression,
}

/// What a face does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expression {
    /// Height of the lid's opening, 1 at rest.
    pub(super) eyes: f64,
    /// Slant of the upper lid: positive lifts its inner end.
    pub(super) lid_slant: f64,
    /// Rise of the inner and the outer end of the brows above rest, and of their middle.
    pub(super) brow_inner: f64,
    pub(super) brow_outer: f64,
    pub(super) brow_arch: f64,
    /// Rise of the corners of the mouth above its middle.
    pub(super) corners: f64,
    /// Half height of the open mouth.
    pub(super) open: f64,
    /// Half width of the mouth.
    pub(super) mouth: f64,
    /// Lift of one side of the upper lip, with a wrinkled nose.
    pub(super) sneer: f64,
}

/// By emotion: eyes, lid slant, inner brow, outer brow, arch, corners without a smile, opening, width, sneer.
const EXPRESSIONS: [[f64; 9]; 7] = [
    [0.80, -0.05, -0.11, 0.07, 0.00, -0.07, 0.03, 0.25, 0.00],
    [0.55, -0.02, -0.07, -0.02, 0.00, -0.06, 0.04, 0.24, 0.08],
    [1.35, 0.03, 0.11, 0.02, -0.01, -0.04, 0.08, 0.29, 0.00],
    [0.65, 0.00, 0.03, 0.02, 0.05, 0.14, 0.06, 0.31, 0.00],
    [0.75, 0.06, 0.10, -0.07, -0.01, -0.12, 0.00, 0.22, 0.00],
    [1.50, 0.00, 0.11, 0.09, 0.06, -0.01, 0.15, 0.17, 0.00],
    [1.00, 0.00, 0.00, 0.00, 0.02, -0.01, 0.00, 0.24, 0.00],
];

const SKINS: [Color; 5] = [
    [0.96, 0.82, 0.73],
    [0.91, 0.74, 0.60],
    [0.79, 0.60, 0.45],
    [0.60, 0.42, 0.30],
    [0.42, 0.28, 0.20],
];
const HAIRS: [Color; 5] = [
    [0.09, 0.07, 0.06],
    [0.24, 0.15, 0.09],
    [0.42, 0.27, 0.14],
    [0.74, 0.57, 0.30],
    [0.56, 0.24, 0.11],
];
const IRISES: [Color; 4] = [
    [0.25, 0.15, 0.08],
    [0.35, 0.25, 0.12],
    [0.25, 0.42, 0.60],
    [0.28, 0.45, 0.30],
];
const GREY: Color = [0.82, 0.82, 0.83];
const ROUGE: Color = [0.76, 0.16, 0.22];

/// 0 up to `start`, 1 from `end`, smooth between.
fn ramp(value: f64, start: f64, end: f64) -> f64 {
    let t = ((value - start) / (end - start)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

impl Look {
    pub(super) fn new(face: &Face, generator: &mut Generator) -> Self {
        let chance = |generator: &mut Generator, rate: f64| generator.uniform() < rate;
        let around = |generator: &mut Generator, middle: f64, spread: f64| {
            middle + spread * generator.normal().clamp(-2.0, 2.0)
        };
        let pick = |generator: &mut Generator, colors: &[Color]| {
            let first = colors[generator.below(colors.len() as u64) as usize];
            let second = colors[generator.below(colors.len() as u64) as usize];
            mix(first, second, generator.uniform_in(0.0, 0.4))
        };
        // Years as they show: people look older or younger than they are.
        let years = (f64::from(face.age) + 3.0 * generator.normal()).max(0.5);
        let grown = ramp(years, 3.0, 19.0);
        let male = face.male;
        let by_gender = |female: f64, of_male: f64| if male { of_male } else { female };
        let adult_male = if male { grown } else { 0.0 };

        let skin = scaled(pick(generator, &SKINS), generator.uniform_in(0.92, 1.05));
        let grey = ramp(years, 32.0, 78.0) * generator.uniform_in(0.85, 1.1);
        let hair = mix(pick(generator, &HAIRS), GREY, grey.min(1.0));
        let natural_lips = mix(skin, [0.72, 0.30, 0.30], 0.45);
        let rouge = by_gender(0.55, 0.0) * grown * f64::from(u8::from(chance(generator, 0.75)));
        let long = chance(generator, by_gender(0.82, 0.08));
        let bearded = male && chance(generator, 0.5);
        Self {
            skin,
            hair,
            clothes: std::array::from_fn(|_| generator.uniform_in(0.1, 0.9)),
            iris: pick(generator, &IRISES),
            lips: mix(natural_lips, ROUGE, rouge),
            width: around(generator, 0.74 + 0.09 * (1.0 - grown), 0.025),
            jaw: around(
                generator,
                by_gender(-0.08, 0.10) * (0.4 + 0.6 * grown),
                0.04,
            ) + 0.06 * (1.0 - grown),
            long_hair: long.then(|| generator.uniform_in(0.7, 1.35)),
            hair_volume: around(generator, by_gender(0.16, 0.10) + 0.02 * grown, 0.025).max(0.03),
            hairline: around(generator, -0.60 - 0.04 * (1.0 - grown), 0.04),
            baldness: if male {
                ramp(years, 30.0, 85.0) * generator.uniform()
            } else {
                0.0
            },
            beard: if bearded {
                adult_male * generator.uniform_in(0.25, 0.9)
            } else {
                0.10 * adult_male
            },
            moustache: bearded && chance(generator, 0.6) && grown > 0.7,
            lashes: chance(generator, by_gender(0.85, 0.06)),
            glasses: chance(generator, 0.08 + 0.25 * ramp(years, 40.0, 70.0)),
            eye_y: around(generator, 0.24 - 0.28 * grown, 0.015),
            eye_size: around(generator, 0.195 - 0.065 * grown, 0.008),
            nose: around(
                generator,
                0.42 + 0.58 * grown + 0.12 * ramp(years, 50.0, 95.0),
                0.05,
            ) * by_gender(0.92, 1.06),
            wrinkles: ramp(years, 24.0, 85.0) * generator.uniform_in(0.85, 1.1),
            lip_fullness: around(generator, by_gender(1.15, 0.8), 0.12),
            brow_width: around(
                generator,
                by_gender(0.05, 0.075) * (0.7 + 0.3 * grown),
                0.008,
            ),
            expression: Expression::new(face, generator),
        }
    }
}

impl Expression {
    fn new(face: &Face, generator: &mut Generator) -> Self {
        let [
            eyes,
            lid_slant,
            brow_inner,
            brow_outer,
            brow_arch,
            corners,
            open,
            mouth,
            sneer,
        ] = EXPRESSIONS[face.emotion];
        let strength = generator.uniform_in(0.65, 1.2);
        let mut vary =
            |value: f64, spread: f64| value + spread * generator.normal().clamp(-2.0, 2.0);
        let smile = if face.smiles { 1.0 } else { 0.0 };
        let grin = vary(0.13, 0.03).max(0.06);
        Self {
            eyes: (1.0 + (eyes - 1.0) * strength) * vary(1.0, 0.06),
            lid_slant: lid_slant * strength,
            brow_inner: vary(brow_inner * strength, 0.012),
            brow_outer: vary(brow_outer * strength, 0.012),
            brow_arch: vary(brow_arch, 0.01),
            corners: vary((1.0 - smile) * corners.min(0.0) * strength, 0.015) + smile * grin,
            open: (open * strength + smile * vary(0.015, 0.015)).max(0.0),
            mouth: vary(mouth + 0.05 * smile, 0.015),
            sneer: sneer * strength,
        }
    }
}
