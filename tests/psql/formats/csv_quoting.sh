# What is quoted in CSV.
psql -Xq <<'EOF'
\pset format csv
select 'plain', 'with,comma', 'with"quote', E'with\nnewline', E'with\rreturn', ' spaces ', '', null, '\.', 'a\.', ';';
\pset csv_fieldsep ;
select 'plain', 'with,comma', 'with;semicolon' as "a;b", '"' as "c""d";
\pset null 'N,A'
select null as n;
\pset csv_fieldsep '\t'
select E'a\tb', null, 'a,b';
\pset tuples_only on
select 1, 2;
\pset title 'unseen'
select 1, 2;
\t
\pset csv_fieldsep '.'
select '\' as d1, '' as d2, 1 as n;
\pset csv_fieldsep '\\'
select '.' as d1, '' as d2, null as n;
EOF
