//! Where an export is written: a file that appears whole or not at all, or stdout.

use std::fs::File;
use std::future::Future;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use tempfile::NamedTempFile;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::error::{CliError, Kind};

/// What was named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// A file.
    File(PathBuf),
    /// `-`.
    Stdout,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("the name of the file is empty".to_owned()),
            "-" => Ok(Self::Stdout),
            path => Ok(Self::File(PathBuf::from(path))),
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Stdout => f.write_str("stdout"),
        }
    }
}

/// Where it is written to until it is whole.
pub struct Destination {
    target: Target,
    force: bool,
}

impl Destination {
    /// Looks whether it may be written there.
    ///
    /// # Errors
    /// Where something is there already that must not be replaced.
    pub fn new(target: Target, force: bool) -> Result<Self, CliError> {
        if let Target::File(path) = &target
            && let Ok(there) = std::fs::symlink_metadata(path)
        {
            if !there.is_file() {
                return Err(CliError::usage(format!("{} is there and is no regular file", path.display()))
                    .hint("give another name, or `--out -` for stdout"));
            }
            if !force {
                return Err(already_there(path));
            }
        }
        Ok(Self { target, force })
    }

    /// Opens a place beside it, that nobody else may read; what is written there is gone unless it is kept.
    ///
    /// # Errors
    /// Where none can be made.
    pub fn open(self) -> Result<Writing, CliError> {
        let place = match &self.target {
            Target::Stdout => Place::Stdout(std::io::stdout()),
            Target::File(path) => {
                let made = tempfile::Builder::new().prefix(".export-").suffix(".part").tempfile_in(directory(path));
                Place::Beside(made.map_err(|error| local(error, "writing beside", path))?)
            }
        };
        Ok(Writing { place: BufWriter::with_capacity(BUFFER, place), target: self.target, force: self.force })
    }
}

/// How much is written at once.
const BUFFER: usize = 256 * 1024;

/// An export while it is written.
pub struct Writing {
    place: BufWriter<Place>,
    target: Target,
    force: bool,
}

enum Place {
    Beside(NamedTempFile),
    Stdout(std::io::Stdout),
}

impl Write for Place {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Beside(file) => file.write(bytes),
            Self::Stdout(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Beside(file) => file.flush(),
            Self::Stdout(out) => out.flush(),
        }
    }
}

impl Write for Writing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.place.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.place.flush()
    }
}

impl Writing {
    /// What is there is whole: syncs it and gives it its name.
    ///
    /// # Errors
    /// Where it cannot be written, or something has come to be there meanwhile.
    pub fn keep(self) -> Result<Target, CliError> {
        let place = self.place.into_inner().map_err(|error| local(error.into_error(), "writing", Path::new(&self.target.to_string())))?;
        let (Place::Beside(file), Target::File(path)) = (place, &self.target) else { return Ok(self.target) };
        file.as_file().sync_all().map_err(|error| local(error, "writing", path))?;
        let kept = if self.force { file.persist(path) } else { file.persist_noclobber(path) };
        match kept {
            Ok(_) => {}
            Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => return Err(already_there(path)),
            Err(error) => return Err(local(error.error, "writing", path)),
        }
        // The name is in the directory, which has to reach the disk too.
        File::open(directory(path)).and_then(|directory| directory.sync_all()).map_err(|error| local(error, "writing", path))?;
        Ok(self.target)
    }
}

/// Runs to the end, or until somebody interrupts: then what was begun is dropped, and its file with it.
///
/// # Errors
/// Its own, or that it was interrupted.
pub async fn unless_interrupted<T>(work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let mut stop = signal(SignalKind::terminate()).map_err(CliError::local)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(CliError::local)?;
    tokio::select! {
        done = work => done,
        _ = stop.recv() => Err(interrupted()),
        _ = interrupt.recv() => Err(interrupted()),
    }
}

fn interrupted() -> CliError {
    CliError::local(anyhow::Error::msg("interrupted")).hint("no file was written")
}

fn already_there(path: &Path) -> CliError {
    CliError::new(Kind::Usage, anyhow::Error::msg(format!("{} is there already", path.display())))
        .hint("give another name, or --force to replace it")
}

fn local(error: std::io::Error, doing: &str, path: &Path) -> CliError {
    CliError::local(error).context(format!("{doing} {}", path.display()))
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn begun(path: &Path, force: bool) -> Writing {
        let mut writing = Destination::new(Target::File(path.to_owned()), force).unwrap().open().unwrap();
        writing.write_all(b"new").unwrap();
        writing
    }

    #[test]
    fn a_file_that_is_kept_is_whole_and_its_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let writing = begun(&path, false);
        assert!(!path.exists());
        writing.keep().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_not_kept_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        drop(begun(&dir.path().join("a"), false));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_there_already_is_replaced_only_by_force() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let late = begun(&path, false);
        std::fs::write(&path, "old").unwrap();
        assert!(Destination::new(Target::File(path.clone()), false).is_err());
        assert!(late.keep().is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        begun(&path, true).keep().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert!(Destination::new(Target::File(dir.path().to_owned()), true).is_err());
    }
}
