"""asyncpg: binary results of everything, against the server that PGHOST, PGPORT, PGUSER and PGDATABASE name."""
import asyncio, datetime, decimal, uuid
import asyncpg

def check(what, found, expected):
    assert found == expected, f"{what}: found {found!r}, expected {expected!r}"
    print("ok", what)

async def main():
    conn = await asyncpg.connect()
    await conn.execute("drop table if exists asyncpg_probe")
    await conn.execute("create table asyncpg_probe (id serial primary key, t text, n numeric, ts timestamptz, d date, a text[], u uuid, raw bytea, iv interval)")
    ts = datetime.datetime(2024, 2, 29, 12, 0, tzinfo=datetime.timezone.utc)
    row = ("né", decimal.Decimal("1.5"), ts, ts.date(), ["x", None], uuid.UUID(int=7), b"\x00\x01", datetime.timedelta(days=1, seconds=2))
    found = await conn.fetchrow("insert into asyncpg_probe (t,n,ts,d,a,u,raw,iv) values ($1,$2,$3,$4,$5,$6,$7,$8) returning t,n,ts,d,a,u,raw,iv", *row)
    check("returning", tuple(found), row)
    await conn.executemany("insert into asyncpg_probe (t) values ($1)", [(str(n),) for n in range(1000)])
    check("executemany", await conn.fetchval("select count(*) from asyncpg_probe"), 1001)
    statement = await conn.prepare("select id, t from asyncpg_probe where id > $1 order by id limit 2")
    check("prepared types", [str(a.type.name) for a in statement.get_attributes()], ["int4", "text"])
    check("prepared", [tuple(r) for r in await statement.fetch(1)], [(2, "0"), (3, "1")])
    await conn.copy_records_to_table("asyncpg_probe", records=[(f"c{n}",) for n in range(500)], columns=["t"])
    check("copy in", await conn.fetchval("select count(*) from asyncpg_probe where t like 'c%'"), 500)
    out = bytearray()
    async def take(data):
        out.extend(data)
    await conn.copy_from_query("select id from asyncpg_probe where id <= 2 order by 1", output=take, format="csv")
    check("copy out", bytes(out), b"1\n2\n")
    async with conn.transaction(isolation="repeatable_read"):
        cursor = await conn.cursor("select id from asyncpg_probe order by id")
        check("cursor", [r[0] for r in await cursor.fetch(3)], [1, 2, 3])
    try:
        async with conn.transaction():
            await conn.execute("insert into asyncpg_probe (id) values (1)")
    except asyncpg.UniqueViolationError as e:
        check("error", e.constraint_name, "asyncpg_probe_pkey")
    got = asyncio.get_running_loop().create_future()
    await conn.add_listener("probe", lambda *a: got.done() or got.set_result(a[3]))
    other = await asyncpg.connect()
    await other.execute("notify probe, 'hello'")
    check("notify", await asyncio.wait_for(got, 5), "hello")
    try:
        await conn.fetchval("select pg_sleep(20)", timeout=0.3)
    except (asyncio.TimeoutError, TimeoutError):
        check("timeout cancels", await conn.fetchval("select 1"), 1)
    # asyncpg looks types up that it does not know, by a query of its own over pg_type, pg_attribute and pg_range.
    check("composite", await conn.fetchval("select array[row(1, 'x')::record] is not null"), True)
    check("oid types", [tuple(r) for r in await conn.fetch("select 'int4'::regtype::text, 5::oid, 'a'::name, 'b'::\"char\"")], [("integer", 5, "a", b"b")])
    pool = await asyncpg.create_pool(min_size=2, max_size=4)
    check("pool", sorted(await asyncio.gather(*(pool.fetchval("select $1::int", n) for n in range(8)))), list(range(8)))
    await pool.close()
    await other.close()
    await conn.execute("drop table asyncpg_probe")
    await conn.close()

asyncio.run(main())
