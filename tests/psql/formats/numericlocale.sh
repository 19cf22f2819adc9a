# Digits in groups.
psql -Xq <<'EOF'
\pset numericlocale on
select 1234567 as i, 1234567.891 as n, -1234.5 as m, 1e20::float8 as f, 'NaN'::float8 as nan, '1234' as text, 123 as small, null::int as nothing;
\pset null 12345
select null::int as nothing;
\pset format csv
select 1234567 as i, 1234567.891 as n;
\pset format unaligned
select 1234567 as i, array[1234567] as a;
\x
\pset format aligned
select 1234567 as i, 1234567.891 as n;
EOF
