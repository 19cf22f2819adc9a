# server: reference
# Bodies of SQL routines hold semicolons.
cat > script.sql <<'EOF'
create function pg_temp.f(int) returns int begin atomic select 1; select case when $1 > 0 then 2 end; end;
select pg_temp.f(1);
create or replace procedure pg_temp.p() begin atomic select 1; end;
begin; end;
EOF
psql -X -f script.sql
