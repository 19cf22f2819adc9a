# Indexes of every kind.
# server: reference
psql -X <<'EOF'
\d indexes_all
EOF
