# \dn+
# server: reference
psql -X <<'EOF'
\dn+
\dnS+ pg_cat*
EOF
