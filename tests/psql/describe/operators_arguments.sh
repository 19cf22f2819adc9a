# \do with types.
psql -X <<'EOF'
\do - int
\do - int int
\do - - int
\do + date
\do || text text
\do |*
EOF
