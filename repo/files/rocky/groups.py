"""Make Rocky's groups with all of their permissions, once, on a new installation.

Rocky's own command leaves out those that its migrations give to groups which are there already (tools 0045,
crisis_room 0005); on a new installation none is.
"""

import os

import django
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rocky.settings")
django.setup()

from django.contrib.auth.models import Group, Permission  # noqa: E402  # Django must be set up first
from tools.models import GROUP_ADMIN, GROUP_REDTEAM  # noqa: E402

LATER = (
    "can_enable_disable_schedule",
    *(f"{verb}_{noun}" for noun in ("dashboard", "dashboarditem") for verb in ("add", "change", "delete", "view")),
    "change_dashboarditem_position",
)
"""Before Rocky 1.19 a dashboarditem was a dashboarddata; there its migrations rename them."""

call_command("setup_dev_account")
for group in Group.objects.filter(name__in=(GROUP_ADMIN, GROUP_REDTEAM)):
    group.permissions.add(*Permission.objects.filter(codename__in=LATER))
