"""A client of the exercise, in its own language: form bodies, a cookie jar, statuses asserted.

Run: python3 client.py BASE_URL
"""
import sys
from uuid import uuid4

import requests

URL = sys.argv[1]
EMAIL = f"guillaume+{uuid4()}@holberton.io"
PASSWD = "b4l0u"
NEW_PASSWD = "t4rt1fl3tt3"


def register_user(email, password):
    response = requests.post(f"{URL}/users", data={"email": email, "password": password})
    assert response.status_code == 200
    assert response.json() == {"email": email, "message": "user created"}
    response = requests.post(f"{URL}/users", data={"email": email, "password": password})
    assert response.status_code == 400
    assert response.json() == {"message": "email already registered"}


def log_in_wrong_password(email, password):
    assert requests.post(f"{URL}/sessions", data={"email": email, "password": password}).status_code == 401


def profile_unlogged():
    assert requests.get(f"{URL}/profile").status_code == 403


def log_in(email, password):
    response = requests.post(f"{URL}/sessions", data={"email": email, "password": password})
    assert response.status_code == 200
    assert response.json() == {"email": email, "message": "logged in"}
    return response.cookies.get("session_id")


def profile_logged(session_id):
    response = requests.get(f"{URL}/profile", cookies={"session_id": session_id})
    assert response.status_code == 200
    assert response.json() == {"email": EMAIL}


def log_out(session_id):
    response = requests.delete(f"{URL}/sessions", cookies={"session_id": session_id}, allow_redirects=False)
    assert response.status_code == 302
    response = requests.delete(f"{URL}/sessions", cookies={"session_id": log_in(EMAIL, PASSWD)})
    assert response.history[0].status_code == 302
    assert response.json() == {"message": "Bienvenue"}


def reset_password_token(email):
    response = requests.post(f"{URL}/reset_password", data={"email": email})
    assert response.status_code == 200
    assert response.json()["email"] == email
    return response.json()["reset_token"]


def update_password(email, reset_token, new_password):
    fields = {"email": email, "reset_token": reset_token, "new_password": new_password}
    response = requests.put(f"{URL}/reset_password", data=fields)
    assert response.status_code == 200
    assert response.json() == {"email": email, "message": "Password updated"}


if __name__ == "__main__":
    register_user(EMAIL, PASSWD)
    log_in_wrong_password(EMAIL, NEW_PASSWD)
    profile_unlogged()
    session = log_in(EMAIL, PASSWD)
    profile_logged(session)
    log_out(session)
    token = reset_password_token(EMAIL)
    update_password(EMAIL, token, NEW_PASSWD)
    log_in(EMAIL, NEW_PASSWD)
