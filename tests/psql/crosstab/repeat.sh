# Without a statement the last one runs again.
psql -X <<'EOF'
select v, h, c from data where c <> 'dbl' order by 1, 2;
\crosstabview
\crosstabview h v
EOF
