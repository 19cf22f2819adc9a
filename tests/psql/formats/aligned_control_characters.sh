# Control characters are shown escaped in aligned formats, as they are elsewhere.
psql -X <<'EOF'
select * from control;
\x
select * from control where id > 120;
\pset format unaligned
select * from control where id in (1, 9, 10, 13, 127, 133);
EOF
