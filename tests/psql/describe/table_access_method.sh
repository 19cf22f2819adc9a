# Another table access method, and HIDE_TABLEAM.
# server: reference
psql -X <<'EOF'
\d+ other_method
\set HIDE_TABLEAM on
\d+ other_method
EOF
