//! From stored bytes to pixels of one size.

use std::path::PathBuf;
use std::sync::Arc;

use image::RgbImage;
use image::imageops::FilterType;

use super::faces::Face;
use super::fingerprint::Content;

/// Where the pixels of a sample come from.
#[derive(Debug, Clone)]
pub(super) enum Image {
    /// An encoded file.
    File(PathBuf),
    /// Grey values of a square image, row by row, and what they were read from.
    Grey {
        side: u32,
        pixels: Arc<[u8]>,
        content: Content,
    },
    /// A face to be drawn.
    Face(Face),
}

impl Image {
    /// The pixels at their own size; a message where they cannot be had.
    pub(super) fn decode(&self) -> Result<RgbImage, String> {
        match self {
            Self::File(path) => {
                let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
                decode(&bytes)
            }
            Self::Grey { side, pixels, .. } => {
                let rgb = pixels.iter().flat_map(|grey| [*grey; 3]).collect();
                Ok(RgbImage::from_raw(*side, *side, rgb).expect("side² grey values were read"))
            }
            Self::Face(face) => Ok(face.draw()),
        }
    }
}

/// Decodes JPEG, PNG or BMP, whatever the file is called; grey becomes three channels, transparency is dropped.
pub(super) fn decode(bytes: &[u8]) -> Result<RgbImage, String> {
    if is_cut_jpeg(bytes) {
        return Err("JPEG data ends early".to_owned());
    }
    match image::load_from_memory(bytes) {
        Ok(image) => Ok(image.into_rgb8()),
        Err(error) => Err(error.to_string().replace('\n', " ")),
    }
}

/// Whether a JPEG has no end marker after its last scan. The decoder would fill the rest with grey.
fn is_cut_jpeg(bytes: &[u8]) -> bool {
    let last = |marker: u8| bytes.windows(2).rposition(|pair| pair == [0xff, marker]);
    bytes.starts_with(&[0xff, 0xd8, 0xff]) && last(0xd9) < last(0xda)
}

/// The image at `side`² pixels: a triangle (bilinear) filter, widened when shrinking so that nothing aliases.
pub(super) fn resize(image: RgbImage, side: u32) -> Vec<u8> {
    if image.dimensions() == (side, side) {
        return image.into_raw();
    }
    image::imageops::resize(&image, side, side, FilterType::Triangle).into_raw()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, ImageFormat, Luma, Rgb};

    fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).expect("encodable");
        bytes.into_inner()
    }

    #[test]
    fn three_formats_and_grey_are_read() {
        let colour = DynamicImage::ImageRgb8(RgbImage::from_pixel(8, 6, Rgb([200, 100, 50])));
        for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::Jpeg] {
            let decoded = decode(&encoded(&colour, format)).expect("decodable");
            assert_eq!(decoded.dimensions(), (8, 6));
            let close = decoded
                .get_pixel(3, 3)
                .0
                .iter()
                .zip([200_u8, 100, 50])
                .all(|(a, b)| a.abs_diff(b) <= 3);
            assert!(close, "{format:?} {:?}", decoded.get_pixel(3, 3));
        }
        let grey = DynamicImage::ImageLuma8(image::GrayImage::from_pixel(4, 4, Luma([77])));
        let decoded = decode(&encoded(&grey, ImageFormat::Png)).expect("decodable");
        assert_eq!(decoded.get_pixel(0, 0).0, [77; 3]);
    }

    #[test]
    fn a_cut_jpeg_is_refused() {
        let image = DynamicImage::ImageRgb8(RgbImage::from_fn(32, 32, |x, y| {
            Rgb([(x * 8) as u8, (y * 8) as u8, ((x * y) % 256) as u8])
        }));
        let bytes = encoded(&image, ImageFormat::Jpeg);
        assert!(decode(&bytes).is_ok());
        assert_eq!(
            decode(&bytes[..bytes.len() * 3 / 4]),
            Err("JPEG data ends early".to_owned())
        );
    }

    #[test]
    fn resizing_keeps_a_constant_and_averages() {
        let constant = RgbImage::from_pixel(96, 80, Rgb([9, 90, 250]));
        assert!(
            resize(constant, 64)
                .chunks(3)
                .all(|pixel| pixel == [9, 90, 250])
        );
        let checkers = RgbImage::from_fn(64, 64, |x, y| {
            Rgb([if (x + y) % 2 == 0 { 0 } else { 255 }; 3])
        });
        assert!(
            resize(checkers, 16)
                .iter()
                .all(|value| value.abs_diff(127) < 12)
        );
    }
}
