//! Run-time choice of vector instructions.

/// The instruction set that the kernels use on this machine: `avx512`, `avx2` or `portable`.
pub fn instruction_set() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            return "avx512";
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return "avx2";
        }
    }
    "portable"
}

/// Compiles a function once per instruction set and calls the best that this machine has.
///
/// The body is plain Rust; the compiler vectorises it. Multiplications and additions are never
/// contracted, so every version gives the same bits.
macro_rules! vectorized {
    ($(#[$doc:meta])* $visibility:vis fn $name:ident($($argument:ident: $kind:ty),* $(,)?) $body:block) => {
        $(#[$doc])*
        #[expect(unsafe_code, reason = "vector instructions are chosen at run time")]
        $visibility fn $name($($argument: $kind),*) {
            #[inline(always)]
            fn body($($argument: $kind),*) $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2")]
                fn avx512($($argument: $kind),*) { body($($argument),*) }
                #[target_feature(enable = "avx2")]
                fn avx2($($argument: $kind),*) { body($($argument),*) }
                match $crate::train::kernels::simd::instruction_set() {
                    // SAFETY: the machine was just found to have these features.
                    "avx512" => return unsafe { avx512($($argument),*) },
                    // SAFETY: as above.
                    "avx2" => return unsafe { avx2($($argument),*) },
                    _ => {}
                }
            }
            body($($argument),*)
        }
    };
}

pub(super) use vectorized;
