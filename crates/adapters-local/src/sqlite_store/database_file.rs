//! The file on disk: made once and whole, and watched for being moved.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{OpenError, schema};

const FILE_NAME: &str = "xkcdapp.db";

/// Which file a path leads to: its device and its inode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct FileIdentity(u64, u64);

impl FileIdentity {
    /// `None` when there is no file, or nothing can be found out about it.
    pub(super) fn of(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().as_ref().map(Self::from)
    }
}

impl From<&Metadata> for FileIdentity {
    fn from(metadata: &Metadata) -> Self {
        Self(metadata.dev(), metadata.ino())
    }
}

/// The database's file. Never opened by anything but SQLite while it is in use: closing any other handle of
/// it would drop the locks that SQLite holds on it (POSIX locks belong to the process).
#[derive(Debug)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    log: PathBuf,
    identity: FileIdentity,
}

impl DatabaseFile {
    /// Finds the file in `folder`; makes both when they are missing. A file that is there is never replaced.
    pub(super) fn prepare(folder: &Path) -> Result<Self, OpenError> {
        let unusable = |source| OpenError::Folder { folder: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(unusable)?;
        // SQLite takes a path that begins with "file:" for a URI, and a relative one moves with the process.
        let folder = folder.canonicalize().map_err(unusable)?;
        let (path, log) = (folder.join(FILE_NAME), folder.join(format!("{FILE_NAME}-wal")));
        if is_missing(&path) {
            refuse_lost_file(&path, &log)?;
            create(&folder, &path)?;
        }
        let metadata = fs::metadata(&path)
            .map_err(|source| OpenError::Unwritable { file: path.clone(), source: source.into() })?;
        if !metadata.is_file() {
            return Err(OpenError::NotOurs { file: path });
        }
        // To SQLite an empty file is a new database. Ours appear whole, so an empty one has lost its content.
        if metadata.len() == 0 {
            return Err(OpenError::Damaged { file: path, finding: "it is empty".to_owned() });
        }
        let identity = FileIdentity::from(&metadata);
        Ok(Self { path, log, identity })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the path still leads to the file that was opened. On Unix a file that was deleted or renamed
    /// can be written as before, to no avail.
    pub(super) fn is_in_place(&self) -> bool {
        FileIdentity::of(&self.path) == Some(self.identity)
    }

    /// The file that holds commits until SQLite moves them into the database.
    pub(super) fn log_identity(&self) -> Option<FileIdentity> {
        FileIdentity::of(&self.log)
    }
}

fn is_missing(path: &Path) -> bool {
    // Not `exists`: that follows links, and a link to nowhere is not ours to replace.
    matches!(fs::symlink_metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound)
}

/// A log without its database holds commits of a file that was lost. A new file must not be given that log.
fn refuse_lost_file(path: &Path, log: &Path) -> Result<(), OpenError> {
    match fs::metadata(log) {
        // Another process may have made the file in the meantime.
        Ok(metadata) if metadata.len() > 0 && is_missing(path) => Err(OpenError::Damaged {
            file: path.to_owned(),
            finding: "it is gone, and its -wal file is still there".to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Makes the file under another name and gives it its own when it is whole. So nobody ever sees half a file,
/// an empty one is known to be damaged, and of two processes that start together one makes it for both.
fn create(folder: &Path, path: &Path) -> Result<(), OpenError> {
    let unusable = |source| OpenError::Folder { folder: folder.to_owned(), source };
    let unfinished = folder.join(format!(".{FILE_NAME}.new.{:016x}", rand::random::<u64>()));
    let made = schema::create(&unfinished, path).and_then(|()| match fs::hard_link(&unfinished, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(unusable(error)),
        _ => Ok(()),
    });
    // What remains under the other name is of no use, whatever happened.
    let _ = fs::remove_file(&unfinished);
    made?;
    // Without this a power cut may take the name of the file, and the counts with it.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(unusable)
}
