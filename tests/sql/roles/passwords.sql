-- The empty password is none, in whatever form it comes.
create role regress_pw login password 'secret';
select rolpassword like 'SCRAM-SHA-256$4096:%' from pg_authid where rolname = 'regress_pw';
alter role regress_pw password '';
select rolpassword from pg_authid where rolname = 'regress_pw';
alter role regress_pw password 'secret';
alter role regress_pw password 'md585939a5ce845f1a1b620742e3c659e0a';
select rolpassword from pg_authid where rolname = 'regress_pw';
alter role regress_pw password 'SCRAM-SHA-256$4096:hpFyHTUsSWcR7O9P$LgZFIt6Oqdo27ZFKbZ2nV+vtnYM995pDh9ca6WSi120=:qVV5NeluNfUPkwm7Vqat25RjSPLkGeoZBQs6wVv+um4=';
select rolpassword from pg_authid where rolname = 'regress_pw';
-- The old form is still made, with a warning.
set password_encryption = 'md5';
alter role regress_pw password 'secret';
select rolpassword from pg_authid where rolname = 'regress_pw';
set md5_password_warnings = off;
alter role regress_pw password 'other';
select rolpassword from pg_authid where rolname = 'regress_pw';
alter role regress_pw password null;
select rolpassword from pg_authid where rolname = 'regress_pw';
drop role regress_pw;
