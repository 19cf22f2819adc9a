# \prompt reads standard input.
cat > script.sql <<'EOF'
\prompt 'one: ' a
\prompt b
\echo [:a] [:b]
\prompt
\prompt x y z
EOF
psql -X -f script.sql  <<'EOF'
first
second
third
EOF
