# Quiet sessions say nothing, except what was asked for and errors.
psql -Xq <<'EOF'
\pset border 2
\x
\x
\a
\a
\t
\t
\pset
\pset border
\pset nope
select 1 as a;
EOF
