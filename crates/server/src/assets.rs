//! Files the browser loads: embedded, addressed by their content, so that they may be kept for ever.

use std::collections::HashMap;
use std::io::Write;

use actix_web::web::Bytes;
use flate2::{Compression, write::GzEncoder};
use rust_embed::RustEmbed;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The path under which assets are served.
pub const BASE: &str = "/static";
/// The path under which drawings of comics are served.
pub const DRAWINGS: &str = "/static/comics";

const SVG: &str = "image/svg+xml";

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

/// A file as it is sent.
#[derive(Clone, Debug)]
pub struct Asset {
    /// What it is.
    pub content_type: &'static str,
    /// As it is.
    pub plain: Bytes,
    /// Compressed, where that is smaller.
    pub gzip: Option<Bytes>,
    /// How large it is drawn, if it is a drawing that says so.
    pub size: Option<Size>,
}

/// The size of a drawing in CSS pixels.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Size {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}

/// All assets by their paths.
#[derive(Debug, Default)]
pub struct Assets {
    by_path: HashMap<String, Asset>,
    path_of: HashMap<String, String>,
}

impl Assets {
    /// The embedded files, each under `/static/NAME.HASH.ENDING`.
    #[must_use]
    pub fn embedded() -> Self {
        let mut assets = Self::default();
        for name in Files::iter() {
            let Some(file) = Files::get(&name) else { continue };
            let path = hashed_path(&name, &file.data);
            assets.path_of.insert(name.into_owned(), path.clone());
            assets.insert(path, Bytes::from(file.data.into_owned()));
        }
        assets
    }

    /// Adds a file under a path that already holds its hash.
    pub fn insert(&mut self, path: String, content: Bytes) {
        let content_type = content_type(&path);
        let gzip = compressed(&content).filter(|gzip| gzip.len() < content.len());
        let size = if content_type == SVG { drawn_size(&content) } else { None };
        self.by_path.insert(path, Asset { content_type, plain: content, gzip, size });
    }

    /// The file at a path.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Asset> {
        self.by_path.get(path)
    }

    /// How large the drawing at a path is.
    #[must_use]
    pub fn size_of(&self, path: &str) -> Option<Size> {
        self.at(path)?.size
    }

    /// The path of an embedded file.
    #[must_use]
    pub fn path_of(&self, name: &str) -> Option<&str> {
        self.path_of.get(name).map(String::as_str)
    }
}

fn hashed_path(name: &str, content: &[u8]) -> String {
    let hash = Sha256::digest(content).iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
    match name.rsplit_once('.') {
        Some((stem, ending)) => format!("{BASE}/{stem}.{hash:016x}.{ending}"),
        None => format!("{BASE}/{name}.{hash:016x}"),
    }
}

/// The size that an SVG's view box gives it, when that begins at the origin and is in whole pixels.
fn drawn_size(svg: &[u8]) -> Option<Size> {
    let text = std::str::from_utf8(svg).ok()?;
    let (_, rest) = text.split_once("viewBox=\"0 0 ")?;
    let (width, height) = rest.split_once('"')?.0.split_once(' ')?;
    Some(Size { width: width.parse().ok()?, height: height.parse().ok()? })
}

fn compressed(content: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => SVG,
        Some("ico") => "image/x-icon",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_type_and_an_address_of_its_content() {
        let assets = Assets::embedded();
        assert!(Files::iter().count() >= 3);
        for name in Files::iter() {
            let path = assets.path_of(&name).unwrap();
            let asset = assets.at(path).unwrap();
            assert_ne!(asset.content_type, "application/octet-stream", "{name}");
            assert_eq!(hashed_path(&name, &asset.plain), path);
        }
    }

    #[test]
    fn a_drawing_is_as_large_as_its_view_box() {
        let size = |text: &str| drawn_size(text.as_bytes());
        assert_eq!(size(r#"<svg viewBox="0 0 700 420">"#), Some(Size { width: 700, height: 420 }));
        for other in [
            "<svg>",
            r#"<svg viewBox="1 0 700 420">"#,
            r#"<svg viewBox="0 0 7.5 2">"#,
            "<svg viewBox=\"0 0 7",
        ] {
            assert_eq!(size(other), None, "{other}");
        }
    }

    #[test]
    fn other_content_has_another_address() {
        assert_ne!(hashed_path("a.css", b"a"), hashed_path("a.css", b"b"));
    }
}
