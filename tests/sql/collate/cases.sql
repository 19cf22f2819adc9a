-- Letters by provider: byte order alone, Unicode one for one, Unicode in full, a language's rules.
create table cases (t text);
insert into cases values ('straße ǆ ﬁ'), ('ΑΣ ΑΣΑ'), ('Iİıi'), ('hello-world it''s 1a'), ('ÄÖÜ ÿ');
select lower(t collate "C"), lower(t collate pg_c_utf8), lower(t collate pg_unicode_fast), lower(t collate "en-x-icu"), lower(t collate "tr-x-icu") from cases;
select upper(t collate "C"), upper(t collate pg_c_utf8), upper(t collate pg_unicode_fast), upper(t collate "en-x-icu"), upper(t collate "tr-x-icu") from cases;
select initcap(t collate "C"), initcap(t collate pg_c_utf8), initcap(t collate pg_unicode_fast), initcap(t collate "en-x-icu") from cases;
select casefold(t collate "C"), casefold(t collate pg_c_utf8), casefold(t collate pg_unicode_fast), casefold(t collate "en-x-icu"), casefold(t collate "tr-x-icu") from cases;
select initcap('ijsland' collate "nl-x-icu"), upper('ά' collate "el-x-icu"), lower('I' collate "lt-x-icu");
-- ILIKE and regular expressions.
select 'ÄB' ilike 'äb' collate "C", 'ÄB' ilike 'äb' collate "en-x-icu", 'I' ilike 'ı' collate "tr-x-icu", 'I' ilike 'ı' collate "en-x-icu";
select 'ÄB' ~* 'äb' collate "C", 'ÄB' ~* 'äb' collate pg_c_utf8, 'ß' ~* 's' collate pg_c_utf8, 'σ' ~* 'Σ' collate "en-x-icu";
select c, c ~ '[[:alpha:]]' collate "C" as c_alpha, c ~ '[[:alpha:]]' collate pg_c_utf8 as alpha, c ~ '[[:digit:]]' collate pg_c_utf8 as posix_digit, c ~ '[[:digit:]]' collate pg_unicode_fast as digit, c ~ '[[:punct:]]' collate pg_c_utf8 as posix_punct, c ~ '[[:punct:]]' collate pg_unicode_fast as punct, c ~ '\w' collate pg_c_utf8 as word, c ~ '[[:upper:]]' collate "en-x-icu" as upper, c ~ '[[:space:]]' collate "en-x-icu" as space from unnest(array['a', 'Ä', '1', '൧', '=', '!', '€', '»', '_', U&'\00A0', U&'\3000']) c;
-- Normal forms.
select normalize(U&'a\0308\24D1', NFC) = U&'\00E4\24D1', normalize(U&'\FB01', NFKC), length(normalize(U&'\AC01', NFD)), U&'\00E4' is normalized, U&'a\0308' is nfc normalized, U&'\FB01' is nfkd normalized;
select "normalize"('a', 'nfx');
select unicode_assigned('aä'), unicode_assigned(U&'\+10FFFF');
drop table cases;
