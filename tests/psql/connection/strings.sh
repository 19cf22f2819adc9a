# Connection strings that make no sense.
psql -X 'x=1'; psql -X "dbname='x"; psql -X 'host=a,b port=1,2,3'; psql -X 'host=a,b hostaddr=1.2.3.4'
psql -X 'dbname=x host'
for keyword in sslmode sslnegotiation channel_binding require_auth sslcertmode target_session_attrs load_balance_hosts ssl_min_protocol_version max_protocol_version; do
  psql -X "dbname=x $keyword=zzz"
done
psql -X 'dbname=x sslnegotiation=direct'
psql -X 'dbname=x sslrootcert=system sslmode=require'
psql -X 'dbname=x min_protocol_version=3.2 max_protocol_version=3.0'
psql -X 'host=127.0.0.1 port=99999'
