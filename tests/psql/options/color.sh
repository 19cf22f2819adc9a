# Messages in colours: PG_COLOR says whether, PG_COLORS which.
printf '\\foo\nselect nope;\n\\set VERBOSITY nope\ndrop table if exists nope;\n' >script
for colors in '' 'error=01;35:warning=4:note=7:locus=01;32' 'error=:nothing=1' 'error:locus=1:locus=2'; do
  echo "colors: $colors"
  PG_COLOR=always PG_COLORS=$colors psql -X -f script
  PG_COLOR=always PG_COLORS=$colors psql -X --nope
done
for color in always auto never; do
  echo "color: $color"
  PG_COLOR=$color psql -X -f script
  PG_COLOR=$color psql -X -c '\foo'
  PG_COLOR=$color psql -X --nope
  PG_COLOR=$color psql -X -d nope 2>&1 | sed 's/server .*failed/server failed/'
done
PG_COLOR=always psql -X -c 'select 1' -c '\setenv PG_COLOR never' -f script
