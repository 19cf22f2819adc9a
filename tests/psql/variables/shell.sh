# SHELL_ERROR and SHELL_EXIT_CODE after shell commands of all kinds.
cat > script.sql <<'EOF'
\! exit 3
\echo :SHELL_ERROR :SHELL_EXIT_CODE
\! true
\echo :SHELL_ERROR :SHELL_EXIT_CODE
\set x `echo out; exit 4`
\echo :x :SHELL_ERROR :SHELL_EXIT_CODE
select 1 \g |exit 5
\echo :SHELL_ERROR :SHELL_EXIT_CODE
\o |exit 6
\o
\echo :SHELL_ERROR :SHELL_EXIT_CODE
\! kill -9 $$
\echo :SHELL_EXIT_CODE
EOF
psql -X -f script.sql
