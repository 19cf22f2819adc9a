# What counts as failed under ON_ERROR_STOP.
for command in '\d nosuch' '\dt nosuch' '\drds nosuch' '\dx+ nosuch' '\dRp+ nosuch' '\dF+ nosuch' '\dFp+ nosuch' '\dt a.b.c.d' '\dt (' '\sf nosuch' '\sv plain' '\dq' '\dfaz' '\dn nosuch'; do
  psql -X -v ON_ERROR_STOP=1 -c "$command"
  echo "[$?]"
done
