# The same with QUIET.
for command in '\d nosuch' '\dt nosuch' '\dx+ nosuch' '\dRp+ nosuch' '\dF+ nosuch'; do
  psql -Xq -v ON_ERROR_STOP=1 -c "$command"
  echo "[$?]"
done
