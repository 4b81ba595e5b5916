//! Synthetic faces: gender, smile, emotion and age, drawn.
//!
//! Every face follows from its split and index alone; there is no seed to set, because it is a data set
//! like any other. Trigonometry comes from `libm`, so that every machine draws the same bytes.

mod canvas;
mod draw;
mod look;

use image::RgbImage;

use super::EMOTIONS;
use crate::metric::Split;
use crate::train::rng::Generator;

/// Height and width of a drawn face, in pixels.
pub(super) const SIDE: u32 = 96;

/// How often a face with the emotion of this index smiles. It sums to one half: a smile is as frequent as none.
const SMILE_RATES: [f64; 7] = [0.25, 0.25, 0.25, 1.0, 0.25, 0.75, 0.75];

/// The oldest face that can be told from a younger one.
const OLDEST: u32 = 100;

/// One face, not drawn yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Face {
    split: Split,
    idx: u64,
    male: bool,
    smiles: bool,
    emotion: usize,
    /// Years, from 1.
    age: u32,
}

impl Face {
    /// The face with this index in `split`, no older than `age_classes` years.
    pub(super) fn new(split: Split, idx: u64, age_classes: u32) -> Self {
        let mut generator = Generator::new(0, &format!("demo faces/{split}/labels"), &[idx]);
        let emotion = generator.below(EMOTIONS.len() as u64) as usize;
        Self {
            split,
            idx,
            male: generator.below(2) == 1,
            smiles: generator.uniform() < SMILE_RATES[emotion],
            emotion,
            age: 1 + generator.below(u64::from(age_classes.clamp(1, OLDEST))) as u32,
        }
    }

    /// Class indices of gender, smile, emotion and age.
    pub(super) fn labels(&self) -> [u32; 4] {
        [
            u32::from(self.male),
            u32::from(self.smiles),
            self.emotion as u32,
            self.age - 1,
        ]
    }

    /// Draws the face.
    pub(super) fn draw(&self) -> RgbImage {
        let mut generator =
            Generator::new(0, &format!("demo faces/{}/look", self.split), &[self.idx]);
        draw::draw(self, &mut generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_is_the_same_every_time_and_on_every_machine() {
        let face = Face::new(Split::Train, 7, 100);
        assert_eq!(face.draw(), face.draw());
        assert_ne!(face.draw(), Face::new(Split::Test, 7, 100).draw());
        let hash = blake3::hash(face.draw().as_raw()).to_hex();
        assert_eq!(&hash[..16], "88ee322eabd97c13");
    }

    #[test]
    fn labels_are_balanced() {
        let faces: Vec<Face> = (0..7000)
            .map(|idx| Face::new(Split::Train, idx, 100))
            .collect();
        let count = |which: &dyn Fn(&Face) -> bool| faces.iter().filter(|face| which(face)).count();
        assert!(count(&|face| face.male).abs_diff(3500) < 150);
        assert!(count(&|face| face.smiles).abs_diff(3500) < 150);
        for emotion in 0..EMOTIONS.len() {
            assert!(count(&|face| face.emotion == emotion).abs_diff(1000) < 110);
        }
        assert!(faces.iter().all(|face| (1..=100).contains(&face.age)));
        assert!(count(&|face| face.age > 50).abs_diff(3500) < 150);
        assert!((0..500).all(|idx| Face::new(Split::Test, idx, 30).age <= 30));
    }
}
