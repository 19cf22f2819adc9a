# Sequences that belong to columns; an unlogged one.
psql -X <<'EOF'
\d owned_sequence
\d columns_all_id_seq
\d columns_all_serial_column_seq
\d unlogged_sequence
EOF
