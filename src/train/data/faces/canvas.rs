//! A small painter: soft-edged shapes in the face's own coordinates.

use image::{Rgb, RgbImage};

/// Red, green and blue in 0..=1.
pub(super) type Color = [f64; 3];

/// A point in the face's coordinates: x to the viewer's right, y down, chin at (0, 1).
pub(super) type Point = (f64, f64);

/// Mixes two colours; 0 is `a`, 1 is `b`.
pub(super) fn mix(a: Color, b: Color, share: f64) -> Color {
    std::array::from_fn(|channel| a[channel] + (b[channel] - a[channel]) * share)
}

/// A colour made brighter (> 1) or darker (< 1).
pub(super) fn scaled(color: Color, factor: f64) -> Color {
    color.map(|value| value * factor)
}

/// Pixels together with where the face lies on them.
pub(super) struct Canvas {
    side: usize,
    pixels: Vec<Color>,
    /// Pixels per unit of the face's coordinates.
    scale: f64,
    center: Point,
    cos: f64,
    sin: f64,
}

/// Position of a face on its canvas.
pub(super) struct Pose {
    /// Pixels per unit.
    pub(super) scale: f64,
    /// Where the middle of the face lies, in pixels.
    pub(super) center: Point,
    /// Clockwise, in radians.
    pub(super) tilt: f64,
}

impl Canvas {
    pub(super) fn new(side: u32, pose: &Pose) -> Self {
        let side = side as usize;
        Self {
            side,
            pixels: vec![[0.0; 3]; side * side],
            scale: pose.scale,
            center: pose.center,
            cos: libm::cos(pose.tilt),
            sin: libm::sin(pose.tilt),
        }
    }

    /// Replaces every pixel; `color` sees its position in 0..1, and its colour.
    pub(super) fn shade(&mut self, mut color: impl FnMut(Point, Color) -> Color) {
        let side = self.side;
        for (idx, pixel) in self.pixels.iter_mut().enumerate() {
            let position = (
                (idx % side) as f64 / side as f64,
                (idx / side) as f64 / side as f64,
            );
            *pixel = color(position, *pixel);
        }
    }

    /// Paints where `distance` is negative, with an edge one pixel soft. The shape lies within
    /// `reach` of `middle`, in both directions.
    pub(super) fn fill(
        &mut self,
        middle: Point,
        reach: Point,
        color: Color,
        opacity: f64,
        distance: impl Fn(Point) -> f64,
    ) {
        let (x, y) = (
            self.center.0 + self.scale * (self.cos * middle.0 - self.sin * middle.1),
            self.center.1 + self.scale * (self.sin * middle.0 + self.cos * middle.1),
        );
        if opacity <= 0.0 {
            return;
        }
        let range = |around: f64, reach: f64| {
            let clamp = |value: f64| value.clamp(0.0, self.side as f64) as usize;
            let reach = reach * self.scale + 2.0;
            clamp(around - reach)..clamp(around + reach + 1.0)
        };
        let (cos, sin) = (self.cos.abs(), self.sin.abs());
        let columns = range(x, cos * reach.0 + sin * reach.1);
        for row in range(y, sin * reach.0 + cos * reach.1) {
            for column in columns.clone() {
                let (dx, dy) = (
                    (column as f64 + 0.5 - self.center.0) / self.scale,
                    (row as f64 + 0.5 - self.center.1) / self.scale,
                );
                let point = (self.cos * dx + self.sin * dy, self.cos * dy - self.sin * dx);
                let coverage = (0.5 - distance(point) * self.scale).clamp(0.0, 1.0) * opacity;
                if coverage > 0.0 {
                    let pixel = &mut self.pixels[row * self.side + column];
                    *pixel = mix(*pixel, color, coverage);
                }
            }
        }
    }

    /// An upright ellipse.
    pub(super) fn ellipse(&mut self, middle: Point, radii: Point, color: Color, opacity: f64) {
        self.fill(middle, radii, color, opacity, |point| {
            ellipse(point, middle, radii)
        });
    }

    /// A line through `points`, `width` thick at its middle and thinner at its ends.
    pub(super) fn stroke(&mut self, points: &[Point], width: f64, color: Color, opacity: f64) {
        let bounds = |of: fn(&Point) -> f64| {
            let values = points.iter().map(of);
            let (low, high) = values
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                    (low.min(value), high.max(value))
                });
            ((low + high) / 2.0, (high - low + width) / 2.0)
        };
        let (x, reach_x) = bounds(|point| point.0);
        let (y, reach_y) = bounds(|point| point.1);
        self.fill((x, y), (reach_x, reach_y), color, opacity, |point| {
            stroke(point, points, width)
        });
    }

    /// The finished image.
    pub(super) fn image(&self) -> RgbImage {
        RgbImage::from_fn(self.side as u32, self.side as u32, |x, y| {
            let pixel = self.pixels[y as usize * self.side + x as usize];
            Rgb(pixel.map(|value| (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8))
        })
    }
}

/// Signed distance to an upright ellipse, exact on its edge.
pub(super) fn ellipse(point: Point, middle: Point, radii: Point) -> f64 {
    let (x, y) = (
        (point.0 - middle.0) / radii.0,
        (point.1 - middle.1) / radii.1,
    );
    let level = (x * x + y * y).sqrt();
    let (dx, dy) = (x / radii.0, y / radii.1);
    let slope = (dx * dx + dy * dy).sqrt();
    match slope > 1e-9 {
        true => (level - 1.0) * level / slope,
        false => -radii.0.min(radii.1),
    }
}

fn stroke(point: Point, points: &[Point], width: f64) -> f64 {
    let n_segments = (points.len() - 1) as f64;
    points
        .windows(2)
        .enumerate()
        .map(|(idx, ends)| {
            let (ax, ay) = (point.0 - ends[0].0, point.1 - ends[0].1);
            let (bx, by) = (ends[1].0 - ends[0].0, ends[1].1 - ends[0].1);
            let along = ((ax * bx + ay * by) / (bx * bx + by * by)).clamp(0.0, 1.0);
            let (dx, dy) = (ax - along * bx, ay - along * by);
            let place = (idx as f64 + along) / n_segments * 2.0 - 1.0;
            (dx * dx + dy * dy).sqrt() - width / 2.0 * (1.0 - 0.6 * place * place)
        })
        .fold(f64::INFINITY, f64::min)
}

/// Points of a parabola through `start` and `end` that passes `bend` below the middle of its chord.
pub(super) fn arc(start: Point, end: Point, bend: f64) -> Vec<Point> {
    const N_SEGMENTS: usize = 8;
    (0..=N_SEGMENTS)
        .map(|idx| {
            let t = idx as f64 / N_SEGMENTS as f64;
            (
                start.0 + (end.0 - start.0) * t,
                start.1 + (end.1 - start.1) * t + bend * 4.0 * t * (1.0 - t),
            )
        })
        .collect()
}
