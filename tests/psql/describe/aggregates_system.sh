# \da of system aggregates.
psql -X <<'EOF'
\da count
\da (bool|every)*
\daS string_agg
EOF
