//! What was computed once for a key is not computed again. The computation depends on nothing but the key and
//! what the memo belongs to, so that nobody can tell.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Values by the key that they were computed for.
#[derive(Debug)]
pub struct Memo<K, V>(Mutex<BTreeMap<K, V>>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }
}

impl<K: Ord, V: Clone> Memo<K, V> {
    /// The value of `key`, computed where it is not there yet. Threads may compute one at the same time; all of
    /// them get the same.
    pub fn get_or(&self, key: K, compute: impl FnOnce(&K) -> V) -> V {
        if let Some(value) = self.lock().get(&key) {
            return value.clone();
        }
        let value = compute(&key);
        self.lock().entry(key).or_insert(value).clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<K, V>> {
        // A map of whole values is whole, even where a thread died beside it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_computed_once() {
        let memo = Memo::default();
        let mut n = 0;
        for _ in 0..3 {
            let value = memo.get_or("a", |key| {
                n += 1;
                key.len()
            });
            assert_eq!(value, 1);
        }
        assert_eq!(n, 1);
    }
}
