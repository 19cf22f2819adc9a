# \ev shows its text to the editor.
psql -X <<'EOF'
\setenv PSQL_EDITOR cat
\ev view_options
\r
\ev mat_view
\ev plain_view x
EOF
