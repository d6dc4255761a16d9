//! A file that is read once to know it, then once more for its rows; or standard input, which is read once.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use encoding_rs_io::DecodeReaderBytesBuilder;
use sha2::{Digest, Sha256};

use super::encoding::{self, Detector, SAMPLE};
use crate::cli::error::CliError;

/// How much is read at once.
const PIECE: usize = 256 * 1024;

/// A file that is known, or standard input.
#[derive(Debug)]
pub struct SourceFile {
    /// Its name without the directories; `stdin`.
    pub name: String,
    /// SHA-256 of it; empty of standard input.
    pub sha256: Vec<u8>,
    /// How long it is; 0 of standard input.
    pub bytes: u64,
    /// The encoding it is read in.
    pub encoding: &'static Encoding,
    /// Whether it begins with a byte order mark.
    pub marked: bool,
    /// Its beginning, decoded.
    pub beginning: String,
    from: From,
}

#[derive(Debug)]
enum From {
    File(PathBuf),
    /// What was read of it already.
    Stdin(Vec<u8>),
}

/// A file, decoded; and what it turned out to be once it was read to its end.
pub struct Opened {
    /// UTF-8 text, or what is near it.
    pub text: Box<dyn Read + Send>,
    /// SHA-256 of its bytes, once they were read.
    pub read: Arc<OnceLock<Vec<u8>>>,
}

impl SourceFile {
    /// Reads it through once: its hash, its encoding, its beginning. Of standard input only the beginning.
    ///
    /// # Errors
    /// Where it cannot be read, is no text, or somebody must say its encoding.
    pub fn look(path: &Path, asked: Option<&'static Encoding>) -> Result<Self, CliError> {
        if path.as_os_str() == "-" {
            return Self::look_at_stdin(asked);
        }
        let failed = |error: io::Error| CliError::local(error).context(format!("reading {}", path.display()));
        let mut file = File::open(path).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(CliError::usage(format!("{} is no regular file: give one, or `-` for standard input", path.display())));
        }
        let (mut detector, mut hash, mut bytes) = (Detector::default(), Sha256::new(), 0);
        let mut piece = vec![0; PIECE];
        loop {
            let count = file.read(&mut piece).map_err(failed)?;
            let Some(read @ [_, ..]) = piece.get(..count) else { break };
            detector.take(read);
            hash.update(read);
            bytes += count as u64;
        }
        let encoding = decide(&detector, asked, &path.display().to_string())?;
        let marked = detector.marked().is_some();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let beginning = detector.sample(encoding);
        Ok(Self { name, sha256: hash.finalize().to_vec(), bytes, encoding, marked, beginning, from: From::File(path.to_owned()) })
    }

    fn look_at_stdin(asked: Option<&'static Encoding>) -> Result<Self, CliError> {
        let mut beginning = Vec::new();
        io::stdin()
            .lock()
            .take(SAMPLE as u64)
            .read_to_end(&mut beginning)
            .map_err(|error| CliError::local(error).context("reading standard input"))?;
        let mut detector = Detector::default();
        detector.take(&beginning);
        // Without having seen all of it, nobody knows that it is not UTF-8 further on: it is UTF-8 unless a mark or --encoding says so.
        let encoding = decide(&detector, asked.or(detector.marked()).or(Some(UTF_8)), "standard input")?;
        let (marked, decoded) = (detector.marked().is_some(), detector.sample(encoding));
        let from = From::Stdin(beginning);
        Ok(Self { name: "stdin".to_owned(), sha256: Vec::new(), bytes: 0, encoding, marked, beginning: decoded, from })
    }

    /// Whether it holds an object a line: by the end of its name, else by its first sign.
    #[must_use]
    pub fn is_json_lines(&self) -> bool {
        let name = self.name.to_lowercase();
        [".jsonl", ".ndjson"].iter().any(|ending| name.ends_with(ending)) || self.beginning.trim_start().starts_with('{')
    }

    /// Whether its encoding is only the likeliest, where nobody asked for one.
    #[must_use]
    pub fn is_guessed(&self) -> bool {
        self.encoding == WINDOWS_1252
    }

    /// Words for people about that guess.
    #[must_use]
    pub fn guess(&self) -> String {
        format!("{}: not UTF-8, read as windows-1252; --encoding says otherwise", self.name)
    }

    /// Opens it for its rows; `progress` counts its bytes.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub fn open(&self, progress: &Arc<AtomicU64>) -> io::Result<Opened> {
        let read = Arc::new(OnceLock::new());
        let hash = Some(Sha256::new());
        let text = match &self.from {
            From::File(path) => {
                decoded(self.encoding, Counted { input: File::open(path)?, progress: Arc::clone(progress), hash, read: Arc::clone(&read) })?
            }
            From::Stdin(beginning) => {
                let input = io::Cursor::new(beginning.clone()).chain(io::stdin());
                decoded(self.encoding, Counted { input, progress: Arc::clone(progress), hash: None, read: Arc::clone(&read) })?
            }
        };
        Ok(Opened { text, read })
    }

    /// Whether what was read is another file than what was looked at.
    #[must_use]
    pub fn has_changed(&self, opened: &OnceLock<Vec<u8>>) -> bool {
        !self.sha256.is_empty() && opened.get().is_some_and(|read| *read != self.sha256)
    }
}

fn decide(detector: &Detector, asked: Option<&'static Encoding>, name: &str) -> Result<&'static Encoding, CliError> {
    detector.encoding(asked).map_err(|error| CliError::usage(format!("{name}: {error}")))
}

/// The text of an input: without its mark, and in UTF-8.
fn decoded(encoding: &'static Encoding, input: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    if encoding::is_utf8(encoding) {
        let mut text = BufReader::with_capacity(PIECE, input);
        if text.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            text.consume(3);
        }
        return Ok(Box::new(text));
    }
    Ok(Box::new(DecodeReaderBytesBuilder::new().encoding(Some(encoding)).strip_bom(encoding::is_wide(encoding)).build(input)))
}

/// Counts and hashes what is read.
struct Counted<R> {
    input: R,
    progress: Arc<AtomicU64>,
    hash: Option<Sha256>,
    read: Arc<OnceLock<Vec<u8>>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(into)?;
        self.progress.fetch_add(count as u64, Ordering::Relaxed);
        if count > 0 {
            self.hash.iter_mut().for_each(|hash| hash.update(into.get(..count).unwrap_or_default()));
        } else if !into.is_empty()
            && let Some(hash) = self.hash.take()
        {
            let _ = self.read.set(hash.finalize().to_vec());
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], asked: Option<&str>) -> (SourceFile, String, Arc<OnceLock<Vec<u8>>>) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let source = SourceFile::look(file.path(), asked.map(|asked| encoding::named(asked).unwrap())).unwrap();
        let mut opened = source.open(&Arc::default()).unwrap();
        let mut text = String::new();
        opened.text.read_to_string(&mut text).unwrap();
        (source, text, opened.read)
    }

    #[test]
    fn a_file_is_read_in_its_encoding_without_its_mark() {
        let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain("São".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let big: Vec<u8> = [0xfe, 0xff].into_iter().chain("São".encode_utf16().flat_map(u16::to_be_bytes)).collect();
        for (bytes, asked) in [
            (&b"\xef\xbb\xbfS\xc3\xa3o"[..], None),
            (b"S\xc3\xa3o", None),
            (b"S\xe3o", None),
            (b"S\xe3o", Some("latin1")),
            (&wide, None),
            (&big, None),
            (&wide[2..], Some("utf-16le")),
        ] {
            let (source, text, hash) = read(bytes, asked);
            assert_eq!((text.as_str(), source.beginning.as_str()), ("São", "São"), "{bytes:?}");
            assert_eq!((source.sha256.clone(), source.bytes), (Sha256::digest(bytes).to_vec(), bytes.len() as u64));
            assert!(!source.has_changed(&hash) && hash.get().is_some());
        }
    }

    #[test]
    fn a_file_that_changed_meanwhile_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "one").unwrap();
        let source = SourceFile::look(file.path(), None).unwrap();
        std::fs::write(file.path(), "two").unwrap();
        let mut opened = source.open(&Arc::default()).unwrap();
        io::copy(&mut opened.text, &mut io::sink()).unwrap();
        assert!(source.has_changed(&opened.read));
    }
}
