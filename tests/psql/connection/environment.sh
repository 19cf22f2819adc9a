# Settings from the environment.
PGAPPNAME=me psql -XAtc 'show application_name'
PGTZ=Asia/Tokyo psql -XAtc 'show timezone'
PGOPTIONS='-c work_mem=1234' psql -XAtc 'show work_mem'
PGDATABASE=nix psql -XAtc 'select 1' 2>&1 | sed 's/socket "[^"]*"/socket "…"/'
