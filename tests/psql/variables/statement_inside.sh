# A value may hold statements and commands.
cat > script.sql <<'EOF'
\set both 'select 1; select 2'
:both;
\set command '\\echo from variable'
:command
\set half 'select 4'
:half + 1;
EOF
psql -X -f script.sql
