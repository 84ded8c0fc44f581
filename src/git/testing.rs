//! Repositories for tests, in temporary folders, built with git2 and with git where git2 cannot.
