# \dRp and \dRs of nothing.
psql -X <<'EOF'
\dRp nosuch
\dRp+ nosuch
\dRs nosuch
EOF
