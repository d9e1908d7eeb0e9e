//! Files the browser loads: embedded, addressed by their content, so that they may be kept for ever.

use std::collections::HashMap;
use std::io::Write;

use actix_web::http::header::EntityTag;
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

/// A page that was made once and is sent often.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its content.
    pub asset: Asset,
    /// Names its content, whether compressed or not.
    pub tag: EntityTag,
}

impl Document {
    /// Compresses and names a content.
    #[must_use]
    pub fn new(content_type: &'static str, content: Bytes) -> Self {
        let tag = EntityTag::new_weak(format!("{:016x}", hash(&content)));
        Self { asset: Asset { content_type, gzip: compressed(&content), plain: content, size: None }, tag }
    }
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
    /// By what a path is without its hash.
    path_of: HashMap<String, String>,
}

impl Assets {
    /// The embedded files, each under `/static/NAME.HASH.ENDING`.
    #[must_use]
    pub fn embedded() -> Self {
        let mut assets = Self::default();
        for name in Files::iter() {
            let Some(file) = Files::get(&name) else { continue };
            assets.insert(hashed_path(&name, &file.data), Bytes::from(file.data.into_owned()));
        }
        assets
    }

    /// Adds a file under a path that already holds its hash.
    pub fn insert(&mut self, path: String, content: Bytes) {
        let content_type = content_type(&path);
        let gzip = compressed(&content);
        let size = if content_type == SVG { drawn_size(&content) } else { None };
        if let Some(without_hash) = without_hash(&path) {
            self.path_of.insert(without_hash, path.clone());
        }
        self.by_path.insert(path, Asset { content_type, plain: content, gzip, size });
    }

    /// The file at a path.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&Asset> {
        self.by_path.get(path)
    }

    /// The file that another release has at a path, as this one has it: while a release takes over from another, a
    /// page of one may ask the other for what belongs to it.
    #[must_use]
    pub fn of_another_release(&self, path: &str) -> Option<&Asset> {
        self.at(self.path_of.get(&without_hash(path)?)?)
    }

    /// How large the drawing at a path is.
    #[must_use]
    pub fn size_of(&self, path: &str) -> Option<Size> {
        self.at(path)?.size
    }

    /// The path of an embedded file.
    #[must_use]
    pub fn path_of(&self, name: &str) -> Option<&str> {
        self.path_of.get(&format!("{BASE}/{name}")).map(String::as_str)
    }
}

fn hashed_path(name: &str, content: &[u8]) -> String {
    let hash = hash(content);
    match name.rsplit_once('.') {
        Some((stem, ending)) => format!("{BASE}/{stem}.{hash:016x}.{ending}"),
        None => format!("{BASE}/{name}.{hash:016x}"),
    }
}

fn without_hash(path: &str) -> Option<String> {
    let (rest, ending) = path.rsplit_once('.')?;
    let (stem, hash) = rest.rsplit_once('.')?;
    let is_hash = hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| format!("{stem}.{ending}"))
}

fn hash(content: &[u8]) -> u64 {
    Sha256::digest(content).iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

/// The size that an SVG's first element gives itself, when that is in whole pixels.
fn drawn_size(svg: &[u8]) -> Option<Size> {
    let (element, _) = std::str::from_utf8(svg).ok()?.split_once('>')?;
    let value = |mark| element.split_once(mark)?.1.split_once('"')?.0.parse().ok();
    Some(Size { width: value(" width=\"")?, height: value(" height=\"")? })
}

/// None when that is not smaller.
fn compressed(content: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).ok()?;
    encoder.finish().ok().filter(|gzip| gzip.len() < content.len()).map(Bytes::from)
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
    fn a_file_of_another_release_is_the_one_of_that_name() {
        let mut assets = Assets::embedded();
        assets.insert(format!("{DRAWINGS}/a.0123456789abcdef.svg"), Bytes::from_static(b"<svg/>"));
        let found = |path: &str| assets.of_another_release(path).map(|it| it.content_type);
        assert_eq!(found("/static/site.0000000000000000.css"), Some("text/css; charset=utf-8"));
        assert_eq!(found("/static/comics/a.0000000000000000.svg"), Some(SVG));
        for path in
            ["/static/site.css", "/static/site.000000000000000g.css", "/static/other.0000000000000000.css"]
        {
            assert_eq!(found(path), None, "{path}");
        }
    }

    #[test]
    fn a_drawing_is_as_large_as_it_says() {
        let size = |text: &str| drawn_size(text.as_bytes());
        let drawing = r#"<svg width="640" height="694" viewBox="0 0 1280 1388"><rect width="1"/></svg>"#;
        assert_eq!(size(drawing), Some(Size { width: 640, height: 694 }));
        for other in
            ["<svg>", r#"<svg width="640">"#, r#"<svg width="4em" height="3em">"#, r#"<svg width="640""#]
        {
            assert_eq!(size(other), None, "{other}");
        }
    }

    #[test]
    fn other_content_has_another_address() {
        assert_ne!(hashed_path("a.css", b"a"), hashed_path("a.css", b"b"));
    }
}
