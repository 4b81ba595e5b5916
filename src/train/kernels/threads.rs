//! Threads and memory of the process as a whole.

/// Most bytes of an allocation that the C library takes from memory it keeps; its own upper limit.
#[cfg(target_env = "gnu")]
const KEPT_BYTES: i32 = 32 << 20;

/// Keeps candle from running a pool of spinning threads beside rayon's, and from parsing
/// `/proc/cpuinfo` on every matrix product; keeps the C library from giving memory back after every step,
/// as fresh pages cost as much as the arithmetic that fills them. To be called first of all in `main`.
///
/// Variables that the user has set stay as they are.
#[expect(
    unsafe_code,
    reason = "candle is configured by environment variables only, the C library by its own calls"
)]
pub fn prepare_process() {
    #[cfg(target_env = "gnu")]
    // SAFETY: called at the start of `main`; the parameters are those that mallopt(3) names.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, KEPT_BYTES);
        libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX);
        libc::mallopt(libc::M_TOP_PAD, KEPT_BYTES);
    }
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    for (variable, n_threads) in [("CANDLE_NUM_THREADS", 1), ("RAYON_NUM_THREADS", cores)] {
        if std::env::var_os(variable).is_none() {
            // SAFETY: called at the start of `main`, before any other thread exists.
            unsafe { std::env::set_var(variable, n_threads.to_string()) };
        }
    }
}
