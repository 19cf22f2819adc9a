# The line at which the editor begins.
psql -X <<'EOF' 2>&1 | sed 's|/[^ ]*psql.edit[^ ]*|FILE|'
\setenv PSQL_EDITOR echo
\setenv PSQL_EDITOR_LINENUMBER_ARG +
\ef many_out 3
\r
\ef atomic_body 1
\r
\ev plain_view 2
\r
\ef many_out(int,text,int[])2
\r
\ef 7
\r
EOF
