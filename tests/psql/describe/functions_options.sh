# Options \df does not know.
psql -X <<'EOF'
\dfz
\dfaz
\dfxq
EOF
