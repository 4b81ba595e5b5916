//! Floats in JSON as their bits: NaN and the sign of zero survive, for `#[serde(with = "…")]`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes the bits of `value`.
pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    value.to_bits().serialize(serializer)
}

/// Reads what [`serialize`] wrote.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    u64::deserialize(deserializer).map(f64::from_bits)
}

/// The same for a float that may be absent.
pub(super) mod option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes the bits of `value`, or nothing.
    pub(in crate::train) fn serialize<S: Serializer>(
        value: &Option<f64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(f64::to_bits).serialize(serializer)
    }

    /// Reads what [`serialize`] wrote.
    pub(in crate::train) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<f64>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(f64::from_bits))
    }
}
