# What VERBOSITY takes.
cat > script.sql <<'EOF'
\set VERBOSITY foo
\echo :VERBOSITY
\set VERBOSITY Sqlstate
\echo :VERBOSITY
EOF
psql -X -f script.sql
