# \dFt of the system.
psql -X <<'EOF'
\dFt s*
\dFt+ ispell
EOF
