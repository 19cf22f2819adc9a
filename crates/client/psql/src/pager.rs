//! Output that is longer than the screen goes through a pager.
