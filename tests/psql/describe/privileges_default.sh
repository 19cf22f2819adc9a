# \ddp
# server: reference
psql -X <<'EOF'
\ddp
\ddp shop
\ddp d_admin
\ddp a.b.c
EOF
