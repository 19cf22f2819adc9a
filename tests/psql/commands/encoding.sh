# server: reference
# \encoding.
cat > script.sql <<'EOF'
\encoding
\encoding latin1
\encoding
\echo :ENCODING
\encoding nosuch
set client_encoding to utf8;
\encoding
EOF
psql -Xq -f script.sql
