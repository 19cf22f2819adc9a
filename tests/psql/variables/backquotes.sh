# Backquotes run a shell command, with variables put in.
cat > script.sql <<'EOF'
\set v 'it''s a "word"'
\echo `echo :'v'`
\echo `printf 'a\nb\n\n'`x
\set n 'a
b'
\set w plain
\echo `echo :w :'w' ':w'`
\echo `exit 1`|
EOF
psql -X -f script.sql
