# A block may choose parts of a statement.
cat > script.sql <<'EOF'
\set x true
select
\if :x
  1 as a
\else
  2 as a, (
\endif
;
select \if false 1 \else 3 \endif as b;
EOF
psql -X -f script.sql
