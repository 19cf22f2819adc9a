# Bars and empty cells in AsciiDoc.
psql -Xq <<'EOF'
\pset format asciidoc
select 'a|b' as "c|d", '' as empty, ' ' as blank, null as n;
\pset border 2
select '' as empty, '|' as bar;
\pset title 'T|t'
\x
select 'a|b' as "c|d", '' as empty, ' ' as blank, null as n;
EOF
