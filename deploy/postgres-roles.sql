-- The two roles of Bienvenue on PostgreSQL 15 or newer. Run once, as a superuser, in an empty database:
--
--   createdb bienvenue
--   psql --set ON_ERROR_STOP=1 --dbname bienvenue --file postgres-roles.sql
--
-- bienvenue_owner owns the tables and runs `bienvenue migrate`.
-- bienvenue is the service. It reads and writes rows, owns nothing and cannot change a table.
--
-- This protects the audit log too. Its triggers, created by the migrations, allow new entries and refuse to change or
-- delete one before it expires. Only the owner of a table can drop its triggers.

begin;

create role bienvenue_owner login;
create role bienvenue login;

-- By default every role may connect to a database and create temporary tables in it.
revoke all on database bienvenue from public;
grant connect on database bienvenue to bienvenue_owner, bienvenue;

revoke all on schema public from public;
alter schema public owner to bienvenue_owner;
grant usage on schema public to bienvenue;

-- Applies to every table that the owner creates, including those of later versions. No TRUNCATE, TRIGGER or REFERENCES.
alter default privileges for role bienvenue_owner in schema public
  grant select, insert, update, delete on tables to bienvenue;

-- The service stops waiting after 5 seconds. The server then cancels the statement too, and ends a transaction whose
-- instance is gone.
alter role bienvenue set statement_timeout = '10s';
alter role bienvenue set idle_in_transaction_session_timeout = '30s';

-- compose.yaml passes the passwords in the environment. Elsewhere set them with \password, if any are needed.
\getenv owner_password OWNER_PASSWORD
\if :{?owner_password}
alter role bienvenue_owner password :'owner_password';
\endif
\getenv service_password SERVICE_PASSWORD
\if :{?service_password}
alter role bienvenue password :'service_password';
\endif

commit;
