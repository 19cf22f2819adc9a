//! Something that a cache handed out.

use std::ops::Deref;
use std::sync::Arc;

/// A row or descriptor that a cache handed out: part of the program for built-in objects, counted for others. Cloning a
/// built-in one touches no memory that processes share. It stays as it was when handed out, whatever happens to the catalog.
pub enum Entry<T: 'static> {
    /// Part of the program.
    Builtin(&'static T),
    /// In the session's cache.
    Cached(Arc<T>),
}

impl<T> Clone for Entry<T> {
    fn clone(&self) -> Entry<T> {
        match self {
            Entry::Builtin(value) => Entry::Builtin(value),
            Entry::Cached(value) => Entry::Cached(value.clone()),
        }
    }
}

impl<T> Deref for Entry<T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        match self {
            Entry::Builtin(value) => value,
            Entry::Cached(value) => value,
        }
    }
}

impl<T> AsRef<T> for Entry<T> {
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for Entry<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}
