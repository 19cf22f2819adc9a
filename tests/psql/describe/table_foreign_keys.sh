# Foreign keys and checks that are not valid or not enforced.
# server: reference
psql -X <<'EOF'
\d+ foreign_keys
EOF
