-- Prints the users of Auth.js as lines for `bienvenue import`.
-- psql -v table=… is the table of the users, -v hash=… the column with their password hashes, and -v accounts=… the table of
-- their accounts elsewhere. Here, an issuer and an account id name an identity. Remove `github` if yours is not github.com.
\set ON_ERROR_STOP on
\set FETCH_COUNT 1000
select json_strip_nulls(json_build_object(
  'old_id', fields ->> 'id',
  'email', fields ->> 'email',
  'hashed_password', coalesce(nullif(hash, ''), '!'),
  'email_verified_at', coalesce(fields ->> 'emailVerified', fields ->> 'email_verified'),
  'created_at', coalesce(fields ->> 'createdAt', fields ->> 'created_at'),
  'name', fields ->> 'name',
  'picture', fields ->> 'image',
  'identities', identities
))
from (select to_jsonb(users) as fields, :hash as hash from :table as users) as exported
left join (
  select "userId"::text as user_id, json_agg(json_build_object(
    'provider', provider, 'issuer', issuer, 'subject', "providerAccountId", 'created_at', now()
  )) as identities
  from :accounts join (values
    ('apple', 'https://appleid.apple.com'),
    ('github', 'https://github.com/login/oauth'),
    ('google', 'https://accounts.google.com')
  ) as issuers (provider, issuer) using (provider)
  group by "userId"
) as linked on user_id = fields ->> 'id';
