# -e echoes statements as they are sent.
printf 'select\n 1; select 2;\n' > s.sql; psql -XAte -f s.sql
