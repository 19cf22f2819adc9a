# \l+, but for sizes.
psql -XA -c '\l+ psql_describe' |
  sed 's/[0-9]* [kM]B/SIZE/'
