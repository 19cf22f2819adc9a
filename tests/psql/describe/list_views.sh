# \dv
psql -X <<'EOF'
\dv
\dv+ shop.*
\dvS pg_st?tio_user_*
EOF
