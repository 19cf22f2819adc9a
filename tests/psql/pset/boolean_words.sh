# What counts as true and false.
for word in true TRUE tr t yes y on 1 false fal f no n off of 0 o tru e 2 ' on' ''; do
  printf '%s: ' "$word"
  printf '%s\n' "\\pset footer '$word'" '\pset' | psql -X 2>&1 | grep -e footer | tr '\n' ' '
  echo
done
