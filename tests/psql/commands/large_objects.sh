# server: reference
# Large objects from and to files.
cat > script.sql <<'EOF'
\! printf 'hello\n' > in
\lo_import in 'a comment'
\lo_export :LASTOID out
\! cat out
\lo_unlink :LASTOID
\lo_unlink :LASTOID
\lo_import nosuch
\lo_import
\lo_export 1
\lo_unlink
EOF
psql -X -f script.sql 2>&1 | sed -E 's/[0-9]{4,}/OID/'
