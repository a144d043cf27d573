-- Prints the users of Auth.js as lines for `bienvenue import`.
-- Change `password` if the column with the password hashes has another name, and `user` if the table has.
select json_object(
  'old_id', id,
  'email', email,
  'hashed_password', coalesce(nullif(password, ''), '!'),
  'email_verified_at', emailVerified,
  'name', name,
  'picture', image
)
from user;
