# \dT with names of SQL, arrays.
psql -X <<'EOF'
\dT int
\dT float
\dT decimal
\dT int4
\dT varchar[]
\dT int[]
\dT "char"
EOF
