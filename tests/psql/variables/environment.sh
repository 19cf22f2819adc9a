# \getenv and \setenv.
cat > script.sql <<'EOF'
\setenv FOO bar
\! echo $FOO
\getenv f FOO
\echo :f
\setenv FOO
\! echo [$FOO]
\getenv f FOO
\echo :f
\getenv
\getenv x
\setenv
\setenv a=b c
EOF
psql -X -f script.sql
