//! Trainable parameters: variables in candle's `VarMap`, and the named tensors that each of them holds.

use std::collections::BTreeMap;

use candle_core::{Device, Result, Tensor, Var, bail};
use candle_nn::VarMap;

use crate::train::rng::Generator;

/// All variables by name. Most hold the tensor of their own name, some the tensors of a whole block, flat
/// and one after the other.
pub(super) struct Parameters {
    /// A map without order; whoever goes through it does so by `parts`.
    variables: VarMap,
    /// Names and shapes of the tensors in a variable.
    parts: BTreeMap<String, Vec<(String, Vec<usize>)>>,
}

impl Parameters {
    /// The variables by name, sorted.
    pub(super) fn variables(&self) -> Vec<(String, Var)> {
        let variables = self
            .variables
            .data()
            .lock()
            .expect("nobody panicked with the lock");
        let names = self.parts.keys();
        names
            .map(|name| (name.clone(), variables[name].clone()))
            .collect()
    }

    /// The named tensors in `values`, which are shaped as the variables of their names (or are missing).
    pub(super) fn split(
        &self,
        values: &BTreeMap<String, Tensor>,
    ) -> Result<BTreeMap<String, Tensor>> {
        let mut tensors = BTreeMap::new();
        for (name, parts) in &self.parts {
            let Some(value) = values.get(name) else {
                continue;
            };
            let flat: Vec<f32> = value.flatten_all()?.to_vec1()?;
            let mut rest = flat.as_slice();
            for (name, shape) in parts {
                let (own, after) = rest.split_at(shape.iter().product());
                let tensor = Tensor::from_slice(own, shape.as_slice(), &Device::Cpu)?;
                tensors.insert(name.clone(), tensor);
                rest = after;
            }
        }
        Ok(tensors)
    }

    /// The reverse of [`Parameters::split`]; `take` finds a tensor by name and shape.
    ///
    /// # Errors
    /// What `take` says, or only some tensors of a variable are there.
    pub(super) fn joined<'t>(
        &self,
        mut take: impl FnMut(&str, &[usize]) -> Result<Option<&'t Tensor>>,
    ) -> Result<BTreeMap<String, Tensor>> {
        let mut values = BTreeMap::new();
        for (name, variable) in self.variables() {
            let mut found = Vec::new();
            for (part, shape) in &self.parts[&name] {
                found.extend(take(part, shape)?.map(Tensor::flatten_all).transpose()?);
            }
            match (found.len(), self.parts[&name].len()) {
                (0, _) => {}
                (n, expected) if n == expected => {
                    values.insert(name, Tensor::cat(&found, 0)?.reshape(variable.shape())?);
                }
                (n, expected) => bail!("only {n} of the {expected} tensors of `{name}` are there"),
            }
        }
        Ok(values)
    }
}

/// Makes initial weights: a generator per tensor name, so that no tensor depends on another.
pub(super) struct Initial {
    parameters: Parameters,
    seed: u64,
}

/// A tensor to be made.
pub(super) struct Named {
    name: String,
    shape: Vec<usize>,
    draw: Box<dyn Fn(&mut Generator) -> f64>,
}

impl Named {
    pub(super) fn new(
        name: String,
        shape: &[usize],
        draw: impl Fn(&mut Generator) -> f64 + 'static,
    ) -> Self {
        Self {
            name,
            shape: shape.to_vec(),
            draw: Box::new(draw),
        }
    }

    /// A vector of equal values.
    pub(super) fn constant(name: String, n: usize, value: f64) -> Self {
        Self::new(name, &[n], move |_| value)
    }
}

/// The weight of a convolution, `[O, I, K, K]`: Kaiming normal by fan-out.
pub(super) fn weight(convolution: &str, shape: [usize; 4]) -> Named {
    let [outputs, _, height, width] = shape;
    let deviation = (2.0 / (outputs * height * width) as f64).sqrt();
    let draw = move |generator: &mut Generator| generator.normal() * deviation;
    Named::new(format!("{convolution}.weight"), &shape, draw)
}

impl Initial {
    pub(super) fn new(seed: u64) -> Self {
        let parameters = Parameters {
            variables: VarMap::new(),
            parts: BTreeMap::new(),
        };
        Self { parameters, seed }
    }

    /// A variable that is one tensor.
    pub(super) fn variable(&mut self, tensor: Named) -> Result<Var> {
        let (name, shape) = (tensor.name.clone(), tensor.shape.clone());
        self.add(&name, vec![tensor], &shape)
    }

    /// A variable that holds several tensors.
    pub(super) fn packed(&mut self, name: &str, tensors: Vec<Named>) -> Result<Var> {
        let n = tensors
            .iter()
            .map(|tensor| tensor.shape.iter().product::<usize>())
            .sum();
        self.add(name, tensors, &[n])
    }

    fn add(&mut self, name: &str, tensors: Vec<Named>, shape: &[usize]) -> Result<Var> {
        let mut values = Vec::new();
        let mut parts = Vec::new();
        for tensor in tensors {
            let mut generator = Generator::new(self.seed, &tensor.name, &[]);
            let n: usize = tensor.shape.iter().product();
            values.extend((0..n).map(|_| (tensor.draw)(&mut generator) as f32));
            parts.push((tensor.name, tensor.shape));
        }
        let variable = Var::from_vec(values, shape, &Device::Cpu)?;
        self.parameters.parts.insert(name.to_owned(), parts);
        let variables = self.parameters.variables.data();
        let mut variables = variables.lock().expect("nobody panicked with the lock");
        variables.insert(name.to_owned(), variable.clone());
        Ok(variable)
    }

    pub(super) fn finish(self) -> Parameters {
        self.parameters
    }
}
