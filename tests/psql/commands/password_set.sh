# A password goes to the server in its stored form only; where there is no terminal, it is read from standard input.
psql -Xqc 'create role "pw role" login'
printf 'secret\nsecret\n' | setsid -w psql -X -c '\password "pw role"'; echo "[$?]"
psql -XAtc "select rolpassword like 'SCRAM-SHA-256\$4096:%' from pg_authid where rolname = 'pw role'"
printf 'secret\nother\n' | setsid -w psql -X -c '\password "pw role"'; echo "[$?]"
printf 'secret\nsecret\n' | setsid -w psql -X -c '\password nobody'; echo "[$?]"
printf 'sécret\r\nsécret' | setsid -w psql -X -c 'set password_encryption = md5' -c 'set client_min_messages = error' -c '\password "pw role"'
psql -XAtc "select rolpassword from pg_authid where rolname = 'pw role'"
printf '' | setsid -w psql -X -c '\password "pw role"'
psql -XAtc "select rolpassword is null from pg_authid where rolname = 'pw role'" -c 'drop role "pw role"'
