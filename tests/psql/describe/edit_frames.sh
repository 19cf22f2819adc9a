# \ef and \ev without a name.
psql -X <<'EOF'
\setenv PSQL_EDITOR cat
\ef
\r
\ev
\r
EOF
