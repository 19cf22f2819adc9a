# Notifications are shown after a statement.
cat > script.sql <<'EOF'
listen chan;
notify chan;
notify chan, 'payload';
select 1;
EOF
psql -XAtq -f script.sql | sed 's/PID [0-9]*/PID N/'
