//! `client_encoding=auto`: the encoding that the environment's locale names.

/// PostgreSQL's name for the character set of `LC_ALL`, `LC_CTYPE` or `LANG`; `SQL_ASCII` for the locale C.
pub(crate) fn encoding() -> &'static str {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_default();
    of(&locale)
}

fn of(locale: &str) -> &'static str {
    let name = locale.split('@').next().unwrap_or_default();
    let Some((_, charset)) = name.split_once('.') else {
        return if matches!(name, "" | "C" | "POSIX") { "SQL_ASCII" } else { "UTF8" };
    };
    let plain: String = charset.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    match plain.as_str() {
        "ANSIX341968" | "ASCII" | "USASCII" => "SQL_ASCII",
        "ISO88591" => "LATIN1",
        "ISO88592" => "LATIN2",
        "ISO88593" => "LATIN3",
        "ISO88594" => "LATIN4",
        "ISO88595" => "ISO_8859_5",
        "ISO88596" => "ISO_8859_6",
        "ISO88597" => "ISO_8859_7",
        "ISO88598" => "ISO_8859_8",
        "ISO88599" => "LATIN5",
        "ISO885910" => "LATIN6",
        "ISO885913" => "LATIN7",
        "ISO885914" => "LATIN8",
        "ISO885915" => "LATIN9",
        "ISO885916" => "LATIN10",
        "KOI8R" => "KOI8R",
        "KOI8U" => "KOI8U",
        "CP1250" => "WIN1250",
        "CP1251" => "WIN1251",
        "CP1252" => "WIN1252",
        "CP1253" => "WIN1253",
        "CP1254" => "WIN1254",
        "CP1255" => "WIN1255",
        "CP1256" => "WIN1256",
        "CP1257" => "WIN1257",
        "CP1258" => "WIN1258",
        "CP866" | "IBM866" => "WIN866",
        "EUCJP" => "EUC_JP",
        "EUCKR" => "EUC_KR",
        "EUCCN" | "GB2312" => "EUC_CN",
        "EUCTW" => "EUC_TW",
        "SHIFTJIS" | "SJIS" => "SJIS",
        "BIG5" => "BIG5",
        "GBK" => "GBK",
        "GB18030" => "GB18030",
        _ => "UTF8",
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn locales_name_encodings() {
        assert_eq!(of("en_US.UTF-8"), "UTF8");
        assert_eq!(of("de_DE.ISO-8859-15@euro"), "LATIN9");
        assert_eq!((of("C"), of(""), of("C.UTF-8")), ("SQL_ASCII", "SQL_ASCII", "UTF8"));
    }
}
