# Special variables go back to a default when unset.
cat > script.sql <<'EOF'
\unset AUTOCOMMIT
\unset ECHO
\unset FETCH_COUNT
\unset HISTSIZE
\unset PROMPT1
\unset SHOW_ALL_RESULTS
\unset VERBOSITY
\unset WATCH_INTERVAL
\echo :AUTOCOMMIT :ECHO :FETCH_COUNT :HISTSIZE :PROMPT1 :SHOW_ALL_RESULTS :VERBOSITY :WATCH_INTERVAL
EOF
psql -X -f script.sql
