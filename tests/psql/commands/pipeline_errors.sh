# What a pipeline does not allow.
cat > script.sql <<'EOF'
\sendpipeline
\startpipeline
\getresults
\getresults -1
select 1 \g
\reset
select 1 \gset
\reset
select 1 \watch
\reset
select 1 \gexec
\reset
select $1 \bind \sendpipeline
select 2;
\endpipeline
select 3;
\endpipeline
EOF
psql -Xq -f script.sql
