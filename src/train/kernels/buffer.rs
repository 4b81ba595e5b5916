//! Buffers that are used again: fresh pages cost as much as the arithmetic that fills them.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

/// Bytes of a cache line: a vector that starts on one never lies on two.
const LINE: usize = 64;

/// Values and the index of the first that starts a cache line.
type Memory = (Vec<f32>, usize);

/// Free buffers by length.
static FREE: Mutex<BTreeMap<usize, Vec<Memory>>> = Mutex::new(BTreeMap::new());

/// A slice of f32, the first at the start of a cache line, that goes back to the free ones when dropped.
#[derive(Debug)]
pub struct Buffer {
    memory: Memory,
    length: usize,
}

impl Buffer {
    /// A buffer of `n` values, whatever they are; whoever takes it overwrites them all.
    pub fn stale(n: usize) -> Self {
        let free = |free: &mut BTreeMap<usize, Vec<Memory>>| free.get_mut(&n)?.pop();
        let found = free(&mut FREE.lock().expect("nobody panicked with the lock"));
        let memory = found.unwrap_or_else(|| {
            let values = vec![0.0; n + LINE / size_of::<f32>()];
            let start = values.as_ptr().align_offset(LINE);
            (values, start)
        });
        Self { memory, length: n }
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
        let memory = std::mem::take(&mut self.memory);
        if let Ok(mut free) = FREE.lock() {
            free.entry(self.length).or_default().push(memory);
        }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.memory.0[self.memory.1..][..self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.memory.0[self.memory.1..][..self.length]
    }
}
