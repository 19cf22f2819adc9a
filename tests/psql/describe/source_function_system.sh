# \sf of a system function.
# server: reference
psql -X <<'EOF'
\sf pg_catalog.int4pl
\sf+ pg_catalog.int4pl
EOF
