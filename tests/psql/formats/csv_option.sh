# --csv, and COPY-like output of several results.
psql -X --csv -c 'select id, name from sample; select 1 as one' -c 'select 2 where false'
psql -X --csv -t -c 'select id from sample'
psql -X --csv -P csv_fieldsep=';' -c 'select id, ok from sample'
