//! The small dictionaries that PostgreSQL's documentation and its regression suite try things with, by the names of their files. A file of the
//! installation comes before them.

/// By name and extension.
static SAMPLES: &[(&str, &str, &str)] = &[
    ("hunspell_sample", "affix", include_str!("../../../data/tsearch/hunspell_sample.affix")),
    ("hunspell_sample_long", "affix", include_str!("../../../data/tsearch/hunspell_sample_long.affix")),
    ("hunspell_sample_long", "dict", include_str!("../../../data/tsearch/hunspell_sample_long.dict")),
    ("hunspell_sample_num", "affix", include_str!("../../../data/tsearch/hunspell_sample_num.affix")),
    ("hunspell_sample_num", "dict", include_str!("../../../data/tsearch/hunspell_sample_num.dict")),
    ("ispell_sample", "affix", include_str!("../../../data/tsearch/ispell_sample.affix")),
    ("ispell_sample", "dict", include_str!("../../../data/tsearch/ispell_sample.dict")),
    ("synonym_sample", "syn", include_str!("../../../data/tsearch/synonym_sample.syn")),
    ("thesaurus_sample", "ths", include_str!("../../../data/tsearch/thesaurus_sample.ths")),
];

/// The text of a sample's file.
pub fn file(name: &str, extension: &str) -> Option<&'static str> {
    SAMPLES.iter().find(|(known, of, _)| *known == name && *of == extension).map(|(.., text)| *text)
}
