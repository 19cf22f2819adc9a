//! How wide text is on the screen.
