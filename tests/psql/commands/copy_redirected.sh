# COPY TO STDOUT with \g and \o.
cat > script.sql <<'EOF'
copy (values (1), (2)) to stdout \g out
\! cat out
copy (values (1), (2)) to stdout \g |tr 1 x
\o out2
copy (values (3)) to stdout;
\o
\! cat out2
copy (values (4)) to stdout\; select 5 as a;
EOF
psql -X -f script.sql
