# -x prints rows as blocks.
psql -Xx -c "select 1 as a, 'b' as bb"
