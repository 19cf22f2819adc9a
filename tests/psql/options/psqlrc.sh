# The start-up file is read unless -X says no; one for the version wins.
echo '\set from plain' > "$HOME/.psqlrc"; psql -c '\echo :from'; echo '\set from version' > "$HOME/.psqlrc-18"; psql -c '\echo :from'; psql -X -c '\echo :from'; echo 'select 1;' > rc; PSQLRC=rc psql -At -c 'select 2'
