# \ef shows its text to the editor.
psql -X <<'EOF'
\setenv PSQL_EDITOR cat
\ef no_arguments
\r
\ef
\r
\ef nosuch
\ef no_arguments 0
EOF
