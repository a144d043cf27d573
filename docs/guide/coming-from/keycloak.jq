# Prints the users of a Keycloak export as lines for `bienvenue import`.
# The aliases of identity providers, with their issuers here. Remove `github` if yours is not github.com.
def issuers: {
  apple: "https://appleid.apple.com",
  github: "https://github.com/login/oauth",
  google: "https://accounts.google.com"
};

def credentials(types): [.credentials[]? | select(.type | IN(types))];

def hash:
  (.secretData | fromjson) as $secret
  | (.credentialData | fromjson) as $data
  | ($data.additionalParameters // {} | map_values(.[0])) as $parameters
  | if $data.algorithm == "argon2" then
      "$argon2\($parameters.type)$v=\(if $parameters.version == "1.0" then 16 else 19 end)"
      + "$m=\($parameters.memory),t=\($data.hashIterations),p=\($parameters.parallelism)"
      + "$\($secret.salt)$\($secret.value)"
    elif $data.algorithm | startswith("pbkdf2") then
      "$\($data.algorithm)$i=\($data.hashIterations)$\($secret.salt)$\($secret.value)"
    else $secret.value end;

.users[]?
| select(.serviceAccountClientId == null)
| (.requiredActions // [] | index("UPDATE_PASSWORD")) as $must_change
| {
    old_id: .id,
    email,
    hashed_password: (if $must_change then null else credentials("password")[0] end | if . then hash else "!" end),
    email_verified: .emailVerified,
    created_at: .createdTimestamp,
    disabled: (.enabled == false),
    locale: .attributes.locale[0]?,
    name: ([.firstName, .lastName] | map(select(. != null and . != "")) | join(" ")),
    totp_secret: (if credentials("otp", "webauthn") == [] then null else "not exported" end),
    identities: [
      .createdTimestamp as $created_at
      | .federatedIdentities[]?
      | select(issuers[.identityProvider])
      | {provider: .identityProvider, issuer: issuers[.identityProvider], subject: .userId, created_at: $created_at}
    ]
  }
