# What ECHO_HIDDEN takes.
cat > script.sql <<'EOF'
\set ECHO_HIDDEN foo
\echo :ECHO_HIDDEN
\set ECHO_HIDDEN NoExec
\echo :ECHO_HIDDEN
\set ECHO_HIDDEN yes
\echo :ECHO_HIDDEN
EOF
psql -X -f script.sql
