# \l of a template.
psql -X <<'EOF'
\l template0
\l nosuch
EOF
