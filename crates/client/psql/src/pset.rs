//! `\pset` and its short forms: setting print options, and what they say.
