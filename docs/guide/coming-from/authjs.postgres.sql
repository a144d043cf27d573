-- Prints the users of Auth.js as lines for `bienvenue import`.
-- psql -v table=… is the table of the users, and -v hash=… the column with their password hashes.
\set ON_ERROR_STOP on
\set FETCH_COUNT 1000
select json_strip_nulls(json_build_object(
  'old_id', fields ->> 'id',
  'email', fields ->> 'email',
  'hashed_password', coalesce(nullif(hash, ''), '!'),
  'email_verified_at', coalesce(fields ->> 'emailVerified', fields ->> 'email_verified'),
  'created_at', coalesce(fields ->> 'createdAt', fields ->> 'created_at'),
  'name', fields ->> 'name',
  'picture', fields ->> 'image'
))
from (select to_jsonb(users) as fields, :hash as hash from :table as users) as exported;
