# \dP
# server: reference
psql -X <<'EOF'
\dP
\dPt
\dPi
EOF
