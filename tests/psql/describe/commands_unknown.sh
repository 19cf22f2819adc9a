# Commands that are none.
psql -X <<'EOF'
\dq
\de
\dr
\dAz
\dPS
\lS
\z+
\dfz
EOF
