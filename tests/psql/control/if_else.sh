# \if, \elif, \else.
cat > script.sql <<'EOF'
\if true
\echo 1
\else
\echo 2
\endif
\if false
\echo 3
\elif yes
\echo 4
\elif true
\echo 5
\else
\echo 6
\endif
\if 0
\elif no
\else
\echo 7
\endif
EOF
psql -X -f script.sql
