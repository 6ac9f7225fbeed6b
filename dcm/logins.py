"""Who may log in first: the demo's two well-known users, or an administrator of one's own."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.db.models import Q

# The same word twice: in demo mode only, and demo mode answers its own machine only.
DEMO = ("admin", "supervisor")
SUPERVISORS = "Supervisors"
WATCHED = ("conversations", "handling", "sla")
LOOKS_AFTER = ("change_alert",)


@transaction.atomic
def open_demo() -> None:
    """Make the demo's users where they are missing; a password somebody has changed stays.

    The supervisor may look at all that the centre does, and look after its escalations.
    """
    watchers, _ = Group.objects.get_or_create(name=SUPERVISORS)
    may = Q(codename__startswith="view_") | Q(codename__in=LOOKS_AFTER)
    watchers.permissions.set(
        Permission.objects.filter(may, content_type__app_label__in=WATCHED).order_by("pk")
    )
    admin, supervisor = (_demo_user(name) for name in DEMO)
    User.objects.filter(pk=admin.pk).update(is_staff=True, is_superuser=True)
    supervisor.groups.add(watchers)


def demo_users() -> list[str]:
    """Return the demo's user names whose well-known password still opens this database."""
    users = get_user_model().objects.filter(username__in=DEMO, is_active=True).order_by("pk")
    return [user.username for user in users if user.check_password(user.username)]


def is_administered() -> bool:
    """Whether there is somebody who can log in and set things up."""
    return get_user_model().objects.filter(is_superuser=True, is_active=True).exists()


def _demo_user(name: str) -> User:
    user = User.objects.filter(username=name).first()
    return user or User.objects.create_user(name, email="", password=name)
