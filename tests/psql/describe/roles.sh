# \du, \dg
psql -X <<'EOF'
\du d_*
\dg "d Odd.Role"
\du+ d_reader
\du nosuch
EOF
