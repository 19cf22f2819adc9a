# \dn without a pattern, and with S.
# server: reference
psql -X <<'EOF'
\dn
\dnS
\dn pg_*
EOF
