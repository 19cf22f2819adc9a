# -c and -f run in their order.
echo 'select 2;' > two.sql; psql -XAt -c 'select 1' -f two.sql -c 'select 3'
