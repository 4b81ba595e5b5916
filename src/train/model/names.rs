//! Tensor names: ours are torchvision's; the reference's are translated.

/// Start of every name of the trunk.
pub(super) const TRUNK: &str = "features.";
/// What the reference's state dict has in that place.
const REFERENCE_TRUNK: &str = "MTL_MobileNet_V2_model_feature.0.";

/// The name under which we keep the tensor that a checkpoint calls `name`.
pub(super) fn ours(name: &str) -> String {
    match name.strip_prefix(REFERENCE_TRUNK) {
        Some(rest) => format!("{TRUNK}{rest}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_names_are_translated() {
        assert_eq!(
            ours("MTL_MobileNet_V2_model_feature.0.1.conv.0.0.weight"),
            "features.1.conv.0.0.weight"
        );
        assert_eq!(ours("gender_clf.0.bias"), "gender_clf.0.bias");
    }
}
