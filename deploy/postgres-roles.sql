-- The two roles of Bienvenue on PostgreSQL 15 or newer. Once, as a superuser, in an empty database:
--
--   createdb bienvenue
--   psql --set ON_ERROR_STOP=1 --dbname bienvenue --file postgres-roles.sql
--
-- bienvenue_owner owns the tables, and runs `bienvenue migrate`.
-- bienvenue is the service: it reads and writes rows, owns nothing and can change no table.
--
-- That holds for the audit too. Its triggers, which the migrations make, let lines be added, and refuse to change
-- or delete one before its time; and only the owner of a table can take its triggers away.

begin;

create role bienvenue_owner login;
create role bienvenue login;

-- By default everybody may connect to a database and make temporary tables in it.
revoke all on database bienvenue from public;
grant connect on database bienvenue to bienvenue_owner, bienvenue;

revoke all on schema public from public;
alter schema public owner to bienvenue_owner;
grant usage on schema public to bienvenue;

-- Whatever the owner makes, also the tables of later versions. No TRUNCATE, no TRIGGER, no REFERENCES.
alter default privileges for role bienvenue_owner in schema public
  grant select, insert, update, delete on tables to bienvenue;

-- The service gives up waiting after 5 seconds. The server then lets go as well, and so it does of a
-- transaction whose instance is lost.
alter role bienvenue set statement_timeout = '10s';
alter role bienvenue set idle_in_transaction_session_timeout = '30s';

-- compose.yaml gives the passwords in the environment. Elsewhere \password sets them, or none is needed.
\getenv owner_password OWNER_PASSWORD
\if :{?owner_password}
alter role bienvenue_owner password :'owner_password';
\endif
\getenv service_password SERVICE_PASSWORD
\if :{?service_password}
alter role bienvenue password :'service_password';
\endif

commit;
