#!/bin/sh
# The classic account life cycle through curl with a cookie jar: forms, multipart forms and JSON.
# Prints nothing on success. Usage: curl.sh URL COOKIE-JAR
set -eu
base=$1 jar=$2 email=curl@example.com

# expect STATUS BODY CURL-ARGUMENTS…: BODY `*` accepts any.
expect() {
  status=$1 body=$2
  shift 2
  answer=$(curl -sS -b "$jar" -c "$jar" -w ' %{http_code} %{content_type}' "$@")
  case $body in '*') body=${answer% * *} ;; esac
  [ "$answer" = "$body $status application/json" ] || { echo "$*: $answer" && exit 1; }
}

expect 200 "{\"email\":\"$email\",\"message\":\"user created\"}" -F email=$email -F password=b4l0u "$base/users"
expect 400 '{"message":"email already registered"}' -d email=$email -d password=b4l0u "$base/users"
expect 401 '*' -d email=$email -d password=wrong "$base/sessions"
expect 200 "{\"email\":\"$email\",\"message\":\"logged in\"}" --json "{\"email\":\"$email\",\"password\":\"b4l0u\"}" "$base/sessions"
expect 200 "{\"email\":\"$email\"}" "$base/profile"
# -X repeats DELETE on the redirect.
expect 200 '{"message":"Bienvenue"}' -L -X DELETE "$base/sessions"
expect 403 '*' "$base/profile"
expect 403 '*' -d email=nope "$base/reset_password"
expect 200 '*' --http1.0 -d email=$email "$base/reset_password"
token=$(printf %s "$answer" | sed 's/.*"reset_token":"\([^"]*\)".*/\1/')
expect 200 "{\"email\":\"$email\",\"message\":\"Password updated\"}" -X PUT -d email=$email -d "reset_token=$token" -d new_password=t4rt1fl3tt3 "$base/reset_password"
expect 200 '*' -d email=$email -d password=t4rt1fl3tt3 "$base/sessions"
expect 200 "{\"email\":\"$email\"}" "$base/profile"
