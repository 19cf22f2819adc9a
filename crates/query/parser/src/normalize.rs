//! The statement cache's key: a statement's text with its constants taken out.
