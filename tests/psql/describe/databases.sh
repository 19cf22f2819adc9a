# \l
psql -X <<'EOF'
\l psql_describe
\lx psql_describe
EOF
