# Where statements end: quotes, dollars, comments, parentheses.
cat > script.sql <<'EOF'
select 'a;b', "a;b" from (values (1)) t("a;b");
select $$a;b$$, $x$ $$;$$ $x$;
select /* ; /* ; */ ; */ 1; -- ; select 2
select e'a\';b', 'a\', u&'\0041;';
select (1
;
);
select 'multi
line;
';
EOF
psql -X -f script.sql
