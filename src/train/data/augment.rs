//! From pixels to network input: normalisation, and for training a random crop and flip.

use crate::train::rng::Generator;

/// ImageNet mean and deviation per channel, of values in 0..=1.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];

/// Black pixels added around an image before the crop, as torchvision pads before it normalises.
const PADDING: i64 = 4;

const NORMALIZED: [[f32; 256]; 3] = normalized();

const fn normalized() -> [[f32; 256]; 3] {
    let mut table = [[0.0; 256]; 3];
    let mut channel = 0;
    while channel < 3 {
        let mut value = 0;
        while value < 256 {
            table[channel][value] = (value as f32 / 255.0 - MEAN[channel]) / DEVIATION[channel];
            value += 1;
        }
        channel += 1;
    }
    table
}

/// Where the image is looked at: shift of the crop within the padded image, and mirroring after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct View {
    dy: i64,
    dx: i64,
    flip: bool,
}

impl View {
    /// The image as it is.
    pub(super) const PLAIN: Self = Self {
        dy: 0,
        dx: 0,
        flip: false,
    };

    /// A random crop of the padded image, mirrored or not.
    pub(super) fn random(generator: &mut Generator) -> Self {
        let mut shift = || generator.below(2 * PADDING as u64 + 1) as i64 - PADDING;
        let (dy, dx) = (shift(), shift());
        Self {
            dy,
            dx,
            flip: generator.below(2) == 1,
        }
    }
}

/// Writes `pixels` (`side`² RGB, row by row) into `output`, normalised, as seen through `view`.
pub(super) fn normalize(pixels: &[u8], side: usize, view: View, output: &mut [f32]) {
    const BLACK: [u8; 3] = [0; 3];
    let inside = |position: usize, shift: i64| {
        let moved = position as i64 + shift;
        (0..side as i64).contains(&moved).then_some(moved as usize)
    };
    for (y, row) in output.chunks_exact_mut(side * 3).enumerate() {
        let source_row = inside(y, view.dy);
        for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
            let column = if view.flip { side - 1 - x } else { x };
            let source = match (source_row, inside(column, view.dx)) {
                (Some(y), Some(x)) => &pixels[(y * side + x) * 3..][..3],
                _ => &BLACK,
            };
            for channel in 0..3 {
                pixel[channel] = NORMALIZED[channel][usize::from(source[channel])];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(pixels: &[u8], side: usize, view: View) -> Vec<f32> {
        let mut output = vec![f32::NAN; side * side * 3];
        normalize(pixels, side, view, &mut output);
        output
    }

    #[test]
    fn values_are_those_of_torchvision() {
        // (value / 255 − mean) / deviation, channel by channel, as torchvision normalises.
        let output = view(&[0, 128, 255], 1, View::PLAIN);
        let expected = [-2.117_904, 0.205_182_1, 2.64];
        for (found, expected) in output.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    }

    #[test]
    fn crop_shifts_then_flip_mirrors_and_the_border_is_black() {
        let side = 5;
        let pixels: Vec<u8> = (0..side * side * 3).map(|i| 100 + (i / 3) as u8).collect();
        let (dy, dx) = (2, -1);
        let output = view(&pixels, side, View { dy, dx, flip: true });
        let plain = view(&pixels, side, View::PLAIN);
        let black = view(&[0, 0, 0], 1, View::PLAIN);
        for y in 0..side {
            for x in 0..side {
                let (from_y, from_x) = (y as i64 + dy, (side - 1 - x) as i64 + dx);
                let outside = from_y >= side as i64 || from_x < 0;
                let expected = match outside {
                    true => &black[..],
                    false => &plain[(from_y as usize * side + from_x as usize) * 3..][..3],
                };
                assert_eq!(&output[(y * side + x) * 3..][..3], expected, "{y} {x}");
            }
        }
    }

    #[test]
    fn all_shifts_and_both_sides_occur() {
        let mut generator = Generator::new(0, "test", &[]);
        let views: Vec<View> = (0..2000).map(|_| View::random(&mut generator)).collect();
        for shift in -PADDING..=PADDING {
            for flip in [false, true] {
                assert!(
                    views
                        .iter()
                        .any(|view| view.dy == shift && view.flip == flip)
                );
                assert!(
                    views
                        .iter()
                        .any(|view| view.dx == shift && view.flip == flip)
                );
            }
        }
        assert!(
            views
                .iter()
                .all(|view| view.dy.abs() <= PADDING && view.dx.abs() <= PADDING)
        );
    }
}
