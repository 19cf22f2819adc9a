# Separators of unaligned output.
psql -Xq <<'EOF'
\pset format unaligned
\pset fieldsep ', '
select id, name from sample;
\pset recordsep ' <end> '
select id, ok from sample;
\x
select id, ok from sample;
\x
\pset title 'Title'
select id, ok from sample;
\pset fieldsep ''
select id, ok from sample;
EOF
