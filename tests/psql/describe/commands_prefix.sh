# Letters behind a command that mean nothing.
# server: reference
psql -X <<'EOF'
\dnq shop
\dconf nosuch
\listx psql_describe
EOF
