# A dollar sign is a plain character.
psql -X <<'EOF'
\dt star$*
\dt star$dollar
\dt "star$dollar"
\dt plain$
EOF
