# Lists of what is not there.
psql -X <<'EOF'
\dt nosuch
\di nosuch
\dv nosuch
\dm nosuch
\ds nosuch
\dE nosuch
\dti nosuch
\dtvmsE no.such
EOF
