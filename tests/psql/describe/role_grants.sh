# \drg
psql -X <<'EOF'
\drg d_*
\drgS pg_monitor
\drg nosuch
EOF
