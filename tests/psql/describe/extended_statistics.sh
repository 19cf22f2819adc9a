# \dX
# server: reference
psql -X <<'EOF'
\dX
\dX shop.*
\dX+ st_all
\dX nosuch
EOF
