//! Drawing a face, from the background to the noise of the camera.

use image::RgbImage;

use super::canvas::{Canvas, Color, Point, Pose, arc, ellipse, mix, scaled};
use super::look::Look;
use super::{Face, SIDE};
use crate::train::rng::Generator;

const BLACK: Color = [0.05, 0.04, 0.05];
const WHITE: Color = [0.95, 0.94, 0.92];
const SIDES: [f64; 2] = [-1.0, 1.0];

pub(super) fn draw(face: &Face, generator: &mut Generator) -> RgbImage {
    let look = Look::new(face, generator);
    let side = f64::from(SIDE);
    let pose = Pose {
        scale: side * generator.uniform_in(0.32, 0.37),
        center: (
            side * generator.uniform_in(0.46, 0.54),
            side * generator.uniform_in(0.48, 0.55),
        ),
        tilt: 0.10 * generator.normal().clamp(-2.0, 2.0),
    };
    let mut canvas = Canvas::new(SIDE, &pose);
    background(&mut canvas, generator);
    hair_behind(&mut canvas, &look);
    head(&mut canvas, &look);
    wrinkles(&mut canvas, &look);
    beard(&mut canvas, &look);
    nose(&mut canvas, &look);
    mouth(&mut canvas, &look);
    for side in SIDES {
        eye(&mut canvas, &look, side);
        brow(&mut canvas, &look, side);
    }
    if look.glasses {
        glasses(&mut canvas, &look);
    }
    hair_in_front(&mut canvas, &look);
    camera(&mut canvas, generator);
    canvas.image()
}

fn background(canvas: &mut Canvas, generator: &mut Generator) {
    let mut color = || -> Color { std::array::from_fn(|_| generator.uniform_in(0.15, 0.9)) };
    let (from, to) = (color(), color());
    let slope = generator.uniform();
    canvas.shade(|(x, y), _| mix(from, to, slope * x + (1.0 - slope) * y));
}

/// Long hair and clothes, which the head lies in front of.
fn hair_behind(canvas: &mut Canvas, look: &Look) {
    canvas.ellipse((0.0, 1.75), (1.05, 0.65), look.clothes, 1.0);
    if let Some(length) = look.long_hair {
        let (top, bottom) = (-1.0 - look.hair_volume, length);
        let middle = (0.0, (top + bottom) / 2.0);
        let radii = (look.width + 0.24, (bottom - top) / 2.0);
        canvas.fill(
            middle,
            (1.12 * radii.0, radii.1),
            scaled(look.hair, 0.85),
            1.0,
            |(x, y)| {
                // Narrower at the top, hanging straight below.
                let spread = 1.0 + 0.12 * (y - middle.1) / radii.1;
                ellipse((x / spread, y), middle, radii)
            },
        );
    }
    let neck = scaled(look.skin, 0.82);
    canvas.fill((0.0, 1.1), (0.6, 0.4), neck, 1.0, |(x, y)| {
        (x.abs() - 0.34 - look.jaw).max((y - 1.1).abs() - 0.35)
    });
}

fn head_distance((x, y): Point, look: &Look) -> f64 {
    let spread = 1.0 + look.jaw * y.max(0.0) - 0.10 * y.max(0.0);
    ellipse((x / spread, y), (0.0, 0.0), (look.width, 1.0))
}

fn head(canvas: &mut Canvas, look: &Look) {
    for side in SIDES {
        let ear = (side * look.width, look.eye_y + 0.14);
        canvas.ellipse(ear, (0.10, 0.19), scaled(look.skin, 0.90), 1.0);
    }
    canvas.fill((0.0, 0.0), (1.0, 1.0), look.skin, 1.0, |point| {
        head_distance(point, look)
    });
    // Cheeks, and the shadow that makes a disc a ball.
    let blush = mix(look.skin, [0.85, 0.35, 0.32], 0.35);
    let cheeks = 0.35 + 2.0 * look.expression.corners.max(0.0);
    for side in SIDES {
        canvas.ellipse((side * 0.42, 0.36), (0.17, 0.13), blush, cheeks.min(0.6));
    }
    canvas.fill(
        (0.0, 0.0),
        (1.0, 1.0),
        scaled(look.skin, 0.8),
        0.45,
        |point| {
            let inside = head_distance(point, look);
            inside.max(-inside - 0.07)
        },
    );
}

fn wrinkles(canvas: &mut Canvas, look: &Look) {
    let line = scaled(look.skin, 0.55);
    let opacity = look.wrinkles.min(1.0);
    let eye = look.eye_y;
    for (idx, y) in [-0.50, -0.40, -0.30].into_iter().enumerate() {
        let shown = (opacity * 1.6 - 0.3 * idx as f64).clamp(0.0, 0.9);
        canvas.stroke(
            &arc((-0.34, eye + y + 0.02), (0.34, eye + y + 0.02), -0.04),
            0.035,
            line,
            shown,
        );
    }
    for side in SIDES {
        let at = |x: f64, y: f64| (side * x, y);
        // From nose to mouth, below the eye, and beside it.
        canvas.stroke(
            &arc(at(0.17, 0.32), at(0.40, 0.66), -0.03),
            0.045,
            line,
            opacity * 0.9,
        );
        canvas.stroke(
            &arc(at(0.18, eye + 0.17), at(0.45, eye + 0.15), 0.06),
            0.04,
            line,
            opacity * 0.9,
        );
        for (idx, y) in [-0.06, 0.0, 0.06].into_iter().enumerate() {
            let shown = (opacity * 1.4 - 0.25 * idx as f64).clamp(0.0, 0.8);
            canvas.stroke(
                &arc(at(0.53, eye + y * 0.6), at(0.66, eye + y * 1.6), 0.0),
                0.03,
                line,
                shown,
            );
        }
        canvas.stroke(
            &arc(at(0.30, 0.80), at(0.52, 0.60), 0.05),
            0.04,
            line,
            (opacity - 0.4).max(0.0),
        );
    }
}

fn beard(canvas: &mut Canvas, look: &Look) {
    if look.beard > 0.0 {
        let color = mix(look.hair, look.skin, 0.15);
        canvas.fill((0.0, 0.6), (0.9, 0.45), color, look.beard, |point| {
            let across = point.0 / 0.5;
            let below_cheeks = 0.42 - point.1 + 0.20 * (1.0 - across * across).max(-1.0);
            head_distance(point, look).max(below_cheeks)
        });
    }
    if look.moustache {
        canvas.stroke(
            &arc((-0.26, 0.52), (0.26, 0.52), -0.08),
            0.11,
            look.hair,
            0.9,
        );
    }
}

fn nose(canvas: &mut Canvas, look: &Look) {
    let shadow = scaled(look.skin, 0.74);
    let (length, width) = (0.30 * look.nose, 0.115 * look.nose);
    let tip = look.eye_y + 0.10 + length;
    canvas.stroke(
        &arc((-0.05, look.eye_y + 0.06), (-width, tip), 0.0),
        0.05,
        shadow,
        0.7,
    );
    canvas.stroke(&arc((-width, tip), (width, tip), 0.05), 0.06, shadow, 1.0);
    for side in SIDES {
        canvas.ellipse(
            (side * width * 0.6, tip + 0.01),
            (0.028, 0.02),
            scaled(look.skin, 0.35),
            0.8,
        );
    }
    if look.expression.sneer > 0.0 {
        for y in [0.06, 0.12] {
            let bridge = look.eye_y + y;
            canvas.stroke(
                &arc((-0.10, bridge), (0.10, bridge), -0.04),
                0.04,
                shadow,
                0.9,
            );
        }
    }
}

fn mouth(canvas: &mut Canvas, look: &Look) {
    let expression = look.expression;
    let (half, y) = (expression.mouth, 0.64);
    let corner_y = y - expression.corners / 2.0;
    // Middle of the closed line relative to the chord between the corners.
    let bend = expression.corners;
    let sneer = |x: f64| expression.sneer * (x / half).clamp(0.0, 1.0);
    let thickness = 0.035 * look.lip_fullness;
    let reach = (half, 0.4);
    let (up, down) = (expression.open * 0.5, expression.open * 1.3);
    let edge = |(x, py): Point, above: f64, below: f64| {
        let t = (x / half).clamp(-1.0, 1.0);
        let middle = corner_y + bend * (1.0 - t * t) - sneer(x);
        let taper = 1.0 - t * t;
        let vertical = (middle - above * taper - py).max(py - middle - below * taper);
        vertical.max(x.abs() - half)
    };
    canvas.fill((0.0, y), reach, look.lips, 1.0, |point| {
        edge(point, up + thickness, down + thickness * 1.5)
    });
    if expression.open > 0.012 {
        canvas.fill((0.0, y), reach, [0.25, 0.05, 0.06], 1.0, |point| {
            edge(point, up, down)
        });
        let teeth = (expression.open * 0.9).min(0.07);
        canvas.fill((0.0, y), reach, WHITE, 0.95, |point| {
            edge(point, up, teeth - up).max(point.0.abs() - half * 0.82)
        });
    } else {
        let line = arc((-half, corner_y), (half, corner_y - sneer(half)), bend);
        canvas.stroke(&line, 0.035, scaled(look.lips, 0.45), 0.95);
    }
}

fn eye(canvas: &mut Canvas, look: &Look, side: f64) {
    let (x, y, size) = (side * 0.33, look.eye_y, look.eye_size);
    let opening = size * 0.62 * look.expression.eyes;
    let slant = look.expression.lid_slant;
    // Position along the eye, −1 at its inner end.
    let along = |px: f64| side * (px - x) / size;
    let lids = |(px, py): Point| {
        let t = along(px).clamp(-1.0, 1.0);
        let lift = slant * -t;
        let upper = y - opening * (1.0 - t * t) - lift.max(-opening * 0.6) * 0.8;
        let lower = y + opening * 0.8 * (1.0 - t * t);
        (upper - py).max(py - lower).max((px - x).abs() - size)
    };
    canvas.fill((x, y), (size, 1.4 * size), WHITE, 1.0, lids);
    let iris = size * 0.52;
    canvas.fill((x, y), (iris, iris), look.iris, 1.0, |point| {
        ellipse(point, (x, y), (iris, iris)).max(lids(point))
    });
    canvas.fill((x, y), (iris, iris), BLACK, 1.0, |point| {
        ellipse(point, (x, y), (iris * 0.5, iris * 0.5)).max(lids(point))
    });
    let inner = (x - side * size, y - slant * 0.8);
    let outer = (x + side * size, y + slant * 0.8);
    let lid_color = if look.lashes {
        BLACK
    } else {
        scaled(look.skin, 0.45)
    };
    let lid_width = if look.lashes { 0.06 } else { 0.035 };
    canvas.stroke(&arc(inner, outer, -opening), lid_width, lid_color, 0.95);
    if look.lashes {
        let tip = (outer.0 + side * 0.07, outer.1 - 0.08);
        canvas.stroke(&[outer, tip], 0.045, BLACK, 0.9);
    }
}

fn brow(canvas: &mut Canvas, look: &Look, side: f64) {
    let expression = look.expression;
    let rest = look.eye_y - look.eye_size * 0.62 - 0.14;
    let inner = (side * 0.14, rest - expression.brow_inner);
    let outer = (side * 0.53, rest - expression.brow_outer + 0.01);
    let color = mix(scaled(look.hair, 0.75), look.skin, 0.1);
    canvas.stroke(
        &arc(inner, outer, -0.03 - expression.brow_arch),
        look.brow_width,
        color,
        0.95,
    );
}

fn glasses(canvas: &mut Canvas, look: &Look) {
    let radii = (0.235, 0.20);
    for side in SIDES {
        let middle = (side * 0.33, look.eye_y + 0.02);
        canvas.fill(middle, (0.26, 0.23), BLACK, 0.85, |point| {
            ellipse(point, middle, radii).abs() - 0.014
        });
    }
    let bridge = look.eye_y;
    canvas.stroke(
        &arc((-0.10, bridge), (0.10, bridge), -0.03),
        0.03,
        BLACK,
        0.85,
    );
}

/// Hair on top and at the sides, with a hairline that retreats where it is bald.
fn hair_in_front(canvas: &mut Canvas, look: &Look) {
    let volume = look.hair_volume * (1.0 - 0.7 * look.baldness);
    let outer = (look.width + 0.05 + volume * 0.3, 1.0 + volume);
    let sides = match look.long_hair {
        Some(length) => length * 0.6,
        None => -0.05,
    };
    let hairline = look.hairline - 0.36 * look.baldness;
    canvas.fill((0.0, -0.1), (outer.0, 1.25), look.hair, 1.0, |(x, y)| {
        let cap = ellipse((x, y), (0.0, -0.02), outer);
        // The face window: a rounded opening below the hairline.
        let window = ellipse((x, y), (0.0, hairline + 1.1), (look.width * 0.93, 1.1));
        cap.max(-window).max(y - sides)
    });
}

/// Light from one side, exposure and noise.
fn camera(canvas: &mut Canvas, generator: &mut Generator) {
    let (dx, dy) = (
        generator.uniform_in(-0.25, 0.25),
        generator.uniform_in(-0.2, 0.2),
    );
    let exposure = generator.uniform_in(0.78, 1.15);
    let tint: Color = std::array::from_fn(|_| generator.uniform_in(0.94, 1.06));
    let amount = generator.uniform_in(0.01, 0.05);
    canvas.shade(|(x, y), color| {
        let light = exposure * (1.0 + dx * (2.0 * x - 1.0) + dy * (2.0 * y - 1.0));
        // Four bytes add up to nearly a normal distribution, at one draw per pixel.
        let [a, b, c, d, shared @ ..] = generator.next_u64().to_le_bytes().map(f64::from);
        let grain = |own: f64| amount * ((own + shared.iter().sum::<f64>()) / 255.0 - 2.5) / 0.65;
        let grains = [grain(a), grain(b), grain(c + d - 127.5)];
        std::array::from_fn(|channel| color[channel] * light * tint[channel] + grains[channel])
    });
}
