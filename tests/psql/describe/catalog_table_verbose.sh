# A system catalog, in full.
psql -X <<'EOF'
\d+ pg_am
\d+ pg_am_oid_index
EOF
