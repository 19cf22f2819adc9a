# \do+
psql -X <<'EOF'
\do+ pg_catalog.- int
\do+ ~~ text text
EOF
