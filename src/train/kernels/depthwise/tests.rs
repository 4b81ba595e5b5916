use super::*;
use crate::train::kernels::rows::UNLIMITED;
use crate::train::kernels::simd::InstructionSet;
use crate::train::rng::Generator;

/// The definition: calls `visit(output, input, tap)` with the pixels of every term.
fn reference(g: &Geometry, mut visit: impl FnMut(usize, usize, usize)) {
    let [height, width] = g.input;
    for output in 0..g.batch * g.output[0] * g.output[1] {
        let (plane, at) = (
            output / (g.output[0] * g.output[1]),
            output % (g.output[0] * g.output[1]),
        );
        let (out_y, out_x) = (at / g.output[1], at % g.output[1]);
        for tap in 0..TAPS {
            let (y, x) = (out_y * g.stride + tap / 3, out_x * g.stride + tap % 3);
            if (1..=height).contains(&y) && (1..=width).contains(&x) {
                visit(output, (plane * height + y - 1) * width + x - 1, tap);
            }
        }
    }
}

fn random(n: usize, position: u64) -> Vec<f32> {
    let mut generator = Generator::new(0, "test", &[position]);
    (0..n).map(|_| generator.normal() as f32).collect()
}

fn assert_close(what: &str, found: &[f32], expected: &[f64]) {
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(*found) - expected).abs();
        assert!(error < 1e-4, "{what}[{i}]: {found}, expected {expected}");
    }
}

/// Images, rows, columns, channels and step.
const CASES: [[usize; 5]; 8] = [
    [1, 8, 7, 16, 3],
    [2, 5, 7, 16, 1],
    [2, 5, 7, 48, 2],
    [1, 6, 4, 32, 2],
    [3, 1, 1, 16, 1],
    [1, 1, 2, 16, 2],
    [2, 2, 2, 64, 2],
    [1, 9, 13, 16, 2],
];

#[test]
fn the_convolution_and_its_gradients_equal_their_definition() {
    for [batch, height, width, channels, stride] in CASES {
        let g = Geometry::new(batch, [height, width], stride);
        let (n_in, n_out) = (batch * height * width, batch * g.output[0] * g.output[1]);
        let mut input = random(n_in * channels, 1);
        let mut gradient = random(n_out * channels, 2);
        let weight = random(TAPS * channels, 3);
        let mut output = vec![0.0; n_out * channels];
        let mut by_input = vec![0.0; n_in * channels];
        let mut by_weight = vec![0.0; TAPS * channels];
        reference(&g, |o, i, tap| {
            for c in 0..channels {
                let [o, i, w] = [o, i, tap].map(|pixel| pixel * channels + c);
                output[o] += f64::from(input[i]) * f64::from(weight[w]);
                by_input[i] += f64::from(gradient[o]) * f64::from(weight[w]);
                by_weight[w] += f64::from(gradient[o]) * f64::from(input[i]);
            }
        });
        // The pixels of zeros.
        input.extend(vec![0.0; channels]);
        gradient.extend(vec![0.0; channels]);
        let window = |n_rows: usize| Window {
            n_images: batch,
            rows: 0..n_rows,
        };
        let forward = Scope {
            geometry: g,
            window: window(g.output[0]),
            inputs: 0..height,
            strides: [channels; 2],
        };
        let backward = Stencil::new(&g, window(height), 0..g.output[0], [channels; 2]);
        for set in InstructionSet::available() {
            let what = format!("{} {g:?}", set.name());
            let mut found = vec![0.0; n_out * channels];
            let shift = vec![0.0; channels];
            convolve(
                set, &mut found, &input, &weight, &forward, &shift, UNLIMITED,
            );
            assert_close(&what, &found, &output);
            let mut found = input[..n_in * channels].to_vec();
            let (mut found_weight, mut sums) = (vec![0.0; TAPS * channels], vec![0.0; channels]);
            differentiate(
                set,
                &mut found,
                &gradient,
                &weight,
                &backward,
                UNLIMITED,
                &mut found_weight,
                &mut sums,
            );
            assert_close(&format!("{what}: by input"), &found, &by_input);
            assert_close(&format!("{what}: by weight"), &found_weight, &by_weight);
            for (c, sum) in sums.iter().enumerate() {
                let expected: f64 = by_input[c..].iter().step_by(channels).sum();
                assert_close(&format!("{what}: sum"), &[*sum], &[expected]);
            }
        }
    }
}
