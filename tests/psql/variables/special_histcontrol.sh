# What HISTCONTROL takes.
cat > script.sql <<'EOF'
\set HISTCONTROL foo
\echo :HISTCONTROL
\set HISTCONTROL ignoreboth
\echo :HISTCONTROL
EOF
psql -X -f script.sql
