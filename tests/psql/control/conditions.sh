# What counts as true and false.
cat > script.sql <<'EOF'
\if t
\echo t
\endif
\if nope
\echo never
\endif
\if
\echo never
\endif
\if tru e
\echo never
\endif
\if :{?ECHO}
\echo exists
\endif
\if `echo on`
\echo from shell
\endif
\if false
\elif maybe
\echo never
\endif
EOF
psql -X -f script.sql
