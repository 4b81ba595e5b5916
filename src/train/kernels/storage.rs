//! candle's storage as slices.

use candle_core::{CpuStorage, Layout, Result, Storage, Tensor, bail};

/// A contiguous f32 tensor on the CPU.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) data: &'a [f32],
    pub(super) dims: &'a [usize],
}

impl<'a> View<'a> {
    pub(super) fn new(storage: &'a CpuStorage, layout: &'a Layout) -> Result<Self> {
        let CpuStorage::F32(data) = storage else {
            bail!("kernel: expected f32 tensors")
        };
        let Some((start, end)) = layout.contiguous_offsets() else {
            bail!("kernel: expected contiguous tensors, got {layout:?}")
        };
        Ok(Self {
            data: &data[start..end],
            dims: layout.dims(),
        })
    }
}

/// Calls `work` with the values of contiguous tensors.
pub(super) fn with_slices<T, const N: usize>(
    tensors: [&Tensor; N],
    work: impl FnOnce([&[f32]; N]) -> T,
) -> Result<T> {
    let guards = tensors.map(Tensor::storage_and_layout);
    let mut slices: [&[f32]; N] = [&[]; N];
    for (slice, (storage, layout)) in slices.iter_mut().zip(&guards) {
        let Storage::Cpu(storage) = &**storage else {
            bail!("kernel: expected tensors on the CPU")
        };
        *slice = View::new(storage, layout)?.data;
    }
    Ok(work(slices))
}
