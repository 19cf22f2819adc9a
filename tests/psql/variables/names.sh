# Names are letters, digits and underscores.
cat > script.sql <<'EOF'
\set a-b 1
\set 1a one
\set _ under
\set é accent
\echo :1a :_ :é
\set '' empty
\unset a-b
\unset
EOF
psql -X -f script.sql
