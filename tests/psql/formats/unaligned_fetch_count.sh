# An answer fetched in pieces, in the format unaligned: one header, one footer, records counted on.
psql -Xq <<'EOF'
\set FETCH_COUNT 2
\pset format unaligned
\pset title 'In pieces'
select id, name, ok from sample;
\pset border 2
select 1 as one where false;
\x
select id, name, ok from sample;
\x auto
select id, ok from sample;
EOF
