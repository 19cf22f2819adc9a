# \di
psql -X <<'EOF'
\di shop.*
\di+ plain*
EOF
