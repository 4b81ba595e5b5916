//! One closure over many items, on threads of its own.
//!
//! Not rayon: a verification waits for polars' pool, and a rayon worker that waits takes up the next item in
//! the meantime, one on top of the other, until its stack is full.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The results that are there, in the order of the items.
pub(crate) fn filter_map<T: Sync, R: Send>(
    items: &[T],
    of_item: impl Fn(&T) -> Option<R> + Sync,
) -> Vec<R> {
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        loop {
            let idx = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(idx) else {
                return found;
            };
            found.extend(of_item(item).map(|result| (idx, result)));
        }
    };
    let mut found: Vec<(usize, R)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(work)).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .flat_map(|found| found.expect("no verification panics"))
            .collect()
    });
    found.sort_by_key(|(idx, _)| *idx);
    found.into_iter().map(|(_, result)| result).collect()
}
