# \dAc of system types.
# server: reference
psql -X <<'EOF'
\dAc hash bool
\dAc+ gin *
EOF
