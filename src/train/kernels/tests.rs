//! Ops against the same made of candle's own ops in float64, with every instruction set.

use candle_core::{D, DType, Device, Result, Tensor, Var};

use super::{FrozenPooled, InstructionSet, fold, linear, train_pooled};
use crate::train::rng::Generator;

/// Most that a float32 result may differ from that in float64.
const TOLERANCE: f64 = 2e-5;

/// Variables of these shapes, in float32 and the same in float64.
fn variables<const N: usize>(shapes: [&[usize]; N]) -> Result<[[Var; 2]; N]> {
    let mut generator = Generator::new(5, "agreement", &[]);
    let mut draw = |shape: &[usize]| -> Result<[Var; 2]> {
        let n = shape.iter().product::<usize>();
        let values: Vec<f32> = (0..n).map(|_| generator.normal() as f32).collect();
        let single = Tensor::from_vec(values, shape, &Device::Cpu)?;
        let double = single.to_dtype(DType::F64)?;
        Ok([Var::from_tensor(&single)?, Var::from_tensor(&double)?])
    };
    let variables = shapes.map(&mut draw);
    let mut all = Vec::new();
    for pair in variables {
        all.push(pair?);
    }
    Ok(all.try_into().expect("as many as shapes"))
}

fn assert_close(what: &str, found: &Tensor, expected: &Tensor) -> Result<()> {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let found: Vec<f32> = found.flatten_all()?.to_vec1()?;
    let expected: Vec<f64> = expected.flatten_all()?.to_vec1()?;
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(*found) - expected).abs() / expected.abs().max(1.0);
        assert!(
            error < TOLERANCE,
            "{what}[{i}]: {found}, expected {expected}"
        );
    }
    Ok(())
}

/// Compares outputs, and gradients of the sum of the outputs' squares.
fn assert_agree<const N: usize>(
    what: &str,
    variables: &[[Var; 2]; N],
    [ours, plain]: [Tensor; 2],
) -> Result<()> {
    assert_close(what, &ours, &plain)?;
    let found = ours.sqr()?.sum_all()?.backward()?;
    let expected = plain.sqr()?.sum_all()?.backward()?;
    for (i, [single, double]) in variables.iter().enumerate() {
        let [found, expected] = [found.get(single), expected.get(double)];
        let (found, expected) = (found.expect("a gradient"), expected.expect("a gradient"));
        assert_close(&format!("{what}: gradient {i}"), found, expected)?;
    }
    Ok(())
}

#[test]
fn a_linear_layer_equals_its_definition() -> Result<()> {
    for [batch, inputs, outputs] in [[1, 1, 1], [5, 7, 3], [9, 40, 33]] {
        let variables = variables([&[batch, inputs], &[outputs, inputs], &[outputs]])?;
        let [x, weight, bias] = &variables;
        for set in InstructionSet::available() {
            let ours = linear(&x[0], &weight[0], &bias[0], set)?;
            let plain = x[1].matmul(&weight[1].t()?)?.broadcast_add(&bias[1])?;
            let what = format!("{} {batch}×{inputs}×{outputs}", set.name());
            assert_agree(&what, &variables, [ours, plain])?;
        }
    }
    Ok(())
}

/// `mean_pixels(relu6(convolved · scale + shift))`, `[B, O]`.
fn pooled(normalized: &Tensor, batch: usize) -> Result<Tensor> {
    let activated = normalized.clamp(0.0, 6.0)?;
    let outputs = activated.dim(D::Minus1)?;
    activated.reshape((batch, (), outputs))?.mean(1)
}

#[test]
fn the_pooled_layer_equals_its_definition() -> Result<()> {
    for [batch, height, width, inputs, outputs] in
        [[1, 2, 3, 4, 5], [3, 4, 5, 7, 48], [9, 1, 2, 3, 17]]
    {
        let shapes: [&[usize]; 3] = [
            &[batch, height, width, inputs],
            &[outputs, inputs],
            &[2, outputs],
        ];
        let variables = variables(shapes)?;
        let [x, weight, affine] = &variables;
        let convolved = x[1].reshape(((), inputs))?.matmul(&weight[1].t()?)?;
        let mean = convolved.mean_keepdim(0)?;
        let centred = convolved.broadcast_sub(&mean)?;
        let variance = centred.sqr()?.mean_keepdim(0)?;
        let normalized = centred.broadcast_div(&(&variance + 1e-5)?.sqrt()?)?;
        let normalized = normalized.broadcast_mul(&affine[1].get(0)?)?;
        let plain = pooled(&normalized.broadcast_add(&affine[1].get(1)?)?, batch)?;
        for set in InstructionSet::available() {
            let what = format!("{} {shapes:?}", set.name());
            let (ours, statistics) = train_pooled(&x[0], &weight[0], &affine[0], set)?;
            let means = Tensor::new(statistics.mean, &Device::Cpu)?.to_dtype(DType::F32)?;
            assert_close(&format!("{what}: mean"), &means, &mean.squeeze(0)?)?;
            let variances = Tensor::new(statistics.variance, &Device::Cpu)?;
            let variances = variances.to_dtype(DType::F32)?;
            assert_close(
                &format!("{what}: variance"),
                &variances,
                &variance.squeeze(0)?,
            )?;
            assert_agree(&what, &variables, [ours, plain.clone()])?;
        }
    }
    Ok(())
}

#[test]
fn the_frozen_pooled_layer_equals_its_definition() -> Result<()> {
    let (batch, inputs, outputs) = (3, 7, 37);
    let [x, weight, scale, shift] = variables([
        &[batch, 4, 5, inputs],
        &[outputs, inputs],
        &[outputs],
        &[outputs],
    ])?;
    let convolved = x[1].reshape(((), inputs))?.matmul(&weight[1].t()?)?;
    let normalized = convolved
        .broadcast_mul(&scale[1])?
        .broadcast_add(&shift[1])?;
    let plain = pooled(&normalized, batch)?;
    let folded = fold(
        &scale[0].to_vec1::<f32>()?,
        &shift[0].to_vec1::<f32>()?,
        &vec![0.0; outputs],
        &vec![1.0 - 1e-5; outputs],
    );
    let weight: Vec<f32> = weight[0].flatten_all()?.to_vec1()?;
    for set in InstructionSet::available() {
        let frozen = FrozenPooled::new(&weight, folded.clone(), set);
        assert_close(set.name(), &frozen.forward(&x[0])?, &plain)?;
    }
    Ok(())
}
