//! Buffers that are used again: fresh pages cost as much as the arithmetic that fills them.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

/// Free buffers by length.
static FREE: Mutex<BTreeMap<usize, Vec<Vec<f32>>>> = Mutex::new(BTreeMap::new());

/// A slice of f32 that goes back to the free ones when dropped.
#[derive(Debug)]
pub struct Buffer(Vec<f32>);

impl Buffer {
    /// A buffer of `n` values, whatever they are; whoever takes it overwrites them all.
    pub fn stale(n: usize) -> Self {
        let free = |free: &mut BTreeMap<usize, Vec<Vec<f32>>>| free.get_mut(&n)?.pop();
        let found = free(&mut FREE.lock().expect("nobody panicked with the lock"));
        Self(found.unwrap_or_else(|| vec![0.0; n]))
    }

    /// A buffer of `n` zeros.
    pub fn zeros(n: usize) -> Self {
        let mut buffer = Self::stale(n);
        buffer.fill(0.0);
        buffer
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let values = std::mem::take(&mut self.0);
        if let Ok(mut free) = FREE.lock() {
            free.entry(values.len()).or_default().push(values);
        }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
}
