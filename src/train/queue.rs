//! Several runs at once: each starts when its parent is done and a place is free.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex};

/// What became of one piece of work.
enum Place<T> {
    Waiting,
    Running,
    Done(Option<T>),
}

/// Does the work `0..after.len()` with `n_jobs` threads, lowest first. Work `i` waits for `after[i]` and
/// gets its result; where that has none, `i` is told so and has none either, unless it makes one; work
/// that panics has none. The results come in the order of the work.
pub fn work_through<T: Clone + Send>(
    n_jobs: usize,
    after: &[Option<usize>],
    work: impl Fn(usize, Option<&Option<T>>) -> Option<T> + Sync,
) -> Vec<Option<T>> {
    let places: Mutex<Vec<Place<T>>> = Mutex::new(after.iter().map(|_| Place::Waiting).collect());
    let changed = Condvar::new();
    let next = || {
        let mut places = places.lock().expect("no work panics with the lock");
        loop {
            let ready = (0..after.len()).find_map(|i| match (&places[i], after[i]) {
                (Place::Waiting, None) => Some((i, None)),
                (Place::Waiting, Some(parent)) => match &places[parent] {
                    Place::Done(result) => Some((i, Some(result.clone()))),
                    _ => None,
                },
                _ => None,
            });
            if let Some((i, parent)) = ready {
                places[i] = Place::Running;
                return Some((i, parent));
            }
            if !places.iter().any(|place| matches!(place, Place::Waiting)) {
                return None;
            }
            places = changed.wait(places).expect("no work panics with the lock");
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..n_jobs.clamp(1, after.len().max(1)) {
            scope.spawn(|| {
                while let Some((i, parent)) = next() {
                    // A panic is on stderr by now; it must not keep others waiting for ever.
                    let result = catch_unwind(AssertUnwindSafe(|| work(i, parent.as_ref())));
                    let result = result.unwrap_or(None);
                    places.lock().expect("no work panics with the lock")[i] = Place::Done(result);
                    changed.notify_all();
                }
            });
        }
    });
    let places = places.into_inner().expect("no work panics with the lock");
    places
        .into_iter()
        .map(|place| match place {
            Place::Done(result) => result,
            Place::Waiting | Place::Running => unreachable!("every thread ended after the work"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_get_their_parents_result_and_failures_are_passed_on() {
        let after = [None, Some(0), None, Some(2), Some(1)];
        for n_jobs in [1, 2, 8] {
            let results = work_through(n_jobs, &after, |i, parent| match (i, parent) {
                (2, _) | (_, Some(None)) => None,
                (i, None) => Some(vec![i]),
                (i, Some(Some(chain))) => Some([chain.as_slice(), &[i]].concat()),
            });
            let expected = [
                Some(vec![0]),
                Some(vec![0, 1]),
                None,
                None,
                Some(vec![0, 1, 4]),
            ];
            assert_eq!(results, expected);
        }
    }

    #[test]
    fn a_panic_keeps_nobody_waiting() {
        let after = [None, Some(0), None];
        for n_jobs in [1, 3] {
            let results = work_through(n_jobs, &after, |i, parent| match (i, parent) {
                (0, _) => panic!("on purpose"),
                (i, None) => Some(i),
                (_, Some(parent)) => *parent,
            });
            assert_eq!(results, [None, None, Some(2)]);
        }
    }
}
