# \dl, \lo_list
# server: reference
psql -X <<'EOF'
\dl
\dl+
\lo_list
\lo_listx
EOF
