"""The errors of Classroom, by what the caller can do; each carries a code, a sentence and the way out."""

from __future__ import annotations


class ClassroomError(Exception):
    """Something could not be done; nothing was written."""

    code = "classroom_error"
    status = 500
    fix = "Try again; if it stays, look at the server log."

    def __init__(self, detail: str, *, fix: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fix = fix if fix is not None else type(self).fix


class BadRequest(ClassroomError):
    """The request cannot be understood as it is."""

    code = "bad_request"
    status = 400
    fix = "Correct the request as the detail says and send it again."


class NotSignedIn(ClassroomError):
    """The bearer token is missing or wrong."""

    code = "wrong_token"
    status = 401
    fix = "Send the header 'Authorization: Bearer <api token>' with the token from the settings."


class NotAllowed(ClassroomError):
    """The caller is known but may not do this."""

    code = "not_allowed"
    status = 403
    fix = "Ask somebody with the right role."


class NotFound(ClassroomError):
    """There is no such thing here."""

    code = "not_found"
    status = 404
    fix = "Check the identifier."


class WrongMethod(ClassroomError):
    """The address exists, but not for this kind of request."""

    code = "wrong_method"
    status = 405
    fix = "Go back to the page and use its button."


class Conflict(ClassroomError):
    """What is there already does not allow it."""

    code = "conflict"
    status = 409
    fix = "Read the present state and decide again."


class TooLarge(ClassroomError):
    """More was sent than one request may carry."""

    code = "too_large"
    status = 413
    fix = "Send smaller requests."


class TooManyTries(ClassroomError):
    """Too many wrong codes; the door stays shut for a while."""

    code = "too_many_tries"
    status = 429
    fix = "Wait a quarter of an hour and try again."


class NameNotPrintable(ClassroomError):
    """No font on this server can write the name, and boxes must never be printed."""

    code = "name_not_printable"
    status = 409
    fix = "Install a font for this script (for example fonts-noto-core and fonts-noto-cjk) and print again."


class DatabaseTooNew(ClassroomError):
    """The database file was written by a newer version."""

    code = "database_too_new"
    fix = "Install the version that wrote it, or a newer one."
