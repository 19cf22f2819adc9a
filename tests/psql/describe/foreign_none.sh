# \dew, \des, \det, \deu of nothing.
psql -X <<'EOF'
\dew nosuch
\des nosuch
\det nosuch
\deu nosuch
EOF
