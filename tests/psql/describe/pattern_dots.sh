# Too many dots, and empty parts.
psql -X <<'EOF'
\dt a.b.c.d
\dt "a.b.c.d"
\dt .plain
\dt plain.
\du a.b
\dn a.b.c
\dn psql_describe.shop
\dA x.y
\l a.b
\dRp a.b
\df a.b.c.d
EOF
