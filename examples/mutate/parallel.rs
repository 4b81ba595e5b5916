//! The same for many items on all processors.
//!
//! Not with rayon: its threads take up other work while they wait for polars, which has threads of its own, and
//! so would begin one verification inside another until the stack ends.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What `of` gives for every item for which it gives something, in their order.
pub(crate) fn filter_map<T: Sync, R: Send>(
    items: &[T],
    of: impl Fn(&T) -> Option<R> + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        loop {
            let idx = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(idx) else {
                return found;
            };
            found.extend(of(item).map(|result| (idx, result)));
        }
    };
    let n_threads = thread::available_parallelism().map_or(1, usize::from);
    let mut found: Vec<(usize, R)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(work)).collect();
        let results = threads.into_iter().flat_map(|thread| {
            let result = thread.join();
            result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        results.collect()
    });
    found.sort_by_key(|(idx, _)| *idx);
    found.into_iter().map(|(_, result)| result).collect()
}
