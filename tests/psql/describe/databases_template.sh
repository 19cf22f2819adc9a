# \l of a template.
# server: reference
psql -X <<'EOF'
\l template0
\l nosuch
EOF
