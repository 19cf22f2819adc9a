# \dAc
# server: reference
psql -X <<'EOF'
\dAc btree integer
\dAc+ hash text
\dAc btree mood
EOF
