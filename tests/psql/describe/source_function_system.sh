# \sf of a system function.
psql -X <<'EOF'
\sf pg_catalog.int4pl
\sf+ pg_catalog.int4pl
EOF
