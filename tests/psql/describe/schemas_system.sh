# \dnS, but for temporary ones.
# server: reference
psql -XAt -c '\dnS' -c '\dn pg_*' | grep -v _temp_
