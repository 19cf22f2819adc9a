# Widths in other client encodings.
# server: reference
psql -Xq <<'EOF'
\pset border 2
\encoding EUC_JP
select convert_from('\xe697a5', 'UTF8') as wide, 'abc' as plain;
\encoding SJIS
select convert_from('\xefbdb1e697a5', 'UTF8') as half_and_full;
\encoding GB18030
select convert_from('\xe697a5', 'UTF8') as wide;
\encoding LATIN1
select convert_from('\xc3a9', 'UTF8') as narrow;
\encoding BIG5
select convert_from('\xe697a5', 'UTF8') as wide;
EOF
