//! Takes what `cargo xtask web` built in `web/dist` into the program, each file compressed beforehand.
//!
//! Touches no network and runs no other program. Where nothing was built the program says so to
//! whoever opens it in a browser. Does not know what the files are for.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Files below this size are sent as they are: there is nothing to gain.
const COMPRESSED_FROM_BYTES: usize = 256;
/// Digits of a file's hash that tell its content from any other.
const ETAG_DIGITS: usize = 32;

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(required("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(required("OUT_DIR")?);
    // The folder is watched once it is there; `cargo xtask web` touches this file when it makes it.
    println!("cargo::rerun-if-changed=build.rs");
    let dist = here.join("../../web/dist");
    let mut table = String::from("&[\n");
    if dist.join("index.html").is_file() {
        println!("cargo::rerun-if-changed=../../web/dist");
        let mut files = Vec::new();
        collect(&dist, &mut files)?;
        files.sort();
        for (index, file) in files.iter().enumerate() {
            table.push_str(&entry(&dist, file, &out, index)?);
        }
    }
    table.push(']');
    std::fs::write(out.join("files.rs"), table)?;
    Ok(())
}

fn required(name: &str) -> Result<String, Box<dyn Error>> {
    #[expect(clippy::disallowed_methods, reason = "cargo talks to build scripts so")]
    let value = std::env::var(name);
    Ok(value?)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// The row of one file, whose bytes are put beside the table.
fn entry(dist: &Path, file: &Path, out: &Path, index: usize) -> Result<String, Box<dyn Error>> {
    let path = file.strip_prefix(dist)?.to_str().ok_or("a file's name is not UTF-8")?;
    let path = format!("/{}", path.replace('\\', "/"));
    let plain = std::fs::read(file)?;
    let put = |form: &str, bytes: &[u8]| -> std::io::Result<String> {
        let name = format!("{index}.{form}");
        std::fs::write(out.join(&name), bytes)?;
        Ok(format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}\"))"))
    };
    let etag: String = blake3::hash(&plain).to_hex().chars().take(ETAG_DIGITS).collect();
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let (content_type, is_text) = content_type(extension);
    let mut row = String::from("    File {\n");
    writeln!(row, "        path: {path:?},")?;
    writeln!(row, "        content_type: {content_type:?},")?;
    writeln!(row, "        etag: {:?},", format!("\"{etag}\""))?;
    // The build names what is in there by its content.
    writeln!(row, "        is_immutable: {},", path.starts_with("/assets/"))?;
    writeln!(row, "        plain: {},", put("plain", &plain)?)?;
    for (form, compressed) in [("brotli", brotli(&plain)?), ("gzip", gzip(&plain)?)] {
        if is_text && plain.len() >= COMPRESSED_FROM_BYTES && compressed.len() < plain.len() {
            writeln!(row, "        {form}: Some({}),", put(form, &compressed)?)?;
        } else {
            writeln!(row, "        {form}: None,")?;
        }
    }
    row.push_str("    },\n");
    Ok(row)
}

/// What a file is, by its name, and whether compressing it is worth trying.
fn content_type(extension: &str) -> (&'static str, bool) {
    match extension {
        "html" => ("text/html; charset=utf-8", true),
        "js" => ("text/javascript; charset=utf-8", true),
        "css" => ("text/css; charset=utf-8", true),
        "svg" => ("image/svg+xml", true),
        "json" => ("application/json", true),
        "webmanifest" => ("application/manifest+json", true),
        "txt" => ("text/plain; charset=utf-8", true),
        "png" => ("image/png", false),
        "ico" => ("image/x-icon", false),
        "woff2" => ("font/woff2", false),
        _ => ("application/octet-stream", false),
    }
}

fn brotli(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut compressed = Vec::new();
    // Buffer, quality, window: the best there are, since it is done once.
    let mut writer = brotli::CompressorWriter::new(&mut compressed, 4096, 11, 22);
    writer.write_all(plain)?;
    drop(writer);
    Ok(compressed)
}

fn gzip(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(plain)?;
    writer.finish()
}
