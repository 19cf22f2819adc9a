# -S takes the end of a line for the end of a statement.
printf 'select 1\nselect\n  2;\n' | psql -XAtS
