# Replica identities.
psql -X <<'EOF'
\d+ replica_full
\d+ replica_nothing
\d replica_index
\d+ replica_b
EOF
