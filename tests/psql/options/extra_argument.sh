# Database, user, and no more.
psql -XAt "$PGDATABASE" postgres more -c 'select current_user'
