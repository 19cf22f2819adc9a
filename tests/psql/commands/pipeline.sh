# A pipeline: commands are sent, results read later.
cat > script.sql <<'EOF'
\startpipeline
select $1 as a \bind one \sendpipeline
select 2 as b;
\echo :PIPELINE_COMMAND_COUNT :PIPELINE_RESULT_COUNT :PIPELINE_SYNC_COUNT
\syncpipeline
\echo :PIPELINE_COMMAND_COUNT :PIPELINE_RESULT_COUNT :PIPELINE_SYNC_COUNT
select 3 as c;
\flushrequest
\getresults 1
\getresults
\endpipeline
EOF
psql -Xq -f script.sql
