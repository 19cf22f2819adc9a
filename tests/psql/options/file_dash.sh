# -f - is standard input, with a name.
printf 'select nope;\nselect 2;\n' | psql -XAt -f -
