# \dRs
# server: reference
psql -Xq <<'EOF'
\getenv cases CASES
\i :cases/subscriptions.sql
\dRs
\dRs+ sub_one
\dRsx+ sub_two
EOF
