from requests_app.models.staff import User

__all__ = ["User"]
