# The list of options; the sentences at its end are ours.
psql --help | sed '/^For more\|^Within psql/,$d'
psql -? | head -4
