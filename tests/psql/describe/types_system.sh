# \dT+ of system types.
psql -X <<'EOF'
\dT+ bool
\dT+ name
\dTS reg*
EOF
