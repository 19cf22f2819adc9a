# \dconfig
psql -X <<'EOF'
\dconfig work_mem
\dconfig enable_hash*
\dconfig nosuch
EOF
