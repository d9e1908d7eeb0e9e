//! The key that a server without a secret store makes for itself.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use xkcd_domain::secret::SecretValue;

const FILE_NAME: &str = "secret_key";
/// A shorter key is not one that this program made whole.
const SHORTEST: usize = 32;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalSecretKeyError {
    /// The file can't be made or read.
    #[error("the secret key in {} can't be made or read: check the folder's owner and mode", file.display())]
    Unusable {
        /// The file of the key.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file holds too little.
    #[error(
        "the secret key in {} has fewer than {SHORTEST} bytes: delete the file and start again to have a new one \
         made, which signs nobody out",
        file.display()
    )]
    TooShort {
        /// The file of the key.
        file: PathBuf,
    },
}

/// The key kept in `secret_key` in `folder`: made of 256 random bits when it is missing, readable for this
/// user alone. Processes that start together end with the same key. Blocks.
///
/// # Errors
///
/// When the file can't be made or read, or holds fewer than 32 bytes.
pub fn local_secret_key(folder: &Path) -> Result<SecretValue, LocalSecretKeyError> {
    let file = folder.join(FILE_NAME);
    let key = match read_or_make(folder, &file) {
        Ok(key) => key,
        Err(source) => return Err(LocalSecretKeyError::Unusable { file, source }),
    };
    if key.len() < SHORTEST {
        return Err(LocalSecretKeyError::TooShort { file });
    }
    Ok(SecretValue::new(key))
}

fn read_or_make(folder: &Path, file: &Path) -> io::Result<String> {
    let read = || fs::read_to_string(file).map(|key| key.trim_end().to_owned());
    match read() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder)?;
            make(folder, file)?;
            read()
        }
        key => key,
    }
}

/// Writes a key under another name, then gives it its own unless there is one by now: nobody ever reads half a
/// key, and the first one made is everybody's.
fn make(folder: &Path, file: &Path) -> io::Result<()> {
    let unfinished = folder.join(format!(".{FILE_NAME}.new.{:016x}", rand::random::<u64>()));
    let made = write_key(&unfinished).and_then(|()| match fs::hard_link(&unfinished, file) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    });
    // What remains under the other name is of no use, whatever happened.
    let _ = fs::remove_file(&unfinished);
    made?;
    File::open(folder)?.sync_all()
}

fn write_key(path: &Path) -> io::Result<()> {
    let [first, second]: [u128; 2] = rand::random();
    let key = format!("{first:032x}{second:032x}\n");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(key.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_this_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("data");

        let first = local_secret_key(&folder).unwrap();
        let second = local_secret_key(&folder).unwrap();

        assert_eq!(first.expose().len(), 64);
        assert_eq!(first.expose(), second.expose());
        let mode = fs::metadata(folder.join(FILE_NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn folders_have_keys_of_their_own() {
        let [one, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());

        let keys = [one, other].map(|folder| local_secret_key(folder.path()).unwrap());

        assert_ne!(keys[0].expose(), keys[1].expose());
    }

    #[test]
    fn processes_that_start_together_end_with_the_same_key() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let start = Barrier::new(8);
            let keys: Vec<_> = thread::scope(|scope| {
                let starting: Vec<_> = (0..8)
                    .map(|_| {
                        scope.spawn(|| {
                            start.wait();
                            local_secret_key(folder.path()).unwrap()
                        })
                    })
                    .collect();
                starting.into_iter().map(|it| it.join().unwrap()).collect()
            });

            assert!(keys.iter().all(|key| key.expose() == keys[0].expose()));
        }
    }

    #[test]
    fn a_key_that_is_too_short_is_refused_with_advice_and_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME), "abc123\n").unwrap();

        let refused = local_secret_key(folder.path()).unwrap_err();

        assert!(matches!(refused, LocalSecretKeyError::TooShort { .. }));
        let said = refused.to_string();
        assert!(said.contains("secret_key") && said.contains("delete the file"), "{said}");
        assert!(!said.contains("abc123"), "{said}");
        assert_eq!(fs::read(folder.path().join(FILE_NAME)).unwrap(), b"abc123\n", "it is left as it is");
    }

    #[test]
    fn a_folder_that_is_a_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data");
        fs::write(&file, "").unwrap();

        assert!(matches!(local_secret_key(&file), Err(LocalSecretKeyError::Unusable { .. })));
    }
}
