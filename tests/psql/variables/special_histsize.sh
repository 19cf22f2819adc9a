# What HISTSIZE takes.
cat > script.sql <<'EOF'
\set HISTSIZE x
\echo :HISTSIZE
\set HISTSIZE -5
\echo :HISTSIZE
EOF
psql -X -f script.sql
