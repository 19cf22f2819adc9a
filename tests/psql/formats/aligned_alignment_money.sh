# Amounts of money stand at the right.
# server: reference
psql -X -c 'select 1::money as "money name"'
