# -F, -R and their zero-byte forms.
psql -XAt -F ';' -R '|' -c 'values (1,2),(3,4)'; echo
psql -XAtz0 -c 'values (1,2),(3,4)' | tr '\0' '@'; echo
