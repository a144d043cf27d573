"""The store of the exercise: SQLAlchemy upon SQLite."""
from sqlalchemy import create_engine
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import sessionmaker
from sqlalchemy.orm.exc import NoResultFound

from user import Base, User


class DB:
    def __init__(self, url):
        engine = create_engine(url, connect_args={"check_same_thread": False})
        Base.metadata.create_all(engine)
        self._session = sessionmaker(bind=engine)()

    def add_user(self, email, hashed_password):
        user = User(email=email, hashed_password=hashed_password)
        self._session.add(user)
        self._session.commit()
        return user

    def find_user_by(self, **criteria):
        for column in criteria:
            if not hasattr(User, column):
                raise InvalidRequestError
        user = self._session.query(User).filter_by(**criteria).first()
        if user is None:
            raise NoResultFound
        return user

    def update_user(self, user_id, **changes):
        user = self.find_user_by(id=user_id)
        for name, value in changes.items():
            if not hasattr(User, name):
                raise ValueError
            setattr(user, name, value)
        self._session.commit()
