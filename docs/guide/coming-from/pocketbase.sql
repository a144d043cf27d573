-- Prints the users of PocketBase 0.23 or newer as lines for `bienvenue import`.
-- Change `users` if your auth collection has another name.
select json_object(
  'old_id', id,
  'email', email,
  'hashed_password', coalesce(nullif(password, ''), '!'),
  'email_verified', verified,
  'created_at', created,
  'name', name
)
from users
order by created;
