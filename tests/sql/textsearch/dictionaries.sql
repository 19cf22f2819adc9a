-- A dictionary of Ispell's form: words with flags, and rules that lead their forms back to them.
create text search dictionary forms (template = ispell, dictfile = ispell_sample, afffile = ispell_sample);
select ts_lexize('forms', 'Skies'), ts_lexize('forms', 'bookings'), ts_lexize('forms', 'rebookings'), ts_lexize('forms', 'rebook');
-- Compound words have several readings.
select ts_lexize('forms', 'footballklubber'), ts_lexize('forms', 'footfootballball'), ts_lexize('forms', 'klubberfoots'), ts_lexize('forms', 'footsklubber');
-- The same rules in Hunspell's form, with flags of two characters and with numbers.
create text search dictionary long_flags (template = ispell, dictfile = hunspell_sample_long, afffile = hunspell_sample_long);
select ts_lexize('long_flags', 'booked'), ts_lexize('long_flags', 'footballyklubber'), ts_lexize('long_flags', 'ex-machina');
create text search dictionary number_flags (template = ispell, dictfile = hunspell_sample_num, afffile = hunspell_sample_num);
select ts_lexize('number_flags', 'sk'), ts_lexize('number_flags', 'unbookings');
-- What is wrong with options and files is said when the dictionary is made.
create text search dictionary wrong (template = ispell, dictfile = ispell_sample, afffile = hunspell_sample_long);
create text search dictionary wrong (template = ispell, dictfile = ispell_sample, afffile = hunspell_sample_num);
create text search dictionary wrong (template = ispell, dictfile = ispell_sample);
create text search dictionary wrong (template = ispell, afffile = ispell_sample);
create text search dictionary wrong (template = ispell, words = ispell_sample);
-- A thesaurus puts words in the place of phrases; the longest one wins.
create text search dictionary phrases (template = thesaurus, dictfile = thesaurus_sample, dictionary = english_stem);
select ts_lexize('phrases', 'one'), ts_lexize('phrases', 'booking'), ts_lexize('phrases', 'supernovae');
create text search configuration tried (copy = english);
alter text search configuration tried alter mapping for asciiword with phrases, english_stem;
select to_tsvector('tried', 'one two one two three one'), to_tsvector('tried', 'Booking tickets is looking like a booking a tickets');
create text search dictionary wrong (template = thesaurus, dictfile = thesaurus_sample);
create text search dictionary wrong (template = thesaurus, dictionary = english_stem);
-- In documents and queries, readings are alternatives.
alter text search configuration tried alter mapping for asciiword with forms, english_stem;
select to_tsvector('tried', 'Booking the skies after rebookings for footballklubber from a foot');
select to_tsquery('tried', 'footballklubber'), phraseto_tsquery('tried', 'footballyklubber sky');
