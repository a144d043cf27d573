"""The use cases of the exercise."""
from uuid import uuid4

import bcrypt
from sqlalchemy.orm.exc import NoResultFound

from db import DB


class Auth:
    def __init__(self, url):
        self._db = DB(url)

    def register_user(self, email, password):
        try:
            self._db.find_user_by(email=email)
        except NoResultFound:
            hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt())
            return self._db.add_user(email, hashed)
        raise ValueError(f"User {email} already exists")

    def valid_login(self, email, password):
        try:
            user = self._db.find_user_by(email=email)
        except NoResultFound:
            return False
        return bcrypt.checkpw(password.encode(), user.hashed_password)

    def create_session(self, email):
        try:
            user = self._db.find_user_by(email=email)
        except NoResultFound:
            return None
        session_id = str(uuid4())
        self._db.update_user(user.id, session_id=session_id)
        return session_id

    def get_user_from_session_id(self, session_id):
        if session_id is None:
            return None
        try:
            return self._db.find_user_by(session_id=session_id)
        except NoResultFound:
            return None

    def destroy_session(self, user_id):
        self._db.update_user(user_id, session_id=None)

    def get_reset_password_token(self, email):
        try:
            user = self._db.find_user_by(email=email)
        except NoResultFound:
            raise ValueError
        token = str(uuid4())
        self._db.update_user(user.id, reset_token=token)
        return token

    def update_password(self, reset_token, password):
        try:
            user = self._db.find_user_by(reset_token=reset_token)
        except NoResultFound:
            raise ValueError
        hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt())
        self._db.update_user(user.id, hashed_password=hashed, reset_token=None)
