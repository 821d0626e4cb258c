//! The web app's files, as they were built when this program was, compressed beforehand.
//!
//! Does not know HTTP or who asks. A path is looked up in a table made at build time, so that no
//! path whatever leads to a file of the machine.

/// A file of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path, from `/` on.
    pub path: &'static str,
    /// What it is, as HTTP has it.
    pub content_type: &'static str,
    /// A mark of its content, in quotes, as HTTP has it.
    pub etag: &'static str,
    /// Its name tells its content: what was once under it will be for ever.
    pub is_immutable: bool,
    /// As it is.
    pub plain: &'static [u8],
    /// Compressed with brotli, where that makes it smaller.
    pub brotli: Option<&'static [u8]>,
    /// Compressed with gzip, where that makes it smaller.
    pub gzip: Option<&'static [u8]>,
}

/// All files, in the order of their paths. None where the app was not built.
pub static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The file at a path.
pub fn find(path: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.path == path)
}

/// The page that everything else hangs on; nothing where the app was not built.
pub fn page() -> Option<&'static File> {
    find("/index.html")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_there_once_and_a_page_comes_with_its_assets() {
        let mut paths: Vec<&str> = FILES.iter().map(|file| file.path).collect();
        paths.dedup();
        assert_eq!(paths.len(), FILES.len());
        assert!(FILES.iter().all(|file| file.path.starts_with('/') && file.etag.len() == 34));
        assert_eq!(page().is_some(), FILES.iter().any(|file| file.is_immutable));
        for path in ["", "/", "//", "/..%2findex.html", "/../index.html", "/assets/", "\0"] {
            assert_eq!(find(path), None, "{path:?}");
        }
    }
}
