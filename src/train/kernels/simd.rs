//! Vectors of f32 and the run-time choice of their instruction set.
//!
//! A kernel is written once over [`Vector`] and compiled once per instruction set; [`vectorized!`] makes
//! the function that picks one. Lanes are independent channels: no kernel adds across lanes, so that the
//! width of a vector never changes the order of a sum.

#![expect(
    unsafe_code,
    reason = "vector instructions work on pointers and need features of the machine"
)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// A set of vector instructions that this machine has; a value is the proof of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstructionSet(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl InstructionSet {
    /// Names of all sets, best first.
    pub const NAMES: [&str; 3] = ["avx512", "avx2", "portable"];

    /// The set of that name, if there is one and this machine has it.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            #[cfg(target_arch = "x86_64")]
            "avx512" if is_x86_feature_detected!("avx512f") => Some(Self(Kind::Avx512)),
            #[cfg(target_arch = "x86_64")]
            "avx2" if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") => {
                Some(Self(Kind::Avx2))
            }
            "portable" => Some(Self(Kind::Portable)),
            _ => None,
        }
    }

    /// The fastest that this machine has.
    pub fn best() -> Self {
        Self::available().next().expect("`portable` is everywhere")
    }

    /// What this machine has, best first.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::NAMES.into_iter().filter_map(Self::named)
    }

    /// Its name in records.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            Kind::Portable => "portable",
        }
    }

    /// Values in a vector, and vectors side by side in the output block of a product.
    pub(super) fn block(self) -> [usize; 2] {
        fn of<V: Vector>() -> [usize; 2] {
            [V::LANES, V::COLUMNS]
        }
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => of::<__m512>(),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => of::<__m256>(),
            Kind::Portable => of::<Portable>(),
        }
    }

    pub(super) fn kind(self) -> Kind {
        self.0
    }
}

/// A vector of f32.
///
/// # Safety
/// Every method needs the instruction set of the type; `vectorized!` enters code that uses a type only
/// with the [`InstructionSet`] that proves it. Pointers must be valid for as many values as are read or
/// written; they need no alignment.
pub(super) trait Vector: Copy {
    /// Values in a vector.
    const LANES: usize;
    /// Rows of the output block of a product that fits into the registers.
    const ROWS: usize;
    /// Vectors side by side in that block.
    const COLUMNS: usize;
    unsafe fn splat(x: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    /// The first `n < LANES` values; the others are 0.
    unsafe fn load_first(from: *const f32, n: usize) -> Self;
    /// Stores the first `n < LANES` values.
    unsafe fn store_first(self, to: *mut f32, n: usize);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    /// `self · factor + term`, rounded once where the set has that instruction.
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
    /// `min(max(self, low), high)`; NaN stays NaN.
    unsafe fn clamp(self, low: Self, high: Self) -> Self;
    /// `self` where `low < gate < high`, else 0.
    unsafe fn gated(self, gate: Self, low: Self, high: Self) -> Self;
}

#[cfg(target_arch = "x86_64")]
impl Vector for __m512 {
    const LANES: usize = 16;
    const ROWS: usize = 8;
    const COLUMNS: usize = 3;
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        unsafe { _mm512_set1_ps(x) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { _mm512_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm512_storeu_ps(to, self) }
    }
    #[inline(always)]
    unsafe fn load_first(from: *const f32, n: usize) -> Self {
        unsafe { _mm512_maskz_loadu_ps((1 << n) - 1, from) }
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, n: usize) {
        unsafe { _mm512_mask_storeu_ps(to, (1 << n) - 1, self) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { _mm512_add_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { _mm512_sub_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        unsafe { _mm512_fmadd_ps(self, factor, term) }
    }
    #[inline(always)]
    unsafe fn clamp(self, low: Self, high: Self) -> Self {
        // Both instructions return their second operand if one is NaN.
        unsafe { _mm512_min_ps(high, _mm512_max_ps(low, self)) }
    }
    #[inline(always)]
    unsafe fn gated(self, gate: Self, low: Self, high: Self) -> Self {
        unsafe {
            let above = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(gate, low);
            let inside = _mm512_mask_cmp_ps_mask::<_CMP_LT_OQ>(above, gate, high);
            _mm512_maskz_mov_ps(inside, self)
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl Vector for __m256 {
    const LANES: usize = 8;
    const ROWS: usize = 4;
    const COLUMNS: usize = 2;
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        unsafe { _mm256_set1_ps(x) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { _mm256_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm256_storeu_ps(to, self) }
    }
    #[inline(always)]
    unsafe fn load_first(from: *const f32, n: usize) -> Self {
        let mut values = [0.0; 8];
        unsafe {
            std::ptr::copy_nonoverlapping(from, values.as_mut_ptr(), n);
            Self::load(values.as_ptr())
        }
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, n: usize) {
        let mut values = [0.0; 8];
        unsafe {
            self.store(values.as_mut_ptr());
            std::ptr::copy_nonoverlapping(values.as_ptr(), to, n);
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { _mm256_add_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { _mm256_sub_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        unsafe { _mm256_fmadd_ps(self, factor, term) }
    }
    #[inline(always)]
    unsafe fn clamp(self, low: Self, high: Self) -> Self {
        // Both instructions return their second operand if one is NaN.
        unsafe { _mm256_min_ps(high, _mm256_max_ps(low, self)) }
    }
    #[inline(always)]
    unsafe fn gated(self, gate: Self, low: Self, high: Self) -> Self {
        unsafe {
            let above = _mm256_cmp_ps::<_CMP_GT_OQ>(gate, low);
            let below = _mm256_cmp_ps::<_CMP_LT_OQ>(gate, high);
            _mm256_and_ps(self, _mm256_and_ps(above, below))
        }
    }
}

/// Four values in an array: for every machine, no operation but IEEE 754's `+ - ·` and comparisons.
#[derive(Clone, Copy)]
pub(super) struct Portable([f32; 4]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, work: impl Fn(f32, f32) -> f32) -> Self {
        let mut values = self.0;
        for (value, other) in values.iter_mut().zip(other.0) {
            *value = work(*value, other);
        }
        Self(values)
    }
}

impl Vector for Portable {
    const LANES: usize = 4;
    const ROWS: usize = 4;
    const COLUMNS: usize = 2;
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Self([x; 4])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { from.cast::<[f32; 4]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { to.cast::<[f32; 4]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn load_first(from: *const f32, n: usize) -> Self {
        let mut values = [0.0; 4];
        unsafe { std::ptr::copy_nonoverlapping(from, values.as_mut_ptr(), n) };
        Self(values)
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, n: usize) {
        unsafe { std::ptr::copy_nonoverlapping(self.0.as_ptr(), to, n) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        self.zip(factor, |a, b| a * b).zip(term, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn clamp(self, low: Self, high: Self) -> Self {
        let above = self.zip(low, |x, low| if x < low { low } else { x });
        above.zip(high, |x, high| if x > high { high } else { x })
    }
    #[inline(always)]
    unsafe fn gated(self, gate: Self, low: Self, high: Self) -> Self {
        let mut values = self.0;
        for (i, value) in values.iter_mut().enumerate() {
            let is_inside = gate.0[i] > low.0[i] && gate.0[i] < high.0[i];
            *value = if is_inside { *value } else { 0.0 };
        }
        Self(values)
    }
}

/// Defines a function that runs its body with the [`Vector`] of an [`InstructionSet`], given first.
///
/// The body is generic over the vector type named in angle brackets.
macro_rules! vectorized {
    ($(#[$doc:meta])* $visibility:vis fn $name:ident<$vector:ident>($($argument:ident: $kind:ty),* $(,)?) $body:block) => {
        $(#[$doc])*
        $visibility fn $name(set: $crate::train::kernels::simd::InstructionSet, $($argument: $kind),*) {
            #[inline(always)]
            fn body<$vector: $crate::train::kernels::simd::Vector>($($argument: $kind),*) $body
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f")]
            fn avx512($($argument: $kind),*) { body::<std::arch::x86_64::__m512>($($argument),*) }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($argument: $kind),*) { body::<std::arch::x86_64::__m256>($($argument),*) }
            match set.kind() {
                // SAFETY: the set is the proof that the machine has the features.
                #[cfg(target_arch = "x86_64")]
                $crate::train::kernels::simd::Kind::Avx512 => unsafe { avx512($($argument),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::train::kernels::simd::Kind::Avx2 => unsafe { avx2($($argument),*) },
                $crate::train::kernels::simd::Kind::Portable => body::<$crate::train::kernels::simd::Portable>($($argument),*),
            }
        }
    };
}
pub(super) use vectorized;
