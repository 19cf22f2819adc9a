# -o sends results to a file, messages stay.
psql -X -o out.txt -c 'select 1 as a' -c '\echo here' -c '\qecho there'; cat out.txt
