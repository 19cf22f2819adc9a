# The option format: beginnings of names, \a and \H.
psql -X <<'EOF'
\pset format
\pset format unaligned
\pset format u
\pset format W
\pset format wrap
\pset format csv
\pset format html
\pset format h
\pset format asc
\pset format asciidoc
\pset format l
\pset format la
\pset format latex
\pset format latex-
\pset format latex-longtable
\pset format t
\pset format troff-ms
\pset format al
\pset format a
\pset format x
\pset format latexx
\pset format ''
\a
\a
\a
\H
\H
\H
\a
\a x
\H x y
EOF
