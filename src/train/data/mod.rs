//! Images and labels as people have them: layouts, decoding, augmentation, batches, fingerprints.
