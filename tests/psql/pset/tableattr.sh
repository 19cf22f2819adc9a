# The option tableattr and \T.
psql -X <<'EOF'
\pset tableattr
\pset tableattr 'a=b'
\pset tableattr
\T x
\T
\pset T ''
\T a b
EOF
