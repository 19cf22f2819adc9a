# SINGLESTEP asks before each statement.
cat > script.sql <<'EOF'
\set SINGLESTEP on
select 1;
select 2;
\set SINGLESTEP off
select 3;
EOF
psql -XAt -f script.sql <<'EOF'

x
EOF
