-- Prints the users of Supabase Auth as lines for `bienvenue import`.
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
  ) then 'not exported' end
))
from auth.users
where deleted_at is null and not is_anonymous
order by is_sso_user, created_at;
