//! Decoded images that fit into a given number of bytes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Decoded and resized images by content. What is in stays in: every epoch asks for every image once, so
/// that throwing out the oldest would throw out exactly what is asked for next.
#[derive(Debug)]
pub(super) struct ImageCache {
    capacity_bytes: u64,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    bytes: u64,
    images: HashMap<blake3::Hash, Arc<[u8]>>,
}

impl ImageCache {
    pub(super) fn new(capacity_bytes: u64) -> Self {
        Self {
            capacity_bytes,
            held: Mutex::default(),
        }
    }

    /// The image with this content, if it is held.
    pub(super) fn get(&self, content: &blake3::Hash) -> Option<Arc<[u8]>> {
        self.held().images.get(content).cloned()
    }

    /// Holds `image` if there is room.
    pub(super) fn offer(&self, content: blake3::Hash, image: &Arc<[u8]>) {
        let mut held = self.held();
        let bytes = held.bytes + image.len() as u64;
        if bytes <= self.capacity_bytes && held.images.insert(content, Arc::clone(image)).is_none()
        {
            held.bytes = bytes;
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // A panic elsewhere cannot leave half an entry: each change is one insertion and one assignment.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_no_more_than_its_capacity() {
        let cache = ImageCache::new(250);
        let content = |idx: u8| blake3::hash(&[idx]);
        let image: Arc<[u8]> = Arc::from([0_u8; 100]);
        for idx in [0, 0, 1, 2, 3] {
            cache.offer(content(idx), &image);
        }
        let held: Vec<bool> = (0..4)
            .map(|idx| cache.get(&content(idx)).is_some())
            .collect();
        assert_eq!(held, [true, true, false, false]);
        assert_eq!(cache.held().bytes, 200);
    }
}
