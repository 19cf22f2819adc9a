# \drds
psql -X <<'EOF'
\drds d_reader
\drds d_* psql_d*
\drds nosuch
\drds nosuch nosuch
\drds * nosuch
EOF
