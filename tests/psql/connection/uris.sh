# URIs that make no sense.
for uri in 'postgresql://[::1' 'postgresql://[]' 'postgresql://[::1]z' 'postgresql://host/db?u%7aer=x' 'postgresql://host?zzz' \
  'postgresql://host?user=a=b' 'postgresql://host?dbname=%zz' 'postgresql://%00' 'postgresql://host/?a' 'postgresql://h/d b'; do
  psql -X "$uri"
done
