//! Batches, decoded ahead of the step by threads of their own.
//!
//! What a batch holds depends on the seed, the epoch and its place only: never on the number of threads,
//! on how far ahead they are, or on what the cache holds.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::augment::{View, normalize};
use super::cache::ImageCache;
use super::decode::resize;
use super::{DataError, Dataset, Sample};
use crate::metric::Split;
use crate::train::rng::Generator;

/// How batches are made.
#[derive(Debug, Clone)]
pub struct LoaderConfig {
    /// Height and width of the images, in pixels; at least 1.
    pub image_size: usize,
    /// Samples per batch; at least 1.
    pub batch_size: usize,
    /// Whether training images are cropped and mirrored at random.
    pub augment: bool,
    /// Decoding threads; 0 counts as 1.
    pub num_workers: usize,
    /// Batches made ahead of the step; 0 counts as 1.
    pub loading_jobs: usize,
    /// Bytes of decoded images kept in memory.
    pub cache_bytes: u64,
    /// Seed of shuffles and augmentation.
    pub seed: u64,
    /// Training samples drawn with replacement per epoch; `None` takes every sample once.
    pub samples_per_epoch: Option<usize>,
}

/// Decoding threads and decoded images, shared by the data sets of a run.
#[derive(Debug)]
pub struct Loader {
    config: LoaderConfig,
    workers: Arc<ThreadPool>,
    cache: Arc<ImageCache>,
}

/// Images and labels of one step.
///
/// # Shapes
/// `images: [n, H, W, 3]`, normalised by ImageNet's mean and deviation.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Pixels, NHWC.
    pub images: Vec<f32>,
    /// Number of samples.
    pub n: usize,
    /// Class indices, per task of the data set.
    pub labels: Vec<Vec<u32>>,
    /// Index of each sample within its split.
    pub sample_idx: Vec<usize>,
}

impl LoaderConfig {
    /// Samples of an epoch over `n`: those drawn or all, without a last batch of a single one.
    pub fn n_trained(&self, n: usize) -> usize {
        let n = self.samples_per_epoch.unwrap_or(n);
        let is_lonely = self.batch_size > 1 && n % self.batch_size == 1;
        n - usize::from(is_lonely)
    }
}

impl Loader {
    /// Starts the decoding threads.
    ///
    /// # Errors
    /// The system has no more threads.
    pub fn new(config: LoaderConfig) -> Result<Self, DataError> {
        let n = config.num_workers.max(1);
        let workers = ThreadPoolBuilder::new()
            .num_threads(n)
            .thread_name(|idx| format!("decode-{idx}"))
            // Whoever waits for the batch notices that it does not come; without this the process ends.
            .panic_handler(|_| {})
            .build()
            .map_err(|source| DataError::Threads { n, source })?;
        Ok(Self {
            workers: Arc::new(workers),
            cache: Arc::new(ImageCache::new(config.cache_bytes)),
            config,
        })
    }

    /// The training batches of an epoch (1-based) from `first_batch` (0-based) on: shuffled, or drawn with
    /// replacement where `samples_per_epoch` is set. A last batch of a single sample is left out, because
    /// batch statistics of one sample mean nothing.
    pub fn train_batches(&self, dataset: &Arc<Dataset>, epoch: u32, first_batch: usize) -> Batches {
        let n = dataset.split(Split::Train).len();
        let augmentation = self.config.augment.then(|| Augmentation {
            seed: self.config.seed,
            purpose: format!("augment/{}", dataset.key),
            epoch: u64::from(epoch),
        });
        let mut order = self.train_order(&dataset.key, n, epoch);
        order.truncate(self.config.n_trained(n));
        self.batches(dataset, Split::Train, order, augmentation, first_batch)
    }

    /// Every sample of a split exactly once, in order, as it is.
    pub fn evaluation_batches(&self, dataset: &Arc<Dataset>, split: Split) -> Batches {
        let order = (0..dataset.split(split).len()).collect();
        self.batches(dataset, split, order, None, 0)
    }

    fn train_order(&self, key: &str, n: usize, epoch: u32) -> Vec<usize> {
        let generator = |purpose: &str| {
            Generator::new(
                self.config.seed,
                &format!("{purpose}/{key}"),
                &[u64::from(epoch)],
            )
        };
        match self.config.samples_per_epoch {
            Some(drawn) => {
                let mut generator = generator("draw");
                (0..drawn)
                    .map(|_| generator.below(n as u64) as usize)
                    .collect()
            }
            None => {
                let mut order: Vec<usize> = (0..n).collect();
                generator("shuffle").shuffle(&mut order);
                order
            }
        }
    }

    fn batches(
        &self,
        dataset: &Arc<Dataset>,
        split: Split,
        order: Vec<usize>,
        augmentation: Option<Augmentation>,
        first_batch: usize,
    ) -> Batches {
        let plan = Plan {
            dataset: Arc::clone(dataset),
            split,
            order,
            augmentation,
            batch_size: self.config.batch_size,
            side: self.config.image_size,
            cache: Arc::clone(&self.cache),
            dropped: AtomicBool::new(false),
        };
        let mut batches = Batches {
            plan: Arc::new(plan),
            workers: Arc::clone(&self.workers),
            ahead: self.config.loading_jobs.max(1),
            requested: first_batch,
            pending: VecDeque::new(),
        };
        batches.request();
        batches
    }
}

/// The batches of one pass, made ahead. Dropping it stops what is being made.
#[derive(Debug)]
pub struct Batches {
    plan: Arc<Plan>,
    workers: Arc<ThreadPool>,
    ahead: usize,
    requested: usize,
    pending: VecDeque<Receiver<Result<Batch, DataError>>>,
}

impl Batches {
    /// Batches of the whole pass, those before the first one asked for included.
    pub fn n_batches(&self) -> usize {
        self.plan.n_batches()
    }

    /// Keeps `ahead` batches in the making.
    fn request(&mut self) {
        while self.pending.len() < self.ahead && self.requested < self.plan.n_batches() {
            let (sender, receiver) = sync_channel(1);
            let (plan, batch_idx) = (Arc::clone(&self.plan), self.requested);
            self.workers.spawn(move || {
                if !plan.dropped.load(Ordering::Relaxed) {
                    // Nobody waits for the batch any more when sending fails.
                    let _ = sender.send(plan.load(batch_idx));
                }
            });
            self.pending.push_back(receiver);
            self.requested += 1;
        }
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        let receiver = self.pending.pop_front()?;
        let batch = receiver
            .recv()
            .expect("a batch in the making is sent unless its decoding panicked");
        self.request();
        Some(batch)
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        self.plan.dropped.store(true, Ordering::Relaxed);
    }
}

/// What the batches of one pass hold; shared with the threads that make them.
#[derive(Debug)]
struct Plan {
    dataset: Arc<Dataset>,
    split: Split,
    order: Vec<usize>,
    augmentation: Option<Augmentation>,
    batch_size: usize,
    side: usize,
    cache: Arc<ImageCache>,
    dropped: AtomicBool,
}

#[derive(Debug)]
struct Augmentation {
    seed: u64,
    purpose: String,
    epoch: u64,
}

impl Plan {
    fn n_batches(&self) -> usize {
        self.order.len().div_ceil(self.batch_size)
    }

    fn load(&self, batch_idx: usize) -> Result<Batch, DataError> {
        let start = batch_idx * self.batch_size;
        let end = self.order.len().min(start + self.batch_size);
        let sample_idx = self.order[start..end].to_vec();
        let samples = self.dataset.split(self.split);
        let image_len = self.side * self.side * 3;
        let mut images = vec![0.0; sample_idx.len() * image_len];
        let failure = images
            .par_chunks_exact_mut(image_len)
            .zip(&sample_idx)
            .enumerate()
            .find_map_first(|(offset, (output, idx))| {
                self.load_image(&samples[*idx], start + offset, output)
                    .err()
            });
        match failure {
            Some(error) => Err(error),
            None => Ok(Batch {
                images,
                n: sample_idx.len(),
                labels: (0..self.dataset.tasks.len())
                    .map(|task| {
                        let label = |idx: &usize| samples[*idx].labels[task];
                        sample_idx.iter().map(label).collect()
                    })
                    .collect(),
                sample_idx,
            }),
        }
    }

    fn load_image(
        &self,
        sample: &Sample,
        position: usize,
        output: &mut [f32],
    ) -> Result<(), DataError> {
        if self.dropped.load(Ordering::Relaxed) {
            return Ok(());
        }
        let pixels = self.pixels(sample)?;
        let view = match &self.augmentation {
            None => View::PLAIN,
            Some(of) => View::random(&mut Generator::new(
                of.seed,
                &of.purpose,
                &[of.epoch, position as u64],
            )),
        };
        normalize(&pixels, self.side, view, output);
        Ok(())
    }

    fn pixels(&self, sample: &Sample) -> Result<Arc<[u8]>, DataError> {
        if let Some(pixels) = self.cache.get(&sample.content.blake3) {
            return Ok(pixels);
        }
        let image = sample
            .image
            .decode()
            .map_err(|reason| DataError::Undecodable {
                id: sample.id.clone(),
                reason,
            })?;
        let pixels: Arc<[u8]> = resize(image, self.side as u32).into();
        self.cache.offer(sample.content.blake3, &pixels);
        Ok(pixels)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::{Duration, Instant};

    use super::super::{OpenOptions, SplitProtocol, open};
    use super::*;
    use crate::project::Settings;

    const SIDE: usize = 16;

    /// Faces: `n` to train on, one in ten of them held out, and seven to test on.
    fn faces(n: usize) -> Arc<Dataset> {
        let text = format!(
            "[data.faces_synthetic]\nall = {{ layout = \"demo_faces\", splits = {{ train = \"{n}\", test = \"7\" }} }}"
        );
        let settings: Settings = toml::from_str(&text).expect("valid settings");
        let opened = open(&OpenOptions {
            settings: &settings.data,
            root: Path::new("."),
            dataset: "faces_synthetic",
            subtasks: &["smile".to_owned(), "age".to_owned()],
            split_protocol: SplitProtocol::ThreeWay,
            age_classes: 100,
            cache: None,
        });
        let dataset = opened.expect("drawable").datasets.pop();
        Arc::new(dataset.expect("one source"))
    }

    fn config() -> LoaderConfig {
        LoaderConfig {
            image_size: SIDE,
            batch_size: 4,
            augment: true,
            num_workers: 1,
            loading_jobs: 1,
            cache_bytes: 0,
            seed: 5,
            samples_per_epoch: None,
        }
    }

    fn loader(config: LoaderConfig) -> Loader {
        Loader::new(config).expect("threads")
    }

    fn all(batches: Batches) -> Vec<Batch> {
        batches.collect::<Result<_, _>>().expect("loadable")
    }

    #[test]
    fn batches_do_not_depend_on_threads_lookahead_or_cache() {
        let dataset = faces(20);
        let epochs = |config| {
            let loader = loader(config);
            [1, 2].map(|epoch| all(loader.train_batches(&dataset, epoch, 0)))
        };
        let expected = epochs(config());
        assert_ne!(expected[0], expected[1]);
        for (num_workers, loading_jobs, images_cached) in [(0, 0, 0), (2, 1, 5), (3, 8, 1000)] {
            let found = epochs(LoaderConfig {
                num_workers,
                loading_jobs,
                cache_bytes: images_cached * (SIDE * SIDE * 3) as u64,
                ..config()
            });
            assert!(
                found == expected,
                "{num_workers} threads, {loading_jobs} ahead"
            );
        }
    }

    #[test]
    fn a_pass_can_start_in_its_middle() {
        let dataset = faces(20);
        let loader = loader(config());
        let whole = all(loader.train_batches(&dataset, 3, 0));
        let rest = loader.train_batches(&dataset, 3, 2);
        assert_eq!(rest.n_batches(), 5);
        assert!(all(rest) == whole[2..]);
        assert!(all(loader.train_batches(&dataset, 3, 5)).is_empty());
    }

    #[test]
    fn training_takes_every_sample_once_and_drops_a_lonely_last_one() {
        // 19 images, two of them held out: four batches of four and one left.
        let dataset = faces(19);
        assert_eq!(dataset.split(Split::Train).len(), 17);
        let seen = |config: LoaderConfig, epoch| {
            let mut seen: Vec<usize> = all(loader(config).train_batches(&dataset, epoch, 0))
                .into_iter()
                .flat_map(|batch| batch.sample_idx)
                .collect();
            seen.sort_unstable();
            seen
        };
        let dropped = seen(config(), 1);
        assert_eq!(dropped.len(), 16);
        assert!(dropped.windows(2).all(|pair| pair[0] < pair[1]));
        let batch_of = |batch_size| LoaderConfig {
            batch_size,
            ..config()
        };
        assert_eq!(seen(batch_of(5), 1), (0..17).collect::<Vec<_>>());
        assert_eq!(seen(batch_of(1), 1), (0..17).collect::<Vec<_>>());
        let drawn = LoaderConfig {
            samples_per_epoch: Some(30),
            ..config()
        };
        let drawn = seen(drawn, 1);
        assert_eq!(drawn.len(), 30);
        assert!(drawn.windows(2).any(|pair| pair[0] == pair[1]));
    }

    #[test]
    fn evaluation_sees_every_sample_once_in_order_as_it_is() {
        let dataset = faces(20);
        let batches = all(loader(config()).evaluation_batches(&dataset, Split::Test));
        assert_eq!(
            batches.iter().map(|batch| batch.n).collect::<Vec<_>>(),
            [4, 3]
        );
        let batch = &batches[1];
        assert_eq!(batch.sample_idx, [4, 5, 6]);
        let sample = &dataset.split(Split::Test)[5];
        assert_eq!([batch.labels[0][1], batch.labels[1][1]], sample.labels[..]);
        let image_len = SIDE * SIDE * 3;
        let pixels = resize(sample.image.decode().expect("drawable"), SIDE as u32);
        let mut expected = vec![0.0; image_len];
        normalize(&pixels, SIDE, View::PLAIN, &mut expected);
        assert!(batch.images[image_len..2 * image_len] == expected);
    }

    #[test]
    fn dropping_a_pass_ends_its_work() {
        let dataset = faces(400);
        let loader = loader(LoaderConfig {
            num_workers: 2,
            loading_jobs: 16,
            batch_size: 16,
            ..config()
        });
        let mut batches = loader.train_batches(&dataset, 1, 0);
        batches.next().expect("a batch").expect("loadable");
        drop(batches);
        // Threads hold the data set as long as they work on it.
        let start = Instant::now();
        while Arc::strong_count(&dataset) > 1 {
            assert!(start.elapsed() < Duration::from_secs(20), "threads go on");
            std::thread::yield_now();
        }
        assert_eq!(
            all(loader.evaluation_batches(&dataset, Split::Test)).len(),
            1
        );
    }
}
