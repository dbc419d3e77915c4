"""The address of the health check, apart because it stands at the root."""

urlpatterns: list = []
