# Lines may end with CR LF.
printf 'select 1;\r\n\\echo a\r\nselect 2;\r\n' > c.sql; psql -XAt -f c.sql | od -c | head -3
