-- Prints the users of Auth.js as lines for `bienvenue import`.
-- Change `password` if the column with the password hashes has another name, and `user` and `account` if the tables have.
-- Here, an issuer and an account id name an identity. Remove `github` if yours is not github.com.
select json_object(
  'old_id', id,
  'email', email,
  'hashed_password', coalesce(nullif(password, ''), '!'),
  'email_verified_at', emailVerified,
  'name', name,
  'picture', image,
  'identities', json(identities)
)
from user
left join (
  select userId, json_group_array(json_object(
    'provider', provider, 'issuer', issuer, 'subject', providerAccountId,
    'created_at', strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
  )) as identities
  from account join (
    select 'apple' as provider, 'https://appleid.apple.com' as issuer
    union all select 'github', 'https://github.com/login/oauth'
    union all select 'google', 'https://accounts.google.com'
  ) using (provider)
  group by userId
) on userId = user.id;
