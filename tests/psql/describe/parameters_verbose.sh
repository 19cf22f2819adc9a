# \dconfig+
psql -X <<'EOF'
\dconfig+ work_mem
\dconfig+ "DateStyle"
\dconfig datestyle
EOF
