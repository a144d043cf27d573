# The classic account life cycle through python-requests with its Session: forms, multipart forms and JSON.
# Prints nothing on success.
import sys

import requests

base = sys.argv[1]
email = "requests@example.com"
session = requests.Session()


def send(method, path, status, **body):
    answer = session.request(method, base + path, **body)
    assert answer.status_code == status, (method, path, answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/json", answer.headers
    return answer.json()


account = {"email": email, "password": "b4l0u"}
# `files` makes requests send a multipart form.
parts = {name: (None, value) for name, value in account.items()}
assert send("POST", "/users", 200, files=parts) == {"email": email, "message": "user created"}
assert send("POST", "/users", 400, data=account) == {"message": "email already registered"}
send("POST", "/sessions", 401, data={**account, "password": "wrong"})
assert send("POST", "/sessions", 200, json=account) == {"email": email, "message": "logged in"}
assert send("GET", "/profile", 200) == {"email": email}
# It repeats DELETE on a 302.
assert send("DELETE", "/sessions", 200) == {"message": "Bienvenue"}
send("GET", "/profile", 403)
send("POST", "/reset_password", 403, data={"email": "nope"})
token = send("POST", "/reset_password", 200, data={"email": email})["reset_token"]
change = {"email": email, "reset_token": token, "new_password": "t4rt1fl3tt3"}
assert send("PUT", "/reset_password", 200, data=change) == {"email": email, "message": "Password updated"}
send("POST", "/sessions", 200, data={"email": email, "password": "t4rt1fl3tt3"})
assert send("GET", "/profile", 200) == {"email": email}
