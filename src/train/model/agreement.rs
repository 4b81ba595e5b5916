//! Agreement with PyTorch: `tests/oracle/mobilenet_v2.py` made the expected values.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};
use serde_json::Value;

use super::{Network, NetworkConfig};
use crate::train::kernels::InstructionSet;
use crate::train::loss::cross_entropy;
use crate::train::optimizer::Sgd;
use crate::train::rng::Generator;

const SIZE: usize = 64;
const BATCH: usize = 16;
const TASKS: [(&str, usize, f64); 2] = [("gender", 2, 1.0), ("age", 100, 0.5)];

fn oracle() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/oracle/mobilenet_v2.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).expect("readable")).expect("JSON")
}

/// splitmix64 as f32 in -1..1, as the script draws.
fn uniform(start: u64, n: usize) -> Vec<f32> {
    let draw = |i: u64| {
        let mut z = (start + i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 40) as f32 / (1_u32 << 23) as f32 - 1.0
    };
    (0..n as u64).map(draw).collect()
}

/// The script's network and images.
fn prepared() -> (Network, Tensor) {
    let heads = TASKS
        .iter()
        .map(|(task, classes, _)| ((*task).to_owned(), *classes))
        .collect();
    let config = NetworkConfig {
        width_mult: 0.35,
        dropout: 0.0,
        heads,
        instruction_set: InstructionSet::best(),
    };
    let mut network = Network::new(&config, 0).expect("a network");
    let mut drawn = 0;
    let mut state = network.state().expect("a state");
    let is_parameter =
        |name: &&String| !name.contains("running_") && !name.ends_with("num_batches_tracked");
    let names: Vec<String> = state.keys().filter(is_parameter).cloned().collect();
    for name in names {
        let parameter = state.get_mut(&name).expect("it is there");
        let dims = parameter.dims().to_vec();
        let is_scale = dims.len() == 1 && name.ends_with("weight");
        let bound = match dims.len() {
            1 => 0.1,
            _ => (3.0 / dims[1..].iter().product::<usize>() as f64).sqrt() as f32,
        };
        let values = uniform(drawn, parameter.elem_count());
        let values: Vec<f32> = values
            .iter()
            .map(|u| if is_scale { 1.0 + u * 0.25 } else { u * bound })
            .collect();
        drawn += values.len() as u64;
        *parameter = Tensor::from_vec(values, dims, &Device::Cpu).expect("fits");
    }
    network.load(&state).expect("the same names");
    let images = uniform(drawn, BATCH * SIZE * SIZE * 3);
    (
        network,
        Tensor::from_vec(images, (BATCH, SIZE, SIZE, 3), &Device::Cpu).expect("fits"),
    )
}

fn labels(n_classes: usize) -> Vec<u32> {
    (0..BATCH).map(|i| (i * 7 % n_classes) as u32).collect()
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    let flat = tensor
        .flatten_all()
        .and_then(|t| t.to_dtype(DType::F64))
        .and_then(|t| t.to_vec1());
    flat.expect("numbers")
}

fn expected_numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(expected_numbers).collect(),
        number => vec![number.as_f64().expect("a number")],
    }
}

/// `‖found − expected‖ / ‖expected‖` over all pairs.
fn distance(pairs: impl IntoIterator<Item = (f64, f64)>) -> f64 {
    let (difference, norm) =
        pairs
            .into_iter()
            .fold((0.0, 0.0), |(difference, norm), (found, expected)| {
                (
                    difference + (found - expected) * (found - expected),
                    norm + expected * expected,
                )
            });
    (difference / norm).sqrt()
}

/// Sampled values of a tensor beside the oracle's.
fn sampled(tensor: &Tensor, summary: &Value) -> Vec<(f64, f64)> {
    let expected = expected_numbers(&summary["values"]);
    let found = numbers(tensor);
    let at = |i: usize| i * found.len() / expected.len();
    expected
        .iter()
        .enumerate()
        .map(|(i, expected)| (found[at(i)], *expected))
        .collect()
}

/// Pairs of found and expected values, by part of the oracle.
type Pairs = BTreeMap<&'static str, Vec<(f64, f64)>>;

/// One training step; collects what the oracle knows of it.
fn step(
    network: &Network,
    images: &Tensor,
    optimizer: &mut Sgd,
    expected: &Value,
    step: usize,
    pairs: &mut Pairs,
) {
    let mut generator = Generator::new(0, "dropout", &[]);
    let features = network.features(images).expect("features");
    let mut total = Tensor::zeros((), DType::F32, &Device::Cpu).expect("zero");
    for (task, n_classes, weight) in TASKS {
        let logits = network
            .logits(&features, task, &mut generator)
            .expect("logits");
        let loss = cross_entropy(&logits, &labels(n_classes)).expect("a loss");
        let expected_loss = expected["losses"][step][task].as_f64().expect("a number");
        pairs
            .entry("losses")
            .or_default()
            .push((numbers(&loss)[0], expected_loss));
        if step == 0 {
            let expected = expected_numbers(&expected["logits"][task]);
            pairs
                .entry("logits")
                .or_default()
                .extend(numbers(&logits).into_iter().zip(expected));
        }
        total = (total + (loss * weight).expect("weighted")).expect("a sum");
    }
    let gradients = total.backward().expect("gradients");
    if step == 0 {
        let variables = network.variables().into_iter();
        let gradients = variables.map(|(name, variable)| {
            let gradient = gradients.get(&variable);
            (
                name,
                gradient.expect("every variable has a gradient").clone(),
            )
        });
        for (name, gradient) in network.split(&gradients.collect()).expect("gradients") {
            let found = sampled(&gradient, &expected["gradients"][&name]);
            pairs.entry("gradients").or_default().extend(found);
        }
    }
    optimizer.step(network, &gradients, 0.0001).expect("a step");
}

/// ReLU6 masks flip near 0 and 6 in single precision, for PyTorch as for us: its own distance from float64 is
/// the measure, and ours may be at most twice that.
#[test]
fn three_steps_agree_with_pytorch() {
    let oracle = oracle();
    let (network, images) = prepared();
    let initial = network.state().expect("a state");
    let mut optimizer = Sgd::new(0.9, 0.1);
    let mut pairs = Pairs::new();
    for i in 0..3 {
        step(&network, &images, &mut optimizer, &oracle, i, &mut pairs);
    }
    let state = network.state().expect("a state");
    for (name, summary) in oracle["updates"].as_object().expect("by name") {
        let update = (&state[name] - &initial[name]).expect("of one shape");
        pairs
            .entry("updates")
            .or_default()
            .extend(sampled(&update, summary));
    }
    let buffers = oracle["buffers"].as_object().expect("by name").iter();
    for (name, summary) in buffers.filter(|(name, _)| !name.contains("num_batches")) {
        pairs
            .entry("buffers")
            .or_default()
            .extend(sampled(&state[name], summary));
    }
    let network = network.freeze().expect("frozen");
    let features = network.features(&images).expect("features");
    for (task, ..) in TASKS {
        let logits = network.logits(&features, task).expect("logits");
        let expected = expected_numbers(&oracle["evaluation"][task]);
        pairs
            .entry("evaluation")
            .or_default()
            .extend(numbers(&logits).into_iter().zip(expected));
    }
    assert_eq!(pairs.len(), 6);
    for (part, pairs) in pairs {
        let theirs = oracle["pytorch_float32"][part].as_f64().expect("a number");
        let ours = distance(pairs);
        eprintln!(
            "{part}: relative distance from float64 {ours:.1e}, PyTorch's float32 {theirs:.1e}"
        );
        assert!(ours < 2.0 * theirs, "{part}: {ours:e} against {theirs:e}");
    }
}

#[test]
fn names_and_shapes_are_those_of_pytorch() {
    let (network, _) = prepared();
    let expected: BTreeMap<String, Vec<usize>> =
        serde_json::from_value(oracle()["shapes"].clone()).expect("shapes");
    let state = network.state().expect("a state");
    let found: BTreeMap<String, Vec<usize>> = state
        .iter()
        .map(|(name, tensor)| (name.clone(), tensor.dims().to_vec()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_trunk_written_by_pytorch_loads() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/oracle/torch_trunk.safetensors"
    );
    let theirs: BTreeMap<String, Tensor> = candle_core::safetensors::load(path, &Device::Cpu)
        .expect("readable")
        .into_iter()
        .collect();
    let config = NetworkConfig {
        width_mult: 0.1,
        dropout: 0.5,
        heads: vec![("age".into(), 100)],
        instruction_set: InstructionSet::best(),
    };
    let mut network = Network::new(&config, 0).expect("a network");
    assert_eq!(
        network.load_trunk(&theirs).expect("fits"),
        Vec::<String>::new()
    );
    let ours = network.state().expect("a state");
    for (name, theirs) in &theirs {
        assert_eq!(numbers(&ours[name]), numbers(theirs), "{name}");
    }
    let error = network.load(&theirs).expect_err("no head");
    assert!(
        error.to_string().contains("lacks tensor `age_clf.0.bias`"),
        "{error}"
    );
}
