//! Threads of the process as a whole.

/// Keeps candle from running a pool of spinning threads beside rayon's, and from parsing
/// `/proc/cpuinfo` on every matrix product. To be called first of all in `main`.
///
/// Variables that the user has set stay as they are.
#[expect(
    unsafe_code,
    reason = "candle is configured by environment variables only"
)]
pub fn prepare_process() {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    for (variable, n_threads) in [("CANDLE_NUM_THREADS", 1), ("RAYON_NUM_THREADS", cores)] {
        if std::env::var_os(variable).is_none() {
            // SAFETY: called at the start of `main`, before any other thread exists.
            unsafe { std::env::set_var(variable, n_threads.to_string()) };
        }
    }
}
