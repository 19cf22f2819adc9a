# \dP
psql -X <<'EOF'
\dP
\dPt
\dPi
EOF
