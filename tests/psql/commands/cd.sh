# \cd and \!.
cat > script.sql <<'EOF'
\! mkdir d
\cd d
\! basename $(pwd)
\cd nosuch
\cd ..
\! false
\! nosuchcommand 2>/dev/null
EOF
psql -X -f script.sql
