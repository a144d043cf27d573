-- Prints the users of Supabase Auth as lines for `bienvenue import`.
-- Here, an issuer and a provider_id name an identity. Remove `github` if yours is not github.com.
\set ON_ERROR_STOP on
\set FETCH_COUNT 1000
select json_strip_nulls(json_build_object(
  'old_id', id,
  'email', email,
  'hashed_password', coalesce(nullif(encrypted_password, ''), '!'),
  'email_verified_at', email_confirmed_at,
  'created_at', created_at,
  'disabled', banned_until > now(),
  'name', coalesce(raw_user_meta_data ->> 'full_name', raw_user_meta_data ->> 'name'),
  'picture', coalesce(raw_user_meta_data ->> 'avatar_url', raw_user_meta_data ->> 'picture'),
  'totp_secret', case when exists (
    select from auth.mfa_factors where user_id = users.id and mfa_factors.status = 'verified'
  ) then 'not exported' end,
  'identities', (
    select json_agg(json_build_object(
      'provider', provider, 'issuer', issuer, 'subject', provider_id,
      'created_at', identities.created_at, 'last_used_at', last_sign_in_at
    ))
    from auth.identities join (values
      ('apple', 'https://appleid.apple.com'),
      ('github', 'https://github.com/login/oauth'),
      ('google', 'https://accounts.google.com')
    ) as issuers (provider, issuer) using (provider)
    where user_id = users.id
  )
))
from auth.users
where deleted_at is null and not is_anonymous
order by is_sso_user, created_at;
