# A failed \c as -c.
psql -X -c '\c nosuchdb' -c 'select 1' 2>&1 | sed 's/".*PGSQL[^"]*"/SOCKET/'
