"""Django: migrations of its own applications, the ORM, inspectdb."""
import io, os
import django
from django.conf import settings
from django.core.management import call_command

settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"],
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ.get("PGDATABASE", "postgres"),
                           "USER": os.environ.get("PGUSER", "postgres"), "HOST": os.environ.get("PGHOST", "127.0.0.1"),
                           "PORT": os.environ.get("PGPORT", "5432")}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField", USE_TZ=True, SECRET_KEY="x")
django.setup()
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.db.models import Count, Q

def check(what, found, expected):
    assert found == expected, f"{what}: found {found!r}, expected {expected!r}"
    print("ok", what)

call_command("migrate", verbosity=0)
print("ok migrate")
User.objects.all().delete()
Group.objects.all().delete()
User.objects.bulk_create([User(username=f"u{n}", is_staff=n % 2 == 0) for n in range(50)])
group = Group.objects.create(name="probe")
group.user_set.add(*User.objects.filter(is_staff=True))
check("count", User.objects.filter(Q(username__startswith="u1") | Q(username__iendswith="9")).count(), 15)
check("annotate", list(User.objects.values_list("is_staff").annotate(n=Count("id")).order_by("is_staff")), [(False, 25), (True, 25)])
check("related", group.user_set.count(), 25)
check("get_or_create", User.objects.get_or_create(username="u1")[1], False)
with transaction.atomic():
    locked = User.objects.select_for_update().get(username="u3")
    locked.first_name = "x"
    locked.save()
check("update", User.objects.filter(first_name="x").update(last_name="y"), 1)
text = io.StringIO()
call_command("inspectdb", "auth_user", stdout=text)
check("inspectdb", "class AuthUser(models.Model)" in text.getvalue() and "Error" not in text.getvalue(), True)
check("tables", "auth_user" in connection.introspection.table_names(), True)
with connection.cursor() as cursor:
    constraints = connection.introspection.get_constraints(cursor, "auth_user_groups")
check("constraints", sum(1 for c in constraints.values() if c["foreign_key"]), 2)
call_command("flush", "--no-input", verbosity=0)
print("ok flush")
for app in ("sessions", "auth", "contenttypes"):
    call_command("migrate", app, "zero", verbosity=0)
print("ok migrate to zero")
