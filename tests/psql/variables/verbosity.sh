# How much of an error VERBOSITY shows.
cat > script.sql <<'EOF'
\set VERBOSITY terse
select nope;
\set VERBOSITY sqlstate
select nope;
\set VERBOSITY default
select nope;
EOF
psql -X -f script.sql
