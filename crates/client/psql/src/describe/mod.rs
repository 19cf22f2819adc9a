//! The `\d` family: what the catalogs say about objects.
