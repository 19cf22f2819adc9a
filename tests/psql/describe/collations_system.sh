# \dOS of the standard.
psql -X <<'EOF'
\dOS ucs*
\dO+ "C"
EOF
