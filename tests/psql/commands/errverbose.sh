# \errverbose shows the last error with everything.
cat > script.sql <<'EOF'
\errverbose
select nope;
\errverbose
select 1;
\errverbose
EOF
psql -X -f script.sql 2>&1 | grep -v LOCATION
