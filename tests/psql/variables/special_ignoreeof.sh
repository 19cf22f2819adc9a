# What IGNOREEOF takes.
cat > script.sql <<'EOF'
\set IGNOREEOF x
\echo :IGNOREEOF
\set IGNOREEOF 3
\echo :IGNOREEOF
EOF
psql -X -f script.sql
