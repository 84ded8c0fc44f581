//! Folders that only we can look into, and that do not stay.

use super::ProcessError;
use std::{fs, io::Write, os::unix::fs::PermissionsExt, path::Path};

/// A folder with mode 0700 that is removed with everything in it.
#[derive(Debug)]
pub struct PrivateFolder {
    folder: tempfile::TempDir,
}

impl PrivateFolder {
    /// An empty one, in the system's folder for temporary files.
    ///
    /// # Errors
    /// [`ProcessError::Temp`].
    pub fn new() -> Result<PrivateFolder, ProcessError> {
        let folder = tempfile::Builder::new()
            .prefix("driftgate-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            .map_err(|e| ProcessError::Temp(e.kind()))?;
        Ok(PrivateFolder { folder })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes a folder inside.
    ///
    /// # Errors
    /// [`ProcessError::Temp`].
    pub fn folder(&self, name: &str) -> Result<std::path::PathBuf, ProcessError> {
        let path = self.path().join(name);
        fs::create_dir_all(&path).map_err(|e| ProcessError::Temp(e.kind()))?;
        Ok(path)
    }

    /// Writes a file inside that only we can read.
    ///
    /// # Errors
    /// [`ProcessError::Temp`].
    pub fn file(&self, name: &str, content: &[u8]) -> Result<std::path::PathBuf, ProcessError> {
        use std::os::unix::fs::OpenOptionsExt;
        let path = self.path().join(name);
        fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut f| f.write_all(content))
            .map_err(|e| ProcessError::Temp(e.kind()))?;
        Ok(path)
    }
}
