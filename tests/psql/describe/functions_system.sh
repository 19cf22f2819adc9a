# \df of system functions.
psql -X <<'EOF'
\df abs
\df+ int4pl
\df pg_catalog.length
\df *.lower text
\df nosuch
EOF
