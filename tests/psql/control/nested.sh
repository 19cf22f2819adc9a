# Blocks in blocks.
cat > script.sql <<'EOF'
\if on
  \if off
    \echo 1
    \if on
      \echo 2
    \else
      \echo 3
    \endif
  \else
    \echo 4
  \endif
\else
  \if on
    \echo 5
  \endif
\endif
EOF
psql -X -f script.sql
