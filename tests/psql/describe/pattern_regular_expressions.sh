# Characters of regular expressions.
psql -X <<'EOF'
\dt (plain|aab)
\dt [a-b]*
\dt pl[a]in
\dt p(l|x)ain
EOF
