# HIDE_TABLEAM and HIDE_TOAST_COMPRESSION, of a plain table.
psql -X <<'EOF'
\set HIDE_TOAST_COMPRESSION on
\set HIDE_TABLEAM on
\d+ plain
EOF
