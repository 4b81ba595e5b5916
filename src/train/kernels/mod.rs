//! candle custom ops for training on the CPU.
