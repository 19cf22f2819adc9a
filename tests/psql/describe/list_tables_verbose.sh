# \dt+
psql -X <<'EOF'
\dt+ shop.*
\set HIDE_TABLEAM on
\dt+ shop.*
EOF
