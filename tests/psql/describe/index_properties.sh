# Properties of indexes.
# server: reference
psql -X <<'EOF'
\d deferred_key
\d nulls_key
\d indexes_clustered
\d replica_b
\d invalid_index
EOF
